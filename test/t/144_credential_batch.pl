# credential batch: made of a file or of what is missing, worked on by several processes, stopped, interrupted, resumed.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayCredential;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $node = new_credential_node('credential_batch');
my $place = new_credential_place($node, 'file');

sub batch { return credential($place, 'batch', @_) }

sub start_batch { return start_client($place, [ 'credential', 'batch', @_ ], env => $place->{env}) }

# A command that is refused: its exit code, with what it says.
sub refused
{
	my ($args, $exit, $err, $name) = @_;
	my @result = batch(@$args);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is("$result[0]\n$result[2]", "$exit\n$err", $name);
	return;
}

sub write_csv
{
	my ($text) = @_;

	open my $file, '>:raw', "$place->{home}/p.csv" or die "could not write a file: $!\n";
	print $file $text;
	close $file or die "could not write a file: $!\n";
	return;
}

sub outcomes_of
{
	my ($number) = @_;

	return sql($node, "SELECT string_agg(project || ' ' || outcome, ', ' ORDER BY item) FROM slipway.batch_item WHERE batch = $number", db => $place->{db})->{out};
}

sub count_of
{
	my ($number, $outcome) = @_;

	return sql($node, "SELECT count(*) FROM slipway.batch_item WHERE batch = $number AND outcome = '$outcome'", db => $place->{db})->{out};
}

add_project($place, $_) for map { "p$_" } 1 .. 8;
add_project($place, 'c,d');
add_project($place, "e f");
add_project($place, 'nobody', unregistered => 1, stored => 0);

# Files

my $hint = "hint: A credential is registered by \"slipway credential register\". No batch was made.\n";
refused([ 'create' ], 2, "slipway: error: which projects are to be in the batch?\nhint: Write one of --input FILE, --missing and --status STATUS.\n", 'no choice');
refused([ qw(create --missing --input p.csv) ], 2, "slipway: error: which projects are to be in the batch?\nhint: Write one of --input FILE, --missing and --status STATUS.\n", 'two choices');
refused([ qw(create --input nowhere.csv) ], 2, "slipway: error: could not read \"nowhere.csv\": No such file or directory\n", 'no such file');
for my $case (
	[ '', "p.csv:1: there is nothing in it\nhint: Its first line is to name the columns.\n", 'an empty file' ],
	[ "\n\nname,role\np1,x\n", "p.csv:3: there is no column \"project_ref\"\nhint: There is \"name\", \"role\".\n", 'a missing column' ],
	[ "project_ref\n", "p.csv:1: there is no project below the names of the columns\n", 'only names of columns' ],
	[ "project_ref,role\np1,x\np2\n", "p.csv:3: 1 fields, where the first line names 2 columns\nhint: A field with a comma or a line feed in it needs quotation marks around it.\n", 'a line that is too short' ],
	[ "project_ref\np1\n\"p2\np3\n", "p.csv:3: a quotation mark that is not closed\n", 'an open quotation mark' ],
	[ "Project_Ref,x,project_ref\np1,x,p2\n", "p.csv:1: there are two columns \"project_ref\"\n", 'two columns of the same name' ],
	[ "project_ref,x\np1,\n,y\n", "p.csv:3: there is no name of a project\n", 'a name that is empty' ],
	[ "project_ref\np1\n\xFF\n", "p.csv:3: text that is not UTF-8\n", 'Latin 1' ],
	[ "project_ref\np1\np9\n", "p.csv:3: there is no project \"p9\"\n$hint", 'an unknown project' ],
	[ "project_ref\np1\nnobody\n", "p.csv:3: project \"nobody\" has no credential\n$hint", 'one without a credential' ],
	[ "project_ref\np1\np2\n\np1\n", "p.csv:5: project \"p1\" is in line 2 already\n$hint", 'the same twice' ])
{
	my ($text, $error, $name) = @$case;

	write_csv($text);
	refused([ qw(create --input p.csv) ], 2, "slipway: error: $error", $name);
}
write_csv("project_ref\n\"a\nb\"\np9\np1\np1\n");
refused([ qw(create --input p.csv) ], 2, "slipway: warning: p.csv:2: there is no project \"a\nb\"\nslipway: warning: p.csv:4: there is no project \"p9\"\n"
	. "slipway: error: p.csv:6: project \"p1\" is in line 5 already\n$hint", 'all that is wrong is said');
query_is($node, 'SELECT count(*) FROM slipway.batch', '0', 'nothing was made', db => $place->{db});

write_csv("\xEF\xBB\xBFnote,Project_Ref\r\n\"x, \"\"y\"\"\r\nz\",p2\r\n,\"c,d\"\r\n,\"e f\"\r\n\r\n,p1\r\n");
my ($exit, $out, $err) = batch(qw(create --input p.csv --name first));
is("$exit$out$err", "01\nbatch 1 (first): 4 projects\n", 'a byte order mark, CRLF, quotes and line feeds');
query_is($node, q{SELECT string_agg(project, '/' ORDER BY item) FROM slipway.batch_item WHERE batch = 1}, "p2/c,d/e f/p1", 'in its order', db => $place->{db});
refused([ qw(create --missing --name first) ], 4, "slipway: error: there is a batch \"first\" already (SW005)\n", 'a name that is taken');
refused([ qw(create --missing --name 7) ], 2, "slipway: error: the name of a batch must not look like the number of one: \"7\"\n", 'a name that is a number');
refused([ qw(create --missing --size 0) ], 2, "slipway: error: --size is at least 1\n", 'a size of nothing');

# Before it runs

refused([ qw(run nowhere) ], 1, "slipway: error: there is no batch \"nowhere\"\nhint: See \"slipway credential batch list\".\n", 'an unknown batch');
refused([ qw(run 1 --parallel 65) ], 2, "slipway: error: --parallel is from 1 to 64\n", 'too many at a time');
{
	local $place->{env} = {};
	($exit, $out, $err) = batch(qw(run 1));
	is("$exit$out", '2', 'no store');
	like($err, qr/^slipway: error: nothing says which store of secrets is to keep the passwords\n/, 'says so');
}
($exit, $out, $err) = batch(qw(run first -n));
is("$exit$err", '0', 'a dry run');
is($out, "p2: role app_p2_1, read-write, now missing\nc,d: role app_c,d_1, read-write, now missing\ne f: role app_e f_1, read-write, now missing\np1: role app_p1_1, read-write, now missing\n", 'says which');
($exit, $out, $err) = batch(qw(validate 1));
is("$exit$out", '0', 'validate before: nothing stands in the way') or diag($err);
($exit, $out, $err) = batch(qw(estimate 1 --parallel 2));
like("$exit$err$out", qr/^0projects left     4\nroles to make     4\nrisk              4 low, 0 medium, 0 high\ntime of each      not known: nothing was measured yet\n/, 'estimate');
($exit, $out, $err) = batch(qw(estimate 1 --json));
my ($estimate) = @{ json_lines($out) };
is_deeply([ @$estimate{qw(left roles total_ms parallel connections_needed)} ], [ 4, 4, undef, 4, 8 ], 'the same as JSON');

# It runs

($exit, $out, $err) = batch(qw(run first --parallel 3 --json));
is($exit, 0, 'run') or diag($err);
my @events = @{ json_lines($out) };
is(join(' ', sort map { $_->{project} } grep { $_->{event} eq 'item' && $_->{outcome} eq 'succeeded' } @events), "c,d e f p1 p2", 'an event for each project');
is_deeply([ map { @$_{qw(event succeeded failed rolled_back left)} } $events[-1] ], [ 'batch', 4, 0, 0, 0 ], 'and one at the end');
is(log_in($place, $_), "app_${_}_1", "$_ uses its own role") for 'p1', 'p2';
is(log_in($place, 'p3'), $place->{shared}, 'p3 is not in the batch');
query_is($node, 'SELECT count(DISTINCT pid) > 1, max(attempt) FROM slipway.batch_item WHERE batch = 1', 't|1', 'by several sessions', db => $place->{db});
no_traces_left($place, 'run');
($exit, $out, $err) = batch(qw(run 1));
is("$exit$out$err", "0batch 1 is done\n", 'again: nothing to do');
($exit, $out, $err) = batch(qw(resume 1));
is("$exit$out$err", "0nothing is left of batch 1\n", 'nor to resume');
($exit, $out, $err) = batch(qw(validate 1 -v));
is($exit, 0, 'validate afterwards') or diag($out . $err);
is(() = $out =~ /^ok      .*: validate$/mg, 4, 'each was looked at again') or diag($out);
sql($node, 'GRANT INSERT ON p3.item TO app_p1_1', db => $place->{db});
($exit, $out, $err) = batch(qw(validate 1));
is($exit, 4, 'one of them has a right too many');
like($out, qr/^not ok  p1: validate: .*p3/ms, 'which is said');
sql($node, 'REVOKE INSERT ON p3.item FROM app_p1_1', db => $place->{db});
($exit, $out, $err) = batch(qw(estimate 1));
unlike($out, qr/not known/, 'now something was measured');

# What is missing; some fail

sql($node, "CREATE ROLE app_p4_1", db => $place->{db});
($exit, $out, $err) = batch(qw(create --missing --size 3));
is("$exit$out$err", "02\nbatch 2: 3 projects\n", 'those that are missing');
is(outcomes_of(2), 'p3 waiting, p4 waiting, p5 waiting', 'the first of them');
($exit, $out, $err) = batch(qw(create --missing));
is("$exit$out$err", "03\nbatch 3: 3 projects\n", 'the rest');
($exit, $out, $err) = batch(qw(create --missing));
is("$exit$out", '0', 'none is left');
is($err, "no project has status \"missing\" and is in no other batch: no batch was made\nhint: 2 projects have no credential; see \"slipway help credential register\"\n", 'and it says so');
($exit, $out, $err) = batch(qw(validate 2));
is($exit, 4, 'validate sees that a role is there already');
like($out, qr/^not ok  p4: .*app_p4_1/m, 'whose');
($exit, $out, $err) = batch(qw(run 2 --parallel 2));
is($exit, 5, 'one is rolled back');
like($err, qr/^slipway: warning: p4: rolled back: create: .*app_p4_1/m, 'it is said which and why');
like($err, qr/^batch 2: finished after .*: 2 succeeded, 1 rolled back$/m, 'the others were done');
is(outcomes_of(2), 'p3 succeeded, p4 rolled_back, p5 succeeded', 'so the database has it');
is(log_in($place, 'p4'), $place->{shared}, 'p4 goes on with the shared role');
no_traces_left($place, 'rolled back');
is((batch(qw(run 2)))[0], 5, 'run does not try it again');
is((batch(qw(resume 2)))[0], 5, 'nor does resume by itself');
sql($node, 'DROP ROLE app_p4_1', db => $place->{db});
($exit, $out, $err) = batch(qw(resume 2 --retry-failed));
is($exit, 0, 'resume --retry-failed') or diag($err);
is(log_in($place, 'p4'), 'app_p4_1', 'now it is done');

# Stopped

($exit, $out, $err) = batch(qw(stop 3 --reason lunch));
is("$exit$out$err", "0batch 3: no project is begun any more\n", 'stop');
is((batch(qw(stop 3)))[2], "batch 3 was stopped already\n", 'once');
($exit, $out, $err) = batch(qw(run 3));
is($exit, 1, 'run obeys');
like($err, qr/^slipway: error: batch 3 was stopped by \S+ at .* UTC: lunch\nhint: See "slipway credential batch resume"\.\n/, 'and says who and why');
($exit, $out, $err) = batch(qw(run 3 --max-duration 1ms));
is($exit, 1, 'still');
($exit, $out, $err) = batch(qw(resume 3 --parallel 1 --max-duration 1ms));
is($exit, 0, 'at the end of the time that there is');
like($err, qr/^batch 3: the time is over after .*\nhint: "slipway credential batch resume 3" goes on$/m, 'the rest is left');
cmp_ok(count_of(3, 'waiting'), '>=', 2, 'indeed');

# Interrupted by a signal, and killed

# Holds up whoever works on a project; returns a function that ends it.
sub hold_up
{
	my ($project) = @_;
	my $session = start_sql($node, "BEGIN; SELECT FROM slipway.credential WHERE project = '$project' FOR UPDATE; SELECT pg_sleep(60)", db => $place->{db}, application => 'holder');

	wait_until($node, q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep')}, 't', db => $place->{db});
	return sub {
		sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'}, db => $place->{db});
		finish_sql($session);
	};
}

sub wait_for_held
{
	wait_until($node, q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')}, 't', db => $place->{db});
	return;
}

my $let_go = hold_up('p7');
my $client = start_batch(qw(resume 3 --parallel 4));
wait_for_held();
kill 'TERM', $client->{run}{KIDS}[0]{PID};
Time::HiRes::sleep(0.5);
$let_go->();
($exit, $out, $err) = finish_client($client);
like($err, qr/^no project is begun any more; \d being worked on; once more to have them undone$/m, 'SIGTERM: they are finished');
is(count_of(3, 'running') . count_of(3, 'interrupted'), '00', 'none is left half way');
is(log_in($place, 'p7'), 'app_p7_1', 'the one that it was at is done');
($exit, $out, $err) = batch(qw(resume 3));
is(count_of(3, 'succeeded'), 3, 'and the rest with the next call');
no_traces_left($place, 'signal');

add_project($place, $_) for map { "k$_" } 1 .. 6;
is((batch(qw(create --missing --name killed)))[1], "4\n", 'another batch');
$let_go = hold_up('k2');
$client = start_batch(qw(run killed --parallel 2));
wait_for_held();
wait_until($node, "SELECT count(*) = 5 FROM slipway.batch_item WHERE batch = 4 AND outcome = 'succeeded'", 't', db => $place->{db});
my @workers = map { /^\s*(\d+)/ ? $1 : () } `ps -o pid= --ppid $client->{run}{KIDS}[0]{PID}`;
is(scalar(@workers), 2, 'two workers');
kill 'KILL', $client->{run}{KIDS}[0]{PID}, @workers;
finish_client($client);
$let_go->();
wait_until($node, "SELECT count(*) = 0 FROM slipway.batch_item WHERE batch = 4 AND outcome = 'running'", 't', db => $place->{db});
is(sql($node, q{SELECT outcome FROM slipway.batch_item WHERE batch = 4 AND project = 'k2'}, db => $place->{db})->{out}, 'interrupted', 'killed: the database knows what was interrupted');
is((batch(qw(list --format csv)))[1] =~ /^4,killed,(\w+)/m ? $1 : '', 'interrupted', 'so does the list');
($exit, $out, $err) = batch(qw(resume killed));
is($exit, 0, 'resume') or diag($err);
is(count_of(4, 'succeeded'), 6, 'all are done');
query_is($node, q{SELECT string_agg(project, ' ') FROM slipway.batch_item WHERE batch = 4 AND attempt > 1}, 'k2', 'nothing was done twice', db => $place->{db});
no_traces_left($place, 'killed');

# A worker that dies is replaced; the server restarts

add_project($place, $_) for map { "w$_" } 1 .. 5;
batch(qw(create --missing));
$let_go = hold_up('w1');
$client = start_batch(qw(run 5 --parallel 2));
wait_for_held();
wait_until($node, "SELECT count(*) = 4 FROM slipway.batch_item WHERE batch = 5 AND outcome = 'succeeded'", 't', db => $place->{db});
@workers = map { /^\s*(\d+)/ ? $1 : () } `ps -o pid= --ppid $client->{run}{KIDS}[0]{PID}`;
kill 'KILL', @workers;
$let_go->();
($exit, $out, $err) = finish_client($client);
is($exit, 0, 'workers were killed') or diag($err);
like($err, qr/^slipway: warning: a worker was ended by signal 9 at project w1$/m, 'which is said');
is(count_of(5, 'succeeded'), 5, 'all was done');

add_project($place, $_) for map { "r$_" } 1 .. 5;
batch(qw(create --missing));
$let_go = hold_up('r1');
$client = start_batch(qw(run 6 --parallel 2));
wait_for_held();
$node->restart;
eval { $let_go->() };
($exit, $out, $err) = finish_client($client);
is($exit, 0, 'the server was restarted') or diag($err);
is(count_of(6, 'succeeded'), 5, 'all was done');
no_traces_left($place, 'restart');

# No more after so many failures: of this run, and of the batch

for (1 .. 6)
{
	add_project($place, "f$_");
	sql($node, "CREATE ROLE app_f${_}_1", db => $place->{db});
}
batch(qw(create --missing --size 3));
($exit, $out, $err) = batch(qw(run 7 --parallel 1 --max-failures 2));
is($exit, 5, 'failures');
like($err, qr/^batch 7: stopped, as too many have failed after .*: 2 rolled back, 1 waiting$/m, 'it stops');
batch(qw(create --missing --max-failures 2));
($exit, $out, $err) = batch(qw(run 8 --parallel 1));
is($exit, 5, 'failures of the batch');
is(count_of(8, 'rolled_back') . count_of(8, 'waiting'), '21', 'it stops');
like($err, qr/^batch 8: stopped, as too many of the batch have failed after .*: 2 rolled back, 1 waiting$/m, 'and says why');
refused([ qw(run 8) ], 1, "slipway: error: batch 8 was stopped, as 2 of it have failed\nhint: See \"slipway credential batch resume\".\n", 'another run');
like((batch('list'))[1], qr/^ +8 +stopped /m, 'is known as stopped');
($exit, $out, $err) = batch(qw(resume 8 -n));
is(scalar(my @lines = $out =~ /^f\d: /mg), 1, 'a dry run of resume says what is left');
($exit, $out, $err) = batch(qw(resume 8 -n --retry-failed));
is(scalar(@lines = $out =~ /^f\d: /mg), 3, 'and what has failed, if that is to be tried again');
$client = start_batch(qw(watch 8));
is((finish_client($client))[0], 6, 'watch: nobody goes on');

# Watch

sql($node, "DROP ROLE app_f${_}_1", db => $place->{db}) for 1 .. 6;
$let_go = hold_up('f6');
$client = start_batch(qw(resume 8 --retry-failed --parallel 1));
wait_for_held();
is((batch(qw(resume 8)))[0], 7, 'others are at work on the rest') if count_of(8, 'waiting') == 0;
my $watch = start_batch(qw(watch 8));
# PST is another time in America
my $abroad;
{
	local $place->{env} = { %{ $place->{env} }, PGOPTIONS => '-c datestyle=German -c timezone=Asia/Manila' };
	$abroad = start_batch(qw(watch 8));
}
Time::HiRes::sleep(1);
$let_go->();
is((finish_client($client))[0], 0, 'it is done');
($exit, $out, $err) = finish_client($watch);
is($exit, 0, 'watch');
like($err, qr/^f6: succeeded in .*\n(?:.*\n)*batch 8: 3 succeeded\n\z/m, 'tells of it');
like((finish_client($abroad))[2], qr/^f6: succeeded in .*\n(?:.*\n)*batch 8: 3 succeeded\n\z/m, 'wherever one is');

# A second signal: what is worked on is undone

add_project($place, 'z1');
batch(qw(create --missing --name undone));
my $user = do { local $ENV{PGPASSWORD} = $place->{password}; start_sql($node, 'SELECT pg_sleep(120)', db => $place->{db}, user => $place->{shared}, application => 'z1') };
wait_until($node, q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'z1' AND state = 'active')}, 't', db => $place->{db});
$client = start_batch(qw(run undone --grace 100s));
wait_until($node, q{SELECT status = 'active' FROM slipway.project_credential WHERE project = 'z1'}, 't', db => $place->{db});
kill 'TERM', $client->{run}{KIDS}[0]{PID};
Time::HiRes::sleep(0.5);
kill 'TERM', $client->{run}{KIDS}[0]{PID};
($exit, $out, $err) = finish_client($client);
is($exit, 6, 'a second SIGTERM') or diag($err);
like($err, qr/^z1: it was stopped$/m, 'ends what waits for sessions to end');
is(state_of($place, 'z1'), 'rolled_back|f|f', 'which is undone');
is(log_in($place, 'z1'), $place->{shared}, 'and the application uses what it did before');
no_traces_left($place, 'second signal');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'z1'}, db => $place->{db});
finish_sql($user);

log_is_clean($place, 'all of it');
$node->stop;
done_testing();
