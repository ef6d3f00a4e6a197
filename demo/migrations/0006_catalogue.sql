INSERT INTO shop.product (sku, name, price, stock) VALUES
    ('AN-0001', 'Anchor, 5 kg', 89.00, 12),
    ('CA-0014', 'Canvas, 2 m × 10 m', 145.50, 8),
    ('RO-0020', 'Rope, 20 m; tarred', 32.90, 140),
    ('RO-0050', 'Rope, 50 m; tarred', 74.90, 60),
    ('TA-0001', 'Pine tar, 1 l', 18.25, 300),
    ('WI-0003', 'Winch "Björn"', 412.00, 3);

INSERT INTO shop.customer (email, name) VALUES
    ('ada@example.org', 'Ada Lovelace'),
    ('grace@example.org', 'Grace Hopper'),
    ('edsger@example.org', 'Edsger Dijkstra');

SELECT shop.place_order(id, '{"RO-0020": 2, "TA-0001": 1}') FROM shop.customer WHERE email = 'ada@example.org';
SELECT shop.place_order(id, '{"WI-0003": 1}') FROM shop.customer WHERE email = 'grace@example.org';
UPDATE shop."order" SET state = 'paid' WHERE id = 1;
