CREATE TABLE shop.product (
    sku    text PRIMARY KEY CHECK (sku ~ '^[A-Z]{2}-[0-9]{4}$'),
    name   text NOT NULL,
    price  numeric(10, 2) NOT NULL CHECK (price >= 0),
    stock  integer NOT NULL DEFAULT 0 CHECK (stock >= 0)
);
