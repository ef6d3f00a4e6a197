# Several deployers at once: each migration is applied once, and all succeed.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $DEPLOYERS = 8;
my $MIGRATIONS = 50;

my $node = new_node('concurrent');

# A folder of $n migrations which leave a row each where nothing is unique.
sub make_folder
{
	my ($prefix, $n) = @_;
	my %file = ('0001_trace.sql' => "CREATE TABLE ${prefix}_trace (name text, backend integer);\n"
		  . "INSERT INTO ${prefix}_trace VALUES ('0001_trace', pg_backend_pid());\n");

	for my $i (2 .. $n)
	{
		my $name = sprintf '%04d_step', $i;
		$file{"$name.sql"} = "CREATE TABLE ${prefix}_$i (id integer);\n"
		  . "INSERT INTO ${prefix}_trace VALUES ('$name', pg_backend_pid());\n";
	}
	return write_folder(\%file);
}

sub start_client
{
	my ($folder, $project) = @_;
	my %client = (out => '', err => '');

	$client{run} = IPC::Run::start(
		[
			'slipway', '-d', $node->connstr('postgres'),
			'-P', $project, '--dir', $folder, 'migrate'
		],
		'<', \undef, '>', \$client{out}, '2>', \$client{err},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%client;
}

sub finish_client
{
	my ($client, $name) = @_;

	$client->{run}->finish;
	is($? >> 8, 0, $name) or diag($client->{err});
	return;
}

# Holds the lock of a project until thaw().
sub freeze
{
	my ($project) = @_;
	my $session = $node->background_psql('postgres');

	$session->query_safe("SELECT pg_advisory_lock(slipway.lock_key('$project'))");
	return $session;
}

sub wait_for_waiters
{
	my ($n) = @_;

	return wait_until($node,
		"SELECT count(*) = $n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
		"$n deployers wait");
}

sub trace_is
{
	my ($prefix, $n, $name) = @_;

	query_is(
		$node, "SELECT count(*), count(DISTINCT name) FROM ${prefix}_trace",
		"$n|$n", "$name: each script ran once");
	query_is(
		$node, "SELECT count(*), count(DISTINCT migration) FROM slipway.history
		 WHERE project = '$prefix' AND outcome = 'succeeded'", "$n|$n",
		"$name: each is in the history once");
	query_is(
		$node, "SELECT count(*) FROM slipway.history
		 WHERE project = '$prefix' AND outcome <> 'succeeded'", '0',
		"$name: and nothing else is");
	query_is(
		$node, "SELECT string_agg(name, ',' ORDER BY ctid) = string_agg(name, ',' ORDER BY name)
		 FROM ${prefix}_trace", 't', "$name: in the order of the names");
	history_is_sound($node, $name, project => $prefix);
	return;
}

sub runs_of
{
	my ($project) = @_;

	return sql($node, "SELECT string_agg(n::text, ',' ORDER BY run) FROM (
		SELECT run, count(*) AS n FROM slipway.history WHERE project = '$project'
		 GROUP BY run) r")->{out};
}

$node->safe_psql('postgres', "SELECT slipway.create_project(p)
	FROM unnest('{race,queue,two_up,two_down}'::text[]) p");

# All at once, as they come.
my $folder = make_folder('race', $MIGRATIONS);
my @clients = map { start_client($folder, 'race') } 1 .. $DEPLOYERS;
finish_client($clients[ $_ - 1 ], "race: deployer $_ succeeds") for 1 .. $DEPLOYERS;
trace_is('race', $MIGRATIONS, 'race');

# All at once for sure: they start when the lock is let go.
$folder = make_folder('queue', $MIGRATIONS);
my $frozen = freeze('queue');
@clients = map { start_client($folder, 'queue') } 1 .. $DEPLOYERS;
wait_for_waiters($DEPLOYERS);
query_is($node, "SELECT count(*) FROM slipway.history WHERE project = 'queue'",
	'0', 'queue: while the lock is held nobody begins');
$frozen->quit;
finish_client($clients[ $_ - 1 ], "queue: deployer $_ succeeds") for 1 .. $DEPLOYERS;
trace_is('queue', $MIGRATIONS, 'queue');
is(runs_of('queue'), $MIGRATIONS, 'queue: the first did it all, in one run');
is(scalar(grep { $_->{err} =~ /nothing to do/ } @clients),
	$DEPLOYERS - 1, 'queue: the others say that there was nothing to do');

# Two releases at once: each applies what its own folder holds.
for my $project ('two_up', 'two_down')
{
	my $small = make_folder($project, 3);
	my $large = make_folder($project, 5);
	my @order = $project eq 'two_up' ? ($small, $large) : ($large, $small);

	$frozen = freeze($project);
	@clients = ();
	for my $release (@order)
	{
		push @clients, start_client($release, $project);
		wait_for_waiters(scalar @clients);
	}
	$frozen->quit;
	finish_client($clients[$_], "$project: release " . ($_ + 1) . ' succeeds') for 0, 1;
	trace_is($project, 5, $project);
	is(runs_of($project), $project eq 'two_up' ? '3,2' : '5', "$project: who applied how many");
	query_is(
		$node, "SELECT count(DISTINCT manifest_hash) FROM slipway.history
		 WHERE project = '$project'", $project eq 'two_up' ? '2' : '1',
		"$project: each under its own manifest");
}
like($clients[1]{err}, qr/nothing to do/, 'the older release has nothing to do');
like($clients[1]{err}, qr/\b2 .*\bolder than the history/,
	'and is told that the history is ahead of it by two');

# Who finds the manifest just stored leaves the scripts to whoever did that. One
# of two processes may be slow; so there are several tries.
sub manifest_call
{
	my ($try) = @_;

	return "slipway.add_manifest('slipway-manifest 1 order=auto' || E'\\n'"
	  . " || encode(sha256('SELECT $try'), 'hex') || E' - - versioned 0001_try\\n', 'upload')";
}

sub upload_by_two
{
	my ($try) = @_;
	my $second = start_sql($node, "DO \$\$ BEGIN
		WHILE NOT EXISTS (SELECT FROM slipway.manifest
						   WHERE project = 'upload' AND created_at > transaction_timestamp()) LOOP
			PERFORM pg_sleep(0.001);
		END LOOP; END \$\$;
		CREATE TEMP TABLE asked AS SELECT statement_timestamp() AS at, count(*) AS missing FROM "
		  . manifest_call($try) . ";
		SELECT missing, at < created_at FROM asked, slipway.script ORDER BY created_at DESC LIMIT 1");

	wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'DO %WHILE NOT EXISTS%'
		AND pid <> pg_backend_pid()", "try $try: the second looks");
	$node->safe_psql('postgres', 'SELECT count(*) FROM ' . manifest_call($try)
		  . "; SELECT pg_sleep(0.03); SELECT slipway.add_script('SELECT $try', 'upload')");
	return finish_sql($second)->{out};
}

$node->safe_psql('postgres', "SELECT slipway.create_project('upload')");
my $answer = '';
for my $try (1 .. 20)
{
	$answer = upload_by_two($try);
	last if $answer eq '0|t';
}
is($answer, '0|t', 'upload: the second waits for the scripts that the first brings');
query_is($node, 'SELECT count(*) FROM ' . manifest_call(0), '1', 'upload: the first is asked for them');
query_is($node, 'SELECT count(*) FROM ' . manifest_call(0), '1',
	'upload: and the second, if they do not come');

# The lock of a project is that of its database.
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
$node->safe_psql('elsewhere', 'CREATE EXTENSION pg_slipway');
add_migrations($node, [ [ '0001_elsewhere', 'SELECT 1' ] ], db => 'elsewhere', project => 'default');
$frozen = freeze('default');
is(migrate($node, db => 'elsewhere', with => { lock_wait => 1000 })->{exit},
	0, 'a project of the same name in another database does not wait');
$frozen->quit;

no_locks_left($node, 'in the end');
$node->stop;
done_testing();
