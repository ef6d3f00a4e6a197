-- A session sees the orders of the customer it was opened for:
-- SET shop.customer_id = 2;
ALTER TABLE shop."order" ENABLE ROW LEVEL SECURITY;

CREATE POLICY own_orders ON shop."order"
    USING (customer_id = nullif(current_setting('shop.customer_id', true), '')::bigint);
