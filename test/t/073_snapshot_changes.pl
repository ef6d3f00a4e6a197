# Single changes of a schema, at least one for each kind of object and each property: after it the fingerprint is
# another one, the difference is exactly what was changed, and undone it is the old one again.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayRich;
use SlipwayServer;
use SlipwayTest;
use Test::More;

# A change is its name, its statements, and the objects that differ: + came, - went, ~ changed.
sub read_changes
{
	my @changes;

	while (my $line = <DATA>)
	{
		chomp $line;
		if ($line =~ /^\t\t(.*)/) { push @{ $changes[-1]{differences} }, $1 }
		elsif ($line =~ /^\t(.*)/) { push @{ $changes[-1]{statements} }, "$1;" }
		else { push @changes, { name => $line, statements => [], differences => [] } }
	}
	return @changes;
}

# In a transaction that is rolled back; prints what differs, and whether the fingerprint does.
sub script_of
{
	my ($change) = @_;

	return join "\n", "\\echo == $change->{name}", 'BEGIN;', @{ $change->{statements} },
	  q{SELECT 'the fingerprint is the old one' WHERE slipway.fingerprint() = :'base';},
	  q{SELECT CASE change WHEN 'added' THEN '+' WHEN 'dropped' THEN '-' ELSE '~' END, kind, replace(identity, E'\n', ' ') FROM slipway.diff('default', 'base');},
	  q{SELECT 'before and after are the same' FROM slipway.diff('default', 'base') WHERE before = after OR (change = 'changed') <> (before IS NOT NULL AND after IS NOT NULL);},
	  'ROLLBACK;', q{SELECT 'the fingerprint is another one' WHERE slipway.fingerprint() <> :'base';}, '';
}

my $node = new_node('changes', conf => "wal_level = logical\n");

# Those with a version in parentheses are for this one and newer ones.
my $version = sql($node, q{SELECT current_setting('server_version_num')::integer / 10000})->{out};
my @changes = grep { $_->{name} !~ /\((\d+)\)$/ || $version >= $1 } read_changes();
sql($node, rich_roles());
sql($node, q{SELECT slipway.create_project('default')});
my $answer = sql($node, rich_schema());
is($answer->{exit}, 0, 'a schema with all kinds of objects') or diag($answer->{err});
cmp_ok(scalar @changes, '>=', 250, scalar @changes . ' changes');

# Each kind that there is, is in the list.
$answer = sql($node, 'SELECT DISTINCT kind FROM slipway.snapshot()');
for my $kind (split /\n/, $answer->{out})
{
	ok((grep { grep { /^. \Q$kind\E / } @{ $_->{differences} } } @changes), "a change of kind $kind");
}

$answer = sql($node, q{SELECT slipway.save_snapshot('base') AS base \gset} . "\n" . join('', map { script_of($_) } @changes), go_on => 1);
my %found;
for my $part (split /^== /m, $answer->{out})
{
	my ($name, @lines) = split /\n/, $part;
	$found{ $name // '' } = join "\n", map { s/\|/ /gr } @lines;
}
for my $change (@changes)
{
	is($found{ $change->{name} }, join("\n", @{ $change->{differences} }), $change->{name});
}
is_deeply([ $answer->{err} =~ /ERROR: .*/g ], [], 'no statement fails');
done_testing();

__DATA__
schema: added
	CREATE SCHEMA new
		+ schema new
schema: dropped
	DROP SCHEMA "Odd, ""schema""" CASCADE
		- column "Odd, ""schema"""."Table, one"."Column: one"
		- column "Odd, ""schema"""."Table, one"."line two"
		- column "Odd, ""schema"""."Table, one"."select"
		- constraint "Table, one_pkey" on "Odd, ""schema"""."Table, one"
		- function "Odd, ""schema"""."Function"("Odd, ""schema"""."Table, one",text)
		- index "Odd, ""schema"""."Index, one"
		- schema "Odd, ""schema"""
		- table "Odd, ""schema"""."Table, one"
schema: owner
	ALTER SCHEMA app OWNER TO rich_owner
		~ schema app
schema: grant
	GRANT CREATE ON SCHEMA app TO rich_writer
		~ schema app
schema: comment
	COMMENT ON SCHEMA rich IS 'new'
		~ schema rich
schema: comment on public
	COMMENT ON SCHEMA public IS 'new'
		~ schema public
schema: no comment on public
	COMMENT ON SCHEMA public IS NULL
		~ schema public
schema: rights on public
	REVOKE USAGE ON SCHEMA public FROM PUBLIC
		~ schema public
table: added
	CREATE TABLE app.new ()
		+ table app.new
table: dropped
	DROP TABLE app.booking
		- column app.booking.during
		- column app.booking.room
		- constraint booking_during_excl on app.booking
		- table app.booking
table: renamed
	ALTER TABLE app.fast RENAME TO faster
		- column app.fast.id
		+ column app.faster.id
		- table app.fast
		+ table app.faster
table: other schema
	ALTER TABLE app.fast SET SCHEMA rich
		- column app.fast.id
		+ column rich.fast.id
		- table app.fast
		+ table rich.fast
table: owner
	ALTER TABLE app.booking OWNER TO rich_owner
		~ table app.booking
table: grant
	GRANT DELETE ON app.booking TO rich_writer
		~ table app.booking
table: revoke
	REVOKE SELECT ON rich.grown FROM PUBLIC
		~ table rich.grown
table: grant option
	REVOKE GRANT OPTION FOR SELECT ON app.item FROM objects_reader
		~ table app.item
table: rights of its owner
	GRANT DELETE ON rich.grown TO rich_owner
		~ table rich.grown
table: comment
	COMMENT ON TABLE app.item IS 'an item'
		~ table app.item
table: no comment
	COMMENT ON TABLE app.item IS NULL
		~ table app.item
table: unlogged
	ALTER TABLE app.fast SET LOGGED
		~ table app.fast
table: access method
	DROP TABLE app.other_heap
	CREATE TABLE app.other_heap (id integer)
		~ table app.other_heap
table: option
	ALTER TABLE app.item SET (fillfactor = 71)
		~ table app.item
table: toast option
	ALTER TABLE app.item SET (toast.autovacuum_enabled = false)
		~ table app.item
table: row security
	ALTER TABLE app.item ENABLE ROW LEVEL SECURITY
		~ table app.item
table: row security forced
	ALTER TABLE app.person NO FORCE ROW LEVEL SECURITY
		~ table app.person
table: replica identity
	ALTER TABLE app.item REPLICA IDENTITY NOTHING
		~ table app.item
table: replica identity by index
	ALTER TABLE rich.grown REPLICA IDENTITY DEFAULT
		~ table rich.grown
table: clustered on
	ALTER TABLE app.item CLUSTER ON item_name
		~ table app.item
table: not clustered
	ALTER TABLE rich.grown SET WITHOUT CLUSTER
		~ table rich.grown
table: parent removed
	ALTER TABLE rich.adopted NO INHERIT rich.parent
		~ column rich.adopted.a
		~ column rich.adopted.b
		~ column rich.adopted.late
		~ table rich.adopted
table: of type
	ALTER TABLE rich.of_row NOT OF
		~ table rich.of_row
table: column order
	DROP TABLE app.log_2024
	CREATE TABLE app.log_2024 (host text, day date, n integer)
		~ table app.log_2024
partition: detached
	ALTER TABLE app.log_old DETACH PARTITION app.log_old_a
		~ index app.log_old_a_day_idx
		~ table app.log_old_a
partition: attached
	ALTER TABLE app.log_old ATTACH PARTITION app.log_2024 FOR VALUES IN ('zzz')
		+ index app.log_2024_day_idx
		~ table app.log_2024
partition: bound
	ALTER TABLE app.log DETACH PARTITION app.log_old
	ALTER TABLE app.log ATTACH PARTITION app.log_old FOR VALUES FROM (MINVALUE) TO ('2024-01-02')
		~ table app.log_old
partitioned: key that is an expression
	DROP TABLE rich.keyed
	CREATE TABLE rich.keyed (a varchar, b integer, c text) PARTITION BY RANGE ((a IN ('x', 'z')), (b BETWEEN 1 AND 2 AND b > 1), lower(c) COLLATE "C" text_pattern_ops, coalesce(b, 1))
		~ table rich.keyed
partitioned: operator class of the key
	DROP TABLE rich.keyed
	CREATE TABLE rich.keyed (a varchar, b integer, c text) PARTITION BY RANGE ((a IN ('x', 'y')), (b BETWEEN 1 AND 2 AND b > 1), lower(c) COLLATE "C", coalesce(b, 1))
		~ table rich.keyed
partitioned: key
	DROP TABLE rich.hashed
	CREATE TABLE rich.hashed (a varchar, b integer) PARTITION BY HASH (lower(a), (b + 2))
	CREATE TABLE rich.hashed_0 PARTITION OF rich.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0)
		~ table rich.hashed
column: added
	ALTER TABLE app.item ADD COLUMN new integer
		+ column app.item.new
column: dropped
	ALTER TABLE app.item DROP COLUMN note
		- column app.item.note
column: renamed
	ALTER TABLE app.booking RENAME COLUMN room TO place
		+ column app.booking.place
		- column app.booking.room
		~ constraint booking_during_excl on app.booking
column: added to a parent
	ALTER TABLE rich.parent ADD COLUMN new integer
		+ column rich.adopted.new
		+ column rich.child.new
		+ column rich.parent.new
column: type
	ALTER TABLE app.item ALTER COLUMN note TYPE varchar
		~ column app.item.note
column: length
	ALTER TABLE rich.grown ALTER COLUMN b TYPE varchar(10)
		~ column rich.grown.b
		~ index rich.grown_c
		~ statistics rich.grown_statistics
column: collation
	ALTER TABLE app.old ALTER COLUMN v TYPE text COLLATE "C"
		~ column app.old.v
column: default
	ALTER TABLE app.item ALTER COLUMN name SET DEFAULT 'y'
		~ column app.item.name
column: no default
	ALTER TABLE app.item ALTER COLUMN name DROP DEFAULT
		~ column app.item.name
column: not null
	ALTER TABLE app.item ALTER COLUMN note SET NOT NULL
		~ column app.item.note
column: null
	ALTER TABLE app.item ALTER COLUMN n DROP NOT NULL
		~ column app.item.n
column: identity
	ALTER TABLE app.person ALTER COLUMN id SET GENERATED ALWAYS
		~ column app.person.id
column: no identity
	ALTER TABLE app.person ALTER COLUMN id DROP IDENTITY
		~ column app.person.id
		- sequence app.person_id_seq
column: new identity
	ALTER TABLE rich.grown ALTER COLUMN a ADD GENERATED BY DEFAULT AS IDENTITY
		~ column rich.grown.a
		+ sequence rich.grown_a_seq
column: generated
	ALTER TABLE app.computed ALTER COLUMN b DROP EXPRESSION
		~ column app.computed.b
column: generated from
	ALTER TABLE app.computed DROP COLUMN b, ADD COLUMN b integer GENERATED ALWAYS AS (a * 3) STORED
		~ column app.computed.b
column: storage
	ALTER TABLE app.item ALTER COLUMN data SET STORAGE MAIN
		~ column app.item.data
column: compression
	ALTER TABLE app.item ALTER COLUMN name SET COMPRESSION pglz
		~ column app.item.name
column: statistics
	ALTER TABLE app.item ALTER COLUMN name SET STATISTICS 9
		~ column app.item.name
column: option
	ALTER TABLE app.item ALTER COLUMN name SET (n_distinct = 6)
		~ column app.item.name
column: grant
	GRANT REFERENCES (id) ON app.item TO rich_writer
		~ column app.item.id
column: revoke
	REVOKE UPDATE (name) ON app.item FROM objects_reader
		~ column app.item.name
column: grant on one of the system
	GRANT SELECT (xmax) ON app.item TO rich_writer
		+ column app.item.xmax
column: comment
	COMMENT ON COLUMN app.item.id IS 'new'
		~ column app.item.id
column: defined by a child
	DROP TABLE app.heir
	CREATE TABLE app.heir (more text, born date) INHERITS (app.person)
		~ column app.heir.born
		~ table app.heir
column: of a view, comment
	COMMENT ON COLUMN app.named.id IS 'new'
		+ column app.named.id
column: of a view, default
	ALTER VIEW app.named ALTER COLUMN name SET DEFAULT 'new'
		+ column app.named.name
column: of a materialized view
	COMMENT ON COLUMN rich.kept.n IS NULL
		- column rich.kept.n
column: of a foreign table, option
	ALTER FOREIGN TABLE app.remote ALTER COLUMN id OPTIONS (SET column_name 'id')
		~ column app.remote.id
constraint: check added
	ALTER TABLE app.item ADD CONSTRAINT new CHECK (id > 0)
		+ constraint new on app.item
constraint: check changed
	ALTER TABLE app.item DROP CONSTRAINT n_is_small, ADD CONSTRAINT n_is_small CHECK (n < 101)
	COMMENT ON CONSTRAINT n_is_small ON app.item IS 'small'
		~ constraint n_is_small on app.item
constraint: dropped
	ALTER TABLE app.item DROP CONSTRAINT n_is_small
		- constraint n_is_small on app.item
constraint: renamed
	ALTER TABLE app.item RENAME CONSTRAINT n_is_small TO n_is_little
		+ constraint n_is_little on app.item
		- constraint n_is_small on app.item
constraint: comment
	COMMENT ON CONSTRAINT n_is_small ON app.item IS 'new'
		~ constraint n_is_small on app.item
constraint: validated
	ALTER DOMAIN app.positive VALIDATE CONSTRAINT below
		~ constraint below on app.positive
constraint: validated check
	ALTER TABLE rich.parent VALIDATE CONSTRAINT late_is_small
		~ constraint late_is_small on rich.parent
constraint: of a parent
	ALTER TABLE rich.parent ADD CONSTRAINT new CHECK (a > -1)
		+ constraint new on rich.parent
constraint: no inherit
	ALTER TABLE rich.other_parent DROP CONSTRAINT other_parent_z_check, ADD CONSTRAINT other_parent_z_check CHECK (z > 0)
		~ constraint other_parent_z_check on rich.other_parent
constraint: primary key added
	ALTER TABLE app.booking ADD PRIMARY KEY (room)
		~ column app.booking.room
		+ constraint booking_pkey on app.booking
constraint: primary key dropped
	ALTER TABLE app.typed DROP CONSTRAINT typed_pkey
		- constraint typed_pkey on app.typed
constraint: unique added
	ALTER TABLE app.booking ADD CONSTRAINT new UNIQUE (room)
		+ constraint new on app.booking
constraint: unique, columns
	ALTER TABLE app.item DROP CONSTRAINT name_key, ADD CONSTRAINT name_key UNIQUE (id, name) DEFERRABLE INITIALLY DEFERRED
		~ constraint name_key on app.item
constraint: nulls not distinct
	ALTER TABLE rich.grown DROP CONSTRAINT grown_d_key CASCADE, ADD CONSTRAINT grown_d_key UNIQUE (d)
		~ constraint grown_d_key on rich.grown
		- constraint grown_e_fkey on rich.grown
		- constraint measure_ref_fkey on rich.measure
constraint: initially deferred
	ALTER TABLE app.old ALTER CONSTRAINT old_item_fkey INITIALLY DEFERRED
		~ constraint old_item_fkey on app.old
constraint: not deferrable
	ALTER TABLE app.old ALTER CONSTRAINT old_item_fkey NOT DEFERRABLE
		~ constraint old_item_fkey on app.old
constraint: foreign key added
	ALTER TABLE app.booking ADD CONSTRAINT new FOREIGN KEY (room) REFERENCES app.item
		+ constraint new on app.booking
constraint: foreign key, action
	ALTER TABLE app.old DROP CONSTRAINT old_item_fkey, ADD CONSTRAINT old_item_fkey FOREIGN KEY (item) REFERENCES app.item ON DELETE RESTRICT ON UPDATE SET NULL DEFERRABLE
		~ constraint old_item_fkey on app.old
constraint: foreign key, match
	ALTER TABLE rich.grown DROP CONSTRAINT grown_e_fkey, ADD CONSTRAINT grown_e_fkey FOREIGN KEY (e) REFERENCES rich.grown (d) ON DELETE SET DEFAULT
		~ constraint grown_e_fkey on rich.grown
constraint: foreign key of a partitioned table
	ALTER TABLE rich.measure DROP CONSTRAINT measure_ref_fkey
		- constraint measure_ref_fkey on rich.measure
constraint: exclusion, condition
	ALTER TABLE app.booking DROP CONSTRAINT booking_during_excl, ADD CONSTRAINT booking_during_excl EXCLUDE USING gist (during WITH &&) WHERE (room > 1)
		~ constraint booking_during_excl on app.booking
constraint: exclusion, operator
	ALTER TABLE app.booking DROP CONSTRAINT booking_during_excl, ADD CONSTRAINT booking_during_excl EXCLUDE USING gist (during WITH -|-) WHERE (room > 0)
		~ constraint booking_during_excl on app.booking
constraint: option of its index
	ALTER INDEX app.item_pkey SET (fillfactor = 80)
		~ constraint item_pkey on app.item
constraint: comment on its index
	COMMENT ON INDEX app.item_pkey IS 'new'
		~ constraint item_pkey on app.item
index: added
	CREATE INDEX new ON app.item (note)
		+ index app.new
index: dropped
	DROP INDEX app.item_n
		- index app.item_n
index: renamed
	ALTER INDEX app.item_n RENAME TO item_m
		+ index app.item_m
		- index app.item_n
index: unique
	DROP INDEX app.item_name
	CREATE UNIQUE INDEX item_name ON app.item (name)
		~ index app.item_name
index: columns
	DROP INDEX app.item_name
	CREATE INDEX item_name ON app.item (name, id)
		~ index app.item_name
index: order
	DROP INDEX app.item_name
	CREATE INDEX item_name ON app.item (name DESC)
		~ index app.item_name
index: operator class
	DROP INDEX app.item_name
	CREATE INDEX item_name ON app.item (name text_pattern_ops)
		~ index app.item_name
index: option of an operator class
	DROP INDEX app.item_gist
	CREATE INDEX item_gist ON app.item USING gist (to_tsvector('simple', name) tsvector_ops (siglen = 100))
		~ index app.item_gist
index: collation
	DROP INDEX app.item_name
	CREATE INDEX item_name ON app.item (name COLLATE "C")
		~ index app.item_name
index: method
	DROP INDEX app.item_hash
	CREATE INDEX item_hash ON app.item USING btree (name)
		~ index app.item_hash
index: expression
	DROP INDEX app.item_lower
	CREATE INDEX item_lower ON app.item (upper(name) text_pattern_ops, (id + 1))
		~ index app.item_lower
index: condition
	DROP INDEX app.item_name
	CREATE INDEX item_name ON app.item (name) WHERE n > 5
		~ index app.item_name
index: include
	DROP INDEX app.item_name
	CREATE INDEX item_name ON app.item (name) INCLUDE (n)
		~ index app.item_name
index: option
	ALTER INDEX app.item_at SET (pages_per_range = 9)
		~ index app.item_at
index: statistics
	ALTER INDEX rich.grown_c ALTER COLUMN 2 SET STATISTICS 34
		~ index rich.grown_c
index: comment
	COMMENT ON INDEX app.item_n IS NULL
		~ index app.item_n
index: of partitions
	DROP INDEX app.log_day
		- index app.log_day
		- index app.log_new_0_day_idx
		- index app.log_old_a_day_idx
		- index app.log_old_day_idx
		- index app.log_old_rest_day_idx
		- index app.log_rest_day_idx
index: attached
	CREATE INDEX new ON ONLY rich.hashed (b)
		+ index rich.new
view: added
	CREATE VIEW app.new AS SELECT 1 AS a
		+ view app.new
view: dropped
	DROP VIEW app.named
		- rule to_item on app.named
		- view app.named
view: query
	CREATE OR REPLACE VIEW app.named AS SELECT id, name, at FROM app.item WHERE n > 2 WITH CHECK OPTION
		~ view app.named
view: column name
	ALTER VIEW app.named RENAME COLUMN at TO since
		~ view app.named
view: option
	ALTER VIEW app.named SET (security_invoker = true)
		~ view app.named
view: check option
	ALTER VIEW app.named SET (check_option = local)
		~ view app.named
view: owner
	ALTER VIEW app.named OWNER TO rich_owner
		~ view app.named
view: grant
	GRANT SELECT ON app.named TO rich_writer
		~ view app.named
view: comment
	COMMENT ON VIEW app.named IS 'new'
		~ view app.named
materialized view: query
	DROP MATERIALIZED VIEW rich.kept
	CREATE MATERIALIZED VIEW rich.kept WITH (fillfactor = 50) AS SELECT a, count(*) AS n FROM rich.listed GROUP BY a WITH NO DATA
		- column rich.kept.a
		- column rich.kept.n
		- index rich.kept_a
		~ materialized view rich.kept
materialized view: option
	ALTER MATERIALIZED VIEW rich.kept SET (fillfactor = 51)
		~ materialized view rich.kept
materialized view: comment
	COMMENT ON MATERIALIZED VIEW app.summary IS 'new'
		~ materialized view app.summary
foreign table: option
	ALTER FOREIGN TABLE app.remote OPTIONS (SET table_name 'y')
		~ foreign table app.remote
foreign table: grant
	GRANT SELECT ON app.remote TO rich_writer
		~ foreign table app.remote
sequence: added
	CREATE SEQUENCE app.new
		+ sequence app.new
sequence: dropped
	DROP SEQUENCE app.counter
		- sequence app.counter
sequence: increment
	ALTER SEQUENCE app.counter INCREMENT -4
		~ sequence app.counter
sequence: bounds
	ALTER SEQUENCE app.counter MAXVALUE 2000
		~ sequence app.counter
sequence: start
	ALTER SEQUENCE app.counter START 7
		~ sequence app.counter
sequence: cycle
	ALTER SEQUENCE app.counter NO CYCLE
		~ sequence app.counter
sequence: cache
	ALTER SEQUENCE app.counter CACHE 5
		~ sequence app.counter
sequence: type
	ALTER SEQUENCE app.counter AS integer
		~ sequence app.counter
sequence: owned by
	ALTER SEQUENCE app.old_id_seq OWNED BY NONE
		~ sequence app.old_id_seq
sequence: of an identity column
	ALTER TABLE app.person ALTER COLUMN id SET START 11
		~ sequence app.person_id_seq
sequence: unlogged
	ALTER SEQUENCE app.counter SET UNLOGGED
		~ sequence app.counter
sequence: grant
	GRANT UPDATE ON SEQUENCE app.counter TO rich_writer
		~ sequence app.counter
sequence: comment
	COMMENT ON SEQUENCE app.counter IS 'new'
		~ sequence app.counter
function: added
	CREATE FUNCTION app.new() RETURNS integer LANGUAGE sql RETURN 1
		+ function app.new()
function: dropped
	DROP FUNCTION app.body
		- function app.body(text[])
function: body
	CREATE OR REPLACE FUNCTION app.near(app.pair, app.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT ($1).b = ($2).b'
		~ function app.near(app.pair,app.pair)
function: body in SQL
	CREATE OR REPLACE FUNCTION app.twice(a integer) RETURNS integer LANGUAGE sql IMMUTABLE STRICT COST 7 RETURN a * 2
		~ function app.twice(integer)
function: default of an argument
	CREATE OR REPLACE FUNCTION rich.in_list(v varchar, w varchar DEFAULT 'y', VARIADIC z integer[] DEFAULT '{1,2}') RETURNS boolean LANGUAGE sql RETURN v IN ('a', 'b') AND w IN ('c')
		~ function rich.in_list(character varying,character varying,integer[])
function: volatility
	ALTER FUNCTION app.near STABLE
		~ function app.near(app.pair,app.pair)
function: strict
	ALTER FUNCTION app.near STRICT
		~ function app.near(app.pair,app.pair)
function: security definer
	ALTER FUNCTION app.near SECURITY DEFINER
		~ function app.near(app.pair,app.pair)
function: leakproof
	ALTER FUNCTION app.near LEAKPROOF
		~ function app.near(app.pair,app.pair)
function: parallel
	ALTER FUNCTION app.near PARALLEL SAFE
		~ function app.near(app.pair,app.pair)
function: depends on an extension
	ALTER FUNCTION app.near DEPENDS ON EXTENSION plpgsql
		~ function app.near(app.pair,app.pair)
function: depends on none
	ALTER FUNCTION rich.costly NO DEPENDS ON EXTENSION plpgsql
		~ function rich.costly()
index: depends on an extension
	ALTER INDEX app.item_name DEPENDS ON EXTENSION plpgsql
		~ index app.item_name
trigger: depends on an extension
	ALTER TRIGGER touch ON app.item DEPENDS ON EXTENSION plpgsql
		~ trigger touch on app.item
materialized view: depends on no extension
	ALTER MATERIALIZED VIEW rich.kept NO DEPENDS ON EXTENSION plpgsql
		~ materialized view rich.kept
function: cost of many digits
	ALTER FUNCTION rich.costly COST 1234568
		~ function rich.costly()
function: rows of many digits
	ALTER FUNCTION rich.costly ROWS 12345679
		~ function rich.costly()
function: default in a list
	CREATE OR REPLACE FUNCTION rich.defaults(a text[] DEFAULT ARRAY['x'::varchar, 'z'::varchar], b boolean DEFAULT current_user::varchar IN ('a', 'b'), OUT c integer, INOUT d integer DEFAULT 4, VARIADIC e integer[] DEFAULT '{}') LANGUAGE sql AS 'SELECT 1, 1'
		~ function rich.defaults(text[],boolean,integer,integer[])
function: cost
	ALTER FUNCTION app.near COST 11
		~ function app.near(app.pair,app.pair)
function: rows
	ALTER FUNCTION app.body ROWS 11
		~ function app.body(text[])
function: setting
	ALTER FUNCTION rich.touch SET work_mem = '9MB'
		~ function rich.touch()
function: support
	ALTER FUNCTION app.near SUPPORT generate_series_int4_support
		~ function app.near(app.pair,app.pair)
function: transform
	CREATE OR REPLACE FUNCTION rich.append(text[], text) RETURNS text[] TRANSFORM FOR TYPE integer LANGUAGE sql IMMUTABLE RETURN $1 || $2
		~ function rich.append(text[],text)
function: owner
	ALTER FUNCTION app.near OWNER TO rich_owner
		~ function app.near(app.pair,app.pair)
function: grant
	GRANT EXECUTE ON FUNCTION app.near TO rich_writer
		~ function app.near(app.pair,app.pair)
function: comment
	COMMENT ON FUNCTION app.near IS 'new'
		~ function app.near(app.pair,app.pair)
function: renamed
	ALTER FUNCTION app.later RENAME TO after
		+ function app.after()
		- function app.later()
		~ trigger later on app.person
procedure: body
	CREATE OR REPLACE PROCEDURE app.work(INOUT a integer) LANGUAGE plpgsql AS 'BEGIN a := a + 2
	END'
		~ procedure app.work(integer)
procedure: comment
	COMMENT ON PROCEDURE app.work IS 'new'
		~ procedure app.work(integer)
aggregate: added
	CREATE AGGREGATE app.new(integer) (SFUNC = int4pl, STYPE = integer)
		+ aggregate app.new(integer)
aggregate: initial value
	DROP AGGREGATE app.total(integer)
	CREATE AGGREGATE app.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = 1)
		~ aggregate app.total(integer)
aggregate: final function
	CREATE OR REPLACE AGGREGATE app.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = 0, FINALFUNC = int4abs)
		~ aggregate app.total(integer)
aggregate: what its final function modifies
	CREATE OR REPLACE AGGREGATE rich.list(text) (SFUNC = rich.append, STYPE = text[], INITCOND = '{}', PARALLEL = safe, FINALFUNC_MODIFY = shareable)
		~ aggregate rich.list(text)
aggregate: space for its state
	CREATE OR REPLACE AGGREGATE rich.list(text) (SFUNC = rich.append, STYPE = text[], INITCOND = '{}', PARALLEL = safe, SSPACE = 4096)
		~ aggregate rich.list(text)
aggregate: with a moving state
	CREATE OR REPLACE AGGREGATE app.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = 0, MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = integer, MSSPACE = 8, MFINALFUNC_MODIFY = read_write)
		~ aggregate app.total(integer)
aggregate: sort operator
	CREATE OR REPLACE AGGREGATE app.total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = 0, SORTOP = <)
		~ aggregate app.total(integer)
aggregate: ordered set
	CREATE AGGREGATE app.most(ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = mode_final, FINALFUNC_EXTRA)
		+ aggregate app.most(anyelement)
aggregate: comment
	COMMENT ON AGGREGATE app.total(integer) IS 'new'
		~ aggregate app.total(integer)
type: enum added
	CREATE TYPE app.new AS ENUM ('a')
		+ type app.new
type: label added
	ALTER TYPE app.mood ADD VALUE 'glad' BEFORE 'happy'
		~ type app.mood
type: label renamed
	ALTER TYPE app.mood RENAME VALUE 'sad' TO 'blue'
		~ type app.mood
type: order of labels
	DROP TYPE app.mood
	CREATE TYPE app.mood AS ENUM ('happy', 'sad', 'it''s; ok')
	REVOKE USAGE ON TYPE app.mood FROM PUBLIC
		~ type app.mood
type: owner
	ALTER TYPE app.mood OWNER TO rich_owner
		~ type app.mood
type: grant
	GRANT USAGE ON TYPE app.mood TO PUBLIC
		~ type app.mood
type: comment
	COMMENT ON TYPE app.mood IS 'new'
		~ type app.mood
type: attribute added
	ALTER TYPE rich.row ADD ATTRIBUTE d integer CASCADE
		+ attribute rich."row".d
		+ column rich.of_row.d
type: composite added
	CREATE TYPE app.new AS (a integer)
		+ attribute app.new.a
		+ type app.new
type: type of an attribute
	ALTER TYPE rich.row ALTER ATTRIBUTE b TYPE text CASCADE
		~ attribute rich."row".b
		~ column rich.of_row.b
type: comment on an attribute
	COMMENT ON COLUMN rich.row.a IS 'new'
		~ attribute rich."row".a
type: range added
	CREATE TYPE app.new AS RANGE (subtype = text, multirange_type_name = app.news, collation = "C")
		+ type app.new
type: range, difference
	DROP TYPE app.span CASCADE
	CREATE TYPE app.span AS RANGE (subtype = float8, multirange_type_name = app.spans, subtype_diff = float8mi)
		- function rich.ranges(app.span,app.spans)
		~ type app.span
type: base
	ALTER TYPE app.number SET (ANALYZE = array_typanalyze)
		~ type app.number
type: base of any length
	CREATE TYPE app.new
	CREATE FUNCTION app.new_in(cstring) RETURNS app.new LANGUAGE internal STRICT IMMUTABLE AS 'array_in'
	CREATE FUNCTION app.new_out(app.new) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'array_out'
	CREATE TYPE app.new (INPUT = app.new_in, OUTPUT = app.new_out, ALIGNMENT = double, STORAGE = extended)
		+ function app.new_in(cstring)
		+ function app.new_out(app.new)
		+ type app.new
type: base of one byte
	CREATE TYPE app.new
	CREATE FUNCTION app.new_in(cstring) RETURNS app.new LANGUAGE internal STRICT IMMUTABLE AS 'charin'
	CREATE FUNCTION app.new_out(app.new) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'charout'
	CREATE TYPE app.new (INPUT = app.new_in, OUTPUT = app.new_out, INTERNALLENGTH = 1, PASSEDBYVALUE, ALIGNMENT = char)
		+ function app.new_in(cstring)
		+ function app.new_out(app.new)
		+ type app.new
type: base, alignment
	UPDATE pg_type SET typalign = 's' WHERE oid = 'app.number'::regtype
		~ type app.number
type: base, element
	UPDATE pg_type SET typelem = 'integer'::regtype WHERE oid = 'app.number'::regtype
		~ type app.number
type: base, delimiter
	UPDATE pg_type SET typdelim = ';' WHERE oid = 'app.number'::regtype
		~ type app.number
type: range, operator class
	UPDATE pg_range SET rngsubopc = (SELECT oid FROM pg_opclass WHERE opcname = 'text_pattern_ops' AND opcmethod = (SELECT oid FROM pg_am WHERE amname = 'btree')) WHERE rngtypid = 'app.span'::regtype
		~ type app.span
type: shell
	CREATE TYPE app.new
		+ type app.new
domain: added
	CREATE DOMAIN app.new AS text
		+ domain app.new
domain: default
	ALTER DOMAIN app.positive SET DEFAULT 2
		~ domain app.positive
domain: not null
	ALTER DOMAIN app.positive SET NOT NULL
		~ domain app.positive
domain: constraint
	ALTER DOMAIN app.positive DROP CONSTRAINT above
		- constraint above on app.positive
domain: comment on a constraint
	COMMENT ON CONSTRAINT above ON DOMAIN app.positive IS 'new'
		~ constraint above on app.positive
domain: owner
	ALTER DOMAIN app.positive OWNER TO rich_owner
		~ domain app.positive
domain: comment
	COMMENT ON DOMAIN rich.code IS NULL
		~ domain rich.code
operator: added
	CREATE OPERATOR app.=~ (LEFTARG = app.pair, RIGHTARG = app.pair, FUNCTION = app.near)
		+ operator app.=~(app.pair,app.pair)
operator: dropped
	DROP OPERATOR app.~= (app.pair, app.pair)
		- operator app.~=(app.pair,app.pair)
operator: estimators
	ALTER OPERATOR app.~= (app.pair, app.pair) SET (RESTRICT = eqsel)
		~ operator app.~=(app.pair,app.pair)
operator: owner
	ALTER OPERATOR app.~= (app.pair, app.pair) OWNER TO rich_owner
		~ operator app.~=(app.pair,app.pair)
operator: comment
	COMMENT ON OPERATOR app.~= (app.pair, app.pair) IS 'new'
		~ operator app.~=(app.pair,app.pair)
operator class: added
	CREATE OPERATOR CLASS app.new FOR TYPE integer USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(integer)
		+ operator class app.new USING hash
		+ operator family app.new USING hash
operator class: dropped
	DROP OPERATOR CLASS app.number_ops USING btree
		- operator class app.number_ops USING btree
operator class: renamed
	ALTER OPERATOR CLASS app.number_ops USING btree RENAME TO new_ops
		+ operator class app.new_ops USING btree
		- operator class app.number_ops USING btree
operator family: member
	ALTER OPERATOR FAMILY app.numbers USING btree ADD OPERATOR 1 < (integer, integer)
		~ operator family app.numbers USING btree
operator family: owner
	ALTER OPERATOR FAMILY app.numbers USING btree OWNER TO rich_owner
		~ operator family app.numbers USING btree
cast: added
	CREATE CAST (app.mood AS integer) WITH INOUT
		+ cast (app.mood AS integer)
cast: context
	DROP CAST (app.pair AS text)
	CREATE CAST (app.pair AS text) WITH FUNCTION app.as_text(app.pair) AS IMPLICIT
		~ cast (app.pair AS pg_catalog.text)
cast: comment
	COMMENT ON CAST (app.pair AS text) IS 'new'
		~ cast (app.pair AS pg_catalog.text)
collation: added
	CREATE COLLATION app.new (LOCALE = 'POSIX')
		+ collation app.new
collation: owner
	ALTER COLLATION app.bytes OWNER TO rich_owner
		~ collation app.bytes
collation: comment
	COMMENT ON COLLATION app.bytes IS 'new'
		~ collation app.bytes
conversion: default
	DROP CONVERSION app.latin
	CREATE DEFAULT CONVERSION app.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8
		~ conversion app.latin
conversion: comment
	COMMENT ON CONVERSION app.latin IS 'new'
		~ conversion app.latin
text search parser: added
	CREATE TEXT SEARCH PARSER app.new (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)
		+ text search parser app.new
text search template: dropped
	DROP TEXT SEARCH TEMPLATE app.template CASCADE
		- text search configuration app.english
		- text search dictionary app.words
		- text search template app.template
text search dictionary: option
	ALTER TEXT SEARCH DICTIONARY rich.simple (Accept = false)
		~ text search dictionary rich.simple
text search configuration: mapping
	ALTER TEXT SEARCH CONFIGURATION app.english DROP MAPPING FOR word
		~ text search configuration app.english
text search configuration: dictionaries
	ALTER TEXT SEARCH CONFIGURATION app.english ALTER MAPPING FOR word WITH simple, app.words
		~ text search configuration app.english
text search configuration: owner
	ALTER TEXT SEARCH CONFIGURATION app.english OWNER TO rich_owner
		~ text search configuration app.english
statistics: added
	CREATE STATISTICS app.new ON n, name FROM app.item
		+ statistics app.new
statistics: target
	ALTER STATISTICS rich.grown_statistics SET STATISTICS 78
		~ statistics rich.grown_statistics
statistics: kinds
	DROP STATISTICS app.related
	CREATE STATISTICS app.related (mcv) ON id, n FROM app.item
		~ statistics app.related
statistics: columns
	DROP STATISTICS app.related
	CREATE STATISTICS app.related (dependencies) ON id, name FROM app.item
		~ statistics app.related
statistics: comment
	COMMENT ON STATISTICS app.related IS 'new'
		~ statistics app.related
trigger: added
	CREATE TRIGGER new BEFORE INSERT ON app.item FOR EACH ROW EXECUTE FUNCTION app.touch()
		+ trigger new on app.item
trigger: dropped
	DROP TRIGGER touch ON app.item
		- trigger touch on app.item
trigger: enabled
	ALTER TABLE app.item ENABLE TRIGGER touch
		~ trigger touch on app.item
trigger: for replicas
	ALTER TABLE app.item ENABLE REPLICA TRIGGER touch
		~ trigger touch on app.item
trigger: on DELETE
	CREATE OR REPLACE TRIGGER touch_tables AFTER DELETE ON rich.listed REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION rich.touch()
		~ trigger touch_tables on rich.listed
trigger: on TRUNCATE
	CREATE OR REPLACE TRIGGER touch_tables AFTER TRUNCATE ON rich.listed FOR EACH STATEMENT EXECUTE FUNCTION rich.touch()
		~ trigger touch_tables on rich.listed
trigger: of a constraint, FROM another table
	DROP TRIGGER later ON app.person
	CREATE CONSTRAINT TRIGGER later AFTER INSERT ON app.person FROM app.item DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.later()
		~ trigger later on app.person
trigger: of a table, but not of its partitions
	ALTER TABLE ONLY rich.measure DISABLE TRIGGER touch_measure
		~ trigger touch_measure on rich.measure
		- trigger touch_measure on rich.measure_1
		+ trigger touch_measure on rich.measure_2
trigger: of a partition
	ALTER TABLE rich.measure_1 ENABLE TRIGGER touch_measure
		- trigger touch_measure on rich.measure_1
trigger: condition
	CREATE OR REPLACE TRIGGER touch_listed AFTER UPDATE OF a, b ON rich.listed FOR EACH ROW WHEN (OLD.a IN ('x')) EXECUTE FUNCTION rich.touch('a', 'it''s')
		~ trigger touch_listed on rich.listed
trigger: argument
	CREATE OR REPLACE TRIGGER touch_listed AFTER UPDATE OF a, b ON rich.listed FOR EACH ROW WHEN (OLD.a IN ('x', 'y') AND OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION rich.touch('a', 'its')
		~ trigger touch_listed on rich.listed
trigger: columns
	CREATE OR REPLACE TRIGGER touch_listed AFTER UPDATE OF a, c ON rich.listed FOR EACH ROW WHEN (OLD.a IN ('x', 'y') AND OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION rich.touch('a', 'it''s')
		~ trigger touch_listed on rich.listed
trigger: comment
	COMMENT ON TRIGGER touch ON app.item IS 'new'
		~ trigger touch on app.item
rule: dropped
	DROP RULE to_item ON app.named
		- rule to_item on app.named
rule: action
	CREATE OR REPLACE RULE to_item AS ON DELETE TO app.named DO INSTEAD NOTHING
		~ rule to_item on app.named
rule: enabled
	ALTER TABLE rich.listed ENABLE RULE listed_rule
		~ rule listed_rule on rich.listed
rule: always
	ALTER TABLE rich.listed ENABLE ALWAYS RULE listed_rule
		~ rule listed_rule on rich.listed
rule: for replicas
	ALTER TABLE rich.listed ENABLE REPLICA RULE listed_rule
		~ rule listed_rule on rich.listed
rule: nothing, on a condition
	CREATE OR REPLACE RULE listed_rule AS ON UPDATE TO rich.listed WHERE OLD.a = NEW.b DO INSTEAD NOTHING
		~ rule listed_rule on rich.listed
rule: comment
	COMMENT ON RULE to_item ON app.named IS 'new'
		~ rule to_item on app.named
policy: added
	CREATE POLICY new ON app.item USING (id > 0)
		+ policy new on app.item
policy: roles
	ALTER POLICY own ON app.person TO objects_reader, rich_writer
		~ policy own on app.person
policy: using
	ALTER POLICY own ON app.person USING (mail <> 'x')
		~ policy own on app.person
policy: with check
	ALTER POLICY own ON app.person WITH CHECK (mail <> 'x')
		~ policy own on app.person
policy: command
	DROP POLICY own ON app.person
	CREATE POLICY own ON app.person AS RESTRICTIVE FOR DELETE TO objects_reader USING (mail <> ';')
		~ policy own on app.person
policy: for INSERT
	DROP POLICY own ON app.person
	CREATE POLICY own ON app.person AS RESTRICTIVE FOR INSERT TO objects_reader WITH CHECK (true)
		~ policy own on app.person
policy: comment
	COMMENT ON POLICY own ON app.person IS 'new'
		~ policy own on app.person
event trigger: disabled
	ALTER EVENT TRIGGER watch_ddl DISABLE
		~ event trigger watch_ddl
event trigger: tags
	DROP EVENT TRIGGER watch_ddl
	CREATE EVENT TRIGGER watch_ddl ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION app.notice()
		~ event trigger watch_ddl
event trigger: comment
	COMMENT ON EVENT TRIGGER watch_ddl IS 'new'
		~ event trigger watch_ddl
extension: added
	CREATE ROLE boss SUPERUSER
	SET LOCAL ROLE boss
	CREATE EXTENSION citext SCHEMA tools
		+ extension citext
extension: dropped
	DROP EXTENSION hstore CASCADE
		- column app.item.tags
		- extension hstore
		- grants function tools.hstore(pg_catalog.text,pg_catalog.text)
extension: schema
	ALTER EXTENSION hstore SET SCHEMA rich
		~ column app.item.tags
		~ extension hstore
		+ grants function rich.hstore(pg_catalog.text,pg_catalog.text)
		- grants function tools.hstore(pg_catalog.text,pg_catalog.text)
extension: comment
	COMMENT ON EXTENSION hstore IS 'new'
		~ extension hstore
extension: member
	ALTER EXTENSION hstore ADD FUNCTION app.near(app.pair, app.pair)
		- function app.near(app.pair,app.pair)
foreign data wrapper: option
	ALTER FOREIGN DATA WRAPPER elsewhere OPTIONS (ADD format 'x')
		~ foreign data wrapper elsewhere
foreign data wrapper: grant
	GRANT USAGE ON FOREIGN DATA WRAPPER elsewhere TO rich_writer
		~ foreign data wrapper elsewhere
server: option
	ALTER SERVER far OPTIONS (SET host 'somewhere')
		~ server far
server: version
	ALTER SERVER far VERSION '2'
		~ server far
server: grant
	GRANT USAGE ON FOREIGN SERVER far TO rich_writer
		~ server far
server: owner
	ALTER SERVER far OWNER TO rich_owner
		~ server far
server: comment
	COMMENT ON SERVER far IS 'new'
		~ server far
user mapping: added
	CREATE USER MAPPING FOR PUBLIC SERVER far
		+ user mapping public on server far
user mapping: option
	ALTER USER MAPPING FOR objects_reader SERVER far OPTIONS (ADD user 'me')
		~ user mapping objects_reader on server far
user mapping: dropped
	DROP USER MAPPING FOR objects_reader SERVER far
		- user mapping objects_reader on server far
publication: table
	ALTER PUBLICATION changes ADD TABLE app.booking
		+ publication table app.booking in changes
publication: columns
	ALTER PUBLICATION changes SET TABLE app.item (id) WHERE (n > 1)
		~ publication table app.item in changes
publication: condition
	ALTER PUBLICATION changes SET TABLE app.item (id, name) WHERE (n > 2)
		~ publication table app.item in changes
publication: schema
	ALTER PUBLICATION changes_of_schema ADD TABLES IN SCHEMA rich
		+ publication schema rich in changes_of_schema
publication: what
	ALTER PUBLICATION changes SET (publish = 'insert, truncate')
		~ publication changes
publication: via root
	ALTER PUBLICATION changes SET (publish_via_partition_root = true)
		~ publication changes
publication: renamed
	ALTER PUBLICATION changes RENAME TO news
		- publication changes
		+ publication news
		- publication table app.item in changes
		+ publication table app.item in news
publication: comment
	COMMENT ON PUBLICATION changes IS 'new'
		~ publication changes
subscription: publication
	ALTER SUBSCRIPTION from_far SET PUBLICATION other WITH (refresh = false)
		~ subscription from_far
subscription: option
	ALTER SUBSCRIPTION from_far SET (binary = true)
		~ subscription from_far
subscription: comment
	COMMENT ON SUBSCRIPTION from_far IS 'new'
		~ subscription from_far
language: owner
	ALTER LANGUAGE plmine OWNER TO rich_owner
		~ language plmine
language: grant
	REVOKE USAGE ON LANGUAGE plmine FROM PUBLIC
		~ language plmine
language: comment
	COMMENT ON LANGUAGE plmine IS 'new'
		~ language plmine
transform: added
	CREATE TRANSFORM FOR text LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))
		+ transform for text language sql
transform: functions
	CREATE OR REPLACE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal))
		~ transform for integer language sql
access method: added
	CREATE ACCESS METHOD new TYPE INDEX HANDLER gisthandler
		+ access method new
access method: comment
	COMMENT ON ACCESS METHOD gist_too IS 'new'
		~ access method gist_too
default privileges: added
	ALTER DEFAULT PRIVILEGES IN SCHEMA rich GRANT EXECUTE ON FUNCTIONS TO rich_writer
		+ default privileges for role postgres in schema rich on functions
default privileges: changed
	ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT INSERT ON TABLES TO objects_reader
		~ default privileges for role postgres in schema app on tables
default privileges: of PUBLIC
	ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC
		- default privileges for role postgres on functions
default privileges: on tables
	ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO rich_writer
		+ default privileges for role postgres on tables
default privileges: on sequences
	ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO rich_writer
		+ default privileges for role postgres on sequences
default privileges: on schemas
	ALTER DEFAULT PRIVILEGES GRANT USAGE ON SCHEMAS TO rich_writer
		+ default privileges for role postgres on schemas
default privileges: on large objects (18)
	ALTER DEFAULT PRIVILEGES GRANT SELECT ON LARGE OBJECTS TO rich_writer
		+ default privileges for role postgres on large objects
grants: on a column of the information schema, which no dump has
	GRANT SELECT (feature_name) ON information_schema.sql_features TO rich_writer
		the fingerprint is the old one
grants: on a function of the system
	REVOKE EXECUTE ON FUNCTION pg_ls_dir(text) FROM rich_writer
		- grants function pg_catalog.pg_ls_dir(pg_catalog.text)
grants: on a table of the system
	GRANT SELECT ON pg_authid TO rich_writer
		+ grants table pg_catalog.pg_authid
grants: on a column of the system
	GRANT SELECT (rolname) ON pg_authid TO rich_writer
		+ grants table column pg_catalog.pg_authid.rolname
grants: on a member of an extension
	GRANT EXECUTE ON FUNCTION tools.hstore(text, text) TO PUBLIC
		- grants function tools.hstore(pg_catalog.text,pg_catalog.text)
grants: on a sequence of an extension
	CREATE SEQUENCE tools.numbers
	ALTER EXTENSION hstore ADD SEQUENCE tools.numbers
	GRANT USAGE ON SEQUENCE tools.numbers TO rich_writer
		+ grants sequence tools.numbers
grants: on a language of the system
	REVOKE USAGE ON LANGUAGE sql FROM PUBLIC
		+ grants language sql
table: tablespace
	ALTER TABLE app.fast SET TABLESPACE rich_space
		~ table app.fast
table: security label
	SET LOCAL allow_system_table_mods = on
	INSERT INTO pg_seclabel VALUES ('app.item'::regclass, 'pg_class'::regclass, 0, 'somebody', 'a label')
		~ table app.item
column: security label
	SET LOCAL allow_system_table_mods = on
	INSERT INTO pg_seclabel VALUES ('app.item'::regclass, 'pg_class'::regclass, 1, 'somebody', 'a label')
		~ column app.item.id
index: tablespace
	ALTER INDEX app.item_name SET TABLESPACE rich_space
		~ index app.item_name
constraint: tablespace of its index
	ALTER INDEX app.item_pkey SET TABLESPACE rich_space
		~ constraint item_pkey on app.item
column: name of a NOT NULL constraint (18)
	ALTER TABLE app.item RENAME CONSTRAINT item_name_not_null TO named
		~ column app.item.name
column: comment on NOT NULL (18)
	COMMENT ON CONSTRAINT item_name_not_null ON app.item IS 'new'
		~ column app.item.name
domain: name of a NOT NULL constraint (18)
	ALTER DOMAIN rich.code RENAME CONSTRAINT code_not_null TO named
		~ domain rich.code
domain: comment on NOT NULL (18)
	COMMENT ON CONSTRAINT code_not_null ON DOMAIN rich.code IS 'new'
		~ domain rich.code
column: NOT NULL that is not valid (18)
	ALTER TABLE app.item ADD CONSTRAINT item_note_not_null NOT NULL note NOT VALID
		~ column app.item.note
column: NOT NULL that is not inherited (18)
	ALTER TABLE app.item ADD CONSTRAINT item_note_not_null NOT NULL note NO INHERIT
		~ column app.item.note
column: generated virtually (18)
	ALTER TABLE app.computed DROP COLUMN b, ADD COLUMN b integer GENERATED ALWAYS AS (a * 2) VIRTUAL
		~ column app.computed.b
constraint: not enforced (18)
	ALTER TABLE app.old ALTER CONSTRAINT old_item_fkey NOT ENFORCED
		~ constraint old_item_fkey on app.old
table: grant of MAINTAIN (17)
	GRANT MAINTAIN ON app.booking TO rich_writer
		~ table app.booking
publication: generated columns (18)
	ALTER PUBLICATION changes SET (publish_generated_columns = stored)
		~ publication changes
