# Scripts that give away the advisory lock of the run, and then fail: somebody
# else may deploy in between, and still each migration is applied once.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('lost_lock');

# All three leave a row each in a table where nothing is unique. The second
# drops every advisory lock, then needs a table that somebody else has.
sub add_project
{
	my ($project, %option) = @_;
	my $lose = "SELECT nextval('${project}_try');
				SELECT pg_advisory_unlock_all();
				ALTER TABLE ${project}_busy ADD COLUMN IF NOT EXISTS name text;";

	$node->safe_psql(
		'postgres', "SELECT slipway.create_project('$project');
		CREATE TABLE ${project}_busy (id integer);
		CREATE TABLE ${project}_trace (name text);
		CREATE SEQUENCE ${project}_try;");
	add_migrations(
		$node,
		[
			[ '0001_first', "INSERT INTO ${project}_trace VALUES ('0001_first');" ],
			[
				'0002_lost', ($option{stepwise} ? "VACUUM ${project}_trace;" : '') . "INSERT INTO ${project}_trace VALUES ('0002_lost');" . ($option{hook} ? '' : $lose)
			],
			[ '0003_last', "INSERT INTO ${project}_trace VALUES ('0003_last');" ],
			map { [ $_, $_ eq ($option{hook} // '') ? $lose : 'SELECT 1' ] } @{ $option{hooks} // [] }
		],
		project => $project);
	return;
}

sub hold_table
{
	my ($project) = @_;
	my $session = $node->background_psql('postgres');

	$session->query_safe("BEGIN; LOCK TABLE ${project}_busy;");
	return $session;
}

sub each_once
{
	my ($project, $lost) = @_;

	$lost //= '0002_lost';
	query_is(
		$node, "SELECT name, count(*) FROM ${project}_trace GROUP BY name ORDER BY name",
		"0001_first|1\n0002_lost|1\n0003_last|1", "$project: each script took effect once");
	query_is(
		$node, "SELECT migration, count(*) FROM slipway.history
		 WHERE project = '$project' AND outcome = 'succeeded' AND migration ~ '^0' GROUP BY migration ORDER BY migration",
		"0001_first|1\n0002_lost|1\n0003_last|1", "$project: each was recorded once");
	query_is(
		$node, "SELECT DISTINCT migration, sqlstate FROM slipway.history
		 WHERE project = '$project' AND outcome <> 'succeeded'",
		"$lost|55P03", "$project: the failures stand there as what they were");
	history_is_sound($node, $project, project => $project);
	no_locks_left($node, $project);
	return;
}

# Two deployers, which get in between each other's tries. What is lost in the middle of one transaction for all, or of
# a hook, is planned again as well.
for my $case (
	[ 'pair', '0002_lost' ],
	[ 'surrounded', '0002_lost', hooks => [ 'before_each', 'after_each' ] ],
	[ 'stepwise', '0002_lost', hooks => [ 'before_each', 'after_each' ], stepwise => 1 ],
	[ 'together', '0002_lost', mode => 'all' ],
	[ 'hooked', 'before_migrate', hooks => ['before_migrate'], hook => 'before_migrate' ],
	[ 'hooked_before_each', 'before_each', hooks => ['before_each'], hook => 'before_each' ])
{
	my ($project, $lost, %case) = @$case;

	add_project($project, %case);
	my $holder = hold_table($project);
	my %option = (project => $project, with => { lock_timeout => 100, retries => 50, mode => $case{mode} // 'each' });
	my @deployers = (start_migrate($node, %option));
	wait_until($node, "SELECT is_called FROM ${project}_try", "$project: the first is at it");
	push @deployers, start_migrate($node, %option);
	wait_until($node, "SELECT last_value >= 6 FROM ${project}_try", "$project: they have tried six times");
	$holder->quit;
	@deployers = map { finish_sql($_) } @deployers;
	is($deployers[0]{exit}, 0, "$project: the first deployer succeeds") or diag($deployers[0]{err});
	is($deployers[1]{exit}, 0, "$project: the second deployer succeeds") or diag($deployers[1]{err});
	each_once($project, $lost);
	query_is(
		$node, "SELECT count(DISTINCT r.backend_pid) > 1 FROM slipway.history h
		  JOIN slipway.run r ON r.project = h.project AND r.number = h.run
		 WHERE h.project = '$project' AND h.migration = '$lost'", 't',
		"$project: both deployers had the lock in turn");
}

# One deployer alone: losing the lock does not end its deploy either.
add_project('alone');
my $holder = hold_table('alone');
my $deployer = start_migrate($node, project => 'alone', with => { lock_timeout => 100, retries => 50 });
wait_until($node, 'SELECT last_value >= 3 FROM alone_try', 'it has tried three times');
$holder->quit;
$deployer = finish_sql($deployer);
is($deployer->{exit}, 0, 'alone: the deployer succeeds') or diag($deployer->{err});
each_once('alone');

# The number of tries is limited all the same.
add_project('limit');
$holder = hold_table('limit');
$deployer = migrate(
	$node,
	project => 'limit',
	with => { lock_timeout => 20, retries => 3 });
$holder->quit;
is($deployer->{sqlstate}, '55P03', 'limit: the deploy fails with the lock timeout')
  or diag($deployer->{err});
query_is($node, 'SELECT last_value FROM limit_try', '4', 'limit: after one try and three retries');
query_is($node, 'SELECT name FROM limit_trace', '0001_first', 'limit: what came before stays applied');
query_is($node, "SELECT migration, state FROM slipway.status WHERE project = 'limit'",
	"0001_first|applied\n0002_lost|failed\n0003_last|pending", 'limit: the status says so');
history_is_sound($node, 'limit', project => 'limit');
no_locks_left($node, 'limit');

# A script that drops the lock and goes on well: nobody gets in before it ends.
$node->safe_psql('postgres', 'CREATE TABLE order_trace (name text);
	SELECT slipway.create_project($$order$$)');
add_migrations(
	$node,
	[
		[ '0001_slow', "SELECT pg_advisory_unlock_all(); SELECT pg_sleep(1.5); INSERT INTO order_trace VALUES ('0001_slow')" ],
		[ '0002_next', "INSERT INTO order_trace VALUES ('0002_next')" ],
	],
	project => 'order');
my @deployers = (start_migrate($node, project => 'order'));
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}, 'the script sleeps');
push @deployers, start_migrate($node, project => 'order');
@deployers = map { finish_sql($_) } @deployers;
is($deployers[$_]{exit}, 0, "order: deployer $_ succeeds") or diag($deployers[$_]{err}) for 0, 1;
query_is($node, 'SELECT name FROM order_trace', "0001_slow\n0002_next", 'order: each once, in order');
has_event_count($deployers[0], 'applied', 2, 'order: the first deployer applied both');
has_event_count($deployers[1], 'waiting', 1, 'order: the second waited');
history_is_sound($node, 'order', project => 'order');
no_locks_left($node, 'order');

# A run that ends soon is waited for without a word.
$node->safe_psql('postgres', 'SELECT slipway.create_project($$short$$)');
add_migrations($node, [ [ '0001_short', 'SELECT pg_sleep(0.2)' ] ], project => 'short');
@deployers = (start_migrate($node, project => 'short'));
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}, 'the script sleeps');
push @deployers, start_migrate($node, project => 'short');
@deployers = map { finish_sql($_) } @deployers;
is($deployers[$_]{exit}, 0, "short: deployer $_ succeeds") or diag($deployers[$_]{err}) for 0, 1;
has_event_count($deployers[1], $_, 0, "short: the second says nothing of $_") for qw(waiting start applied);
has_event_count($deployers[1], 'done', 1, 'short: but that it is done');
query_is($node, "SELECT count(*) FROM slipway.history WHERE project = 'short'", '1', 'short: it was applied once');
no_locks_left($node, 'short');

# A down script that drops the lock and fails: what somebody has decided on is over, whoever had the lock meanwhile.
for my $procedure (qw(rollback redo))
{
	my %here = (project => $procedure);

	$node->safe_psql('postgres', "SELECT slipway.create_project('$procedure'); CREATE TABLE ${procedure}_busy (id integer); CREATE SEQUENCE ${procedure}_try;
		SELECT slipway.add_migration('0001_a', 'SELECT 1', 'SELECT nextval(''${procedure}_try''); SELECT pg_advisory_unlock_all(); SELECT pg_sleep(0.2); DROP TABLE ${procedure}_busy', project => '$procedure')");
	migrate($node, %here);
	$holder = hold_table($procedure);

	my $freezer = $node->background_psql('postgres');
	my $options = $procedure eq 'redo' ? '{"lock_timeout": 100}' : '{"lock_timeout": 100, "all": true}';
	my $run = start_sql($node, "\\set VERBOSITY verbose\nCALL slipway.$procedure('$procedure', '$options')");
	wait_until($node, "SELECT is_called FROM ${procedure}_try", "$procedure has dropped its lock");
	$freezer->query_safe("SELECT pg_advisory_lock(slipway.lock_key('$procedure'))");
	$run = finish_sql($run);
	isnt($run->{exit}, 0, "$procedure does not go on");
	like($run->{err}, qr/ERROR: +SW006: the lock of project "$procedure" was lost to another run/, "$procedure: it says why");
	$_->quit for $holder, $freezer;
	query_is($node, "SELECT state FROM slipway.status WHERE project = '$procedure'", 'applied', "$procedure: nothing was rolled back");
	query_is($node, "SELECT action, outcome, sqlstate FROM slipway.history WHERE project = '$procedure' ORDER BY entry",
		"apply|succeeded|\nrollback|failed|55P03", "$procedure: the try is on record");
	query_is($node, "SELECT outcome FROM slipway.run WHERE project = '$procedure' ORDER BY number DESC LIMIT 1", 'failed', "$procedure: and so is the run");
	history_is_sound($node, $procedure, %here);
	no_locks_left($node, $procedure);
}

$node->stop;
done_testing();
