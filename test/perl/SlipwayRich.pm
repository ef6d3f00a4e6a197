# A schema with all kinds of objects and most of their properties, for the tests of snapshots: that
# of SlipwayObjects, and what is written in one way and kept by the server in another.

package SlipwayRich;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use SlipwayObjects;

our @EXPORT = qw(rich_roles rich_schema);

# The language whose handler is the server's own, pg_dump does not write in full.
my $LANGUAGE = <<'SQL';
DROP TRANSFORM IF EXISTS FOR integer LANGUAGE plmine;
DROP LANGUAGE plmine;
CREATE FUNCTION app.handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION app.inline(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION app.validator(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE plmine HANDLER app.handler INLINE app.inline VALIDATOR app.validator;
SQL

my $RICH = <<'SQL';
CREATE SCHEMA rich;
CREATE SCHEMA "Odd, ""schema""";
-- arrays that are cast as a whole
CREATE TABLE rich.listed (
    a varchar(20) CHECK (a IN ('x', 'y''z', 'v')),
    b varchar CONSTRAINT b_is_listed CHECK (b IN ('x', 'y') AND a NOT IN ('q')),
    c char(3) DEFAULT 'abc' CHECK (c IN ('abc', 'def')),
    d numeric(10, 2) CHECK (d IN (1, 2.5)),
    e varchar[] CHECK (e <@ ARRAY['a', 'b']::varchar[] OR e = ARRAY[]::varchar[]),
    f text DEFAULT 'a'::varchar(1),
    g bigint DEFAULT 5,
    h date DEFAULT now(),
    i interval DEFAULT '1 day 02:03:04.5',
    j timestamptz DEFAULT '2024-02-29 12:00:00+02' CHECK (j > '2000-01-01 00:00:00+00'),
    k float8 DEFAULT 0.1::float8 / 3,
    l bytea DEFAULT '\x00ff27',
    m money DEFAULT 1.5::float8::numeric::money,
    n text[] DEFAULT '{a,"b c",NULL}',
    o text DEFAULT E'back\\slash\nline',
    p varchar(5)[] DEFAULT ARRAY['a', 'b'],
    CHECK (a || b IN ('xx', 'xy')), CHECK ((a, b) IN (('x', 'y'), ('v', 'x'))), CHECK (a LIKE ANY (ARRAY['x%', 'y%'])),
    CHECK (CASE WHEN a IN ('x', 'y') THEN d > 1 ELSE d IS NOT NULL END),
    CHECK (tableoid > 0), CHECK (listed IS NOT NULL));
CREATE INDEX listed_where ON rich.listed (a) WHERE a IN ('x', 'y');
CREATE INDEX listed_expression ON rich.listed ((a IN ('x', 'y')), (lower(b) || 'x') DESC) WHERE c IN ('abc');
CREATE POLICY listed_rows ON rich.listed USING (a IN ('x', 'y') AND EXISTS (SELECT FROM rich.listed o WHERE o.b IN ('x', 'y') AND o.b = listed.a));
CREATE VIEW rich.listed_view AS SELECT a, CASE WHEN b IN ('x', 'y') THEN 1 END AS one, c = ANY ('{abc,def}') AS is_c
    FROM rich.listed WHERE a IN ('x', 'y') UNION ALL SELECT b, 2, false FROM rich.listed WHERE b NOT IN ('x', 'z');
ALTER VIEW rich.listed_view RENAME COLUMN one TO two;
CREATE VIEW rich.window_view WITH (security_barrier) AS
    WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 10)
    SELECT t.n, sum(t.n) OVER w AS total, l.a AS "Odd ""name""", l.j::date, (SELECT max(k) FROM rich.listed WHERE a IN ('x', 'y')) AS most
      FROM t LEFT JOIN rich.listed l ON l.g = t.n CROSS JOIN LATERAL (VALUES (1), (2)) v(x)
     WHERE l.a IN ('x', 'v') GROUP BY GROUPING SETS ((t.n, l.a, l.j), (t.n)) HAVING count(*) > 1
    WINDOW w AS (PARTITION BY t.n ORDER BY l.a) ORDER BY t.n LIMIT 10;
CREATE MATERIALIZED VIEW rich.kept WITH (fillfactor = 50) AS SELECT a, count(*) AS n FROM rich.listed WHERE a IN ('x', 'y') GROUP BY a WITH NO DATA;
CREATE UNIQUE INDEX kept_a ON rich.kept (a);
COMMENT ON COLUMN rich.kept.n IS 'how many';
ALTER MATERIALIZED VIEW rich.kept ALTER COLUMN a SET STATISTICS 7;
CREATE FUNCTION rich.in_list(v varchar, w varchar DEFAULT 'x', VARIADIC z integer[] DEFAULT '{1,2}') RETURNS boolean LANGUAGE sql
    RETURN v IN ('a', 'b') AND w IN ('c');
CREATE FUNCTION rich.atomic(a integer, OUT b integer, OUT c varchar) RETURNS SETOF record LANGUAGE sql ROWS 5
BEGIN ATOMIC
    UPDATE rich.listed SET f = 'x' WHERE listed.a IN ('x', 'y') AND g = atomic.a;
    SELECT 1, l.a FROM rich.listed l WHERE l.b IN ('x', 'y');
END;
CREATE FUNCTION rich.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = rich, pg_temp SET work_mem = '8MB'
    AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch_listed AFTER UPDATE OF a, b ON rich.listed FOR EACH ROW
    WHEN (OLD.a IN ('x', 'y') AND OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION rich.touch('a', 'it''s');
CREATE TRIGGER touch_tables AFTER UPDATE ON rich.listed REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION rich.touch();
ALTER TABLE rich.listed ENABLE ALWAYS TRIGGER touch_listed;
CREATE RULE listed_rule AS ON UPDATE TO rich.listed WHERE OLD.a IN ('x', 'y') DO ALSO
    (INSERT INTO rich.listed (a) SELECT 'v' WHERE NEW.b IN ('x', 'y'); DELETE FROM rich.listed WHERE a = OLD.b);
CREATE RULE same_name AS ON INSERT TO rich.listed WHERE EXISTS (SELECT FROM rich.listed WHERE listed.a = NEW.a) DO INSTEAD (UPDATE rich.listed SET b = NEW.b WHERE listed.a = NEW.a);
CREATE RULE told AS ON DELETE TO rich.listed DO ALSO NOTIFY listed;
ALTER TABLE rich.listed DISABLE RULE listed_rule;
CREATE OPERATOR rich.=== (LEFTARG = integer, RIGHTARG = integer, FUNCTION = int4eq, NEGATOR = OPERATOR(rich.!==));
-- columns that came and went
CREATE TABLE rich.grown (a integer, gone text, b text);
ALTER TABLE rich.grown DROP COLUMN gone, ADD COLUMN c integer CONSTRAINT c_is_positive CHECK (c > 0), ADD COLUMN d integer UNIQUE NULLS NOT DISTINCT;
ALTER TABLE rich.grown ADD COLUMN e integer REFERENCES rich.grown (d) MATCH FULL ON DELETE SET DEFAULT, ADD PRIMARY KEY (a) INCLUDE (b);
CREATE INDEX grown_c ON rich.grown (c, lower(b) COLLATE "C" text_pattern_ops NULLS FIRST) INCLUDE (d) WITH (fillfactor = 60);
ALTER INDEX rich.grown_c ALTER COLUMN 2 SET STATISTICS 33;
ALTER TABLE rich.grown REPLICA IDENTITY USING INDEX grown_pkey;
ALTER TABLE rich.grown CLUSTER ON grown_c;
CREATE STATISTICS rich.grown_statistics (ndistinct, mcv) ON a, lower(b), (c + d) FROM rich.grown;
ALTER STATISTICS rich.grown_statistics SET STATISTICS 77;
-- children, to which their parents gave columns later
CREATE TABLE rich.parent (a integer NOT NULL, b text DEFAULT 'b', CONSTRAINT a_is_small CHECK (a < 10));
CREATE TABLE rich.other_parent (z integer, CHECK (z > 0) NO INHERIT);
CREATE TABLE rich.child (c integer, b text DEFAULT 'other') INHERITS (rich.parent, rich.other_parent);
ALTER TABLE rich.parent ADD COLUMN late integer DEFAULT 3, ADD CONSTRAINT late_is_small CHECK (late < 10) NOT VALID;
ALTER TABLE rich.child ADD COLUMN d integer;
CREATE TABLE rich.adopted (x integer, a integer NOT NULL, b text, late integer, CONSTRAINT a_is_small CHECK (a < 10), CONSTRAINT late_is_small CHECK (late < 10));
ALTER TABLE rich.adopted INHERIT rich.parent;
-- partitions, made in both ways
CREATE TABLE rich.measure (id bigint GENERATED ALWAYS AS IDENTITY, day date NOT NULL, kind varchar NOT NULL, value numeric DEFAULT 1,
    ref integer REFERENCES rich.grown (d), PRIMARY KEY (id, day, kind), CHECK (kind IN ('a', 'b'))) PARTITION BY RANGE (day, kind);
CREATE TABLE rich.hashed (a varchar, b integer) PARTITION BY HASH (lower(a), (b + 1));
CREATE TABLE rich.hashed_0 PARTITION OF rich.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE rich.measure_1 PARTITION OF rich.measure (value DEFAULT 2, CONSTRAINT own CHECK (value > 0)) FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2024-01-01', 'b');
CREATE TABLE rich.measure_2 (kind varchar NOT NULL, gone integer, id bigint NOT NULL, day date NOT NULL, value numeric, ref integer, CONSTRAINT measure_kind_check CHECK (kind IN ('a', 'b')));
ALTER TABLE rich.measure_2 DROP COLUMN gone;
ALTER TABLE rich.measure ATTACH PARTITION rich.measure_2 FOR VALUES FROM ('2024-01-01', 'b') TO (MAXVALUE, MAXVALUE);
CREATE INDEX measure_kind ON rich.measure (kind) WHERE kind IN ('a', 'b');
CREATE TRIGGER touch_measure AFTER INSERT ON rich.measure FOR EACH ROW EXECUTE FUNCTION rich.touch();
ALTER TABLE rich.measure_1 DISABLE TRIGGER touch_measure;
CREATE TABLE rich.pointing (id bigint, day date, kind varchar, FOREIGN KEY (id, day, kind) REFERENCES rich.measure ON DELETE SET NULL (day, kind));
-- names that must be quoted, rights in any order, owners
CREATE TABLE "Odd, ""schema"""."Table, one" ("Column: one" integer PRIMARY KEY, "select" text DEFAULT 'a: b', "line
two" integer);
COMMENT ON TABLE "Odd, ""schema"""."Table, one" IS 'two
lines: of it';
CREATE INDEX "Index, one" ON "Odd, ""schema"""."Table, one" ("select", ("line
two" + 1));
CREATE FUNCTION "Odd, ""schema"""."Function"("a b" "Odd, ""schema"""."Table, one", c text DEFAULT 'it''s') RETURNS TABLE ("x y" integer)
    LANGUAGE plpgsql STABLE PARALLEL RESTRICTED LEAKPROOF AS $$BEGIN
    RETURN QUERY SELECT 1;  -- comment: body:
END$$;
ALTER TABLE rich.grown OWNER TO rich_owner;
ALTER SCHEMA rich OWNER TO rich_owner;
GRANT SELECT, INSERT, UPDATE ON rich.grown TO rich_writer;
GRANT SELECT ON rich.grown TO objects_reader, PUBLIC;
REVOKE DELETE, TRUNCATE ON rich.grown FROM rich_owner;
GRANT ALL ON rich.listed TO rich_writer WITH GRANT OPTION;
GRANT USAGE ON SCHEMA rich TO rich_writer;
SET ROLE rich_writer;
GRANT SELECT ON rich.listed TO objects_reader;
RESET ROLE;
GRANT SELECT ON rich.parent TO PUBLIC;
REVOKE SELECT ON rich.parent FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rich.touch TO rich_writer;
ALTER DEFAULT PRIVILEGES FOR ROLE rich_owner IN SCHEMA rich GRANT ALL ON SEQUENCES TO rich_writer, objects_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE rich_owner REVOKE USAGE ON TYPES FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_catalog.pg_ls_dir(text) TO rich_writer;
REVOKE EXECUTE ON FUNCTION tools.hstore(text, text) FROM PUBLIC;
CREATE OR REPLACE FUNCTION rich.ranges(a app.span, b app.spans) RETURNS app.spans LANGUAGE sql RETURN app.spans(a) + b;
CREATE DOMAIN rich.code AS varchar(8) COLLATE "C" DEFAULT 'a' NOT NULL CHECK (VALUE IN ('a', 'b')) CHECK (length(VALUE) > 0);
COMMENT ON DOMAIN rich.code IS 'a code';
CREATE TYPE rich.row AS (a varchar(3), b app.pair, c rich.code);
COMMENT ON COLUMN rich.row.a IS 'first';
CREATE TABLE rich.of_row OF rich.row (a WITH OPTIONS DEFAULT 'x', CHECK (a IN ('x', 'y')));
CREATE TEXT SEARCH DICTIONARY rich.simple (TEMPLATE = simple, StopWords = english);
CREATE TABLE rich.placed (a integer PRIMARY KEY USING INDEX TABLESPACE rich_space, b integer) TABLESPACE rich_space;
CREATE INDEX placed_b ON rich.placed (b) TABLESPACE rich_space;
CREATE FUNCTION rich.append(text[], text) RETURNS text[] LANGUAGE sql IMMUTABLE RETURN $1 || $2;
CREATE AGGREGATE rich.list(text) (SFUNC = rich.append, STYPE = text[], INITCOND = '{}', PARALLEL = safe);
-- AND in AND, OR in OR, which the parser makes one of when it reads them the second time
CREATE TABLE rich.joined (a integer, b integer, c varchar, d text,
    CHECK (a BETWEEN 1 AND 10 AND b > 0), CHECK (a NOT BETWEEN 1 AND 10 OR b > 0 OR d = 'x'), CHECK ((a, b) = (1, 2) AND d = 'x'),
    CHECK (a IN (1, 2, b) OR b > 0), CHECK (a BETWEEN SYMMETRIC 1 AND 10 AND b > 0),
    CHECK (b > 0 AND a BETWEEN 1 AND 10 AND d <> 'x' AND (a BETWEEN 2 AND 3 OR (b BETWEEN 4 AND 5 AND a = 1))));
CREATE INDEX joined_a ON rich.joined (a) WHERE a BETWEEN 1 AND 10 AND b IS NOT NULL;
CREATE VIEW rich.joined_view AS SELECT a, CASE WHEN a BETWEEN 1 AND 2 AND b = 1 THEN 1 END AS one FROM rich.joined WHERE a BETWEEN 1 AND 10 AND b > 0;
CREATE FUNCTION rich.defaults(a text[] DEFAULT ARRAY['x'::varchar, 'y'::varchar], b boolean DEFAULT current_user::varchar IN ('a', 'b'),
    OUT c integer, INOUT d integer DEFAULT 4, VARIADIC e integer[] DEFAULT '{}') LANGUAGE sql AS 'SELECT 1, 1';
CREATE FUNCTION rich.costly() RETURNS SETOF integer LANGUAGE sql COST 1234567 ROWS 12345678 AS 'SELECT 1';
CREATE FUNCTION rich.no_statement() RETURNS void LANGUAGE sql BEGIN ATOMIC END;
CREATE TABLE rich.keyed (a varchar, b integer, c text) PARTITION BY RANGE ((a IN ('x', 'y')), (b BETWEEN 1 AND 2 AND b > 1), lower(c) COLLATE "C" text_pattern_ops, coalesce(b, 1));
-- values under other names
CREATE VIEW rich.two_values(a) AS VALUES (1), (2);
CREATE VIEW rich.two_unions(a, b) AS VALUES (1, 'x'), (2, 'y') UNION ALL SELECT 3, 'z' UNION VALUES (4, 'v'), (5, 'w');
CREATE VIEW rich.plain_values AS VALUES (1), (2) ORDER BY 1;
-- children without the default of their parent, and with their columns in another order
CREATE TABLE rich.giver (a integer DEFAULT 1, b varchar(10) DEFAULT 'x', c numeric(10, 2) DEFAULT 1, d bit(3) DEFAULT B'101', e varchar(10)[] DEFAULT '{}');
CREATE TABLE rich.taker (own integer) INHERITS (rich.giver);
ALTER TABLE rich.taker ALTER a DROP DEFAULT, ALTER b DROP DEFAULT, ALTER c DROP DEFAULT, ALTER d DROP DEFAULT, ALTER e DROP DEFAULT;
ALTER TABLE rich.giver ADD COLUMN late integer;
CREATE STATISTICS rich.taker_statistics ON own, late, (b || 'x') FROM rich.taker;
-- lists of which each element is cast, in every way that there is
CREATE DOMAIN rich.texts AS text[];
CREATE DOMAIN rich.names AS varchar(5)[];
CREATE TABLE rich.casts (a integer, b rich.code, c numeric(4, 1), d integer[], e text, f rich.names,
    CHECK (a = ANY (ARRAY['1', e]::text[]::integer[])), CHECK (b = ANY (ARRAY['a', e]::text[]::rich.code[])),
    CHECK (c = ANY (ARRAY[1.25, a]::numeric[]::numeric(4, 1)[])), CHECK (a = ANY (ARRAY[2.5, c]::numeric[]::bigint[])),
    CHECK (d = ARRAY[ARRAY['1', e], ARRAY['2', e]]::text[]::integer[]), CHECK (e = ANY (ARRAY[ARRAY['x', e]::varchar[], ARRAY['y', e]]::text[])),
    CHECK (e = ANY (ARRAY['x', e]::text[]::varchar(3)[])), CHECK (e = ANY (ARRAY['x', e]::varchar(3)[])), CHECK (e <> ALL (ARRAY['x', e]::text[]::char(3)[]::text[])),
    CHECK (now() > ANY (ARRAY['2024-02-29', e]::text[]::timestamptz(3)[])), CHECK (c = ANY (ARRAY['1', e]::text[]::numeric(5, 2)[]::numeric(4, 1)[])),
    g varchar(2)[] DEFAULT ARRAY['x', 'y'], h numeric(3, 1)[] DEFAULT ARRAY[1.25, 2]::numeric(4, 2)[], i bit(3)[] DEFAULT ARRAY['101', '1']::text[]::varbit[]::bit(3)[],
    CHECK (f = ANY (ARRAY[ARRAY['x', e]::text[]::rich.texts]::rich.texts[]::rich.names[])));
-- what goes with an extension, without being its member
ALTER FUNCTION rich.costly DEPENDS ON EXTENSION plpgsql;
ALTER MATERIALIZED VIEW rich.kept DEPENDS ON EXTENSION plpgsql;
-- what a dump does not keep of a collation and of an index
CREATE COLLATION rich.copied FROM "C";
CREATE TABLE rich.half_far (a integer) PARTITION BY LIST (a);
CREATE FOREIGN TABLE rich.far PARTITION OF rich.half_far FOR VALUES IN (1) SERVER far;
CREATE TABLE rich.near PARTITION OF rich.half_far FOR VALUES IN (2);
CREATE INDEX half_far_a ON rich.half_far (a);
-- rights on what is the system's
COMMENT ON SCHEMA public IS 'ours';
GRANT SELECT (feature_id) ON information_schema.sql_features TO rich_writer;
GRANT SELECT (xmin, a) ON rich.giver TO rich_writer;
SQL

# What it needs of the cluster.
sub rich_roles
{
	return "CREATE ROLE objects_reader; CREATE ROLE rich_owner; CREATE ROLE rich_writer;\n" .
		"SET allow_in_place_tablespaces = on; CREATE TABLESPACE rich_space LOCATION '';";
}

# To be run as a superuser in a database without it, in autocommit mode.
sub rich_schema
{
	return join('', map { $_->[1] } object_migrations()) . $LANGUAGE . $RICH;
}

1;
