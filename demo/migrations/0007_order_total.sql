CREATE VIEW shop.order_total AS
SELECT o.id, o.customer_id, o.state, o.ordered_at,
       coalesce(sum(l.quantity * l.price), 0) AS total
  FROM shop."order" o
  LEFT JOIN shop.order_line l ON l.order_id = o.id
 GROUP BY o.id;
