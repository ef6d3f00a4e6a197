# A database and the one that its dump makes have the same fingerprint; so has one as seen by another role,
# with other settings. What is not to be shown is not.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayRich;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('copy', conf => "wal_level = logical\n");
my $EXTENSION = "CREATE EXTENSION IF NOT EXISTS pg_slipway; SELECT slipway.create_project('default');";
my $SNAPSHOT = q{SELECT kind || ' ' || identity || E'\n' || definition FROM slipway.snapshot()};

sub run_ok
{
	my (@command) = @_;
	my ($out, $err) = ('', '');
	my $ok = IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err);

	die "@command: $err" unless $ok;
	return $out;
}

sub create_database
{
	my ($db, $statements) = @_;

	sql($node, "CREATE DATABASE $db TEMPLATE template0", db => 'template1');
	my $answer = sql($node, $statements, db => $db);
	is($answer->{exit}, 0, "a database $db") or diag($answer->{err});
	return;
}

sub value_of
{
	my ($query, %option) = @_;
	my $answer = sql($node, $query, %option);

	is($answer->{exit}, 0, "$query is answered") or diag($answer->{err});
	return $answer->{out};
}

# Restores a dump and compares; returns the copy's name.
sub copy_is_same
{
	my ($name, $from, @options) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir . '/dump';
	my ($copy) = "copy_$name";

	run_ok('pg_dump', '-d', $node->connstr($from), '-f', $file, @options);
	create_database($copy, '');
	run_ok('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($copy), '-f', $file);
	sql($node, "INSERT INTO slipway.project (name) VALUES ('default') ON CONFLICT DO NOTHING", db => $copy);
	is(value_of('SELECT slipway.fingerprint()', db => $copy), value_of('SELECT slipway.fingerprint()', db => $from), "$name: the same fingerprint")
	  or show_difference($from, $copy);
	return $copy;
}

sub show_difference
{
	my @files = map {
		my $file = PostgreSQL::Test::Utils::tempdir . "/$_";
		append_to_file($file, value_of($SNAPSHOT, db => $_));
		$file
	} @_;
	my $difference = '';

	IPC::Run::run([ 'diff', '-u', @files ], '>', \$difference);
	diag(substr($difference, 0, 6000));
	return;
}

sql($node, rich_roles());
create_database('rich', rich_schema());
sql($node, $EXTENSION, db => 'rich');

my $kinds = value_of('SELECT count(*), count(DISTINCT kind) FROM slipway.snapshot()', db => 'rich');
my ($objects, $different) = split /\|/, $kinds;
cmp_ok($objects, '>', 250, "$objects objects");
cmp_ok($different, '>=', 38, "of $different kinds");
query_is($node, q{SELECT count(*) FROM (SELECT FROM slipway.snapshot() GROUP BY kind, identity HAVING count(*) > 1) twice}, '0', 'none is there twice', db => 'rich');
query_is($node, q{SELECT count(*) FROM slipway.snapshot() WHERE hash IS NULL OR definition ~ '\m(0x|OID )'}, '0', 'each has a hash', db => 'rich');
query_is($node, q{SELECT count(*) FROM (SELECT row_number() OVER () AS n, row_number() OVER (ORDER BY kind COLLATE "C", identity COLLATE "C") AS m FROM slipway.snapshot()) r WHERE n <> m},
	'0', 'ordered by kind and identity, byte by byte', db => 'rich');
query_is($node, q{SELECT count(*) FROM slipway.snapshot() WHERE definition ~ '(secret|nowhere\M.*password)' OR definition ~ 'slipway'}, '0', 'no secrets, nothing of slipway', db => 'rich');

# Copies: of the schema alone, with all rows, and a copy of the copy.
my $copy = copy_is_same('schema', 'rich', '--schema-only');
copy_is_same('again', $copy, '--schema-only');
copy_is_same('rows', 'rich');
copy_is_same('quoted', 'rich', '--schema-only', '--quote-all-identifiers');

# Nor has the encoding of the database: letters have another order in each.
my @encoded = map {
	my $db = lc "encoded_$_";
	sql($node, "CREATE DATABASE $db TEMPLATE template0 ENCODING '$_' LOCALE 'C'", db => 'template1');
	sql($node, $EXTENSION . q{CREATE TABLE "юбка" ("я" integer, "ё" text CHECK ("ё" IN ('юг', 'ад'))); CREATE TABLE "абв" (); CREATE TABLE "цех" (); COMMENT ON TABLE "цех" IS 'щука'}, db => $db);
	value_of('SELECT slipway.fingerprint() FROM slipway.snapshot() HAVING count(*) > 7', db => $db);
} qw(KOI8R UTF8);
is($encoded[0], $encoded[1], 'in another encoding it is the same');
like($encoded[0], qr/^.x[0-9a-f]{64}$/, 'and there is one');

# The session has no part in it: nor have its settings, its role, or what is temporary.
my $fingerprint = value_of(q{SELECT encode(slipway.fingerprint(), 'hex')}, db => 'rich');
my @SETTINGS = (
	'search_path = rich, app, tools, public, pg_catalog', q{search_path = ''}, 'search_path = pg_temp, "Odd, ""schema"""', 'DateStyle = \'SQL, DMY\'',
	'DateStyle = German', 'IntervalStyle = iso_8601', q{TimeZone = 'Asia/Kolkata'}, 'extra_float_digits = -15', 'quote_all_identifiers = on',
	'bytea_output = escape', 'standard_conforming_strings = off', 'xmlbinary = hex', q{lc_monetary = 'C.UTF-8'}, 'array_nulls = off', 'client_encoding = LATIN1',
	'default_transaction_isolation = \'repeatable read\'', 'default_transaction_read_only = on', 'row_security = off', 'statement_timeout = 1000000',
	q{session_replication_role = 'replica'}, 'debug_parallel_query = on', 'default_table_access_method = heap_too', 'escape_string_warning = off',
	'enable_indexscan = off', 'plan_cache_mode = force_generic_plan', 'role = rich_writer', 'role = rich_owner', 'role = objects_reader');
sql($node, q{SELECT slipway.grant_role(role, 'reader') FROM unnest('{rich_writer,rich_owner,objects_reader}'::text[]) role}, db => 'rich');
my @without = grep { $_ ne 'debug_parallel_query = on' || value_of('SHOW server_version_num') >= 160000 } @SETTINGS;
my $answer = sql($node, join('', map { "BEGIN; SET LOCAL $_; SELECT encode(slipway.fingerprint(), 'hex') = '$fingerprint'; ROLLBACK;\n" } @without), db => 'rich');
is($answer->{out}, join("\n", ('t') x @without), 'whatever the settings, it is the same') or diag($answer->{err});
$answer = sql($node, q{SET search_path = rich; SET DateStyle = German; DO $$BEGIN PERFORM slipway.fingerprint(); END$$; SHOW search_path; SHOW DateStyle; SELECT current_user}, db => 'rich');
is($answer->{out}, "rich\nGerman, DMY\npostgres", 'which stay as they are') or diag($answer->{err});
$answer = sql($node, q{CREATE TEMP TABLE listed (a integer PRIMARY KEY); CREATE TEMP VIEW v AS SELECT * FROM listed; CREATE TYPE pg_temp.text AS (a integer);
	CREATE FUNCTION pg_temp.f() RETURNS integer LANGUAGE sql RETURN 1; SELECT encode(slipway.fingerprint(), 'hex') = '} . "$fingerprint'", db => 'rich');
is($answer->{out}, 't', 'temporary objects are none') or diag($answer->{err});

# Only a reader gets it, and as himself nobody needs to see anything.
sql($node, q{CREATE ROLE stranger LOGIN; CREATE ROLE helper LOGIN; SELECT slipway.grant_role('helper', 'reader'); REVOKE ALL ON ALL TABLES IN SCHEMA rich FROM PUBLIC}, db => 'rich');
$answer = sql($node, 'SELECT slipway.fingerprint()', db => 'rich', user => 'stranger');
like($answer->{err}, qr/42501/, 'a stranger gets nothing');
is(value_of('SELECT count(*) FROM slipway.snapshot()', db => 'rich', user => 'helper'), $objects, 'a reader gets all of it');

# Afterwards nothing is locked, also where views and policies were read.
query_is($node, q{BEGIN; DO 'BEGIN PERFORM slipway.fingerprint(); END'; SELECT DISTINCT relation::regclass FROM pg_locks WHERE relation >= 16384; ROLLBACK}, '', 'no lock is left', db => 'rich');

# Left out: what is ignored, with what belongs to it, and what other projects have.
sub has_none
{
	my ($ignore, $condition, $name) = @_;
	my $of = "FROM slipway.snapshot('default', ARRAY[" . literal($ignore) . "]) WHERE $condition";

	query_is($node, "SELECT count(*) $of", '0', "$name: left out", db => 'rich');
	query_is($node, 'SELECT count(*) > 0 ' . "FROM slipway.snapshot('default', '{}') WHERE $condition", 't', "$name: else there", db => 'rich');
	query_is($node, "SELECT count(*) > 0 FROM slipway.snapshot('default', ARRAY[" . literal($ignore) . "])", 't', "$name: and the rest is there", db => 'rich');
	return;
}

has_none('schema:rich', q{schema = 'rich'}, 'a schema');
has_none('kind:policy', q{kind = 'policy'}, 'a kind');
has_none('extension:hst*', q{kind = 'extension' AND identity = 'hstore'}, 'an extension');
has_none('rich.listed', q{identity ~ '(^| )rich\.listed(\.|$)'}, 'a table with its parts');
has_none('rich.lis*', q{identity ~ '(^| )rich\.lis'}, 'a pattern');
has_none('app.person', q{kind = 'sequence' AND identity = 'app.person_id_seq'}, 'the sequence of a table that is left out');
has_none('rich.grown', q{kind = 'statistics' AND identity = 'rich.grown_statistics'}, 'and its statistics');
has_none('*.?tem', q{identity ~ '(^| )app\.item$'}, 'another one');
sql($node, 'ALTER DATABASE rich SET slipway.ignore = \'rich.*, kind:index\'', db => 'rich');
query_is($node, q{SELECT count(*) FROM slipway.snapshot() WHERE kind = 'index' OR identity LIKE 'rich.%'}, '0', 'the setting is the default', db => 'rich');
query_is($node, q{SELECT count(*) > 0 FROM slipway.snapshot(ignore => '{kind:table}') WHERE kind = 'index'}, 't', 'which an argument replaces', db => 'rich');
sql($node, 'ALTER DATABASE rich RESET slipway.ignore', db => 'rich');
sql($node, q{SELECT slipway.create_project('other', '{rich,tools}')}, db => 'rich');
query_is($node, q{SELECT string_agg(DISTINCT coalesce(schema, '-'), ' ' ORDER BY coalesce(schema, '-')) FROM slipway.snapshot('other')}, 'rich tools', 'a project with schemas has these', db => 'rich');
query_is($node, q{SELECT count(*) FROM slipway.snapshot() WHERE schema = 'rich'}, '0', 'one without has those of no other', db => 'rich');

# While others change the schema: never an error.
$node->safe_psql('postgres', 'CREATE DATABASE busy');
sql($node, $EXTENSION, db => 'busy');
my $busy = start_sql($node, join('', map { "CREATE TABLE t$_ (a integer PRIMARY KEY, b varchar DEFAULT 'x' CHECK (b IN ('x', 'y'))); CREATE VIEW v$_ AS SELECT a, b FROM t$_; CREATE INDEX ON t$_ (lower(b)); DROP TABLE t$_ CASCADE;\n" } 1 .. 150), db => 'busy');
$answer = sql($node, "SELECT slipway.fingerprint() IS NOT NULL;\n" x 150, db => 'busy');
is($answer->{out}, join("\n", ('t') x 150), 'while tables come and go') or diag($answer->{err});
finish_sql($busy);

# What a row refers to is gone by the time that it is read: here while a view waits for its table.
sql($node, "SET allow_in_place_tablespaces = on; CREATE TABLESPACE gone_space LOCATION ''", db => 'busy');
sql($node, join('', "CREATE TABLE base (a integer);\n", map { "CREATE TABLE moved_$_ (a integer PRIMARY KEY USING INDEX TABLESPACE gone_space) TABLESPACE gone_space; CREATE VIEW waiting_$_ AS SELECT 1 AS one FROM base;\n" } 1 .. 40), db => 'busy');
my $holder = $node->background_psql('busy');
$holder->query_safe('BEGIN; LOCK TABLE base');
for my $call ('FROM slipway.snapshot()', 'slipway.fingerprint()', q{slipway.save_snapshot('it')})
{
	is(sql($node, "SET slipway.lock_timeout = '50ms'; SELECT $call", db => 'busy')->{sqlstate}, '55P03', "$call does not wait for long");
}
my $reading = start_sql($node, 'SET slipway.lock_timeout = 0; SELECT count(*) > 100 FROM slipway.snapshot()', db => 'busy');
wait_until($node, q{SELECT count(*) > 0 FROM pg_locks WHERE relation = 'base'::regclass AND NOT granted}, 'the snapshot waits', db => 'busy');
$answer = sql($node, join('', map { "ALTER TABLE moved_$_ SET TABLESPACE pg_default; ALTER INDEX moved_${_}_pkey SET TABLESPACE pg_default;\n" } 1 .. 40) . 'DROP TABLESPACE gone_space', db => 'busy');
is($answer->{exit}, 0, 'a tablespace goes while the schema is read') or diag($answer->{err});
$holder->query_safe('COMMIT');
$holder->quit;
$answer = finish_sql($reading);
is($answer->{out}, 't', 'which is read again') or diag($answer->{err});
done_testing();
