# One session, many deploys: after each the session is as it was before, also
# after one that failed, and neither memory nor locks pile up.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('session');

#
# The state of a session, before and after CALLs that work, fail and wait
#
$node->safe_psql(
	'postgres', q{
	CREATE ROLE superuser SUPERUSER LOGIN;
	CREATE ROLE deployer LOGIN;
	CREATE ROLE owner NOLOGIN;
	CREATE ROLE hat NOLOGIN;
	GRANT hat TO deployer;
	GRANT CREATE, USAGE ON SCHEMA public TO owner, deployer, hat;
	CREATE SEQUENCE numbers;
	GRANT ALL ON numbers TO PUBLIC;
	SELECT slipway.create_project('owned', '{public}', 'owner');
	SELECT slipway.create_project('plain');
	SELECT slipway.create_project('works');
	SELECT slipway.create_project('checked');
	SELECT slipway.grant_role(r, k) FROM unnest('{deployer,hat}'::text[]) r, unnest('{deployer,reader}'::text[]) k;
	CREATE VIEW leftover AS
	SELECT (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid()
	           AND (locktype = 'advisory' OR classid = 'slipway.history'::regclass)) AS locks;
	GRANT SELECT ON leftover TO PUBLIC;
	CREATE TABLE parent (id integer PRIMARY KEY);
	ALTER TABLE parent OWNER TO owner;
	GRANT REFERENCES, SELECT ON parent TO PUBLIC;});

# A script that leaves all it can. It ends with a statement of choice.
sub messy
{
	my ($end) = @_;

	return <<"SQL";
SET work_mem = '2MB';
SET search_path = pg_catalog;
SET application_name = 'script';
SET my.setting = 'script';
SET TimeZone = 'Asia/Tokyo';
SET standard_conforming_strings = off;
SET client_min_messages = error;
SELECT set_config('DateStyle', 'German', false);
CREATE TEMPORARY TABLE mine (id integer);
PREPARE mine AS SELECT 1;
DECLARE mine CURSOR WITH HOLD FOR SELECT 1;
LISTEN mine;
SELECT pg_advisory_lock(4711);
SELECT pg_advisory_lock_shared(4712);
SELECT nextval('public.numbers');
$end;
SQL
}

my $SHOW = q{
	SELECT current_user, session_user, current_setting('work_mem'), current_setting('search_path'),
	       current_setting('application_name'), current_setting('my.setting', true), current_setting('TimeZone'),
	       current_setting('DateStyle'), current_setting('standard_conforming_strings'),
	       current_setting('client_min_messages'), current_setting('role'),
	       current_setting('lock_timeout'), current_setting('statement_timeout'),
	       current_setting('transaction_isolation'), current_setting('transaction_read_only'),
	       current_setting('is_superuser');
	SELECT 'prepared ' || name FROM pg_prepared_statements ORDER BY name;
	SELECT 'cursor ' || name FROM pg_cursors WHERE name <> '' ORDER BY name;
	SELECT 'channel ' || c FROM pg_listening_channels() c ORDER BY c;
	SELECT 'lock ' || objid || ' ' || mode || ' ' || count(*) FROM pg_locks
	 WHERE pid = pg_backend_pid() AND locktype = 'advisory' GROUP BY objid, mode ORDER BY objid, mode;
	SELECT 'temporary ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema() ORDER BY relname;
	SELECT 'object locks ' || count(*) FROM pg_locks
	 WHERE pid = pg_backend_pid() AND locktype = 'object';
};

# What the session has of its own and must keep.
my $SET_UP = q{
	SET work_mem = '3MB'; SET my.setting = 'session'; SET TimeZone = 'Europe/Lisbon'; SET lock_timeout = '7s';
	SET application_name = 'session'; SET client_min_messages = warning; SET statement_timeout = '77s';
	CREATE TEMPORARY TABLE own (id integer); INSERT INTO own VALUES (42); GRANT SELECT ON own TO PUBLIC;
	PREPARE own AS SELECT 'prepared works';
	DECLARE own CURSOR WITH HOLD FOR SELECT 'cursor works';
	LISTEN own;
	SELECT pg_advisory_lock(1234), pg_advisory_lock(1234), pg_advisory_lock_shared(1235);
};
my $USE = q{EXECUTE own; FETCH own; SELECT id FROM own;};

my %end = (
	works => 'SELECT 1',
	'runtime error' => 'SELECT 1 / 0',
	'constraint at commit' => 'CREATE TABLE public.child (id integer REFERENCES public.parent DEFERRABLE INITIALLY DEFERRED); INSERT INTO public.child VALUES (1)',
	'error in a function' => q{DO 'BEGIN PERFORM 1 / 0; END'},
	'advisory locks dropped' => 'SELECT pg_advisory_unlock_all(); SELECT 1 / 0');
my %sqlstate = (
	works => '', 'runtime error' => '22012', 'constraint at commit' => '23503',
	'error in a function' => '22012', 'advisory locks dropped' => '22012');

for my $who ('deployer', 'deployer as hat', 'superuser')
{
	for my $project ('plain', 'owned')
	{
		for my $end (sort keys %end)
		{
			my $name = "$who, $project, $end";
			my $of_its_own = "$name";
			my $role = $who =~ /as hat/ ? 'SET ROLE hat;' : '';
			my ($set_up, $use_it, $used) = ($SET_UP, $USE, "prepared works\ncursor works\n42");

			# whoever borrows the rights of an owner role must not have temporary objects
			if ($project eq 'owned' && $who ne 'superuser')
			{
				$set_up =~ s/CREATE TEMPORARY TABLE .*\n//;
				$use_it =~ s/ SELECT id FROM own;//;
				$used = "prepared works\ncursor works";
			}

			$node->safe_psql('postgres', $project eq 'owned'
				? "SELECT slipway.create_project('$of_its_own', '{public}', 'owner')"
				: "SELECT slipway.create_project('$of_its_own')");
			add_migrations($node, [ [ '0001', messy($end{$end}) ] ], project => $of_its_own);
			my $answer = migrate(
				$node,
				user => $who =~ s/ .*//r,
				project => $of_its_own,
				go_on => 1,
				before => "$set_up $role\n\\echo before\n$SHOW\n\\echo call",
				after => "\\echo after\n$SHOW\n\\echo use\n$use_it");
			is($answer->{sqlstate}, $sqlstate{$end}, "$name: the CALL ends as it should")
			  or diag($answer->{err});
			my ($before, $after, $use) = $answer->{out} =~ /^before\n(.*)^call\n(?:.*)^after\n(.*)^use\n(.*)\z/ms;

			is($after, $before, "$name: the session is as it was");
			is($use, $used, "$name: and works");
		}
	}
}

#
# A session that goes on after each kind of error
#
my @errors = (
	[ 'unknown project', q{CALL slipway.migrate('none')}, 'SW012' ],
	[ 'unknown option', q{CALL slipway.migrate(options => '{"x": 1}')}, '22023' ],
	[ 'unknown manifest', q{CALL slipway.migrate('works', '{"manifest": "00"}')}, '(22023|SW009)' ],
	[ 'inside a transaction', q{BEGIN; CALL slipway.migrate('works'); ROLLBACK;}, '(2D000|25001|SW\d+)' ],
	[ 'inside DO', q{DO 'BEGIN CALL slipway.migrate($$works$$); END'}, '(2D000|25001|SW\d+)' ],
	[ 'inside a savepoint', q{BEGIN; SAVEPOINT a; CALL slipway.migrate('works'); ROLLBACK;}, '(2D000|25001|SW\d+)' ],
	[ 'null', q{CALL slipway.migrate(NULL)}, '22004' ]);
add_migrations($node, [ [ '0001', 'CREATE TABLE works_1 ()' ] ], project => 'works');
add_migrations($node, [ [ '0001', "SELECT 1;\nSELEC 2;" ] ], project => 'checked');
push @errors, [ 'a check', q{CALL slipway.migrate('checked')}, '42601' ];
my $session = sql(
	$node,
	join("\n", (map { "$_->[1];\nSELECT 'goes on', locks FROM leftover;" } @errors),
		q{CALL slipway.migrate('works'); SELECT 'deployed', locks FROM leftover;}),
	go_on => 1);
my @got = $session->{err} =~ /ERROR:  (\w{5}): /g;
is(scalar(@got), scalar(@errors), 'one error each') or diag($session->{err});
like($got[$_], qr/^$errors[$_][2]$/, "the error of $errors[$_][0]") for 0 .. $#errors;
is($session->{out}, join("\n", ('goes on|0') x @errors, 'deployed|0'),
	'after each the session goes on, and deploys in the end');

#
# Advisory locks that the session has before, of which the script takes more;
# which locks it has, not how often, is what it can count on afterwards
#
$node->safe_psql('postgres', "SELECT slipway.create_project(p) FROM unnest('{kept,kept_fails,kept_shared}'::text[]) p");
my $more = 'SELECT pg_advisory_lock(1), pg_advisory_lock_shared(2), pg_advisory_lock_shared(3), pg_advisory_lock(4);';
add_migrations($node, [ [ '0001', $more ], [ '0002', $more ] ], project => 'kept');
add_migrations($node, [ [ '0001', "$more SELECT 1 / 0;" ] ], project => 'kept_fails');
add_migrations($node, [ [ '0001', $more ] ], project => 'kept_shared');
for my $project ('kept', 'kept_fails', 'kept_shared')
{
	my $kind = $project eq 'kept_shared' ? '_shared' : '';
	my $own = sql(
		$node, qq{
		SET slipway.report_progress = off;
		SELECT pg_advisory_lock(1), pg_advisory_lock(2), pg_advisory_lock_shared(3);
		SELECT pg_advisory_lock$kind(slipway.lock_key('$project')), pg_advisory_lock$kind(slipway.lock_key('$project'));
		CALL slipway.migrate('$project');
		CALL slipway.migrate('$project');
		SELECT l.objid, l.mode FROM pg_locks l
		 WHERE l.pid = pg_backend_pid() AND l.locktype = 'advisory' AND l.objid < 10 AND l.classid = 0 ORDER BY 1, 2;
		SELECT 'frozen', mode FROM slipway.lock_holder h JOIN pg_locks l USING (pid)
		 WHERE h.project = '$project' AND l.locktype = 'advisory'
		   AND l.objid = (slipway.lock_key('$project') & 4294967295)::oid;},
		go_on => 1);

	is($own->{sqlstate}, $project eq 'kept_fails' ? '22012' : '', "$project: the CALL ends as it should") or diag($own->{err});
	is( $own->{out} =~ s/^\|.*\n//mgr,
		"1|ExclusiveLock\n2|ExclusiveLock\n3|ShareLock\nfrozen|"
		  . ($project eq 'kept_shared' ? 'ShareLock' : 'ExclusiveLock'),
		"$project: the session has the advisory locks that it had, and no other");
}

#
# A hundred CALLs in one session: nothing to do, something to do, a failure
#
$node->safe_psql('postgres', "SELECT slipway.create_project(p) FROM unnest('{many,failing}'::text[]) p");
add_migrations($node, [ [ '0001', 'SELECT 1' ] ], project => 'many');
add_migrations($node, [ [ '0001', messy('SELECT 1 / 0') ] ], project => 'failing');
my $body = literal(messy('SELECT count(*) FROM pg_catalog.pg_class'));
my %statement = (
	'nothing to do' => sub { q{CALL slipway.migrate('many');} },
	'something to do' => sub {
		my $migration = sprintf '1%04d', $_[0];
		qq{SELECT slipway.add_migration('$migration', $body, project => 'many') IS NULL; CALL slipway.migrate('many');};
	},
	'a failure' => sub { q{CALL slipway.migrate('failing');} },
	'a wait in vain' => sub { q{CALL slipway.migrate('works', '{"lock_wait": 1}');} });
my $USED = q{SELECT 'used', sum(used_bytes), sum(total_bytes) FROM pg_backend_memory_contexts;};
add_migrations($node, [ [ '0002', 'SELECT 1' ] ], project => 'works');
my $holder = $node->background_psql('postgres');
$holder->query_safe(q{SELECT pg_advisory_lock(slipway.lock_key('works'))});
for my $kind (sort keys %statement)
{
	my $i = $kind eq 'something to do' ? 0 : 1000;
	my @warm_up = map { $statement{$kind}->($i++) } 1 .. 10;
	my @measured = map { $statement{$kind}->($i++) } 1 .. 100;
	my $answer = sql(
		$node,
		join("\n", 'SET slipway.report_progress = off;', @warm_up, $USED, @measured, $USED, "SELECT 'left', locks FROM leftover;"),
		go_on => 1);
	my @used = $answer->{out} =~ /^used\|(\d+)\|(\d+)$/mg;
	my $expected = { 'a failure' => 110, 'a wait in vain' => 110 }->{$kind} // 0;

	is(scalar(() = $answer->{err} =~ /ERROR:  /g), $expected, "$kind: 110 CALLs, $expected errors") or diag(substr $answer->{err}, 0, 500);
	cmp_ok($used[3] - $used[1], '<', 1024 * 1024, "$kind: a hundred CALLs leave less than 1 MB")
	  or diag("total: $used[1] to $used[3], used: $used[0] to $used[2]");
	cmp_ok($used[2] - $used[0], '<', 256 * 1024, "$kind: and less than a quarter of it in use")
	  or diag("used: $used[0] to $used[2]");
	like($answer->{out}, qr/^left\|0\z/m, "$kind: and no lock");
}
$holder->quit;
query_is($node, q{SELECT count(*) FROM slipway.history WHERE project = 'many' AND outcome = 'succeeded'},
	'111', 'all of them were applied');
query_is($node, q{SELECT count(*) FROM slipway.verify_history('many')}, '0', 'and the history verifies');

# A script of many statements does not hold the memory of all of them.
$node->safe_psql('postgres', "SELECT slipway.create_project('long'); CREATE TABLE long (id integer, name text)");
add_migrations($node, [ [ '0001',
	join("\n", map { "INSERT INTO long VALUES ($_, '" . ('x' x 200) . "');" } 1 .. 5000)
	  . "\nCREATE TABLE memory AS SELECT sum(total_bytes) AS bytes FROM pg_backend_memory_contexts;" ] ], project => 'long');
is(migrate($node, project => 'long')->{exit}, 0, 'a script of 5000 statements');
query_is($node, 'SELECT count(*) FROM long', '5000', 'all of which ran');
query_is($node, q{SELECT duration < '5 s' FROM slipway.log WHERE project = 'long'}, 't',
	'takes no more time for each for there being so many, although all are logged');
query_is($node, 'SELECT bytes < 20 * 1024 * 1024 FROM memory', 't', 'holds less than 20 MB at its end');

no_locks_left($node, 'in the end');
$node->stop;
done_testing();
