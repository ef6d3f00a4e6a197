# What a rehearsal must not leave behind, and what it must not be talked out of: its
# time-outs and its limit of locks, whatever scripts catch, set or begin.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('rehearse_limits', conf => "fsync = off\nautovacuum = off");

$node->safe_psql(
	'postgres', q{
	CREATE TABLE t (id integer PRIMARY KEY, name text);
	INSERT INTO t SELECT i, 'name ' || i FROM generate_series(1, 10000) i;
	CREATE TABLE fresh (id integer); INSERT INTO fresh VALUES (1);
	CREATE TABLE busy (id integer PRIMARY KEY); INSERT INTO busy VALUES (1);
	VACUUM ANALYZE t, busy;});

sub outcomes
{
	my ($answer) = @_;

	return join(' ', map { $_->{outcome} } of_kind($answer, 'rehearsed'));
}

# Locks that were given back: by a rolled back block, by a command that failed in it, by a statement that turns out to refuse the transaction.
my $short = { lock_hold => 300, snapshot => 'off' };
my $wait = 'PERFORM pg_sleep(0.6)';
for my $case (
	[ 'a block', 'ok ok', "DO \$\$BEGIN BEGIN ALTER TABLE t ADD x integer; RAISE 'x'; EXCEPTION WHEN raise_exception THEN NULL; END; END\$\$", 'SELECT pg_sleep(0.6)' ],
	[ 'the same, in itself', 'ok', "DO \$\$BEGIN BEGIN ALTER TABLE t ADD x integer; RAISE 'x'; EXCEPTION WHEN raise_exception THEN NULL; END; $wait; END\$\$" ],
	[ 'a command that fails', 'ok', "DO \$\$BEGIN BEGIN ALTER TABLE t ADD UNIQUE (nothing); EXCEPTION WHEN undefined_column THEN NULL; END; $wait; END\$\$" ],
	[ 'one within a function that a command runs', 'ok', "CREATE FUNCTION fails() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1 / 0; EXCEPTION WHEN division_by_zero THEN RETURN 1; END'; DO \$\$BEGIN ALTER TABLE t RENAME TO tt; RAISE 'x'; EXCEPTION WHEN raise_exception THEN PERFORM fails(); $wait; END\$\$" ],
	[ 'a statement that refuses', 'not_rehearsed ok', 'DO $$BEGIN ALTER TABLE t ADD x integer; COMMIT; END$$', 'SELECT pg_sleep(0.6)' ])
{
	my ($name, $outcomes, @script) = @$case;
	my $answer = rehearse($node, add_one($node, @script), with => $short);

	is($answer->{sqlstate}, '', "given back by $name: nothing is held") or diag($answer->{err});
	like(outcomes($answer), qr/$outcomes$/, "given back by $name: it goes on");
}
# And such as were not.
for my $case (
	[ 'in a block that ends well', "DO \$\$BEGIN BEGIN ALTER TABLE t ADD x integer; EXCEPTION WHEN others THEN NULL; END; PERFORM pg_sleep(30); END\$\$" ],
	[ 'around a block that fails', "DO \$\$BEGIN ALTER TABLE t ADD x integer; BEGIN RAISE 'x'; EXCEPTION WHEN others THEN NULL; END; PERFORM pg_sleep(30); END\$\$" ],
	[ 'and the cancel is caught', 'LOCK TABLE t', 'DO $$BEGIN PERFORM pg_sleep(30); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(30); END$$' ])
{
	my ($name, @script) = @$case;
	my $answer = rehearse($node, add_one($node, @script), with => $short);

	is($answer->{error}, 'rehearsal stopped: it has held AccessExclusiveLock on public.t for 300 ms', "held $name: stopped") or diag($answer->{err});
}

# Nobody waits for a client that does not read what scripts raise: the lock is given back, and then it is sent.
my $raise = 'FOR i IN 1 .. 30000 LOOP RAISE NOTICE $f$%$f$, repeat($f$x$f$, 100); END LOOP';
for my $case ([ 'in one statement', "DO \$d\$BEGIN LOCK TABLE t; $raise; END\$d\$" ], [ 'behind it', 'LOCK TABLE t', "DO \$d\$BEGIN $raise; END\$d\$" ])
{
	my ($name, @script) = @$case;
	my %project = add_one($node, @script);
	my $answer = rehearse($node, %project, with => $short);
	my $psql = "psql -X -d '" . $node->connstr('postgres') . " application_name=reads_nothing'";
	my $run = IPC::Run::start([ 'sh', '-c', qq{$psql -c "CALL slipway.rehearse('$project{project}', '{\\"snapshot\\": \\"off\\"}')" 2>&1 | sleep 30 >/dev/null} ], '<', '/dev/null');

	cmp_ok(scalar(() = $answer->{err} =~ /NOTICE: /g), '>', 0, "raised $name: somebody who reads is told");
	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'reads_nothing' AND wait_event = 'ClientWrite'
		AND NOT EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass)}, "raised $name: the lock is given back");
	sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reads_nothing'});
	$run->kill_kill(grace => 0);
}
# Who ends the session is named to the client at once; what was kept for it is not wanted any more.
my $ended = start_rehearse($node, add_one($node, "DO \$d\$BEGIN LOCK TABLE t; RAISE NOTICE 'kept'; END\$d\$", 'SELECT pg_sleep(60)'),
	with => { snapshot => 'off' }, application => 'ended');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'ended' AND wait_event = 'PgSleep'}, 'ended: it holds a lock');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ended'});
$ended = finish_sql($ended);
like($ended->{err}, qr/FATAL:  57P01: terminating connection due to administrator command/, 'ended: said so');
unlike($ended->{err}, qr/kept/, 'ended: nothing else');
my $answer = rehearse($node, add_one($node, "DO \$d\$BEGIN LOCK TABLE t; FOR i IN 1 .. 30 LOOP RAISE NOTICE '%', repeat('x', 1000000); END LOOP; END\$d\$"));
is($answer->{exit}, 0, 'too much to keep: rehearsed') or diag(substr($answer->{err}, -1000));
like($answer->{err}, qr/WARNING:  01000: 14 messages of scripts are not shown/, 'too much to keep: said so');
has_event_count($answer, 'rehearsed', 1, 'too much to keep: what it is about is there');

# Whatever a script sets: a verify script, a block of code, what triggers do that were deferred.
$node->safe_psql('postgres', q{
	CREATE TABLE slow_at_end (id integer);
	CREATE FUNCTION sleeps() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END';
	CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON slow_at_end DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sleeps();
	CREATE TABLE refers (id integer REFERENCES busy DEFERRABLE INITIALLY DEFERRED);});
my $session = start_sql($node, 'BEGIN; SELECT * FROM busy FOR UPDATE; LOCK TABLE fresh; SELECT pg_sleep(100);', application => 'busy');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'busy' AND wait_event = 'PgSleep'}, 'somebody has a lock');
sql($node, q{SELECT slipway.create_project('verified')});
sql($node, q{SELECT slipway.add_migration('0001_a', 'SELECT 1', verify => 'SET lock_timeout = 0; TABLE fresh', project => 'verified')});
for my $case (
	[ 'a verify script', project => 'verified' ],
	[ 'a block of code', add_one($node, 'DO $$BEGIN SET lock_timeout = 0; PERFORM * FROM fresh; END$$') ],
	[ 'a deferred constraint', add_one($node, 'INSERT INTO refers VALUES (1)', 'SET lock_timeout = 0') ])
{
	my ($name, %project) = @$case;
	my $answer = rehearse($node, %project, with => { verify => JSON::PP::true(), lock_timeout => 200 });

	is($answer->{sqlstate}, '55P03', "lock_timeout: $name") or diag($answer->{err});
}
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'busy'});
finish_sql($session);
$answer = rehearse($node, add_one($node, 'INSERT INTO slow_at_end VALUES (1)'), with => { statement_timeout => 200 });
is($answer->{sqlstate}, '57014', 'statement_timeout: a deferred trigger') or diag($answer->{err});

# The limit of locks, where no statement runs: a deferred trigger, a verify script. And a command that has none yet.
sql($node, q{SELECT slipway.create_project('verified_slowly')});
sql($node, q{SELECT slipway.add_migration('0001_a', 'LOCK TABLE t', verify => 'SELECT pg_sleep(30)', project => 'verified_slowly')});
for my $case ([ 'a deferred trigger', add_one($node, 'LOCK TABLE t', 'INSERT INTO slow_at_end VALUES (1)') ], [ 'a verify script', project => 'verified_slowly' ])
{
	my ($name, %project) = @$case;

	$answer = rehearse($node, %project, with => { %$short, verify => JSON::PP::true() });
	is($answer->{error}, 'rehearsal stopped: it has held AccessExclusiveLock on public.t for 300 ms', "lock_hold: $name") or diag($answer->{err});
	isnt($answer->{sqlstate}, '57014', "lock_hold: $name is not taken for a cancel");
}
$node->safe_psql('postgres', q{
	CREATE FUNCTION slow_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); END';
	CREATE EVENT TRIGGER slow_ddl ON ddl_command_start WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION slow_ddl();});
$answer = rehearse($node, add_one($node, 'CREATE VIEW v AS SELECT * FROM t'), with => $short);
is($answer->{error}, 'rehearsal stopped: a command that takes strong locks has run for 300 ms', 'lock_hold: nothing is locked yet') or diag($answer->{err});
sql($node, 'DROP EVENT TRIGGER slow_ddl');

# What is done to a table of its own is nobody's matter, unless it reaches out to another one: for that it may have to wait.
my $other = start_sql($node, 'BEGIN; LOCK TABLE t IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep(100)', application => 'other');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'other' AND wait_event = 'PgSleep'}, 'somebody has a table');
for my $case (
	[ 'a foreign key of a column', 'ALTER TABLE own ADD COLUMN t integer REFERENCES t' ],
	[ 'a foreign key', 'ALTER TABLE own ADD FOREIGN KEY (id) REFERENCES t' ])
{
	my ($name, $statement) = @$case;

	$answer = rehearse($node, add_one($node, 'CREATE TABLE own (id integer)', $statement), with => { %$short, lock_timeout => '1min' });
	is($answer->{error}, 'rehearsal stopped: a command that takes strong locks has run for 300 ms', "reaches out: $name") or diag($answer->{err});
}
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'other'});
finish_sql($other);
$answer = rehearse($node, add_one($node, 'CREATE TABLE own (id integer)', 'ALTER TABLE own ADD CHECK (pg_sleep(0.6) IS NULL OR id > 0), ADD COLUMN b integer', 'INSERT INTO own VALUES (1)', 'ALTER TABLE own ALTER id TYPE bigint'), with => $short);
is($answer->{exit}, 0, 'reaches out: else there is time') or diag($answer->{err});

# What the planner knows of a table is overwritten in place, by numbers of rows that were rolled back.
my $counted = q{SELECT string_agg(relname || ' ' || reltuples, ', ' ORDER BY relname) FROM pg_class WHERE relname IN ('t', 't_pkey', 'fresh', 'part', 'part_1')};
$node->safe_psql('postgres', q{
	CREATE TABLE part (id integer) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (1000); INSERT INTO part SELECT generate_series(1, 500); ANALYZE part;});
my $before = sql($node, $counted)->{out};
is($before, 'fresh -1, part 500, part_1 500, t 10000, t_pkey 10000', 'rows of the planner');
for my $case (
	[ 'ANALYZE', 'DELETE FROM t', 'ANALYZE t' ],
	[ 'CREATE INDEX', 'DELETE FROM t WHERE id > 5', 'CREATE INDEX ON t (name)' ],
	[ 'all of them', 'INSERT INTO t SELECT i FROM generate_series(20000, 40000) i', 'DO $$BEGIN DELETE FROM part; ANALYZE; END$$' ],
	[ 'a statement that refuses', 'DELETE FROM part', 'DO $$BEGIN ANALYZE; COMMIT; END$$' ],
	[ 'a block that is rolled back', 'DO $$BEGIN DELETE FROM part; ANALYZE; RAISE $f$x$f$; EXCEPTION WHEN raise_exception THEN NULL; END$$' ],
	[ 'a statement that fails', 'DO $$BEGIN DELETE FROM part; ANALYZE; RAISE $f$x$f$; END$$' ],
	[ 'a failure', 'DELETE FROM t', 'ANALYZE t', 'SELECT 1 / 0' ])
{
	my ($name, @script) = @$case;
	$answer = rehearse($node, add_one($node, @script), with => { lock_hold => 0 });
	my $after = sql($node, $counted)->{out};

	# One that was never counted, and not changed, may be known from now on.
	is($after =~ s/fresh 1,/fresh -1,/r, $before, "rows of the planner after $name") or diag($answer->{err});
}

# A deploy of its own would not be rolled back.
$answer = rehearse($node, add_one($node, "DO \$\$BEGIN PERFORM slipway.migrate_detached('verified'); END\$\$"));
is($answer->{sqlstate}, 'SW007', 'a detached deploy is refused') or diag($answer->{err});
query_is($node, q{SELECT count(*) FROM slipway.history}, '0', 'nothing was deployed');

done_testing();
