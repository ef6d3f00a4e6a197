# Detached deploys from plain SQL: what becomes of them when sessions, workers
# and servers end, what the caller is told, and whose work it is.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

# One worker is the launcher of logical replication. The test cluster's default
# is to stay down when a backend crashes.
my $node = new_node('detached', conf => <<'CONF');
restart_after_crash = on
max_worker_processes = 2
listen_addresses = '127.0.0.1'
CONF

my $superuser = sql($node, 'SELECT current_user')->{out};
my $version = sql($node, q{SELECT current_setting('server_version_num')::integer / 10000})->{out};
my $SLEEPING = "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND backend_type = 'slipway worker'";
my $WAITING = "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND backend_type = 'slipway worker'";

# A project whose second migration sleeps until the table of its gate says that
# it need not.
sub add_project
{
	my ($project) = @_;

	$node->safe_psql('postgres', "SELECT slipway.create_project('$project');
		CREATE TABLE ${project}_gate (open boolean); CHECKPOINT;");
	add_migrations(
		$node,
		[
			[ '0001_before', "CREATE TABLE ${project}_before (id integer);" ],
			[
				'0002_asleep', "DO \$\$BEGIN WHILE NOT EXISTS (SELECT FROM ${project}_gate)
				 LOOP PERFORM pg_sleep(0.05); END LOOP; END\$\$; CREATE TABLE ${project}_half (id integer);"
			],
			[ '0003_after', "CREATE TABLE ${project}_after (id integer);" ],
		],
		project => $project);
	return;
}

sub detach
{
	my ($project, %option) = @_;
	my $with = $option{with} // '{}';

	return sql($node, ($option{before} // '') . "SELECT slipway.migrate_detached('$project', '$with');\n" . ($option{after} // ''),
		application => "deploy $project", %option);
}

# Starts one and returns the pid of its worker when the second migration sleeps.
sub detach_asleep
{
	my ($project) = @_;

	is(detach($project)->{out}, '1', "$project: it has a number");
	wait_until($node, "SELECT count(*) = 1 FROM slipway.history WHERE project = '$project'", 'the first is applied');
	wait_until($node, $SLEEPING, 'the second sleeps');
	return sql($node, "SELECT pid FROM slipway.detached WHERE project = '$project'")->{out};
}

sub open_gate
{
	my ($project) = @_;

	sql($node, "INSERT INTO ${project}_gate VALUES (true)");
	return;
}

sub await
{
	my ($project, $number) = @_;

	return wait_until($node, "SELECT outcome <> 'running' FROM slipway.detached WHERE project = '$project' AND number = $number",
		"detached deploy $number of $project ends");
}

sub deploy_is
{
	my ($project, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return query_is($node, "SELECT number, outcome, runs, applied, sqlstate FROM slipway.detached WHERE project = '$project' ORDER BY number",
		$expected, "$project: $name");
}

# The session that began it ends; the deploy does not.
add_project('left');
my $pid = detach_asleep('left');
query_is(
	$node, "SELECT usename, application_name, backend_type, split_part(query, ' ', 1) FROM pg_stat_activity WHERE pid = $pid",
	"$superuser|slipway: left detached|slipway worker|DO", 'left: the worker among the sessions');
query_is(
	$node, "SELECT outcome, migration, pid = $pid, application_name FROM slipway.progress WHERE project = 'left'",
	'running|0002_asleep|t|deploy left', 'left: its progress');
query_is($node, "SELECT outcome, runs, applied, application_name, pid = $pid FROM slipway.detached", 'running|{1}|1|deploy left|t',
	'left: and in the view');
query_is($node, "SELECT pid = $pid, application_name FROM slipway.lock_holder WHERE project = 'left'", 't|slipway: left detached', 'left: it has the lock');
my $second = start_migrate($node, project => 'left');
wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", 'a second deploy waits');
# There is one slot.
my $refused = detach('left');
is("$refused->{sqlstate} $refused->{error}", '53400 no background worker is free for a detached deploy', 'no slot is free');
like($refused->{err}, qr/^HINT:  Try again later, raise max_worker_processes, or deploy without detaching\.$/m, 'with a hint');
open_gate('left');
await('left', 1);
deploy_is('left', '1|succeeded|{1}|3|', 'it went on without its session');
$second = finish_sql($second);
is($second->{exit}, 0, 'left: who waited is done') or diag($second->{err});
has_event_count($second, 'applied', 0, 'left: with nothing');
query_is(
	$node, "SELECT DISTINCT session_role, effective_role, client_addr, application_name FROM slipway.history WHERE project = 'left'",
	"$superuser|$superuser||deploy left", 'left: the history names the caller');
history_is_sound($node, 'left', project => 'left');
no_locks_left($node, 'left');

# The session is ended while it waits for its worker: there is no deploy.
my $GONE = q{SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'slipway worker')};
my $locker = $node->background_psql('postgres');
my $caller;
for my $end ([ 'pg_cancel_backend', '57014' ], [ 'pg_terminate_backend', '57P01' ])
{
	$locker->query_safe('BEGIN; LOCK slipway.detached_run');
	$caller = start_sql($node, q{SELECT slipway.migrate_detached('left')}, application => 'caller');
	wait_until($node, $WAITING, 'the worker waits');
	sql($node, "SELECT $end->[0](pid) FROM pg_stat_activity WHERE application_name = 'caller'");
	is(finish_sql($caller)->{sqlstate}, $end->[1], "given up by $end->[0]: the caller");
	$locker->query_safe('COMMIT');
	wait_until($node, $GONE, 'the worker is gone');
	query_is($node, q{SELECT count(*) FROM slipway.detached WHERE project = 'left'}, '1', 'given up: and no trace of it');
}
$locker->quit;

# The worker would wait for its caller, which waits for it.
$refused = sql($node, q{SET statement_timeout = '10s'; BEGIN; LOCK slipway.detached_run; SELECT slipway.migrate_detached('left')});
is("$refused->{sqlstate} $refused->{error}", '40P01 the detached deploy waits for a lock of the transaction that begins it', 'a lock of the caller');
wait_until($node, $GONE, 'its worker is gone');

# What ends a worker and what ends the server.
my %event = (
	terminated => sub { sql($node, "SELECT pg_terminate_backend($_[0], 5000)") },
	killed => sub {
		kill 'KILL', $_[0];
		$node->poll_query_until('postgres', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $_[0])")
		  or die "the server does not come back\n";
	},
	stopped => sub { $node->stop('immediate'); $node->start },
	shut => sub { $node->stop('fast'); $node->start });
for my $project (sort keys %event)
{
	add_project($project);
	$pid = detach_asleep($project);
	$event{$project}->($pid);
	deploy_is($project, '1|interrupted|{1}|1|', 'its worker died');
	query_is($node, "SELECT pid FROM slipway.detached WHERE project = '$project'", '', "$project: there is none any more");
	query_is($node, "SELECT outcome, migration FROM slipway.progress WHERE project = '$project'", 'interrupted|0002_asleep', "$project: its progress");
	query_is($node, "SELECT slipway.cancel('$project')", 'f', "$project: there is nothing to cancel");
	open_gate($project);
	is(detach($project)->{out}, '2', "$project: the next one");
	await($project, 2);
	deploy_is($project, "1|interrupted|{1}|1|\n2|succeeded|{2}|2|", 'which finishes the work');
	query_is(
		$node, "SELECT run, migration, outcome, sqlstate, application_name FROM slipway.history WHERE project = '$project' ORDER BY entry",
		join("\n", map { "$_|deploy $project" } '1|0001_before|succeeded|', '1|0002_asleep|interrupted|SW010',
			'2|0002_asleep|succeeded|', '2|0003_after|succeeded|'),
		"$project: the history");
	history_is_sound($node, $project, project => $project);
	no_locks_left($node, $project);
}

# A stop by the book does not wait for the end of a deploy.
add_project('prompt');
detach_asleep('prompt');
my $before = time;
$node->stop('fast');
cmp_ok(time - $before, '<', 10, 'prompt: the server stops at once');
$node->start;

# Cancelled: in its run, and while it waits for one.
add_project('cancelled');
detach_asleep('cancelled');
query_is($node, "SELECT slipway.cancel('cancelled')", 't', 'cancelled: told to');
await('cancelled', 1);
deploy_is('cancelled', '1|failed|{1}|1|57014', 'it is');
query_is($node, "SELECT migration, outcome, sqlstate FROM slipway.history WHERE project = 'cancelled' ORDER BY entry",
	"0001_before|succeeded|\n0002_asleep|failed|57014", 'cancelled: in the history');
my $freezer = $node->background_psql('postgres');
$freezer->query_safe(q{SELECT pg_advisory_lock(slipway.lock_key('cancelled'))});
detach('cancelled');
wait_until($node, $WAITING, 'it waits for the lock');
deploy_is('cancelled', "1|failed|{1}|1|57014\n2|running||0|", 'another one waits');
query_is($node, "SELECT outcome FROM slipway.progress WHERE project = 'cancelled'", 'failed', 'cancelled: which is no run');
query_is($node, "SELECT slipway.cancel('cancelled')", 't', 'cancelled: told to, too');
await('cancelled', 2);
deploy_is('cancelled', "1|failed|{1}|1|57014\n2|failed||0|57014", 'and it is');
# The time to wait is over: the error is there in full.
detach('cancelled', with => '{"lock_wait": 100}');
await('cancelled', 3);
query_is(
	$node, q{SELECT sqlstate, message, detail ~ '^It is held by pid \d+ \(role .*pg_advisory_lock.*\)\.$', hint, context FROM slipway.detached
	 WHERE project = 'cancelled' AND number = 3},
	'SW006|could not obtain the lock of project "cancelled" within 100 ms|t|'
	  . 'Nothing was changed. Wait for the other run, raise lock_wait, or see view slipway.lock_holder.|', 'cancelled: locked out');
$freezer->quit;
no_locks_left($node, 'cancelled');

# Options and statements: a lock timeout of its own, and new tries.
$node->safe_psql('postgres', q{SELECT slipway.create_project('patient'); CREATE TABLE busy (id integer)});
add_migrations($node, [ [ '0001_busy', 'ALTER TABLE busy ADD COLUMN more integer' ] ], project => 'patient');
$locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK busy');
detach('patient', with => '{"lock_timeout": "50ms", "retries": 1}');
await('patient', 1);
deploy_is('patient', '1|failed|{1}|0|55P03', 'it gives up as told');
$locker->query_safe('COMMIT');
$locker->quit;

# Settings of its caller do not keep it from writing its end.
$node->safe_psql('postgres', q{SELECT slipway.create_project('settings')});
add_migrations($node, [ [ '0001_it', 'SELECT pg_advisory_xact_lock(42)' ] ], project => 'settings');
is(detach('settings', before => 'SET default_transaction_read_only = on; BEGIN READ WRITE; ', after => 'COMMIT')->{out}, '1', 'settings: read only');
await('settings', 1);
deploy_is('settings', '1|failed||0|25006', 'that is its error');
my $gate = $node->background_psql('postgres');
$gate->query_safe('SELECT pg_advisory_lock(42)');
detach('settings', before => q{SET lock_timeout = '10ms'; }, with => '{"lock_timeout": 0}');
wait_until($node, $WAITING, 'its script waits');
$locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK slipway.detached_run IN SHARE MODE');
$gate->quit;
wait_until($node, q{SELECT count(*) = 1 FROM pg_locks WHERE relation = 'slipway.detached_run'::regclass AND NOT granted}, 'it waits');
sleep 1;
$locker->quit;
await('settings', 2);
deploy_is('settings', "1|failed||0|25006\n2|succeeded|{1}|1|", 'a lock timeout');

# A script that drops the lock and fails lets another session have it: then there
# is another run of the same deploy.
$node->safe_psql('postgres', q{SELECT slipway.create_project('lost'); CREATE TABLE lost_busy (id integer)});
add_migrations($node, [ [ '0001_lost', "SELECT pg_advisory_unlock_all();\nALTER TABLE lost_busy ADD COLUMN more integer;" ] ], project => 'lost');
$locker = $node->background_psql('postgres');
$locker->query_safe('BEGIN; LOCK lost_busy');
detach('lost', with => '{"lock_timeout": "2s"}');
wait_until($node, $WAITING, 'its script waits');
$freezer = $node->background_psql('postgres');
$freezer->query_safe(q{SELECT pg_advisory_lock(slipway.lock_key('lost'))});
wait_until($node, q{SELECT count(*) = 1 FROM slipway.run WHERE project = 'lost' AND outcome = 'failed'}, 'the run is over', seconds => 30);
wait_until($node, $WAITING, 'the deploy waits for the lock');
deploy_is('lost', '1|running|{1}|0|', 'it goes on');
$locker->query_safe('COMMIT');
$locker->quit;
$freezer->quit;
await('lost', 1);
deploy_is('lost', '1|succeeded|{1,2}|1|', 'with another run');
query_is($node, q{SELECT number, outcome, detached FROM slipway.run WHERE project = 'lost' ORDER BY number}, "1|failed|1\n2|succeeded|1",
	'lost: its runs');
history_is_sound($node, 'lost', project => 'lost');

# Whose it is: over TCP, as a role with rights in one project, with libraries.
$node->safe_psql('postgres', q{
	CREATE ROLE dora LOGIN; CREATE ROLE nora LOGIN; CREATE ROLE anna NOLOGIN;
	GRANT CREATE ON SCHEMA public TO dora, anna;
	SELECT slipway.create_project('whose');
	SELECT slipway.grant_role('dora', 'deployer', 'whose');
	SELECT slipway.grant_role('anna', 'deployer', 'whose');
	SELECT slipway.grant_role('nora', 'reader', 'whose');
	ALTER ROLE dora SET search_path = public, pg_temp;
	ALTER ROLE dora SET session_preload_libraries = 'auto_explain'});
add_migrations($node,
	[ [ '0001_whose', q{CREATE TABLE whose AS SELECT session_user AS "session", current_user AS "current", inet_client_addr() AS address,
		current_setting('auto_explain.log_nested_statements', true) AS library, current_setting('search_path') AS path,
		current_setting('geqo_threshold') AS client} ] ], project => 'whose');
is(detach('whose', user => 'dora host=127.0.0.1', env => '-c geqo_threshold=7')->{out}, '1', 'whose: a deployer');
await('whose', 1);
deploy_is('whose', '1|succeeded|{1}|1|', 'it is done');
query_is($node, 'SELECT * FROM whose', 'dora|dora||off|public, pg_temp|7', 'whose: what its script has seen');
query_is($node, q{SELECT session_role, effective_role, client_addr, application_name FROM slipway.history WHERE project = 'whose'},
	'dora|dora|127.0.0.1|deploy whose', 'whose: the history');
query_is($node, q{SELECT role, client_addr, application_name FROM slipway.detached WHERE project = 'whose'},
	'dora|127.0.0.1|deploy whose', 'whose: the view');
$refused = detach('left', user => 'dora');
is("$refused->{sqlstate} $refused->{error}", '42501 role "dora" is not deployer of project "left"', 'whose: no deployer elsewhere');
is(detach('whose', user => 'nora')->{sqlstate}, '42501', 'whose: a reader is none');
query_is($node, 'SELECT DISTINCT project FROM slipway.detached', 'whose', 'whose: what a reader sees', user => 'nora');

# A role that cannot log in.
my $answer = detach('whose', before => "SET SESSION AUTHORIZATION anna;\n");
if ($version < 17)
{
	is("$answer->{sqlstate} $answer->{error}", '28000 role "anna" is not permitted to log in', 'a role without LOGIN');
	like($answer->{err}, qr/^HINT:  Use ALTER ROLE \.\.\. LOGIN, or CALL slipway\.migrate\(\) in this session\.$/m, 'with a hint');
}
else
{
	is($answer->{out}, '2', 'a role without LOGIN');
	await('whose', 2);
	query_is($node, q{SELECT outcome, role FROM slipway.detached WHERE project = 'whose' AND number = 2}, 'succeeded|anna', 'has its deploy');
}

# One that has not come as far as the lock of its project is cancelled all the same.
add_project('early');
my $early = $node->background_psql('postgres');
$early->query_safe('BEGIN; LOCK TABLE slipway.manifest');
is(detach('early')->{out}, '1', 'early: it begins');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity a JOIN slipway.detached_run d ON d.backend_pid = a.pid WHERE d.project = 'early' AND a.wait_event_type = 'Lock'},
	'early: it waits, without the lock of the project');
query_is($node, q{SELECT slipway.cancel('early')}, 't', 'early: told to');
await('early', 1);
$early->quit;
query_is($node, q{SELECT outcome, sqlstate FROM slipway.detached WHERE project = 'early'}, 'failed|57014', 'early: it is');
query_is($node, q{SELECT slipway.cancel('early')}, 'f', 'early: and nothing is left to cancel');

# What keeps the worker from its work is the caller's error.
$caller = $node->background_psql('postgres', extra_params => [ '-U', 'dora' ], on_error_stop => 0);
$caller->query('SELECT 1');
$node->safe_psql('postgres', 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
$caller->query(q{SELECT slipway.migrate_detached('whose')});
like($caller->{stderr}, qr/ERROR:  permission denied for database "postgres"\n/, 'a worker that may not connect');
$caller->{stderr} = '';
like($caller->query('SELECT 42'), qr/42/, 'and the session goes on');
$caller->quit;
$node->safe_psql('postgres', 'GRANT CONNECT ON DATABASE postgres TO PUBLIC');
# The encoding in which its role likes to be talked to is not that of its caller.
$node->safe_psql('postgres', q{ALTER ROLE dora SET client_encoding = 'latin1'});
$refused = detach('whose', user => 'dora', before => "SET local_preload_libraries = 'gr\xc3\xbcn'; ");
is($refused->{error}, "could not access file \"\$libdir/plugins/gr\xc3\xbcn\": No such file or directory", 'an error in another encoding');
history_is_sound($node, 'whose', project => 'whose');
$node->stop;
done_testing();
