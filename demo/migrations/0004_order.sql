CREATE TYPE shop.order_state AS ENUM ('open', 'paid', 'shipped', 'cancelled');

CREATE TABLE shop."order" (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint NOT NULL REFERENCES shop.customer,
    state       shop.order_state NOT NULL DEFAULT 'open',
    ordered_at  timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE shop.order_line (
    order_id bigint NOT NULL REFERENCES shop."order" ON DELETE CASCADE,
    sku      text NOT NULL REFERENCES shop.product,
    quantity integer NOT NULL CHECK (quantity > 0),
    price    numeric(10, 2) NOT NULL,
    PRIMARY KEY (order_id, sku)
);

-- Foreign keys do not bring an index on this side.
CREATE INDEX order_customer_id_idx ON shop."order" (customer_id);
CREATE INDEX order_open_idx ON shop."order" (ordered_at) WHERE state = 'open';
CREATE INDEX order_line_sku_idx ON shop.order_line (sku);
