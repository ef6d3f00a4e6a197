# Runs of other sessions: watch follows them, cancel ends them, log --follow
# tells about them.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

$ENV{PGAPPNAME} = 'slipway';

my $node = new_node('runs');
my $superuser = sql($node, 'SELECT current_user')->{out};

# A run that is in its second migration until open_gate().
my %gated = (
	'0001_a.sql' => "CREATE TABLE a (id integer);\n",
	'0002_gate.sql' => "CREATE TABLE gate (id integer);\nSELECT pg_advisory_xact_lock(42);\n",
	'0003_c.sql' => "CREATE TABLE c (id integer);\n");

sub start_gated
{
	my ($place, %option) = @_;
	# lock_timeout would end the wait at the gate
	my $client = start_client($place, [ 'migrate', '--lock-timeout', '1min', @{ $option{args} // [] } ]);

	is_at_gate($place);
	return $client;
}

# Nothing runs

my $place = new_place($node, \%gated);
for my $command ('watch', 'cancel')
{
	client_is($place, [$command], { err => "nothing runs in project default, and nothing ever ran\n" },
		"$command where nothing ever ran");
	my (undef, $out) = client($place, [ $command, '--json' ]);
	my $objects = json_fits($out, ['run'], "$command: as JSON");
	is("$objects->[0]{event} $objects->[0]{applied}", 'idle 0', 'which says so');
	client_is($place, [ $command, '-P', 'nowhere' ], {
			exit => 1,
			err => "slipway: error: project \"nowhere\" does not exist, or role \"$superuser\" may not read it\n"
			  . "hint: See \"slipway init\".\n" },
		"$command of a project that does not exist");
}
client_is($place, [ 'cancel', '-n' ], { err => "nothing runs in project default, and nothing ever ran\n" }, 'cancel -n');
client($place, [ 'migrate', '--to', '0001_a' ]);
my $last = "nothing runs in project default; its last run, 1, succeeded with 1 migration applied\n";
client_is($place, ['watch'], { err => $last }, 'watch after a run');
client_is($place, ['cancel'], { err => $last }, 'cancel after a run');

# A run that succeeds

my $gate = close_gate($place);
my $run = start_gated($place);
my @watchers = map { start_client($place, [ 'watch', @$_ ]) } [], ['--json'], ['-q'];
my $log = start_client($place, [ 'log', '--follow', '--json' ]);
wait_until($node, q{SELECT count(*) = 4 FROM pg_stat_activity WHERE application_name = 'slipway' AND state = 'idle'}, 'all look on');
$watchers[1]{run}->pump until $watchers[1]{out} =~ /\n/;
sub describe { return "run 2 of project default, by $superuser (slipway, pid PID) since MOMENT\n" }
my ($exit, undef, $err) = client($place, [ 'cancel', '-n' ]);
is($exit, 0, 'cancel -n of a run: exit code');
is(hide_chances($err), 'would cancel ' . describe() . "it is at 0002_gate, with 0 applied\n", 'it says whose run that is');
my (undef, $out) = client($place, [ 'cancel', '-n', '--json' ]);
my $would = json_fits($out, ['run'], 'cancel -n --json')->[0];
is("@{$would}{qw(event run outcome migration statement wait_event_type role)}",
	"would cancel 2 running 0002_gate SELECT pg_advisory_xact_lock(42) Lock $superuser", 'says the same');
open_gate($gate);
is((finish_client($run))[0], 0, 'the run was not cancelled');

($exit, $out, $err) = finish_client($watchers[0]);
is($exit, 0, 'watch of a run that succeeds: exit code');
is(hide_chances($err),
	describe() . "0002_gate  applied  TIME\n0003_c  applied  TIME\nrun 2 succeeded: 2 migrations applied to project default\n",
	'it says what is done');
is($out, '', 'on standard error');
($exit, $out, $err) = finish_client($watchers[1]);
is($exit, 0, 'watch --json: exit code');
is(join(' ', map { "$_->{event} " . ($_->{migration} // $_->{applied}) } grep { $_->{event} ne 'blocked' } @{ json_fits($out, [ 'run', 'applied', 'done', 'blocked?' ], 'its objects') }),
	'watch 0002_gate applied 0002_gate applied 0003_c done 2', 'tell the same');
is($err, '', 'and nothing else');
is_deeply([ finish_client($watchers[2]) ], [ 0, '', '' ], 'watch -q says nothing');

# Somebody else's run that fails

sql($node, q{CREATE ROLE dora LOGIN; CREATE ROLE rita LOGIN}, db => $place->{db});
client($place, [ 'init', '-q', '--grant', 'dora=deployer', '--grant', 'rita=reader' ]);
put_files($place, { '0004_d.sql' => "CREATE TABLE d (id integer);\n", '0005_bad.sql' => "SELECT pg_advisory_xact_lock(42);\n\n  SELECT totl FROM d;\n" });
$gate = close_gate($place);
$run = start_client($place, [ 'migrate', '--lock-timeout', '1min' ]);
wait_until($node, q{SELECT count(*) = 1 FROM slipway.progress WHERE migration = '0005_bad' AND wait_event = 'advisory'},
	'the run is at the gate', db => $place->{db});
my $rita = [ '-d', $node->connstr($place->{db}) . ' user=rita' ];
@watchers = (start_client($place, [ 'watch', '-v' ]), start_client($place, [ 'watch', '--json', @$rita ]));
client_is($place, [ 'cancel', @$rita ], {
		exit => 1,
		err => qr/\Aslipway: error: permission denied for function cancel \(42501\)\nhint: / },
	'a reader cannot cancel');
$watchers[1]{run}->pump until $watchers[1]{out} =~ /0004_d/;
$watchers[0]{run}->pump until $watchers[0]{err} =~ /0004_d/;
open_gate($gate);
is((finish_client($run))[0], 5, 'the run fails');
($exit, $out, $err) = finish_client($watchers[0]);
is($exit, 5, 'watch of a run that fails: exit code');
is(hide_chances($err =~ s/\A(?:(?!run ).*\n)*//r),
	"run 3 of project default, by $superuser (slipway, pid PID) since MOMENT\n0004_d  applied  TIME\n"
	  . "migrations/0005_bad.sql:3:10: ERROR: column \"totl\" does not exist (42703)\n0005_bad: rolled back; 1 applied before it stays applied\n",
	'it has the error in full');
($exit, $out, $err) = finish_client($watchers[1]);
is($exit, 5, 'watch --json: exit code');
my $objects = json_fits($out, [ 'run', 'applied', 'error', 'blocked?' ], 'its objects');
is("@{$objects->[-1]}{qw(event sqlstate migration file line column applied rolled_back exit_code)}",
	'error 42703 0005_bad migrations/0005_bad.sql 3 10 1 1 5', 'the error');
is($objects->[0]{statement}, undef, 'what it is doing is hidden from a role without the right to know');

# Cancelled, by another role

put_files($place, { '0005_bad.sql' => "SELECT pg_advisory_xact_lock(42);\n" });
$gate = close_gate($place);
$run = start_client($place, [ 'migrate', '--lock-timeout', '1min' ]);
wait_until($node, q{SELECT count(*) = 1 FROM slipway.progress WHERE migration = '0005_bad' AND wait_event = 'advisory'},
	'the run is at the gate', db => $place->{db});
my $dora = [ '-d', $node->connstr($place->{db}) . ' user=dora' ];
my $watcher = start_client($place, ['watch']);
$watcher->{run}->pump until $watcher->{err} =~ /run 4/;
client_is($place, [ 'cancel', @$dora ], { err => "run 4 of project default cancelled at 0005_bad; 0 applied before it\n" },
	"a deployer cancels another role's run");
($exit, undef, $err) = finish_client($run);
is($exit, 5, 'its migrate: exit code');
like($err, qr/ERROR: canceling statement due to user request \(57014\)\n.*0005_bad: rolled back\n\z/s, 'and message');
is((finish_client($watcher))[0], 5, 'watch ends as well');
open_gate($gate);
client_is($place, ['watch'], { err => "nothing runs in project default; its last run, 4, failed with 0 migrations applied\n" },
	'watch then');
client_is($place, ['migrate'], { err => "0005_bad  applied  TIME\n1 migration applied to project default in TIME\n" },
	'and the next migrate goes on');

# A session with the lock of the project is no run

my $release = hold_lock($place);
client_is($place, ['cancel'], { err => qr/\Anothing runs in project default; / }, 'who froze the project is not cancelled');
query_is($node, 'SELECT count(*) FROM slipway.lock_holder', '1', 'and still holds the lock', db => $place->{db});
$release->();

# The backend dies; the watcher's own connection is lost; the watcher leaves

put_files($place, { '0006_f.sql' => "SELECT pg_sleep(60);\n" });
my $sleeping = q{SELECT count(*) = 1 FROM slipway.progress WHERE migration = '0006_f' AND wait_event = 'PgSleep'};
$run = start_client($place, ['migrate']);
wait_until($node, $sleeping, 'the run sleeps', db => $place->{db});
$watcher = start_client($place, ['watch']);
$watcher->{run}->pump until $watcher->{err} =~ /run 6/;
sql($node, q{SELECT pg_terminate_backend(pid) FROM slipway.progress}, db => $place->{db});
is((finish_client($run))[0], 8, 'a run whose backend is ended');
($exit, undef, $err) = finish_client($watcher);
is($exit, 8, 'watch: exit code');
like($err, qr/^slipway: error: run 6 was interrupted, with 0 applied\nhint: Run "slipway status" to see the state of things\.\n\z/m,
	'it says that it was interrupted');
client_is($place, ['cancel'], { err => "nothing runs in project default; its last run, 6, was interrupted with 0 migrations applied\n" },
	'there is nothing to cancel');

$run = start_client($place, ['migrate']);
wait_until($node, $sleeping, 'the run sleeps', db => $place->{db});
$watcher = start_client($place, ['watch']);
$watcher->{run}->pump until $watcher->{err} =~ /run 7/;
$watcher->{run}->signal('INT');
($exit, undef, $err) = finish_client($watcher);
is($exit, 1, 'a watcher that is interrupted: exit code');
like($err,
	qr/^slipway: error: left, while run 7 goes on\nhint: Run "slipway watch" to watch it again, "slipway cancel" to cancel it\.\n\z/m,
	'it says that the run goes on');
$watcher = start_client($place, ['watch']);
$watcher->{run}->pump until $watcher->{err} =~ /run 7/;
# it may not have come so far yet
wait_until($node, q{SELECT count(pg_terminate_backend(pid)) = 1 FROM pg_stat_activity WHERE query ~ 'AND run = ' AND state = 'idle'},
	'it looks on');
is((finish_client($watcher))[0], 8, 'a watcher whose connection is lost');
client_is($place, ['cancel'], { err => "run 7 of project default cancelled at 0006_f; 0 applied before it\n" }, 'the run went on');
is((finish_client($run))[0], 5, 'until it was cancelled');

# log --follow

$log->{run}->pump until $log->{out} =~ /"0006_f","action":"apply","outcome":"failed"/;
$log->{run}->signal('INT');
($exit, $out) = finish_client($log);
is($exit, 130, 'log --follow ends with the signal');
is(join(' ', map { "$_->{migration} $_->{outcome}" } @{ json_fits($out, ['entry'], 'its objects') }),
	'0001_a succeeded 0002_gate succeeded 0003_c succeeded 0004_d succeeded 0005_bad failed 0005_bad failed 0005_bad succeeded'
	  . ' 0006_f interrupted 0006_f failed',
	'it has told about every entry since');
$log = start_client($place, [ 'log', '-f', '--limit', '0' ]);
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'slipway' AND state = 'idle'}, 'it looks on');
put_files($place, { '0006_f.sql' => "SELECT 6;\n", '0007_g.sql' => "SELECT 7;\n" });
client($place, ['migrate']);
$log->{run}->pump until $log->{out} =~ /0007_g/;
$log->{run}->signal('TERM');
($exit, $out) = finish_client($log);
like($out, qr/\AWHEN \(UTC\) +RUN +MIGRATION .*\n.* 0006_f .*\n.* 0007_g .*\n\z/, 'log --follow --limit 0 has the new ones only');
client_is($place, [ 'log', '--limit', '0' ], {}, 'log --limit 0 says nothing');

# A stepwise migration stops part way

$place = new_place($node, { '0001_a.sql' => "SELECT 1;\n", '0002_gate.sql' => "CREATE TABLE gate (id integer);\n"
	  . "CREATE INDEX CONCURRENTLY gate_id ON gate (id);\nSELECT pg_advisory_xact_lock(42);\nSELECT totl FROM gate;\n" });
# no gate of a session that is in a statement: the index would wait for its snapshot
$gate = $node->background_psql($place->{db});
$gate->query_safe('SELECT pg_advisory_lock(42)');
$run = start_gated($place);
@watchers = map { start_client($place, $_) } ['watch'], [ 'watch', '--json' ];
$watchers[0]{run}->pump until $watchers[0]{err} =~ /0001_a/;
$watchers[1]{run}->pump until $watchers[1]{out} =~ /0001_a/;
$gate->quit;
my $stopped = "migrations/0002_gate.sql:4:8: ERROR: column \"totl\" does not exist (42703)\n%s"
  . "detail: Migration \"0002_gate\" has stopped part way: what it has committed stays, and the next run goes on behind that.\n"
  . "0002_gate: stopped at unit 3 of 3; 1 applied before it stays applied\n";
($exit, undef, $err) = finish_client($run);
is($exit, 6, 'a run that stops part way: exit code');
is(hide_chances($err), "0001_a  applied  TIME\n" . sprintf($stopped, "    4 | SELECT totl FROM gate;\n      |        ^\n"), 'and message');
($exit, undef, $err) = finish_client($watchers[0]);
is($exit, 6, 'watch of it: exit code');
is(hide_chances($err), "run 1 of project default, by $superuser (slipway, pid PID) since MOMENT\n0001_a  applied  TIME\n" . sprintf($stopped, ''),
	'and message');
($exit, $out) = finish_client($watchers[1]);
is($exit, 6, 'watch --json of it: exit code');
$objects = json_fits($out, [ 'run', 'applied', 'stopped', 'error', 'blocked?' ], 'its objects');
is("@{$objects->[-2]}{qw(event migration unit units)}", 'stopped 0002_gate 3 3', 'where it stopped');
is("@{$objects->[-1]}{qw(event applied rolled_back exit_code)}", 'error 1 0 6', 'and that it is not rolled back');
query_is($node, q{SELECT migration, outcome, stopped_unit, units FROM slipway.log ORDER BY entry},
	"0001_a|succeeded||\n0002_gate|failed|3|3", 'so does the log', db => $place->{db});

# The server does not answer; what is watched is removed

$gate = close_gate($place);
$run = start_gated($place);
$watcher = start_client($place, ['watch'], env => { PGAPPNAME => 'stuck' });
$watcher->{run}->pump until $watcher->{err} =~ /run 2/;
my $stuck = sql($node, q{SELECT pid FROM pg_stat_activity WHERE application_name = 'stuck'})->{out};
kill 'STOP', $stuck;
# by then it has asked again
sleep 1;
$watcher->{run}->signal('INT');
($exit, undef, $err) = finish_client($watcher);
kill 'CONT', $stuck;
is($exit, 1, 'a watcher that waits for the server is interrupted: exit code');
like($err, qr/^slipway: error: left, while run 2 goes on$/m, 'and message');
$watcher = start_client($place, ['watch']);
$watcher->{run}->pump until $watcher->{err} =~ /run 2/;
sql($node, 'DELETE FROM slipway.run', db => $place->{db});
($exit, undef, $err) = finish_client($watcher);
is($exit, 1, 'a watcher whose run is removed: exit code');
like($err, qr/^slipway: error: run 2 is not on record any more$/m, 'and message');
open_gate($gate);
finish_client($run);

# Two detached deploys that wait for their turn

$place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
$release = hold_lock($place);
is((client($place, [ 'migrate', '--detach', '--no-wait' ]))[0], 0, 'a detached deploy waits') for 1, 2;
my $both = join '', map { "%s detached deploy $_ of project default, by $superuser (slipway%s)\n" } 1, 2;
(undef, undef, $err) = client($place, [ 'cancel', '-n' ]);
is(hide_chances($err), sprintf($both, ('would cancel', ', pid PID') x 2), 'cancel -n: it would cancel both');
client_is($place, ['cancel'], { err => sprintf($both, ('cancelled', '') x 2) }, 'cancel of both');
query_is($node, 'SELECT count(*) FROM slipway.detached WHERE sqlstate = $$57014$$', '2', 'so it is', db => $place->{db});
$release->();

history_is_sound($node, 'in the end', db => $place->{db});
no_locks_left($node, 'in the end', db => $place->{db});
$node->stop;
done_testing();
