# Option cancel_blockers: what is cancelled that is in the way of a script, and,
# above all, what is not.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('cancel_blockers', conf => <<'EOC');
wal_level = logical
max_wal_senders = 4
max_replication_slots = 4
max_prepared_transactions = 2
autovacuum_naptime = 1s
autovacuum_max_workers = 5
EOC

$node->safe_psql(
	'postgres', q{
	CREATE ROLE app LOGIN; CREATE ROLE report LOGIN; CREATE ROLE "Odd, role" LOGIN;
	CREATE ROLE boss LOGIN SUPERUSER; CREATE ROLE repl LOGIN REPLICATION;
	CREATE ROLE deployer LOGIN; CREATE ROLE signaller LOGIN IN ROLE pg_signal_backend, pg_read_all_stats;
	CREATE ROLE boss_of_app LOGIN IN ROLE app;
	CREATE ROLE team; GRANT team TO deployer, signaller, boss_of_app; GRANT CREATE ON SCHEMA public TO team;
	CREATE TABLE busy (id integer); ALTER TABLE busy OWNER TO team; GRANT ALL ON busy TO PUBLIC;
	SELECT slipway.grant_role(r, 'deployer') FROM unnest('{deployer,signaller,boss_of_app}'::text[]) r;});

sub with
{
	my ($roles, %option) = @_;

	return (with => { lock_timeout => 200, retries => 1, cancel_blockers => $roles, %option });
}

# A session of a role that works, with the table locked; and its pid.
sub busy_session
{
	my ($user, %option) = @_;
	my $session = start_sql($node, 'BEGIN; LOCK TABLE busy IN ROW SHARE MODE; SELECT pg_sleep(100);', user => $user, application => "of $user", %option);

	wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'of $user' AND wait_event = 'PgSleep'", "a session of $user works");
	return ($session, sql($node, "SELECT pid FROM pg_stat_activity WHERE application_name = 'of $user'")->{out});
}

sub end_session
{
	my ($session, $pid) = @_;

	sql($node, "SELECT pg_terminate_backend($pid)");
	return finish_sql($session);
}

# The migration got the lock by a cancel of just that session.
sub cancels
{
	my ($answer, $pid, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($answer->{exit}, 0, "$name: the migration is applied") or diag($answer->{err});
	is(join(',', map { $_->{pid} } of_kind($answer, 'blocker_cancelled')), $pid, "$name: it is cancelled");
	is(join(',', map { "$_->{pid} $_->{reason}" } of_kind($answer, 'blocker_spared')), '', "$name: none is spared");
	return;
}

# The migration did not get it, for that reason.
sub spares
{
	my ($answer, $pid, $reason, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($answer->{sqlstate}, '55P03', "$name: the migration is not applied") or diag($answer->{err});
	is(join(',', map { $_->{pid} } of_kind($answer, 'blocker_cancelled')), '', "$name: nothing is cancelled");
	is(join(',', map { "$_->{pid} $_->{reason}" } of_kind($answer, 'blocker_spared')), "$pid $reason", "$name: said why");
	return;
}

sub is_alive
{
	my ($pid, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return query_is($node, "SELECT wait_event FROM pg_stat_activity WHERE pid = $pid", 'PgSleep', $name);
}

#
# What is asked for
#
my ($session, $pid) = busy_session('app');
my $answer = migrate($node, add_one($node, 'LOCK TABLE busy'), with => { lock_timeout => 100, retries => 1 });
is($answer->{sqlstate}, '55P03', 'nobody asked for it');
is(scalar(of_kind($answer, 'blocker_cancelled')) + scalar(of_kind($answer, 'blocker_spared')), 0, 'nothing is said of it');
is_alive($pid, 'the session goes on');
$answer = migrate($node, add_one($node, 'LOCK TABLE busy'), with('app', retries => 0));
is($answer->{sqlstate}, '55P03', 'where there is no other try');
is(scalar(of_kind($answer, 'blocker_cancelled')), 0, 'nothing is cancelled');
spares(migrate($node, add_one($node, 'LOCK TABLE busy'), with('')), $pid, 'its role is not among those named', 'no role');
spares(migrate($node, add_one($node, 'LOCK TABLE busy'), with('report,boss')), $pid, 'its role is not among those named', 'other roles');
is(scalar(of_kind(migrate($node, add_one($node, 'LOCK TABLE busy'), with('none')), 'blocker_spared')), 0, '"none" is as if it were not there');
is_alive($pid, 'the session goes on');
my $log = -s $node->logfile;
$answer = migrate($node, add_one($node, 'LOCK TABLE busy'), with('report, APP'));
cancels($answer, $pid, 'a role that is named');
my ($cancelled) = of_kind($answer, 'blocker_cancelled');
is("$cancelled->{migration} $cancelled->{type} $cancelled->{role} $cancelled->{application}",
	'0001_it client backend app of app', 'the event says whose it was');
is(join(' ', map { $_->{event} } @{ $answer->{event} }), 'start blocked blocker_cancelled retry applied done', 'before the next try');
is(finish_sql($session)->{sqlstate}, '57014', 'what its session is told');
like(slurp_file($node->logfile, $log), qr/LOG:  pg_slipway has cancelled process $pid \(client backend, role app\), which was in the way of migration "0001_it"/, 'what the log says');

($session, $pid) = busy_session('app');
cancels(migrate($node, add_one($node, 'LOCK TABLE busy'), before => "SET slipway.cancel_blockers = 'app, report';", with => { lock_timeout => 200, retries => 1 }), $pid, 'the setting');
finish_sql($session);
($session, $pid) = busy_session('app');
$answer = migrate($node, add_one($node, 'LOCK TABLE busy'), before => 'SET slipway.cancel_blockers = app;', with('none'));
is($answer->{sqlstate}, '55P03', 'the option wins');
is_alive($pid, 'the session goes on');

# Several, of which one is
my ($second, $second_pid) = busy_session('report');
$answer = migrate($node, add_one($node, 'LOCK TABLE busy'), with('app'));
is(join(',', map { $_->{pid} } of_kind($answer, 'blocker_cancelled')), $pid, 'one of two is named');
is(join(',', map { $_->{pid} } of_kind($answer, 'blocker_spared')), $second_pid, 'the other is spared');
is(finish_sql($session)->{sqlstate}, '57014', 'the one is cancelled');
is_alive($second_pid, 'the other goes on');
end_session($second, $second_pid);

# One that was in the way, and does something else when the script fails
my $later = 'BEGIN; LOCK TABLE busy IN ROW SHARE MODE; SELECT pg_sleep(2); COMMIT; SELECT pg_sleep(100);';
$session = start_sql($node, $later, user => 'app', application => 'later');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'later' AND wait_event = 'PgSleep'}, 'it works');
$pid = sql($node, q{SELECT pid FROM pg_stat_activity WHERE application_name = 'later'})->{out};
$answer = migrate($node, add_one($node, q{DO $$ BEGIN
	LOCK TABLE busy;
EXCEPTION WHEN lock_not_available THEN
	WHILE EXISTS (SELECT FROM pg_locks WHERE relation = 'busy'::regclass) LOOP PERFORM pg_sleep(0.02); END LOOP;
	RAISE;
END $$}), with('app'));
is($answer->{exit}, 0, 'a session that has gone on: the migration is applied') or diag($answer->{err});
is(join(',', map { "$_->{pid} $_->{reason}" } of_kind($answer, 'blocker_spared')), "$pid it is not in the way any more", 'it is spared');
is(join(',', map { $_->{pid} } of_kind($answer, 'blocker_cancelled')), '', 'nothing is cancelled');
is_alive($pid, 'it goes on');
end_session($session, $pid);

# Values that make no sense
for my $bad ([ 'app,', '22023' ], [ 'app report', '22023' ], [ 'nobody_there', '42704' ], [ '"app', '22023' ])
{
	is(migrate($node, add_one($node, 'LOCK TABLE busy'), with($bad->[0]))->{sqlstate}, $bad->[1], "cancel_blockers: $bad->[0]");
}
is(migrate($node, add_one($node, 'LOCK TABLE busy'), with => { cancel_blockers => 1 })->{sqlstate}, '22023', 'cancel_blockers: a number');
is(migrate($node, add_one($node, 'LOCK TABLE busy'), with('"Odd, role"'))->{exit}, 0, 'cancel_blockers: a quoted name');
is(migrate($node, add_one($node, 'LOCK TABLE busy'), with => { cancel_blockers => undef })->{exit}, 0, 'cancel_blockers: null');

#
# What the caller may not cancel
#
($session, $pid) = busy_session('app');
spares(migrate($node, add_one($node, 'LOCK TABLE busy'), user => 'deployer', with('app')), $pid, 'this role may not cancel it', 'a deployer without rights');
is_alive($pid, 'the session goes on');
cancels(migrate($node, add_one($node, 'LOCK TABLE busy'), user => 'signaller', with('app')), $pid, 'a member of pg_signal_backend');
finish_sql($session);
($session, $pid) = busy_session('app');
cancels(migrate($node, add_one($node, 'LOCK TABLE busy'), user => 'boss_of_app', with('app')), $pid, 'a member of the role');
finish_sql($session);

#
# What nobody may
#
($session, $pid) = busy_session('boss');
spares(migrate($node, add_one($node, 'LOCK TABLE busy'), with('boss')), $pid, q{it is a superuser's session}, 'a session of a superuser');
spares(migrate($node, add_one($node, 'LOCK TABLE busy'), user => 'signaller', with('boss')), $pid, q{it is a superuser's session}, 'for others, too');
is_alive($pid, 'it goes on');
end_session($session, $pid);

my $idle = $node->background_psql('postgres', extra_params => [ '-U', 'app' ]);
$pid = answer_of($idle, 'BEGIN; LOCK TABLE busy IN ROW SHARE MODE; SELECT pg_backend_pid()');
$answer = migrate($node, add_one($node, 'LOCK TABLE busy'), with('app'));
spares($answer, $pid, 'it is idle in a transaction, which a cancel does not end', 'an idle transaction');
like($answer->{err}, qr/HINT:  .*pg_terminate_backend\($pid\)/, 'there is a hint for people');
is(answer_of($idle, 'SELECT 1'), '1', 'it goes on');
$idle->query_safe('COMMIT');
$idle->quit;

my $sender = $node->background_psql('postgres', replication => 'database', extra_params => [ '-U', 'repl' ]);
$pid = answer_of($sender, 'SELECT pg_backend_pid()');
query_is($node, "SELECT backend_type FROM pg_stat_activity WHERE pid = $pid", 'walsender', 'a sender of WAL');
$sender->query_safe('BEGIN; LOCK TABLE busy IN ROW SHARE MODE');
spares(migrate($node, add_one($node, 'LOCK TABLE busy'), with('repl')), $pid, q{it is not a client's session}, 'a sender of WAL');
is(answer_of($sender, 'SELECT 1'), '1', 'it goes on');
$sender->query_safe('COMMIT');
$sender->quit;

$node->safe_psql('postgres', q{CREATE DATABASE source});
$node->safe_psql('source', q{CREATE TABLE fed (id integer); CREATE PUBLICATION p FOR TABLE fed;
	SELECT pg_create_logical_replication_slot('s', 'pgoutput')});
$node->safe_psql('postgres', q{
	CREATE TABLE fed (id integer);
	CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(100); RETURN NEW; END';
	CREATE TRIGGER wait BEFORE INSERT ON fed FOR EACH ROW EXECUTE FUNCTION wait();
	ALTER TABLE fed ENABLE ALWAYS TRIGGER wait;});
my $source = $node->connstr('source') . ' user=' . getpwuid($<);
$node->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '" . ($source =~ s/'/''/gr) . "' PUBLICATION p WITH (create_slot = false, slot_name = 's', copy_data = false)");
$node->safe_psql('source', 'INSERT INTO fed VALUES (1)');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type LIKE 'logical replication%' AND wait_event = 'PgSleep'}, 'a background worker works');
$pid = sql($node, q{SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'logical replication%' AND wait_event = 'PgSleep'})->{out};
spares(migrate($node, add_one($node, 'LOCK TABLE ' . 'fed'), with(scalar getpwuid($<))), $pid, q{it is not a client's session}, 'a background worker');
is_alive($pid, 'it goes on');
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION s DISABLE');
sql($node, "SELECT pg_terminate_backend($pid)");
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s');
wait_until($node, q{SELECT count(*) = 0 FROM pg_replication_slots WHERE active}, 'nobody uses the slot');
$node->safe_psql('source', q{SELECT pg_drop_replication_slot('s')});

$node->safe_psql('postgres', q{BEGIN; UPDATE busy SET id = 1; PREPARE TRANSACTION 'two'});
spares(migrate($node, add_one($node, 'LOCK TABLE busy'), with('app')), 0, 'it is a prepared transaction', 'a prepared transaction');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'two'});

#
# Vacuum
#
sub wait_for_vacuum
{
	my ($what) = @_;
	my $query = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND wait_event = 'VacuumDelay' AND query LIKE 'autovacuum: VACUUM%$what'";

	wait_until($node, "SELECT count(*) = 1 FROM ($query) q", "autovacuum: $what");
	return sql($node, $query)->{out};
}

my $slow = 'autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1';
$node->safe_psql('postgres', qq{
	CREATE TABLE old (id integer, text text) WITH (autovacuum_freeze_max_age = 100000, $slow);
	INSERT INTO old SELECT i, repeat('x', 1000) FROM generate_series(1, 5000) i;
	CREATE TABLE burnt (id integer);
	DO \$\$ BEGIN
		FOR i IN 1 .. 110000 LOOP
			BEGIN INSERT INTO burnt VALUES (i); EXCEPTION WHEN division_by_zero THEN NULL; END;
		END LOOP;
	END \$\$;});
$pid = wait_for_vacuum('public.old (to prevent wraparound)');
spares(migrate($node, add_one($node, 'LOCK TABLE ' . 'old'), with('')), $pid, 'it prevents a wraparound of transaction ids', 'a vacuum that prevents wraparound');
spares(migrate($node, add_one($node, 'LOCK TABLE ' . 'old'), with('boss,app')), $pid, 'it prevents a wraparound of transaction ids', 'whoever is named');
query_is($node, "SELECT count(*) FROM pg_stat_activity WHERE pid = $pid AND query LIKE '%wraparound%'", '1', 'it goes on');

# The server itself cancels an ordinary one, which has to be held so that we can.
$node->safe_psql('postgres', qq{
	CREATE TABLE dead (id integer, text text) WITH (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0, $slow);
	INSERT INTO dead SELECT i, repeat('x', 1000) FROM generate_series(1, 5000) i;
	UPDATE dead SET id = -id});
$pid = wait_for_vacuum('public.dead');
$node->safe_psql('postgres', 'ALTER TABLE dead OWNER TO team');
$pid = wait_for_vacuum('public.dead');
is(kill('STOP', $pid), 1, 'the worker is held');
spares(migrate($node, add_one($node, 'LOCK TABLE ' . 'dead'), user => 'signaller', with('')), $pid, 'this role may not cancel it', 'autovacuum, for who is no superuser')
  if $node->pg_version < 18;
my $deploy = start_migrate($node, add_one($node, 'LOCK TABLE ' . 'dead'), with('', retries => 100));
for (1 .. 500)
{
	last if slurp_file($deploy->{err}) =~ /blocker_cancelled/;
	select undef, undef, undef, 0.02;
}
is(kill('CONT', $pid), 1, 'the worker is let go');
$answer = finish_sql($deploy);
is($answer->{exit}, 0, 'an ordinary vacuum: the migration is applied') or diag($answer->{err});
($cancelled) = of_kind($answer, 'blocker_cancelled');
is("$cancelled->{pid} $cancelled->{type}", "$pid autovacuum worker", 'the worker is cancelled');
ok(!exists $cancelled->{role}, 'it has no role');

#
# The client
#
my $place = new_place($node, { '0001_it.sql' => "LOCK TABLE held;\n" });
sql($node, 'CREATE TABLE held (); GRANT ALL ON held TO app', db => $place->{db});

sub hold_table
{
	my $holder = start_sql($node, 'BEGIN; LOCK TABLE held IN ROW SHARE MODE; SELECT pg_sleep(100);', db => $place->{db}, user => 'app', application => 'holder');

	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'}, 'the table is held');
	return ($holder, sql($node, q{SELECT pid FROM pg_stat_activity WHERE application_name = 'holder'})->{out});
}

($session, $pid) = hold_table();
my @brief = ('--lock-timeout', '200ms', '--retries', '1');
my ($exit, $out, $err) = client($place, [ 'migrate', @brief, '--cancel-blockers' ]);
is($exit, 5, '--cancel-blockers without roles');
like($err, qr/^0001_it: pid $pid is not cancelled: its role is not among those named$/m, 'says why it does not help');
($exit, $out, $err) = client($place, [ 'migrate', @brief, '--cancel-blockers=none' ]);
is($exit, 5, '--cancel-blockers=none');
unlike($err, qr/cancelled/, 'says nothing');
($exit, $out) = client($place, [ '--json', 'migrate', @brief, '--cancel-blockers' ]);
json_fits($out, [qw(start blocked blocker_spared retry error)], '--cancel-blockers --json: objects');
($exit, $out, $err) = client($place, [ 'migrate', @brief, '--cancel-blockers=app,report' ]);
is($exit, 0, '--cancel-blockers=app,report') or diag($err);
like($err, qr/^0001_it: cancelled pid $pid, which was in the way$/m, 'says what it did');
finish_sql($session);
($session, $pid) = hold_table();
put_files($place, { '0002_again.sql' => "LOCK TABLE held;\n" });
($exit, $out) = client($place, [ '--json', 'migrate', @brief ], env => { SLIPWAY_CANCEL_BLOCKERS => 'app' });
is($exit, 0, 'SLIPWAY_CANCEL_BLOCKERS');
json_fits($out, [qw(start blocked blocker_cancelled retry applied done)], 'its objects');
finish_sql($session);
put_files($place, { '0003_more.sql' => "SELECT 1;\n" });
($exit, $out, $err) = client($place, [ 'migrate', '--cancel-blockers=nobody_there' ]);
is($exit, 1, 'a role that does not exist');
like($err, qr/role "nobody_there" does not exist/, 'is an error');

$node->stop('immediate');
done_testing();
