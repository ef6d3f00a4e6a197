-- Anybody may look at the catalogue; orders stay with their owner.
GRANT USAGE ON SCHEMA shop TO PUBLIC;
GRANT SELECT ON shop.product, shop.sales TO PUBLIC;
REVOKE EXECUTE ON FUNCTION shop.place_order(bigint, jsonb) FROM PUBLIC;
