# Whoever works on a deploy is ended at a random moment: the client, its process
# in the server, the server itself. Afterwards nothing is lost, nothing has happened
# twice, and the next deploy finishes the work. "make torture" does that for long.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use SlipwayTorture;
use Test::More;
use Time::HiRes qw(sleep time);

my $ROUNDS = $ENV{TORTURE_ROUNDS} // 14;
my $SEED = $ENV{TORTURE_SEED} // int(rand(2**31));

srand($SEED);
note("TORTURE_SEED=$SEED");

my $node = new_node('torture', conf => "restart_after_crash = on\nfsync = on\nlog_min_messages = warning\n", extension => 0);
my $folder = write_folder(torture_folder());

$node->safe_psql('postgres', 'CREATE DATABASE model TEMPLATE template0');
$node->safe_psql('model', 'CREATE EXTENSION pg_slipway');

# What psql makes of the same files.
$node->safe_psql('postgres', 'CREATE DATABASE reference');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('reference'), map { ('-f', $_) } sort grep { !/\.verify\.sql$/ } glob "$folder/*.sql" ],
	'the folder, with psql');
my $schema = torture_schema($node, 'reference');

# Who was ended, and where the work was then.
my %count;

# One that was begun is cleared away by hand, and forgotten; whoever says so may be ended as well.
# What is recorded is true at any time.
sub forget_begun
{
	my ($db, $name, $victim) = @_;
	my $told = q{SELECT (SELECT count(*) FROM slipway.history WHERE action = 'forget_failed'),
		(SELECT count(*) FROM slipway.journal j WHERE closed_by IS NULL AND migration = '0002_index')};
	my $repair;

	torture_clear($node, $db);
	for my $try (1, 2)
	{
		my $client = start_client($node, $db, $folder, 'repair', '--forget-failed', '0002_index', '--reason', "try $try");

		if ($try == 1)
		{
			sleep rand(0.04);
			end_victim($victim, $node, $db, $client->{run});
		}
		end_client($client);
		bring_up($node);
		wait_until($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = '$db'", "$name: nobody repairs it");
		$repair = sql($node, $told, db => $db)->{out};
		$count{repair}{ $repair =~ /^1/ ? 'done' : 'not done' }++ if $try == 1;
		like($repair, $repair =~ /^1/ ? qr/^1\|0$/ : qr/^0\|[1-9]/, "$name: repaired or not") or return;
		return if $repair =~ /^1/;
	}
	return fail("$name: it could be repaired");
}

# Deploys until that works; the number of deploys it took.
sub finish_work
{
	my ($db) = @_;

	for my $try (1 .. 5)
	{
		torture_failed_units($node, $db);
		my $deploy = end_client(start_client($node, $db, $folder, 'migrate'));

		return $try if $deploy->{exit} == 0;
		if ($deploy->{err} =~ /SW015/)
		{
			torture_open_units($node, $db);
			next;
		}
		diag("deploy $try: exit $deploy->{exit}\n$deploy->{err}");
	}
	return 0;
}

# What is said between the event and the next deploy must be true.
sub status_is_true
{
	my ($db, $name) = @_;
	my $lies = sql($node, "SELECT string_agg(migration, ' ') FROM slipway.status s
		WHERE (state = 'applied') <> EXISTS (SELECT FROM slipway.history h WHERE h.migration = s.migration AND outcome = 'succeeded' AND action = 'apply')",
		db => $db);

	is("$lies->{out}$lies->{err}", '', "$name: status is true") or return 0;
	# What the history says is applied has left its trace, which is a table that the first one makes.
	my $begun = sql($node, "SELECT to_regclass('trace') IS NOT NULL", db => $db)->{out} eq 't';
	my $trace = $begun ? 'EXISTS (SELECT FROM trace WHERE left(unit, 4) = left(h.migration, 4))' : 'false';
	my $missing = sql($node, "SELECT string_agg(h.migration, ' ') FROM slipway.history h
		WHERE outcome = 'succeeded' AND action = 'apply' AND NOT $trace", db => $db);
	return is("$missing->{out}$missing->{err}", '', "$name: what is recorded is there");
}

# How long it takes when nobody is ended.
my $took = 60;
for my $db (qw(calm_1 calm_2 calm_3))
{
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE model");
	my $calm = end_client(start_client($node, $db, $folder, 'migrate'));
	is($calm->{exit}, 0, "$db: undisturbed") or diag($calm->{err});
	is(join("\n", torture_faults($node, $db)), '', "$db: nothing is wrong");
	is(torture_schema($node, $db), $schema, "$db: the schema is that of psql");
	$took = $calm->{took} if $calm->{took} < $took;
}

my @victims = victims();
for my $round (1 .. $ROUNDS)
{
	my $victim = $victims[ $round % @victims ];
	my $delay = rand($took);
	my $db = "round_$round";
	my $name = sprintf 'round %d: %s after %.0f ms', $round, $victim, $delay * 1000;
	my ($deploy, $phase, $tries);

	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE model");
	$deploy = start_client($node, $db, $folder, 'migrate', $victim eq 'worker' ? '--detach' : (), $round % 2 ? '--verify' : ());
	sleep $delay;
	$phase = phase_of($node, $db);
	end_victim($victim, $node, $db, $deploy->{run});
	end_client($deploy);
	$phase = 'over' if $deploy->{exit} == 0;
	$count{$victim}{$phase}++;
	bring_up($node);
	# A process without its client goes on until it has something to say.
	wait_until($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = '$db'", "$name: nobody works on it");
	status_is_true($db, $name);
	forget_begun($db, $name, $victim) if torture_begun($node, $db, '0002_index');
	$tries = finish_work($db);
	ok($tries > 0, "$name ($phase, exit $deploy->{exit}): the next deploy finishes");
	is(join("\n", torture_faults($node, $db)), '', "$name: nothing is wrong");
	is(torture_schema($node, $db), $schema, "$name: the schema is that of psql");
	$node->safe_psql('postgres', "DROP DATABASE $db");
}

# The figures: who was ended, and where the deploy was then.
for my $victim (@victims, 'repair')
{
	my %phases = %{ $count{$victim} // {} };
	my $line = "$victim: " . join ', ', map { "$phases{$_} $_" } sort keys %phases;

	defined $ENV{TORTURE_ROUNDS} ? diag($line) : note($line);
}

$node->stop;
done_testing();
