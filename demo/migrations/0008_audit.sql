-- Who changed the state of an order, and when.
CREATE TABLE shop.order_audit (
    order_id   bigint NOT NULL,
    old_state  shop.order_state,
    new_state  shop.order_state,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by text NOT NULL DEFAULT session_user
);

CREATE FUNCTION shop.audit_order() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO shop.order_audit (order_id, old_state, new_state)
    VALUES (new.id, CASE TG_OP WHEN 'UPDATE' THEN old.state END, new.state);
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_new AFTER INSERT ON shop."order"
    FOR EACH ROW EXECUTE FUNCTION shop.audit_order();
CREATE TRIGGER audit_change AFTER UPDATE OF state ON shop."order"
    FOR EACH ROW WHEN (old.state IS DISTINCT FROM new.state) EXECUTE FUNCTION shop.audit_order();
