-- Takes an order such as {"AB-1234": 2}; the stock goes down with it.
CREATE FUNCTION shop.place_order(customer bigint, wanted jsonb) RETURNS bigint
LANGUAGE plpgsql AS $function$
DECLARE
    new_id bigint;
    line   record;
BEGIN
    INSERT INTO shop."order" (customer_id) VALUES (customer) RETURNING id INTO new_id;
    FOR line IN SELECT key AS sku, value::integer AS quantity FROM jsonb_each_text(wanted) ORDER BY key
    LOOP
        UPDATE shop.product SET stock = stock - line.quantity WHERE sku = line.sku;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no product %', line.sku
                USING HINT = $$Ask for one of the catalogue; "select sku from shop.product" lists it.$$;
        END IF;
        INSERT INTO shop.order_line (order_id, sku, quantity, price)
        SELECT new_id, line.sku, line.quantity, p.price FROM shop.product p WHERE p.sku = line.sku;
    END LOOP;
    RETURN new_id;
END
$function$;
