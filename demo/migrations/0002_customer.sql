CREATE TABLE shop.customer (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email      text NOT NULL CHECK (email LIKE '%_@_%'),
    name       text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Addresses differ in more than case, or they are the same.
CREATE UNIQUE INDEX customer_email_key ON shop.customer (lower(email));
