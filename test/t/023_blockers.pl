# Who is in the way of a script that waits for a lock: said while it waits, before
# each new try, when it gives up, and in the server's log only if that is wanted.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $node = new_node('blockers', conf => "max_prepared_transactions = 2\nlog_lock_waits = off\n");
my $STILL_WAITING = qr/still waiting for/;

$node->safe_psql(
	'postgres', q{
	CREATE ROLE app LOGIN; CREATE ROLE deployer LOGIN; CREATE ROLE watcher LOGIN IN ROLE pg_read_all_stats;
	GRANT CREATE ON SCHEMA public TO deployer, watcher;
	CREATE TABLE busy (id integer PRIMARY KEY, name text);
	INSERT INTO busy SELECT generate_series(1, 10);
	GRANT ALL ON busy TO app, deployer, watcher;
	SELECT slipway.grant_role('deployer', 'deployer'), slipway.grant_role('watcher', 'deployer');});

# A session of a role, and its pid.
sub session
{
	my ($user, $application) = @_;
	my $session = $node->background_psql('postgres', extra_params => [ '-U', $user ]);

	$session->query_safe("SET application_name = '$application'");
	return ($session, answer_of($session, 'SELECT pg_backend_pid()'));
}

# What the server's log has got since the last call.
{
	my $seen = 0;

	sub new_log
	{
		my $log = slurp_file($node->logfile, $seen);
		$seen += length $log;
		return $log;
	}
}

# Waits until a deploy in the background has sent an event.
sub wait_for_event
{
	my ($deploy, $kind) = @_;

	for (1 .. 1000)
	{
		return if slurp_file($deploy->{err}) =~ /"event":"$kind"/;
		Time::HiRes::sleep(0.02);
	}
	die "no event $kind: " . slurp_file($deploy->{err});
}

my %brief = (with => { lock_timeout => 100, retries => 1 });
my %once = (with => { lock_timeout => 100, retries => 0 });

#
# A table that is read for long
#
my ($reader, $pid) = session('app', 'report');
$reader->query_safe(qq{BEGIN; SELECT /* monthly
	figures */ count(*)   FROM busy});
new_log();
my @project = add_one($node, 'SELECT 1', 'ALTER TABLE busy ADD COLUMN b integer');
my $answer = migrate($node, @project, %brief);
is($answer->{sqlstate}, '55P03', 'a table that is read for long');
is(join(' ', map { $_->{event} } @{ $answer->{event} }), 'start blocked retry blocked', 'its events');
my ($blocked, $again) = of_kind($answer, 'blocked');
my ($retry) = of_kind($answer, 'retry');
is($blocked->{migration}, '0001_it', 'blocked: which migration');
is($blocked->{line}, 2, 'blocked: which line');
is($blocked->{statement}, 'ALTER TABLE busy ADD COLUMN b integer', 'blocked: which statement');
is("$blocked->{lock} $blocked->{on}", 'AccessExclusiveLock relation', 'blocked: which lock');
query_is($node, "SELECT $blocked->{relation_oid}::regclass", 'busy', 'blocked: on what');
is(scalar(@{ $blocked->{blockers} }), 1, 'one blocker');
my $blocker = $blocked->{blockers}[0];
my $age = delete $blocker->{transaction_ms};
cmp_ok($age, '>=', 40, 'blocker: age of its transaction');
cmp_ok($age, '<', 60000, 'in milliseconds');
my %report = (
	pid => $pid, type => 'client backend', role => 'app', application => 'report', state => 'idle in transaction',
	holds => 'AccessShareLock', query => 'SELECT /* monthly figures */ count(*) FROM busy ;');
is_deeply($blocker, \%report, 'blocker: who, and what it does');
is($blocked->{text}, "0001_it, line 2: waits for AccessExclusiveLock on relation $blocked->{relation_oid}, blocked by pid $pid",
	'the message says it in short');
cmp_ok(delete $retry->{blockers}[0]{transaction_ms}, '>', $age, 'retry: the age is that of now');
is_deeply($retry->{blockers}, [ \%report ], 'retry: the blockers');
is($retry->{relation}, 'public.busy', 'retry: the name of the relation');
like($retry->{text}, qr/lock timeout, blocked by pid $pid\), retry 1 of 1$/, 'retry: the message names it');
is($again->{relation}, 'public.busy', 'the next wait: the name is known');
my $explained = qr/It has waited for AccessExclusiveLock on relation public\.busy\.\nIn its way: pid $pid \(role app, application report, idle in transaction, transaction open for \d+ s\) holds AccessShareLock: SELECT .*busy/;
like($answer->{err}, qr/ERROR:  55P03: canceling statement due to lock timeout\nDETAIL:  $explained/, 'giving up: the detail of the error');
like($answer->{err}, qr/\nHINT:  .*pg_terminate_backend\($pid\)/, 'its hint: what would help against one that is idle');
like($answer->{err}, qr/\nCONTEXT:  migration "0001_it", line 2/, 'its context');
like(sql($node, "SELECT detail FROM slipway.history WHERE project = '$project[1]'")->{out}, qr/^$explained/, 'and so says the history');
like(new_log(), qr/DETAIL:  It has waited for/, 'and the server\'s log');

# The administrator did not ask for lines about waits.
my $deploy = start_migrate($node, @project, with => { lock_timeout => 0 });
wait_for_event($deploy, 'blocked');
query_is($node, "SELECT waits_for, blockers->0->>'pid', blockers->0->>'role', blockers->0->>'holds', blockers->0->>'query'
	FROM slipway.progress WHERE project = '$project[1]'",
	"AccessExclusiveLock on relation public.busy|$pid|app|AccessShareLock|$report{query}", 'the view of the progress says it, too');
$node->safe_psql('postgres', q{SELECT slipway.create_project('idle')});
query_is($node, "SELECT waits_for IS NULL, blockers IS NULL FROM slipway.progress WHERE project = 'idle'", 't|t', 'of those that do not wait nothing');
$reader->query_safe('COMMIT');
$answer = finish_sql($deploy);
is($answer->{exit}, 0, 'without a lock_timeout it waits until the lock is free') or diag($answer->{err});
is(join(' ', map { $_->{event} } @{ $answer->{event} }), 'start blocked applied done', 'and says so once');
unlike(new_log(), $STILL_WAITING, 'log_lock_waits is off: no line in the log');
$answer = migrate($node, add_one($node, 'SELECT 1'), before => "SET client_min_messages = 'log';", after => 'SHOW log_lock_waits; SHOW deadlock_timeout;');
is($answer->{out}, "off\n1s", 'the settings are as before');

# A wait that is over before anybody would ask
$reader->query_safe('BEGIN; SELECT FROM busy LIMIT 1');
$deploy = start_migrate($node, add_one($node, 'ALTER TABLE busy ADD COLUMN b2 integer'), with => { lock_timeout => '60s' });
wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'busy'::regclass AND NOT granted", 'it waits');
$reader->query_safe('COMMIT');
$answer = finish_sql($deploy);
is(join(' ', map { $_->{event} } @{ $answer->{event} }), 'start applied done', 'a short wait is none that is told of');

# A wait within the patience of a lock_timeout of its own, in a session that shows everything
$reader->query_safe('BEGIN; SELECT FROM busy LIMIT 1');
$answer = migrate($node, add_one($node, q{SET lock_timeout = '60ms'}, 'ALTER TABLE busy ADD COLUMN b3 integer'),
	before => "SET client_min_messages = 'log';", %once, with => { lock_timeout => '1h', retries => 0 });
has_event_count($answer, 'blocked', 1, 'the look is in time for a lock_timeout of the script');
unlike($answer->{err}, $STILL_WAITING, 'the client does not see the line that the administrator does not want');
like($answer->{err}, qr/In its way: pid $pid/, 'the error does');

# For the administrator who wants the lines
$node->append_conf('postgresql.conf', 'log_lock_waits = on');
$node->reload;
wait_until($node, "SELECT current_setting('log_lock_waits')::bool", 'the server has read its settings');
new_log();
$answer = migrate($node, add_one($node, 'ALTER TABLE busy ADD COLUMN c integer'), %brief);
has_event_count($answer, 'blocked', 2, 'log_lock_waits is on: the events');
is(scalar(() = new_log() =~ /$STILL_WAITING/g), 2, 'and one line in the log for each wait');
$answer = migrate($node, add_one($node, 'ALTER TABLE busy ADD COLUMN c integer'), %once, before => 'SET slipway.report_progress = off;');
is(scalar(@{ $answer->{event} }), 0, 'no events wanted');
like($answer->{err}, qr/In its way: pid $pid/, 'the error says it all the same');
$node->append_conf('postgresql.conf', 'log_lock_waits = off');
$node->reload;
wait_until($node, "SELECT NOT current_setting('log_lock_waits')::bool", 'the server has read its settings again');

#
# Who may see what
#
for my $case (
	[ deployer => 0, 'without rights' ],
	[ watcher => 1, 'of pg_read_all_stats' ])
{
	my ($user, $sees, $what) = @$case;
	my @shown = qw(state transaction_ms query);

	$node->safe_psql('postgres', "CREATE TABLE own_$user (id integer); ALTER TABLE own_$user OWNER TO $user; GRANT ALL ON own_$user TO app");
	$reader->query_safe("SELECT 'secret' FROM own_$user");
	@project = add_one($node, "ALTER TABLE own_$user ADD COLUMN n integer");
	$answer = migrate($node, @project, %brief, user => $user);
	is($answer->{sqlstate}, '55P03', "a deployer $what");
	for my $event (of_kind($answer, 'blocked'), of_kind($answer, 'retry'))
	{
		my %seen = %{ $event->{blockers}[0] };

		is(scalar(grep { exists $seen{$_} } @shown), $sees ? 3 : 0, "$event->{event}: what the session does");
		is("$seen{pid} $seen{role} $seen{application} $seen{holds}", "$pid app report AccessShareLock", "$event->{event}: who it is");
	}
	my $detail = sql($node, "SELECT detail || coalesce(hint, '') FROM slipway.history WHERE project = '$project[1]'")->{out};
	like($detail, qr/In its way: pid $pid \(role app, application report/, 'the history says who');
	is(scalar($answer->{err} =~ /secret|idle in/ || $detail =~ /secret|idle in/), $sees ? 1 : '', 'what the session does is shown nowhere or everywhere');

	$deploy = start_migrate($node, @project, with => { lock_timeout => 0 }, user => $user);
	wait_for_event($deploy, 'blocked');
	query_is($node, "SELECT blockers->0->>'pid', blockers->0->>'query' IS NOT NULL, blockers->0->>'state' IS NOT NULL
		FROM slipway.progress WHERE project = '$project[1]'", "$pid|" . ($sees ? 't|t' : 'f|f'), 'the view shows as much', user => $user);
	query_is($node, "SELECT blockers->0->>'query' LIKE '%secret%' FROM slipway.progress WHERE project = '$project[1]'", 't', 'and everything to a superuser');
	$node->safe_psql('postgres', "SELECT slipway.cancel('$project[1]')");
	is(finish_sql($deploy)->{sqlstate}, '57014', 'a run that is cancelled while it waits');
}

# Membership counts as in pg_stat_activity.
$node->safe_psql('postgres', 'GRANT app TO deployer');
$answer = migrate($node, @project = add_one($node, 'ALTER TABLE own_deployer ADD COLUMN n integer'), %once, user => 'deployer');
like($answer->{err}, qr/secret/, 'a member of the role sees what its sessions do');
$node->safe_psql('postgres', 'REVOKE app FROM deployer');

# A role that came later than the run
my ($late) = of_kind(migrate($node, @project, %once), 'blocked');
is($late->{blockers}[0]{role}, 'app', 'a role that is there when a run begins is named');
$reader->query_safe('COMMIT');
my $blocking = $node->background_psql('postgres');
$blocking->query_safe('BEGIN; LOCK TABLE busy');
@project = add_one($node, 'SELECT pg_sleep(1)', 'ALTER TABLE own_deployer ADD COLUMN late integer');
$deploy = start_migrate($node, @project, %brief);
wait_for_event($deploy, 'start');
$node->safe_psql('postgres', 'CREATE ROLE late LOGIN; GRANT ALL ON own_deployer TO late');
my ($later, $late_pid) = session('late', 'late');
$later->query_safe('BEGIN; SELECT FROM own_deployer');
$answer = finish_sql($deploy);
($late) = of_kind($answer, 'blocked');
is($late->{blockers}[0]{pid}, $late_pid, 'one that came later is seen');
($late) = of_kind($answer, 'retry');
is($late->{blockers}[0]{role}, 'late', 'and named before the next try');
$later->quit;
$blocking->quit;

#
# Other kinds of locks
#
$reader->query_safe('BEGIN; UPDATE busy SET name = 1 WHERE id = 1');
$answer = migrate($node, add_one($node, 'UPDATE busy SET name = 2 WHERE id = 1'), %once);
($blocked) = of_kind($answer, 'blocked');
is("$blocked->{lock} $blocked->{on}", 'ShareLock transactionid', 'a row that another transaction has changed');
is("$blocked->{blockers}[0]{pid} $blocked->{blockers}[0]{holds}", "$pid ExclusiveLock", 'who that is');
ok(!exists $blocked->{relation_oid}, 'it is no relation');
like($answer->{err}, qr/It has waited for ShareLock on transaction \d+\.\nIn its way: pid $pid/, 'the error says so');

my ($second, $second_pid) = session('app', 'second');
$second->query_until(qr/begun/, "\\echo begun\nUPDATE busy SET name = 3 WHERE id = 1;\n");
wait_until($node, "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $second_pid", 'somebody else waits for the row');
$answer = migrate($node, add_one($node, 'UPDATE busy SET name = 2 WHERE id = 1'), %once);
($blocked) = of_kind($answer, 'blocked');
is("$blocked->{on} $blocked->{blockers}[0]{pid}", "tuple $second_pid", 'who waits for the row before it');
like($answer->{err}, qr/ExclusiveLock on tuple of relation public\.busy/, 'of which relation');
$reader->query_safe('COMMIT');
$second->query_safe('SELECT 1');

# One that waits ahead of it, but has nothing yet
$reader->query_safe('BEGIN; SELECT FROM busy LIMIT 1');
$second->quit;
my $locker = $node->background_psql('postgres');
my $locker_pid = answer_of($locker, 'SELECT pg_backend_pid()');
$locker->query_until(qr/begun/, "\\echo begun\nBEGIN; LOCK TABLE busy; COMMIT;\n");
wait_until($node, "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $locker_pid", 'one waits for a reader');
$answer = migrate($node, add_one($node, 'SELECT count(*) FROM busy'), %once);
($blocked) = of_kind($answer, 'blocked');
is_deeply([ map { "$_->{pid} " . ($_->{holds} // "waits $_->{waits}") } @{ $blocked->{blockers} } ],
	["$locker_pid waits AccessExclusiveLock"], 'who stands in the queue before it');
like($answer->{err}, qr/In its way: pid $locker_pid .* waits before it for AccessExclusiveLock: /, 'and the error says so');

# Several, of which some hold and one waits
$deploy = start_migrate($node, add_one($node, 'ALTER TABLE busy ADD COLUMN d integer'), %once);
$answer = finish_sql($deploy);
($blocked) = of_kind($answer, 'blocked');
is_deeply([ sort { $a <=> $b } map { $_->{pid} } @{ $blocked->{blockers} } ], [ sort { $a <=> $b } $pid, $locker_pid ], 'several blockers');
$reader->query_safe('COMMIT');
$locker->quit;

# A prepared transaction
$node->safe_psql('postgres', q{BEGIN; UPDATE busy SET name = 4; PREPARE TRANSACTION 'two'});
$answer = migrate($node, add_one($node, 'ALTER TABLE busy ADD COLUMN e integer'), %brief);
($blocked) = of_kind($answer, 'blocked');
is("$blocked->{blockers}[0]{pid} $blocked->{blockers}[0]{type} $blocked->{blockers}[0]{holds}",
	'0 prepared transaction RowExclusiveLock', 'a prepared transaction');
like($answer->{err}, qr/In its way: a prepared transaction holds RowExclusiveLock/, 'the error says so');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'two'});

# An advisory lock, which its session has without a transaction
$reader->query_safe('SELECT pg_advisory_lock(42)');
$answer = migrate($node, add_one($node, 'SELECT pg_advisory_xact_lock(42)'), %brief);
($retry) = of_kind($answer, 'retry');
is("$retry->{on} $retry->{blockers}[0]{pid} $retry->{blockers}[0]{state}", "advisory $pid idle", 'an advisory lock');
ok(!exists $retry->{blockers}[0]{transaction_ms}, 'there is no transaction that could have an age');
$reader->query_safe('SELECT pg_advisory_unlock_all()');

#
# Other errors
#
$reader->query_safe('BEGIN; LOCK TABLE busy IN SHARE MODE');
$answer = migrate($node, add_one($node, 'LOCK TABLE busy NOWAIT'), %brief);
is($answer->{sqlstate}, '55P03', 'a statement that does not wait');
is(scalar(grep { exists $_->{blockers} } @{ $answer->{event} }), 0, 'has waited for nobody');
unlike($answer->{err}, qr/In its way/, 'and its error does not say so');
$answer = migrate($node,
	add_one($node, q{DO $$ BEGIN LOCK TABLE busy; EXCEPTION WHEN lock_not_available THEN LOCK TABLE busy NOWAIT; END $$}), %once);
has_event_count($answer, 'blocked', 1, 'a wait whose end the script catches');
unlike($answer->{err}, qr/In its way/, 'it is not what failed afterwards');
$answer = migrate($node,
	add_one($node, q{DO $$ BEGIN LOCK TABLE busy; EXCEPTION WHEN lock_not_available THEN NULL; END $$}, 'SELECT 1/0'), %once);
unlike($answer->{err}, qr/In its way/, 'nor what another statement failed of');
$answer = migrate($node, add_one($node, 'LOCK TABLE busy'), with => { lock_timeout => '200ms', statement_timeout => 150, retries => 3 });
is($answer->{sqlstate}, '57014', 'a wait that statement_timeout ends');
like($answer->{err}, qr/In its way: pid $pid/, 'is a wait, too');
$reader->query_safe('COMMIT');

# A deadlock: the server's own words
my $other = $node->background_psql('postgres');
my $other_pid = answer_of($other, "SET deadlock_timeout = '1h'; SELECT pg_backend_pid()");
$other->query_safe('CREATE TABLE rest (); BEGIN; LOCK TABLE busy');
$deploy = start_migrate($node, add_one($node, 'LOCK TABLE rest', 'LOCK TABLE busy'), with => { lock_timeout => '60s', retries => 0 });
wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'busy'::regclass AND NOT granted", 'it waits');
$other->query_until(qr/begun/, "\\echo begun\nLOCK TABLE rest;\n");
$answer = finish_sql($deploy);
is($answer->{sqlstate}, '40P01', 'a deadlock') or diag($answer->{err});
is(scalar(of_kind($answer, 'retry')), 0, 'no other try wanted');
like($answer->{err}, qr/DETAIL:  Process \d+ waits for .*blocked by process $other_pid/, 'its detail is the server\'s');
unlike($answer->{err}, qr/In its way/, 'and nothing is added');
$other->query_safe('COMMIT');
$other->query_safe('BEGIN; LOCK TABLE busy');
@project = add_one($node, 'LOCK TABLE rest', 'LOCK TABLE busy');
$deploy = start_migrate($node, @project, with => { lock_timeout => '60s', retries => 3 });
wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'busy'::regclass AND NOT granted", 'it waits');
$other->query_until(qr/begun/, "\\echo begun\nLOCK TABLE rest;\n");
wait_for_event($deploy, 'retry');
$other->query_safe('COMMIT');
$answer = finish_sql($deploy);
is($answer->{exit}, 0, 'a deadlock, and another try') or diag($answer->{err});
($retry) = of_kind($answer, 'retry');
is($retry->{sqlstate}, '40P01', 'retry: why');
like($retry->{detail}, qr/^Process \d+ waits for .*blocked by process $other_pid/, 'retry: the detail of the server');
$other->quit;

#
# Between tries the others get through.
#
$reader->query_safe('BEGIN; SELECT FROM busy LIMIT 1');
$deploy = start_migrate($node, add_one($node, 'ALTER TABLE busy ADD COLUMN f integer'), with => { lock_timeout => 300, retries => 1000 });
my $through = 0;
wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'busy'::regclass AND NOT granted", 'it stands in the way of others');
for (1 .. 5)
{
	my $began = Time::HiRes::time();

	$through++ if sql($node, "SET lock_timeout = '60s'; SELECT count(*) FROM busy")->{exit} == 0 && Time::HiRes::time() - $began < 30;
}
is($through, 5, 'other readers get through between its tries');
$reader->query_safe('COMMIT');
is(finish_sql($deploy)->{exit}, 0, 'and then it does');

#
# A script with a lock_timeout of its own
#
my $SETS = q{migration "0001_it" sets lock_timeout to %s in line %d, in place of the run's 2s};

sub warnings_of
{
	my (%option) = @_;

	return join '|', map { $_->[1] } @{ migrate($node, %option)->{warning} };
}
my $answer_zero = migrate($node, add_one($node, 'SELECT 1', 'SET lock_timeout = 0', 'SELECT 2', "SET lock_timeout = '1s'"));
is(join('|', map { $_->[1] } @{ $answer_zero->{warning} }), sprintf($SETS, '0', 2), 'SET lock_timeout: one warning');
is($answer_zero->{warning}[0][0], '01000', 'of class 01');
is(warnings_of(add_one($node, "SET LOCAL lock_timeout = '5s'")), sprintf($SETS, '5s', 1), 'SET LOCAL');
is(warnings_of(add_one($node, "SELECT set_config('lock_timeout', '7s', true)")), sprintf($SETS, '7s', 1), 'set_config()');
is(warnings_of(add_one($node, q{DO $$ BEGIN PERFORM set_config('lock_timeout', '7s', false); END $$})), sprintf($SETS, '7s', 1), 'in a function');
is(warnings_of(add_one($node, "SET lock_timeout = '9s'"), with => { lock_timeout => '9s' }), '', 'what it is anyway is not worth a word');
is(warnings_of(add_one($node, "CREATE FUNCTION f() RETURNS void LANGUAGE sql SET lock_timeout = '3s' AS ''", 'SELECT f()')), '', 'nor what a function has for itself');
my @both = add_one($node, 'SET lock_timeout = 0');
add_migrations($node, [ [ '0002_too', "SET lock_timeout = '3s'" ], [ '0003_not', 'SELECT 1' ] ], @both);
is(warnings_of(@both), join('|', sprintf($SETS, '0', 1), sprintf($SETS =~ s/0001_it/0002_too/r, '3s', 1)), 'one for each migration');
$reader->query_safe('BEGIN; SELECT FROM busy LIMIT 1');
$answer = migrate($node, add_one($node, "SET lock_timeout = '30ms'", 'ALTER TABLE busy ADD COLUMN g integer'), with => { retries => 3 });
is(scalar(@{ $answer->{warning} }), 1, 'and not for each try');
has_event_count($answer, 'retry', 3, 'of which there were some');
$reader->query_safe('COMMIT');

#
# Stepwise migrations
#
$node->safe_psql('postgres', 'CREATE TABLE indexed (id integer, n integer); GRANT ALL ON indexed TO app');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT /* an old snapshot */ 1');
new_log();
$deploy = start_migrate($node, add_one($node, 'CREATE TABLE first ()', 'CREATE INDEX CONCURRENTLY ON indexed (id)', 'CREATE TABLE last ()'),
	after => 'SHOW deadlock_timeout; SHOW log_lock_waits;', with => { lock_timeout => 100, retries => 0 });
wait_for_event($deploy, 'blocked');
query_is($node, "SELECT blockers->0->>'pid', blockers->0->>'query' FROM slipway.progress WHERE outcome = 'running'",
	"$pid|SELECT /* an old snapshot */ 1 ;", 'the progress of a concurrent build');
$reader->query_safe('COMMIT');
$answer = finish_sql($deploy);
is("$answer->{exit} $answer->{out}", "0 1s\noff", 'a concurrent build waits for longer than lock_timeout') or diag($answer->{err});
($blocked) = of_kind($answer, 'blocked');
is("$blocked->{line} $blocked->{on} $blocked->{blockers}[0]{pid} $blocked->{blockers}[0]{query}",
	"2 virtualxid $pid SELECT /* an old snapshot */ 1 ;", 'and says for whom');
has_event_count($answer, 'blocked', 1, 'once');
unlike(new_log(), $STILL_WAITING, 'and not in the log');

$reader->query_safe('BEGIN; SELECT FROM busy LIMIT 1');
@project = add_one($node, 'VACUUM indexed', 'ALTER TABLE busy ADD COLUMN i integer', 'VACUUM indexed');
$answer = migrate($node, @project, %brief, go_on => 1, after => 'SHOW deadlock_timeout; SHOW log_lock_waits;');
is($answer->{sqlstate}, '55P03', 'an ordinary unit of a stepwise migration');
has_event_count($answer, $_, $_ eq 'blocked' ? 2 : 1, "has its $_") for qw(blocked retry);
like($answer->{err}, qr/DETAIL:  It has waited for AccessExclusiveLock on relation public\.busy\.\nIn its way: pid $pid .*\n.*stopped part way/,
	'the detail says both');
is($answer->{out}, "1s\noff", 'the settings of the session');
$reader->query_safe('COMMIT');
is(migrate($node, @project)->{exit}, 0, 'the next run goes on');

$reader->query_safe('BEGIN; LOCK TABLE indexed IN SHARE MODE');
$deploy = start_migrate($node, add_one($node, 'VACUUM indexed'), %once);
wait_for_event($deploy, 'blocked');
$reader->query_safe('COMMIT');
$answer = finish_sql($deploy);
is($answer->{exit}, 0, 'VACUUM waits for longer than lock_timeout') or diag($answer->{err});
($blocked) = of_kind($answer, 'blocked');
is("$blocked->{lock} $blocked->{blockers}[0]{holds}", 'ShareUpdateExclusiveLock ShareLock', 'and says for whom');

#
# The client
#
my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE held ();\nGRANT ALL ON held TO app;\n" }, bare => 1);
client($place, ['init']);
is((client($place, ['migrate']))[0], 0, 'a table is made');
my $sleeper = start_sql($node, 'BEGIN; LOCK TABLE held IN SHARE MODE; SELECT pg_sleep(100);', db => $place->{db}, user => 'app', application => 'sleeper');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'sleeper' AND wait_event = 'PgSleep'}, 'the table is locked');
$pid = sql($node, q{SELECT pid FROM pg_stat_activity WHERE application_name = 'sleeper'})->{out};
put_files($place, { '0002_b.sql' => "SELECT 1;\nALTER TABLE held\n  ADD COLUMN x integer;\n" });
my ($exit, $out, $err) = client($place, [ 'migrate', '--lock-timeout', '200ms', '--retries', '2' ]);
is($exit, 5, 'giving up: exit code');
like($err, qr/\A
	0002_b:2:\ waits\ for\ AccessExclusiveLock\ on\ relation\ \d+\n
	\ \ pid\ $pid\ \(app,\ sleeper\):\ ShareLock,\ active,\ [\d.]+\ m?s\n
	\ \ \ \ SELECT\ pg_sleep\(100\);\n
	0002_b:\ rolled\ back\ \(canceling\ statement\ due\ to\ lock\ timeout\),\ retry\ 1\ of\ 2\n
	0002_b:\ rolled\ back\ \(canceling\ statement\ due\ to\ lock\ timeout\),\ retry\ 2\ of\ 2\n
	migrations\/0002_b\.sql:2:1:\ ERROR:\ canceling\ statement\ due\ to\ lock\ timeout\ \(55P03\)\n
	/x, 'what it says meanwhile: who is in the way once');
like($err, qr/^detail: It has waited for AccessExclusiveLock on relation public\.held\.\nIn its way: pid $pid \(role app, application sleeper, active, transaction open for \d+ s\) holds ShareLock: SELECT pg_sleep\(100\);$/m,
	'and in the end who it was');
like((client($place, ['log', '--json']))[1], qr/In its way: pid $pid/, 'the log keeps it');

my $running = start_client($place, [ 'migrate', '--lock-timeout', '1min' ]);
wait_until($node, "SELECT count(*) = 1 FROM slipway.progress WHERE blockers IS NOT NULL", 'it waits', db => $place->{db});
my $watching = start_client($place, ['watch']);
my $json = start_client($place, [ 'watch', '--json' ]);
my $who = qr/^0002_b: waits for AccessExclusiveLock on relation public\.held\n  pid $pid \(app, sleeper\): ShareLock, active, .*\n    SELECT pg_sleep\(100\);$/m;
for (1 .. 400)
{
	$_->{run}->pump_nb for $running, $watching, $json;
	last if $watching->{err} =~ $who && $json->{out} =~ /"blocked"/;
	Time::HiRes::sleep(0.05);
}
sql($node, "SELECT pg_terminate_backend($pid)");
is((finish_client($running))[0], 0, 'it goes on when the lock is free');
($exit, $out, $err) = finish_client($watching);
is($exit, 0, 'watch');
is(scalar(() = $err =~ /$who/g), 1, 'says once who is in the way') or diag($err);
($exit, $out, $err) = finish_client($json);
json_fits($out, [qw(run blocked applied done)], 'watch --json: objects');
finish_sql($sleeper);

# Processes that help somebody with a query are one with him.
$node->safe_psql('postgres', 'CREATE TABLE large AS SELECT generate_series(1, 20000) AS id; GRANT SELECT ON large TO app; ALTER TABLE large SET (parallel_workers = 2); ANALYZE large');
my $parallel = start_sql($node, q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SELECT count(*) FROM large WHERE pg_sleep(0.005) IS NOT NULL}, user => 'app', application => 'helped');
wait_until($node, q{SELECT count(*) >= 2 FROM pg_locks WHERE relation = 'large'::regclass AND granted}, 'a query has helpers');
$answer = migrate($node, add_one($node, 'ALTER TABLE large ADD COLUMN name text'), %once);
is($answer->{sqlstate}, '55P03', 'a query with helpers is in the way');
is(join(' ', map { $_->{application} } @{ (of_kind($answer, 'blocked'))[0]{blockers} }), 'helped', 'and is named once') or diag($answer->{err});
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'helped' AND backend_type = 'client backend'});
finish_sql($parallel);

# A session of which the server keeps no account is in the way like any other.
my $untracked = start_sql($node, 'SET track_activities = off; BEGIN; SELECT FROM busy; SELECT pg_sleep(100)', application => 'untracked');
wait_until($node, q{SELECT count(*) = 1 FROM pg_locks l JOIN pg_stat_activity USING (pid) WHERE l.relation = 'busy'::regclass AND application_name = 'untracked'}, 'a session without account');
$answer = migrate($node, add_one($node, 'ALTER TABLE busy ADD COLUMN k integer'), %once);
is(join(' ', map { $_->{application} . ' ' . ($_->{state} // '-') } @{ (of_kind($answer, 'blocked'))[0]{blockers} }), 'untracked -', 'is named without a state')
  or diag($answer->{err});
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'untracked'});
finish_sql($untracked);

# Scripts may have all of the settings that are used for this; so may sessions.
$answer = migrate($node, add_one($node, "SET deadlock_timeout = '2h'", 'SET log_lock_waits = off', 'SELECT 1'),
	before => "SET deadlock_timeout = '3h';", after => 'SHOW deadlock_timeout; SHOW log_lock_waits;');
is("$answer->{exit} $answer->{out}", "0 3h\noff", 'settings of script and session');
$answer = migrate($node, add_one($node, 'SELECT 1/0'),
	before => "SET deadlock_timeout = '3h';", go_on => 1, after => 'SHOW deadlock_timeout; SHOW log_lock_waits;');
is($answer->{out}, "3h\noff", 'also after a failure');
$reader->query_safe('BEGIN; SELECT FROM busy LIMIT 1');
$answer = migrate($node, add_one($node, "SET deadlock_timeout = '1h'", 'ALTER TABLE busy ADD COLUMN h integer'), %once);
is($answer->{sqlstate}, '55P03', 'a script that wants no look at its waits');
has_event_count($answer, 'blocked', 0, 'gets none');
$reader->quit;

no_locks_left($node, 'in the end');
$node->stop;
done_testing();
