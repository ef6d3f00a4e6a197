# Backends that die and servers that stop in the middle of a migration: what is
# said afterwards is true, and the next deploy finishes the work.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

# The test cluster's default is to stay down when a backend crashes.
my $node = new_node('crash', conf => "restart_after_crash = on\n");

my $SLEEPING = "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'";

# A project whose second migration sleeps, but only the first time: until the
# table of its gate says that it need not.
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
				'0002_asleep', "CREATE TABLE ${project}_half (id integer);
				INSERT INTO ${project}_half VALUES (1);
				SELECT pg_sleep(60) WHERE NOT EXISTS (SELECT FROM ${project}_gate);
				INSERT INTO ${project}_half VALUES (2);"
			],
			[ '0003_after', "CREATE TABLE ${project}_after (id integer);" ],
		],
		project => $project);
	return;
}

# Deploys the project and returns when the second migration sleeps.
sub start_deploy
{
	my ($project) = @_;
	my $deploy = start_migrate($node, project => $project, application => "deploy $project");

	wait_until($node, $SLEEPING, 'the script sleeps');
	return $deploy;
}

sub backend
{
	return sql($node, "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")->{out};
}

# Status and tables after the event; then the deploy that finishes.
sub check_after
{
	my ($project, %expected) = @_;
	my $outcome = $expected{outcome};
	my $pid = $expected{pid};

	query_is($node, "SELECT migration, state FROM slipway.status WHERE project = '$project'",
		"0001_before|applied\n0002_asleep|$expected{state}\n0003_after|pending",
		"$project: status says where it stopped");
	query_is(
		$node, "SELECT to_regclass('${project}_before'), to_regclass('${project}_half'),
		 to_regclass('${project}_after')", "${project}_before||", "$project: nothing is half done");
	query_is(
		$node, "SELECT number, r.outcome, p.migration, backend_pid FROM slipway.run r JOIN slipway.progress p USING (project)
		 WHERE project = '$project'", "1|$expected{run}|0002_asleep|$pid",
		"$project: the row of the run, and what it was at");
	query_is($node, "SELECT * FROM slipway.verify_history('$project')",
		'', "$project: the history verifies");
	no_locks_left($node, "$project: after the event");

	sql($node, "INSERT INTO ${project}_gate VALUES (true)");
	my $next = migrate($node, project => $project);
	is($next->{exit}, 0, "$project: the next deploy succeeds") or diag($next->{err});
	has_event_count($next, 'applied', 2, "$project: it applied what was left");
	is_deeply([ map { $_->[0] } @{ $next->{warning} } ],
		$outcome eq 'interrupted' ? ['SW010'] : [],
		"$project: it warns of a run that was interrupted, of no other");
	query_is(
		$node, "SELECT (SELECT count(*) FROM ${project}_half),
		 to_regclass('${project}_after') IS NOT NULL", '2|t',
		"$project: the work is done");
	query_is(
		$node, "SELECT run, migration, outcome, sqlstate, finished_at >= started_at FROM slipway.history
		 WHERE project = '$project' ORDER BY entry",
		"1|0001_before|succeeded||t\n1|0002_asleep|$outcome|$expected{sqlstate}|t\n"
		  . "2|0002_asleep|succeeded||t\n2|0003_after|succeeded||t",
		"$project: the history tells all of it");
	query_is(
		$node, "SELECT application_name FROM slipway.history
		 WHERE project = '$project' AND outcome = '$outcome'", "deploy $project",
		"$project: and whose run it was");
	query_is($node, "SELECT number, outcome FROM slipway.run WHERE project = '$project' ORDER BY number",
		"1|$outcome\n2|succeeded", "$project: both runs have ended");
	history_is_sound($node, "$project, in the end", project => $project);
	no_locks_left($node, "$project: in the end");
	return;
}

my %interrupted =
  (state => 'pending', run => 'running', outcome => 'interrupted', sqlstate => 'SW010');

# kill -9: the server starts anew.
add_project('killed');
my $deploy = start_deploy('killed');
my $pid = backend();
kill 'KILL', $pid;
isnt(finish_sql($deploy)->{exit}, 0, 'killed: the client notices');
$node->poll_query_until('postgres', "SELECT pg_postmaster_start_time() IS NOT NULL")
  or die "the server does not come back\n";
check_after('killed', %interrupted, pid => $pid);

# The server is stopped in a hurry.
add_project('stopped');
$deploy = start_deploy('stopped');
$pid = backend();
$node->stop('immediate');
isnt(finish_sql($deploy)->{exit}, 0, 'stopped: the client notices');
$node->start;
check_after('stopped', %interrupted, pid => $pid);

# And stopped by the book: sessions are ended as by pg_terminate_backend().
add_project('shut');
$deploy = start_deploy('shut');
$pid = backend();
$node->stop('fast');
is(finish_sql($deploy)->{sqlstate}, '57P01', 'shut: the client is told');
$node->start;
check_after('shut', %interrupted, pid => $pid);

add_project('ended');
$deploy = start_deploy('ended');
$pid = backend();
sql($node, "SELECT pg_terminate_backend($pid)");
is(finish_sql($deploy)->{sqlstate}, '57P01', 'ended: the client is told');
wait_until($node, "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)", 'the backend is gone');
check_after('ended', %interrupted, pid => $pid);

# Pids come again: that of the dead backend may be that of another session now.
add_project('reused');
$deploy = start_deploy('reused');
$pid = backend();
sql($node, "SELECT pg_terminate_backend($pid, 5000)");
finish_sql($deploy);
my $namesake = $node->background_psql('postgres');
$pid = answer_of($namesake, 'SELECT pg_backend_pid()');
sql($node, "UPDATE slipway.run SET backend_pid = $pid WHERE project = 'reused'");
check_after('reused', %interrupted, pid => $pid);
$namesake->quit;

# Another deployer waits already: it takes over at once.
for my $round (1 .. 5)
{
	my $project = "heir$round";

	add_project($project);
	$deploy = start_deploy($project);
	$pid = backend();
	my $heir = start_migrate($node, project => $project);
	wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", 'the heir waits');
	# The first has a snapshot from before: it goes on sleeping.
	sql($node, "INSERT INTO ${project}_gate VALUES (true)");
	sql($node, "SELECT pg_terminate_backend($pid)");
	finish_sql($deploy);
	$heir = finish_sql($heir);
	is($heir->{exit}, 0, "$project: who waited finishes the work") or diag($heir->{err});
	has_event_count($heir, 'applied', 2, "$project: all of it");
	query_is(
		$node, "SELECT run, migration, outcome, sqlstate FROM slipway.history
		 WHERE project = '$project' ORDER BY entry",
		"1|0001_before|succeeded|\n1|0002_asleep|interrupted|SW010\n"
		  . "2|0002_asleep|succeeded|\n2|0003_after|succeeded|",
		"$project: the history tells of both runs");
	history_is_sound($node, $project, project => $project);
}

# Cancelled, the backend lives and can write it down itself.
add_project('cancelled');
$deploy = start_deploy('cancelled');
$pid = backend();
sql($node, "SELECT pg_cancel_backend($pid)");
$deploy = finish_sql($deploy);
is($deploy->{sqlstate}, '57014', 'cancelled: the client is told');
like($deploy->{err}, qr/^CONTEXT:  (?:.*\n)*?.*migration "0002_asleep", line 3\b/m,
	'cancelled: and at which migration');
check_after('cancelled',
	state => 'failed', run => 'failed', outcome => 'failed', sqlstate => '57014', pid => $pid);

# Cancelled while it waits for the lock: nothing has happened.
add_project('patient');
my $holder = $node->background_psql('postgres');
$holder->query_safe("SELECT pg_advisory_lock(slipway.lock_key('patient'))");
$deploy = start_migrate($node, project => 'patient');
wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", 'it waits');
sql($node, "SELECT pg_cancel_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
is(finish_sql($deploy)->{sqlstate}, '57014', 'patient: cancelled while it waited');
query_is($node, "SELECT (SELECT count(*) FROM slipway.run WHERE project = 'patient'),
	(SELECT count(*) FROM slipway.history WHERE project = 'patient')", '0|0', 'patient: that leaves no trace');
$holder->query_safe('SELECT pg_advisory_unlock_all()');
$holder->quit;
no_locks_left($node, 'patient');

# The client vanishes. The server notices when it next sends something; until
# then the run may go on, but what is done is recorded and nothing else is.
$node->safe_psql('postgres', q{SELECT slipway.create_project('vanished')});
add_migrations($node,
	[ map { [ "000$_", "CREATE TABLE vanished_$_ (id integer); SELECT pg_sleep(0.4);" ] } 1 .. 6 ],
	project => 'vanished');
$deploy = start_migrate($node, project => 'vanished', application => 'vanishing');
wait_until($node, q{SELECT count(*) = 1 FROM slipway.history WHERE project = 'vanished'}, 'one is applied');
$deploy->{run}->kill_kill(grace => 0);
wait_until($node, q{SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'vanishing')},
	'the backend is gone');
my $done = sql($node, q{SELECT count(*) FROM slipway.history WHERE project = 'vanished' AND outcome = 'succeeded'})->{out};
cmp_ok($done, '<', 6, 'vanished: the run did not go on to its end');
query_is($node, q{SELECT count(*) FROM pg_class WHERE relname ~ '^vanished_\d$'},
	$done, 'vanished: what was done is what is recorded');
query_is($node, q{SELECT count(*) FROM slipway.status WHERE project = 'vanished' AND state = 'applied'},
	$done, 'vanished: and what status says');
no_locks_left($node, 'vanished');
my $next = migrate($node, project => 'vanished');
is($next->{exit}, 0, 'vanished: the next deploy succeeds') or diag($next->{err});
has_event_count($next, 'applied', 6 - $done, 'vanished: it applied what was left');
query_is($node, q{SELECT count(*) FROM slipway.history WHERE project = 'vanished' AND outcome = 'interrupted'},
	'1', 'vanished: the first run counts as interrupted');
history_is_sound($node, 'vanished', project => 'vanished');

# Ended at any moment, again and again: in the end all is done, once.
my $MANY = 24;
$node->safe_psql('postgres', q{SELECT slipway.create_project('again'); CREATE TABLE again_trace (name integer)});
add_migrations($node,
	[
		map {
			[
				sprintf('%04d', $_), "CREATE TABLE again_$_ (id integer);\nSELECT pg_sleep(0.03);\n"
				  . "INSERT INTO again_trace VALUES ($_);"
			]
		} 1 .. $MANY
	],
	project => 'again');
my $SUCCEEDED = q{SELECT count(*) FROM slipway.history WHERE project = 'again' AND outcome = 'succeeded'};
my $ended = 0;
for my $round (1 .. 40)
{
	my $before = sql($node, $SUCCEEDED)->{out};

	last if $before >= $MANY;
	$deploy = start_migrate($node, project => 'again', application => 'again');
	# Wait until it has done a little, so that there is an end to this.
	wait_until($node, "SELECT ($SUCCEEDED) > $before", 'one more is applied');
	my $victim = sql($node, q{SELECT pid FROM pg_stat_activity WHERE application_name = 'again'})->{out};
	if ($victim ne '' && $round % 10 == 3)
	{
		kill 'KILL', $victim;
		finish_sql($deploy);
		$node->poll_query_until('postgres', 'SELECT true') or die "the server does not come back\n";
	}
	else
	{
		sql($node, "SELECT pg_terminate_backend($victim, 5000)") if $victim ne '';
		finish_sql($deploy);
	}
	$ended++ if $victim ne '';
	query_is(
		$node, qq{SELECT done = tables AND done = rows FROM ($SUCCEEDED) h (done),
		 (SELECT count(*) FROM pg_class WHERE relname ~ '^again_[0-9]') c (tables),
		 (SELECT count(*) FROM again_trace) t (rows)}, 't',
		"again: after round $round what was done is what is recorded");
}
is(migrate($node, project => 'again')->{exit}, 0, "again: the last of many deploys succeeds");
cmp_ok($ended, '>', 0, 'again: some were ended before');
query_is($node, 'SELECT count(*), count(DISTINCT name) FROM again_trace',
	"$MANY|$MANY", 'again: each script took effect once');
query_is($node, q{SELECT count(*) FROM slipway.status WHERE project = 'again' AND state = 'applied'},
	$MANY, 'again: each is applied');
history_is_sound($node, 'again', project => 'again');
no_locks_left($node, 'again');

$node->stop;
done_testing();
