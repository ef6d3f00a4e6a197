CREATE MATERIALIZED VIEW shop.sales AS
SELECT p.sku, p.name, sum(l.quantity) AS sold, sum(l.quantity * l.price) AS revenue
  FROM shop.product p
  JOIN shop.order_line l USING (sku)
 GROUP BY p.sku, p.name
  WITH DATA;

CREATE UNIQUE INDEX sales_sku_key ON shop.sales (sku);
