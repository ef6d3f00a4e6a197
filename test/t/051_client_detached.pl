# migrate --detach: what it says and exits with is what migrate would; what goes on
# without it; how watch and cancel find it.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

$ENV{PGAPPNAME} = 'slipway';

# One worker is the launcher of logical replication.
my $node = new_node('client_detached', conf => "max_worker_processes = 2\n");
my $superuser = sql($node, 'SELECT current_user')->{out};

sub show
{
	my ($text) = @_;

	# a deploy that has ended at once has none
	$text =~ s/, pid \d+\)/)/g;
	return hide_chances($text);
}

# As client_is(), with times and pids hidden.
sub shows
{
	my ($place, $args, $exit, $err, $name) = @_;
	my ($code, $out, $said) = client($place, $args);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($code, $exit, "$name: exit code") or diag($out, $said);
	is($out, '', "$name: stdout");
	is(show($said), $err, "$name: stderr");
	return;
}

sub head
{
	my ($number) = @_;

	return "detached deploy $number of project default, by $superuser (slipway)\n";
}

# To its end: done, with nothing to do, with an error before and in its run.

my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE a (id integer);\n", '0002_b.sql' => "CREATE TABLE b (id integer);\nSELECT pg_sleep(0.1);\n" });
shows($place, [ 'migrate', '--detach' ], 0,
	head(1) . "0001_a  applied  TIME\n0002_b  applied  TIME\n2 migrations applied to project default in TIME\n", 'a deploy');
query_is(
	$node, q{SELECT session_role, application_name, client_version FROM slipway.history WHERE entry = 1},
	"$superuser|slipway|" . sql($node, 'SELECT slipway.version()')->{out}, 'its history', db => $place->{db});
shows($place, [ 'migrate', '--detach' ], 0, "nothing to do\n", 'nothing to do');
query_is($node, 'SELECT count(*) FROM slipway.detached', '1', 'needs no worker', db => $place->{db});

put_files($place, { '0003_c.sql' => "SELECT 1;\n\n  SELEC 2;\n" });
my $syntax = "ERROR: syntax error at or near \"SELEC\" (42601)\n";
my $excerpt = "    3 |   SELEC 2;\n      |   ^\n";
shows($place, [ 'migrate', '--detach' ], 4,
	head(2) . "migrations/0003_c.sql:3:3: $syntax${excerpt}0003_c: refused; nothing was applied\n", 'an error before the run');
my $idle = 'nothing runs in project default; its last run,';
shows($place, ['watch'], 4,
	"$idle 1, succeeded with 2 migrations applied\nfailed " . head(2)
	  . "migrations/0003_c.sql:3:3: ${syntax}0003_c: refused; nothing was applied\n", 'watch then');

put_files($place, { '0003_c.sql' => "CREATE TABLE c (id integer);\n", '0004_d.sql' => "SELECT 1;\n\n  SELECT totl FROM c;\n" });
my $missing = "ERROR: column \"totl\" does not exist (42703)\n";
shows($place, [ 'migrate', '--detach' ], 5,
	head(3) . "0003_c  applied  TIME\nmigrations/0004_d.sql:3:10: $missing    3 |   SELECT totl FROM c;\n      |          ^\n"
	  . "0004_d: rolled back; 1 applied before it stays applied\n", 'an error in the run');
shows($place, ['watch'], 5,
	"$idle 2, failed with 1 migration applied\nfailed " . head(3)
	  . "migrations/0004_d.sql:3:10: ${missing}0004_d: rolled back; 1 applied before it stays applied\n", 'watch then');
my ($exit, $out) = client($place, [ 'watch', '--json' ]);
is($exit, 5, 'as JSON: exit code');
my $objects = json_fits($out, [ 'run', 'detached', 'error' ], 'its objects');
is("@{$objects->[1]}{qw(event detached run outcome applied)}", 'failed 3 2 failed 1', 'the deploy');
is("@{$objects->[2]}{qw(event sqlstate migration file line column applied exit_code)}",
	'error 42703 0004_d migrations/0004_d.sql 3 10 1 5', 'the error');
# Whatever runs next is what watch is about.
put_files($place, { '0004_d.sql' => "CREATE TABLE d (id integer);\n" });
client($place, ['migrate']);
shows($place, ['watch'], 0, "$idle 3, succeeded with 1 migration applied\n", 'watch after another run');
put_files($place, { '0005_e.sql' => "CREATE TABLE e (id integer);\n" });
($exit, $out) = client($place, [ 'migrate', '--detach', '--json' ]);
is($exit, 0, 'a deploy as JSON: exit code');
$objects = json_fits($out, [ 'detached', 'applied', 'done' ], 'its objects');
is("@{$objects->[0]}{qw(event detached)} @{$objects->[-1]}{qw(event applied run)}", 'detached 4 done 1 4', 'from its start to its end');
is($objects->[-1]{head}, sql($node, q{SELECT encode(entry_hash, 'hex') FROM slipway.history ORDER BY entry DESC LIMIT 1}, db => $place->{db})->{out},
	'with the head of the history');

# Not to its end.

client_is($place, [ 'migrate', '--no-wait' ], {
		exit => 2, err => "slipway: error: option \"--no-wait\" needs \"--detach\"\nhint: Without --detach the run ends with this program.\n" },
	'--no-wait alone');
is((client($place, [ 'migrate', '--dry-run' ], env => { SLIPWAY_NO_WAIT => 'true' }))[0], 0, 'as a default it waits for --detach');
my %gated = ('0002_gate.sql' => "CREATE TABLE gate (id integer);\nSELECT pg_advisory_xact_lock(42);\n", '0003_c.sql' => "CREATE TABLE c (id integer);\n");
$place = new_place($node, { '0001_a.sql' => "CREATE TABLE a (id integer);\n", %gated });
my $gate = close_gate($place);
my $run = start_client($place, [ 'migrate', '--detach', '--lock-timeout', '1min' ]);
is_at_gate($place);
$run->{run}->pump until $run->{err} =~ /0001_a/;
$run->{run}->kill_kill(grace => 0);
my $watcher = start_client($place, ['watch']);
$watcher->{run}->pump until $watcher->{err} =~ /0001_a/;
$watcher->{run}->signal('INT');
($exit, undef, my $err) = finish_client($watcher);
is($exit, 1, 'killed, and watched, and left: exit code');
is(show($err),
	"run 1 of project default, by $superuser (slipway) since MOMENT\n0001_a  applied  TIME\n"
	  . "slipway: error: left, while detached deploy 1 goes on\n"
	  . "hint: Run \"slipway watch\" to watch it again, \"slipway cancel\" to cancel it.\n", 'it says so');
shows($place, [ 'migrate', '--detach' ], 1,
	"slipway: error: no background worker is free for a detached deploy (53400)\n"
	  . "detail: All 2 that max_worker_processes allows are taken.\n"
	  . "hint: Try again later, raise max_worker_processes, or deploy without detaching.\n", 'no worker is free');
my $second = start_client($place, ['migrate']);
$watcher = start_client($place, [ 'watch', '--json' ]);
$watcher->{run}->pump until $watcher->{out} =~ /0001_a/;
$second->{run}->pump until $second->{err} =~ /waiting for the lock/;
open_gate($gate);
($exit, $out) = finish_client($watcher);
is($exit, 0, 'it went on: exit code of watch');
$objects = json_fits($out, [ 'run', 'applied', 'done', 'blocked?' ], 'its objects');
is(join(' ', map { $_->{migration} } grep { $_->{event} eq 'applied' } @$objects), '0001_a 0002_gate 0003_c', 'what it did');
is("@{$objects->[-1]}{qw(event applied)}", 'done 3', 'all of it');
($exit, undef, $err) = finish_client($second);
is($exit, 0, 'who waited meanwhile: exit code');
like($err, qr/^waiting for the lock of project "default", held by pid \d+ \(role $superuser, application slipway: default detached, .*\nnothing to do\n\z/s,
	'and message');
applied_is($place, '0001_a 0002_gate 0003_c', 'all is applied');

# Without waiting; cancelled.

$place = new_place($node, {%gated});
$gate = close_gate($place);
shows($place, [ 'migrate', '--detach', '--no-wait', '--lock-timeout', '1min' ], 0, head(1), '--no-wait');
is_at_gate($place);
$watcher = start_client($place, ['watch']);
$watcher->{run}->pump until $watcher->{err} =~ /run 1/;
shows($place, ['cancel'], 0, "run 1 of project default cancelled at 0002_gate; 0 applied before it\n", 'cancel');
($exit, undef, $err) = finish_client($watcher);
is($exit, 5, 'cancelled: exit code of watch');
like(show($err), qr{\nmigrations/0002_gate\.sql:2:1: ERROR: canceling statement due to user request \(57014\)\n0002_gate: rolled back\n\z}, 'and message');

# It has no run yet.

my $release = hold_lock($place);
my $started = start_client($place, [ 'migrate', '--detach', '--no-wait' ]);
is((finish_client($started))[0], 0, 'another one while the project is frozen');
shows($place, [ 'cancel', '--dry-run' ], 0, 'would cancel ' . head(2), 'what cancel would do');
$watcher = start_client($place, ['watch']);
$watcher->{run}->pump until $watcher->{err} =~ /waiting/;
(undef, $out) = client($place, [ 'cancel', '--json' ]);
$objects = json_fits($out, ['detached'], 'cancelled without a run, as JSON');
is("@{$objects->[0]}{qw(event detached outcome)}", 'cancelled 2 failed', 'which says so');
($exit, undef, $err) = finish_client($watcher);
is($exit, 1, 'watch of it: exit code');
is(show($err),
	head(2) . "waiting for the lock of project \"default\", held by pid PID (role $superuser, application freezer)\n"
	  . "slipway: error: canceling statement due to user request (57014)\n", 'and message');
($exit, $out) = client($place, [ 'migrate', '--detach', '--lock-wait', '800ms', '--json' ]);
is($exit, 7, 'the lock is not obtained: exit code');
$objects = json_fits($out, [ 'detached', 'waiting_for_lock', 'error' ], 'its objects');
is("@{$objects->[-1]}{qw(sqlstate exit_code)}", 'SW006 7', 'the error');
$release->();

# Its own connection is lost.

$run = start_client($place, [ 'migrate', '--detach', '--lock-timeout', '1min' ]);
is_at_gate($place);
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'slipway.(detached|log|progress)' AND pid <> pg_backend_pid()});
($exit, undef, $err) = finish_client($run);
is($exit, 8, 'the connection is lost: exit code');
like($err, qr/^slipway: error: .*, while the detached deploy goes on.*\nhint: Run "slipway watch" to watch it again\.\n\z/m, 'and message');
shows($place, ['cancel'], 0, "run 2 of project default cancelled at 0002_gate; 0 applied before it\n", 'the deploy went on');

# Its worker dies.

$run = start_client($place, [ 'migrate', '--detach', '--lock-timeout', '1min' ]);
is_at_gate($place);
sql($node, 'SELECT pg_terminate_backend(pid) FROM slipway.detached WHERE number = 5', db => $place->{db});
($exit, undef, $err) = finish_client($run);
is($exit, 8, 'a worker that is ended: exit code');
my $interrupted = "slipway: error: detached deploy 5 was interrupted, with 0 applied\nhint: Run \"slipway status\" to see the state of things.\n";
is(show($err), head(5) . $interrupted, 'and message');
shows($place, ['watch'], 8, "$idle 3, was interrupted with 0 migrations applied\ninterrupted " . head(5) . $interrupted, 'watch then');
open_gate($gate);
shows($place, [ 'migrate', '--detach' ], 0,
	head(6) . "WARNING: run 3 of project \"default\" was interrupted at migration \"0002_gate\"\n"
	  . "detail: What was not committed of that one was rolled back; what the run had applied before stays applied.\n"
	  . "0002_gate  applied  TIME\n0003_c  applied  TIME\n2 migrations applied to project default in TIME\n", 'the next one');

# Stepwise.

my $concurrently = "CREATE INDEX CONCURRENTLY c_id ON c (id);\n";
put_files($place, { '0004_d.sql' => $concurrently });
shows($place, [ 'migrate', '--detach' ], 0,
	head(7) . "0004_d  applied  TIME\n1 migration applied to project default in TIME\n", 'an index that is built concurrently');
query_is($node, q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'c_id'::regclass}, 't', 'it is there', db => $place->{db});
put_files($place, { '0005_e.sql' => "CREATE TABLE e (id integer);\nCREATE INDEX CONCURRENTLY e_id ON e (id);\nSELECT totl FROM e;\n" });
my $stopped = "migrations/0005_e.sql:3:8: $missing";
my $rest = "detail: Migration \"0005_e\" has stopped part way: what it has committed stays, and the next run goes on behind that.\n"
  . "0005_e: stopped at unit 3 of 3\n";
shows($place, [ 'migrate', '--detach' ], 6,
	head(8) . "$stopped    3 | SELECT totl FROM e;\n      |        ^\n$rest", 'a migration that stops part way');
shows($place, ['watch'], 6, "$idle 6, failed with 0 migrations applied\nfailed " . head(8) . $stopped . $rest, 'watch then');
($exit, $out) = client($place, [ 'migrate', '--detach', '--json' ]);
is($exit, 6, 'as JSON: exit code');
$objects = json_fits($out, [ 'detached', 'stopped', 'error' ], 'its objects');
is("@{$objects->[1]}{qw(migration unit units)} $objects->[2]{exit_code}", '0005_e 3 3 6', 'where it stopped');
put_files($place, { '0005_e.sql' => "CREATE TABLE e (id integer);\nCREATE INDEX CONCURRENTLY e_id ON e (id);\nSELECT id FROM e;\n" });
shows($place, [ 'migrate', '--detach' ], 0, head(10) . "0005_e  applied  TIME\n1 migration applied to project default in TIME\n", 'it goes on');

# What scripts raise.

sub raise { return "DO \$\$BEGIN RAISE $_[0] USING DETAIL = 'why', HINT = 'what to do'; END\$\$;\n" }
$place = new_place($node, { '0001_a.sql' => raise(q{NOTICE 'in a'}),
		'0002_gate.sql' => raise(q{WARNING 'before the gate'}) . "SELECT pg_advisory_xact_lock(42);\n",
		'0003_c.sql' => "SET client_min_messages = warning;\n" . raise(q{NOTICE 'hidden'}),
		'0004_d.sql' => raise("NOTICE 'gr\xc3\xbcn'") . "COMMIT;\nSET client_encoding = latin1;\n" . raise("INFO 'gr\xc3\xbcn'") . "SELECT totl;\n" });
$gate = close_gate($place);
$run = start_client($place, [ 'migrate', '--detach', '--lock-timeout', '1min' ]);
is_at_gate($place);
$run->{run}->pump until $run->{err} =~ /0001_a/;
my @watchers = map { start_client($place, [ 'watch', $_ ]) } '--json', '-q';
$watchers[0]{run}->pump until $watchers[0]{out} =~ /0001_a/;
wait_until($node, q{SELECT count(*) = 3 FROM pg_stat_activity WHERE application_name = 'slipway' AND query ~ 'slipway'}, 'all look on');
open_gate($gate);
my @said = map { "$_\ndetail: why\nhint: what to do\n" } 'NOTICE: in a', 'WARNING: before the gate', "NOTICE: gr\xc3\xbcn", 'INFO: gr?n';
($exit, undef, $err) = finish_client($run);
is($exit, 6, 'a deploy whose scripts raise something: exit code');
is(show($err) =~ s/^migrations.*//msr,
	head(1) . "$said[0]0001_a  applied  TIME\n$said[1]0002_gate  applied  TIME\n0003_c  applied  TIME\n$said[2]$said[3]", 'all that is told');
($exit, $out) = finish_client($watchers[0]);
is($exit, 6, 'watch --json: exit code');
$objects = json_fits($out, [ 'run', 'notice', 'applied', 'stopped', 'error', 'blocked?' ], 'its objects');
is(join(' ', map { $_->{event} } grep { $_->{event} ne 'blocked' } @$objects),
	'watch notice applied notice applied applied notice notice stopped error', 'in the same order');
is("@{$objects->[1]}{qw(severity sqlstate message detail hint)}", 'NOTICE 00000 in a why what to do', 'a notice');
($exit, undef, $err) = finish_client($watchers[1]);
is($exit, 6, 'watch -q: exit code');
is($err =~ s/^migrations.*//msr, $said[1], 'it has warnings only');
query_is($node, 'SELECT number, severity, entry FROM slipway.notice ORDER BY number',
	"1|NOTICE|1\n2|WARNING|2\n3|NOTICE|4\n4|INFO|4", 'they are on record', db => $place->{db});
# so many that nobody would read them, some of them in a migration that fails
put_files($place, { '0004_d.sql' => raise("NOTICE 'gr\xc3\xbcn'")
	  . "COMMIT;\nDO \$\$BEGIN FOR i IN 1..3000 LOOP RAISE NOTICE '%', i; END LOOP; END\$\$;\n" });
is((client($place, [ 'migrate', '--detach' ]))[0], 0, 'many notices');
query_is($node, 'SELECT count(*), max(number), max(message) FILTER (WHERE number = 1000) FROM slipway.notice WHERE detached = 2', '1000|1000|1000',
	'the first ones are on record', db => $place->{db});

history_is_sound($node, 'in the end', db => $place->{db});
no_locks_left($node, 'in the end', db => $place->{db});
$node->stop;
done_testing();
