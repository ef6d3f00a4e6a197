# What a rehearsal makes of all kinds of scripts: what it leaves out, turns into something
# else, waits for, cannot take back, and finds different.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('rehearse_script', conf => "fsync = off\nautovacuum = off");
my $host = $node->host;
my $port = $node->port;

$node->safe_psql(
	'postgres', q{
	CREATE TABLE t (id integer PRIMARY KEY, name text, n integer);
	INSERT INTO t SELECT i, 'name ' || i, i FROM generate_series(1, 10000) i;
	CREATE INDEX t_n ON t (n);
	CREATE TABLE other (id serial, i integer GENERATED ALWAYS AS IDENTITY, x text);
	CREATE TYPE mood AS ENUM ('good');
	CREATE TABLE feeling (m mood);
	CREATE TABLE part (id integer) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1) TO (10);
	CREATE EXTENSION dblink;
	CREATE ROLE maker LOGIN; GRANT CREATE ON SCHEMA public TO maker;
	CREATE ROLE deployer LOGIN; CREATE TABLE makers (id integer); ALTER TABLE makers OWNER TO maker;
	VACUUM ANALYZE;});

sub outcomes
{
	my ($answer) = @_;

	return join(' ', map { "$_->{line}:$_->{outcome}" } of_kind($answer, 'rehearsed'));
}

sub locks
{
	my ($of) = @_;

	return join(' ', map { "$_->{relation}:$_->{mode}" } grep { $_->{kind} =~ /table/ } @{ $of->{locks} });
}

sub nothing_left
{
	my ($name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	no_locks_left($node, $name);
	query_is($node, 'SELECT count(*) FROM slipway.history', '0', "$name: nothing is recorded");
	query_is($node, 'SELECT count(*) FROM slipway.run', '0', "$name: nor is there a run");
	return;
}

# Refusing statements.
my %project = add_one($node,
	'CREATE INDEX CONCURRENTLY t_name ON t (name)',
	'REINDEX (VERBOSE) TABLE CONCURRENTLY t' =~ s/ \(VERBOSE\)//r,
	'DROP INDEX CONCURRENTLY t_n',
	'VACUUM t',
	'DO $$BEGIN COMMIT; END$$',
	"ALTER TYPE mood ADD VALUE 'bad'",
	"INSERT INTO feeling VALUES ('bad')",
	"INSERT INTO feeling VALUES ('good')",
	'ALTER TABLE part DETACH PARTITION part_1 CONCURRENTLY',
	'CREATE DATABASE never',
	'ALTER SYSTEM SET work_mem = 100',
	'REINDEX TABLE part');
my $answer = rehearse($node, %project);
is($answer->{exit}, 0, 'refusing statements: rehearsed') or diag($answer->{err});
is(outcomes($answer), '1:plain 2:plain 3:plain 4:not_rehearsed 5:not_rehearsed 6:ok 7:not_rehearsed 8:ok '
	  . '9:not_rehearsed 10:not_rehearsed 11:not_rehearsed 12:not_rehearsed', 'refusing statements: outcomes');
my @seen = of_kind($answer, 'rehearsed');
is(locks($seen[0]), 'public.t:ShareLock', 'a plain build: its lock');
is($seen[3]{reason}, 'VACUUM cannot run inside a transaction block', 'VACUUM: why not');
like($seen[6]{reason}, qr/unsafe use of new value/, 'a new value of an enum: why not');
my ($done) = of_kind($answer, 'done');
is("$done->{rehearsed} $done->{statements} $done->{not_rehearsed}", '1 12 7', 'refusing statements: counted');
nothing_left('refusing statements');
query_is($node, "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relname ~ '^t_'", 't_n t_pkey', 'all is as it was');

# By size.
$answer = rehearse($node, %project, with => { plain_indexes_below => '8kB' });
like(outcomes($answer), qr/^1:not_rehearsed 2:not_rehearsed 3:not_rehearsed 4/, 'a table that is not below: left out');
like((of_kind($answer, 'rehearsed'))[0]{reason}, qr/^its table has \d+ kB, and a plain build would lock that/, 'said why');
$answer = rehearse($node, %project, with => { plain_indexes_below => 8192, plain_indexes => JSON::PP::true() });
like(outcomes($answer), qr/^1:plain 2:plain 3:plain 4/, 'by request');
$answer = rehearse($node, add_one($node, 'REINDEX (VERBOSE, CONCURRENTLY) INDEX t_n', 'REINDEX (CONCURRENTLY true) INDEX t_n'));
is("$answer->{exit} " . outcomes($answer), '0 1:plain 2:plain', 'with other options') or diag($answer->{err});
like($answer->{err}, qr/INFO: .*index "t_n" was reindexed/, 'which count');

# What fails for lack of it.
$answer = rehearse($node, add_one($node, 'CREATE INDEX CONCURRENTLY t_name ON t (name)', "\nALTER INDEX t_name RENAME TO other_name"), with => { plain_indexes_below => 0 });
is($answer->{sqlstate}, '42P01', 'it is missed: the error');
like($answer->{err}, qr/HINT:  1 statements before it were not rehearsed, first that in line 1 of "0001_it"/, 'it is missed: said so');
like($answer->{err}, qr/migration "0001_it", line 3, column 1/, 'it is missed: where');
is(outcomes($answer), '1:not_rehearsed 3:failed', 'it is missed: the statement');
has_event_count($answer, 'done', 0, 'it is missed: no end');
nothing_left('a failure');

# Each lock says what it is a lock on; statements about several tables are about none of them.
$node->safe_psql('postgres', q{
	CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER far FOREIGN DATA WRAPPER nothing; CREATE FOREIGN TABLE far (id integer) SERVER far;
	CREATE VIEW seen AS SELECT * FROM other; CREATE TYPE pair AS (a integer); CREATE INDEX part_id ON part (id);
	CREATE MATERIALIZED VIEW kept AS SELECT 1 AS one; CREATE SEQUENCE numbers;});
$answer = rehearse($node, add_one($node, 'ALTER VIEW seen ALTER i SET DEFAULT 1', 'ALTER FOREIGN TABLE far ADD b integer', 'ALTER TYPE pair ADD ATTRIBUTE b integer',
		'ALTER INDEX part_id RENAME TO part_number', 'ALTER MATERIALIZED VIEW kept RENAME TO held', 'ALTER SEQUENCE numbers INCREMENT 7', 'ANALYZE t, other'));
is($answer->{exit}, 0, 'kinds: rehearsed') or diag($answer->{err});
is(join(' ', map { my $of = $_; map { "$of->{line}:$_->{kind}" } grep { $_->{relation} =~ /^public\.(seen|far|pair|part_id|kept|numbers|t|other)$/ } @{ $of->{locks} } } of_kind($answer, 'rehearsed')),
	'1:view 2:foreign table 3:type 4:partitioned index 5:materialized view 6:sequence 7:table 7:table', 'kinds: each is named');
$node->safe_psql('postgres', 'DROP FOREIGN DATA WRAPPER nothing CASCADE; DROP VIEW seen; DROP TYPE pair; DROP INDEX part_id; DROP MATERIALIZED VIEW kept; DROP SEQUENCE numbers');

# What a rollback does not take back.
$answer = rehearse($node, add_one($node,
		"INSERT INTO other (x) VALUES ('a')",
		"COPY other TO PROGRAM 'cat >/dev/null'",
		"DO \$\$BEGIN PERFORM dblink_exec('host=$host port=$port dbname=postgres', 'SET work_mem = 100'); END\$\$",
		"CREATE SEQUENCE own", "SELECT nextval('own'), setval('own', 77)"));
is($answer->{exit}, 0, 'not rolled back: rehearsed') or diag($answer->{err});
is(join(' ', sort map { "$_->{line}:$_->{kind}:$_->{object}" } of_kind($answer, 'not_rolled_back')),
	'1:sequence:public.other_i_seq 1:sequence:public.other_id_seq 2:program:cat >/dev/null '
	  . '3:dblink:public.dblink_exec(pg_catalog.text,pg_catalog.text)', 'not rolled back: all of it');
query_is($node, 'SELECT last_value, is_called FROM other_id_seq', '1|t', 'not rolled back: it is so');

# Languages that may do what the server may, and files. Each once, however often; and a block in another language is none of that.
my $file = PostgreSQL::Test::Utils::tempdir() . '/out';
$node->safe_psql('postgres', q{
	CREATE LANGUAGE plwild HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler;
	CREATE FUNCTION wild() RETURNS integer LANGUAGE plwild AS 'BEGIN RETURN 1; END';
	CREATE FUNCTION tame() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';});
$answer = rehearse($node, add_one($node,
		'SELECT wild(), tame(), wild() FROM generate_series(1, 3)',
		"DO LANGUAGE plwild \$\$BEGIN PERFORM wild(), wild(); END\$\$",
		"DO LANGUAGE plpgsql \$\$BEGIN PERFORM tame(); END\$\$",
		"COPY (SELECT 1) TO '$file'"));
is($answer->{exit}, 0, 'not rolled back: languages and files') or diag($answer->{err});
is(join(' ', sort map { "$_->{line}:$_->{kind}:$_->{object}" } of_kind($answer, 'not_rolled_back')),
	"1:language:public.wild() 2:language:DO 2:language:public.wild() 4:file:$file", 'not rolled back: each of them once');
is((map { $_->{detail} } grep { $_->{object} eq 'DO' } of_kind($answer, 'not_rolled_back'))[0], 'language plwild may reach out of the database', 'not rolled back: why');
ok(-s $file, 'not rolled back: the file is there');

# Reading them is not advancing them.
$answer = rehearse($node, add_one($node, 'SELECT max(last_value) FROM pg_sequences', "INSERT INTO other (x) SELECT max(last_value) FROM pg_sequences"));
is(join(' ', sort map { "$_->{line}:$_->{object}" } of_kind($answer, 'not_rolled_back')), '2:public.other_i_seq 2:public.other_id_seq', 'not rolled back: what was not only looked at');

# What the concurrent form refuses fails in a deploy; the plain one would not.
for my $case (
	[ 'CREATE INDEX CONCURRENTLY ON part (id)', 'cannot create index on partitioned table "part" concurrently' ],
	[ 'DROP INDEX CONCURRENTLY part_id', 'cannot drop partitioned index "part_id" concurrently' ],
	[ 'DROP INDEX CONCURRENTLY t_n CASCADE', 'DROP INDEX CONCURRENTLY does not support CASCADE' ],
	[ 'DROP INDEX CONCURRENTLY t_n, t_pkey', 'DROP INDEX CONCURRENTLY does not support dropping multiple objects' ])
{
	my ($statement, $error) = @$case;

	sql($node, 'CREATE INDEX part_id ON part (id)');
	is(sql($node, $statement)->{error}, $error, "$statement: the server refuses it");
	$answer = rehearse($node, add_one($node, $statement));
	is($answer->{error}, $error, "$statement: so does a rehearsal");
	is(outcomes($answer), '1:failed', "$statement: said of the statement");
	sql($node, 'DROP INDEX part_id');
}

# The difference.
%project = add_one($node, 'ALTER TABLE t ADD COLUMN extra integer', 'DROP INDEX t_n', "ALTER TABLE t ALTER n SET DEFAULT 3");
$answer = rehearse($node, %project);
is(join(' ', map { "$_->{change} $_->{kind} $_->{identity}" } of_kind($answer, 'difference')),
	'added column public.t.extra changed column public.t.n dropped index public.t_n', 'difference: object by object');
my ($changed) = grep { $_->{change} eq 'changed' } of_kind($answer, 'difference');
unlike($changed->{before}, qr/default/, 'difference: before');
like($changed->{after}, qr/^default: 3$/m, 'difference: after');
$answer = rehearse($node, %project, with => { snapshot => 'off' });
has_event_count($answer, 'difference', 0, 'difference: not without a snapshot');
has_event_count($answer, 'done', 1, 'difference: nor is it needed');

# Hooks, units, several migrations: each begins without locks.
sql($node, q{SELECT slipway.create_project('several')});
$node->safe_psql('postgres', sprintf(q{DO $do$ DECLARE m text := E'slipway-manifest 1 order=auto\n'; BEGIN
	m := m || encode(sha256('LOCK TABLE other IN SHARE MODE'), 'hex') || E' - - hook before_each\n';
	m := m || encode(sha256('SELECT 1'), 'hex') || E' - - hook before_migrate\n';
	m := m || encode(sha256('ALTER TABLE t ADD a integer'), 'hex') || E' - - versioned 0001_a\n';
	m := m || encode(sha256('BEGIN; ALTER TABLE t ADD b integer; COMMIT; BEGIN; ALTER TABLE t ADD c integer; COMMIT;'), 'hex') || E' - - versioned 0002_b\n';
	PERFORM slipway.add_scripts(ARRAY['SELECT 1', 'LOCK TABLE other IN SHARE MODE', 'ALTER TABLE t ADD a integer',
		'BEGIN; ALTER TABLE t ADD b integer; COMMIT; BEGIN; ALTER TABLE t ADD c integer; COMMIT;'], 'several');
	PERFORM slipway.add_manifest(m, 'several');
	END $do$}));
$answer = rehearse($node, project => 'several');
is($answer->{exit}, 0, 'several: rehearsed') or diag($answer->{err});
is(join('; ', map { ($_->{migration} // '-') . ' ' . ($_->{hook} // '-') . ' ' . locks($_) } of_kind($answer, 'rehearsed')),
	'- before_migrate ; 0001_a before_each public.other:ShareLock; 0001_a - public.t:AccessExclusiveLock; '
	  . '0002_b before_each public.other:ShareLock; 0002_b - public.t:AccessExclusiveLock; 0002_b - public.t:AccessExclusiveLock',
	'several: each unit has its locks');
is(join('; ', map { ($_->{migration} // '-') . ' ' . ($_->{hook} // '-') . ' ' . locks($_) } of_kind($answer, 'rehearsed_migration')),
	'- before_migrate ; 0001_a - public.other:ShareLock public.t:AccessExclusiveLock; '
	  . '0002_b - public.other:ShareLock public.t:AccessExclusiveLock public.t:AccessExclusiveLock',
	'several: and each migration those of its units');
is(join(' ', map { "$_->{rehearsed} $_->{statements}" } of_kind($answer, 'done')), '2 6', 'several: counted');
$answer = rehearse($node, project => 'several', with => { to => '0001_a' });
is(join(' ', map { $_->{rehearsed} } of_kind($answer, 'done')), '1', 'up to one of them');
nothing_left('several');

# Of a long statement its beginning is told, with whole characters.
$answer = rehearse($node, add_one($node, q{SELECT '} . ("\xc3\xa9" x 4000) . q{'}));
is((map { length $_->{statement} } of_kind($answer, 'rehearsed'))[0] // '', length(q{SELECT '}) + 1996 + 3, 'long: clipped') or diag($answer->{err});

# Where a deploy has stopped part way, the rehearsal goes on behind that.
%project = add_one($node, 'CREATE TABLE begun (id integer)', 'VACUUM begun', 'ALTER TABLE nowhere ADD x integer');
is(migrate($node, %project)->{sqlstate}, '42P01', 'part way: stopped');
$answer = rehearse($node, %project);
is(outcomes($answer), '3:failed', 'part way: goes on there');
is($answer->{sqlstate}, '42P01', 'part way: the error');
$node->safe_psql('postgres', 'CREATE TABLE nowhere ()');
is(outcomes(rehearse($node, %project)), '3:ok', 'part way: well');
$node->safe_psql('postgres', 'DROP EXTENSION pg_slipway; CREATE EXTENSION pg_slipway');

# Kinds of transactions.
$answer = rehearse($node, add_one($node, 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', "SELECT 1 / (current_setting('transaction_isolation') = 'serializable')::integer", 'ALTER TABLE t ADD x integer'));
is(outcomes($answer), '1:ok 2:ok 3:ok', 'SET TRANSACTION comes first') or diag($answer->{err});
$answer = rehearse($node, add_one($node, 'SELECT 1', 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'SELECT 2'));
is(outcomes($answer), '1:ok 2:not_rehearsed 3:ok', 'it does not come later');
$answer = rehearse($node, add_one($node, 'CREATE TABLE frozen (id integer)', "COPY frozen FROM STDIN (FREEZE);\n1\n2\n\\.\nSELECT 1"));
is(outcomes($answer), '1:ok 2:ok 6:ok', 'COPY with its data, frozen') or diag($answer->{err});
is(join(' ', map { $_->{rows} // 'null' } of_kind($answer, 'rehearsed')), 'null 2 1', 'rows');

# Time-outs: the rehearsal's are the longest, and it tries once.
my $session = start_sql($node, "BEGIN; LOCK TABLE other; SELECT pg_sleep(100);", application => 'busy');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'busy' AND wait_event = 'PgSleep'}, 'somebody has a lock');
for my $script ([ 'plain' ], [ 'with its own', "SET lock_timeout = 0" ], [ 'by directive', "-- slipway: lock-timeout 1h\nSELECT 1" ])
{
	my ($name, @first) = @$script;
	my $began = time;

	$answer = rehearse($node, add_one($node, @first, 'ALTER TABLE other ADD z integer'));
	is($answer->{sqlstate}, '55P03', "lock_timeout, $name: the error") or diag($answer->{err});
	like($answer->{err}, qr/In its way: pid \d+ \(role postgres, application busy/, "lock_timeout, $name: who is in the way");
	cmp_ok(time - $began, '<', 10, "lock_timeout, $name: soon");
	has_event_count($answer, 'retry', 0, "lock_timeout, $name: no retry");
}
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'busy'});
finish_sql($session);
$answer = rehearse($node, add_one($node, 'SET statement_timeout = 0', 'SELECT pg_sleep(100)'), with => { statement_timeout => 100 });
is($answer->{sqlstate}, '57014', 'statement_timeout: the error');

# The cap is for locks that others mind.
$answer = rehearse($node, add_one($node, 'UPDATE t SET n = 0 WHERE id = 1', 'SELECT pg_sleep(0.5)'), with => { lock_hold => 200 });
is($answer->{exit}, 0, 'lock_hold: not without such a lock') or diag($answer->{err});
$answer = rehearse($node, add_one($node, 'CREATE TABLE own AS SELECT i FROM generate_series(1, 20) i',
		"CREATE FUNCTION slow(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.03); RETURN 1; END'",
		'CREATE INDEX ON own (slow(i))', 'ALTER TABLE own ADD j integer DEFAULT slow(1) + random()'), with => { lock_hold => 200 });
is($answer->{exit}, 0, 'lock_hold: nor on what the script has made') or diag($answer->{err});
$node->safe_psql('postgres', q{
	CREATE FUNCTION slow(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.03); RETURN 1; END';
	CREATE TABLE few AS SELECT i FROM generate_series(1, 20) i; ALTER TABLE few ADD CONSTRAINT few_slow CHECK (slow(i) > 0) NOT VALID});
$answer = rehearse($node, add_one($node, 'ALTER TABLE few VALIDATE CONSTRAINT few_slow'), with => { lock_hold => 200 });
is($answer->{exit}, 0, 'lock_hold: nor while a constraint is validated, as others can write') or diag($answer->{err});
$answer = rehearse($node, add_one($node, 'DO $$BEGIN CREATE TEMP TABLE x (); CREATE TABLE y (); PERFORM pg_sleep(0.5); END$$'), with => { lock_hold => 200 });
is($answer->{exit}, 0, 'lock_hold: nor behind a command that has left no such lock') or diag($answer->{err});
$answer = rehearse($node, add_one($node, 'ALTER TABLE few ADD CHECK (slow(i) > 0)'), with => { lock_hold => 200 });
is($answer->{error}, 'rehearsal stopped: it has held AccessExclusiveLock on public.few for 200 ms', 'lock_hold: but while it is added');
$answer = rehearse($node, add_one($node, 'ALTER TABLE t ADD x integer', 'SELECT pg_sleep(5)'), with => { lock_hold => 200 });
is($answer->{sqlstate}, 'SW031', 'lock_hold: one is held while something else runs');
is($answer->{error}, 'rehearsal stopped: it has held AccessExclusiveLock on public.t for 200 ms', 'lock_hold: its message');
$answer = rehearse($node, add_one($node, "DO \$\$BEGIN ALTER TABLE t ADD x integer; PERFORM pg_sleep(5); END\$\$"), with => { lock_hold => 200 });
is($answer->{sqlstate}, 'SW031', 'lock_hold: also in a block of code') or diag($answer->{err});
nothing_left('time-outs');

# Those who wait are counted.
$session = start_rehearse($node, add_one($node, 'LOCK TABLE t', 'SELECT pg_sleep(2)', 'SELECT 1'), with => { lock_hold => 0 }, application => 'rehearsal');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'rehearsal' AND query LIKE '%pg_sleep%' AND wait_event = 'PgSleep'}, 'it holds a lock');
my @readers = map { start_sql($node, 'SELECT count(*) FROM t') } 1 .. 3;
$answer = finish_sql($session);
is($answer->{exit}, 0, 'waiters: rehearsed') or diag($answer->{err});
is((of_kind($answer, 'rehearsed_migration'))[0]{locks}[0]{waiters}, 3, 'waiters: all of them');
ok((grep { $_->{code} eq 'queue' && $_->{message} =~ /^3 sessions waited behind AccessExclusiveLock on public\.t/ } of_kind($answer, 'finding')), 'waiters: the finding');
is(finish_sql($_)->{out}, '10000', 'waiters: they get through') for @readers;

# As the owner role of a project, by a role that may do nothing else; under its name only.
$node->safe_psql('postgres', q{SELECT slipway.create_project('owned', '{public}', 'maker'); SELECT slipway.grant_role('deployer', 'deployer', 'owned'); SELECT slipway.grant_role('deployer', 'uploader', 'owned')});
add_migrations($node, [ [ '0001_it', 'ALTER TABLE makers ADD x integer; CREATE TABLE mine ();' ] ], project => 'owned');
$answer = rehearse($node, project => 'owned', user => 'deployer');
is(outcomes($answer), '1:ok 1:ok', 'owner role: rehearsed') or diag($answer->{err});
is(join(' ', map { "$_->{change} $_->{kind} $_->{identity}" } of_kind($answer, 'difference')),
	'added column public.makers.x added table public.mine', 'owner role: difference') or diag($answer->{err});
$node->safe_psql('postgres', q{CREATE SCHEMA hidden CREATE TABLE t (id integer); SELECT slipway.create_project('owned2', '{public}', 'maker'); SELECT slipway.grant_role('deployer', 'deployer', 'owned2'); SELECT slipway.grant_role('deployer', 'uploader', 'owned2')});
add_migrations($node, [ [ '0001_it', "SELECT 1;\nALTER TABLE hidden.t ADD x integer" ] ], project => 'owned2');
$answer = rehearse($node, project => 'owned2', user => 'deployer');
is("$answer->{sqlstate} " . outcomes($answer), '42501 1:ok 2:failed', 'owner role: what it must not look up fails as a statement');
$answer = rehearse($node, project => 'default', user => 'deployer');
is($answer->{sqlstate}, '42501', 'another project: refused');

# A secret is shown to nobody.
sql($node, q{SELECT slipway.create_project('secret')});
add_migrations($node, [ [ '0001_it', "-- slipway: variables password secret\nCREATE ROLE hidden PASSWORD '\${password}';" ] ], project => 'secret');
$answer = rehearse($node, project => 'secret', with => { variables => { password => 'very/secret/word' } });
is(outcomes($answer), '2:ok', 'secret: rehearsed') or diag($answer->{err});
unlike($answer->{err} =~ s/CALL .*//r, qr/very.secret.word/, 'secret: not told');
query_is($node, "SELECT count(*) FROM pg_roles WHERE rolname = 'hidden'", '0', 'roles are rolled back, too');

# Two at a time take turns, and a deploy waits.
$session = start_rehearse($node, add_one($node, 'SELECT pg_sleep(100)'), application => 'rehearsal');
my ($turn) = sql($node, q{SELECT max(name) FROM slipway.project WHERE name ~ '^p'})->{out};
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'rehearsal' AND wait_event = 'PgSleep'}, 'one goes on');
my ($last) = sql($node, q{SELECT project FROM slipway.lock_holder})->{out};
is(rehearse($node, project => $last, with => { lock_wait => 100 })->{sqlstate}, 'SW006', 'another one waits');
is(migrate($node, project => $last, with => { lock_wait => 100 })->{sqlstate}, 'SW006', 'and so does a deploy');
is(sql($node, "SELECT slipway.cancel('$last')")->{out}, 't', 'it can be cancelled');
is(finish_sql($session)->{sqlstate}, '57014', 'and is');
nothing_left('cancelled');

done_testing();
