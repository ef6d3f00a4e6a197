-- A small shop. Everything lives in one schema.
CREATE SCHEMA shop;
COMMENT ON SCHEMA shop IS 'customers, products and their orders';
