# Time-outs that a role or database sets for its ordinary work do not kill a
# deploy; those that a script or a deployer asks for do.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $node = new_node('timeouts');
my $has_transaction_timeout =
  sql($node, "SELECT current_setting('server_version_num')::int >= 170000")->{out} eq 't';

# A superuser, so that rights are none of this test's business.
$node->safe_psql(
	'postgres', q{
	CREATE ROLE hasty LOGIN SUPERUSER;
	ALTER ROLE hasty SET statement_timeout = '100ms';
	ALTER ROLE hasty SET lock_timeout = '50ms';
	ALTER ROLE hasty SET idle_in_transaction_session_timeout = '50ms';
	ALTER ROLE hasty SET idle_session_timeout = 0;
	CREATE TABLE busy (id integer);});
$node->safe_psql('postgres', q{ALTER ROLE hasty SET transaction_timeout = '250ms'})
  if $has_transaction_timeout;
my @hasty = (user => 'hasty');

sub succeeds
{
	my ($name, @how) = @_;
	my $answer = migrate($node, @how);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($answer->{exit}, 0, $name) or diag($answer->{err});
	return $answer;
}

sub fails_with
{
	my ($sqlstate, $line, $name, @how) = @_;
	my $answer = migrate($node, @how);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($answer->{sqlstate}, $sqlstate, $name) or diag($answer->{err});
	like($answer->{err}, qr/migration "0001_it", line $line\b/, "$name: at that statement");
	return $answer;
}

# The role's settings are what they say.
is(sql($node, 'SELECT pg_sleep(1)', @hasty)->{sqlstate}, '57014', 'the role has a statement_timeout');

# Of the role
succeeds('a long statement', add_one($node, 'SELECT pg_sleep(0.3)'), @hasty);
succeeds('several statements', add_one($node, ('SELECT pg_sleep(0.08)') x 4), @hasty);
my @two = add_one($node, 'SELECT pg_sleep(0.15)');
add_migrations($node, [ [ '0002_more', 'SELECT pg_sleep(0.15)' ] ], @two);
succeeds('several migrations', @two, @hasty);

# Waiting for the lock of the project
my $holder = $node->background_psql('postgres');
my @frozen = add_one($node, 'SELECT 1');
$holder->query_safe("SELECT pg_advisory_lock(slipway.lock_key('$frozen[1]'))");
my $deploy = start_migrate($node, @frozen, @hasty);
wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", 'it waits');
Time::HiRes::sleep(0.4);
$holder->query_safe('SELECT pg_advisory_unlock_all()');
$deploy = finish_sql($deploy);
is($deploy->{exit}, 0, 'waiting for the lock of the project') or diag($deploy->{err});

# Waiting between tries, and for a table longer than the role's lock_timeout
my @busy = add_one($node, 'SELECT 1', 'ALTER TABLE busy ADD COLUMN name text');
$holder->query_safe('BEGIN; LOCK TABLE busy;');
$deploy = start_migrate($node, @busy, @hasty, with => { lock_timeout => 150, retries => 100 });
wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'busy'::regclass AND NOT granted", 'it waits for a table');
Time::HiRes::sleep(0.6);
$holder->query_safe('COMMIT');
$deploy = finish_sql($deploy);
is($deploy->{exit}, 0, 'waiting between tries') or diag($deploy->{err});
cmp_ok(scalar(grep { $_->{event} eq 'retry' } @{ $deploy->{event} }), '>=', 1, 'of which there were some');

# Of the script
fails_with('57014', 2, 'SET statement_timeout in a script',
	add_one($node, "SET statement_timeout = '50ms'", 'SELECT pg_sleep(5)'));
fails_with('57014', 2, 'SET LOCAL statement_timeout in a script',
	add_one($node, "SET LOCAL statement_timeout = '50ms'", 'SELECT pg_sleep(5)'), @hasty);
fails_with('57014', 2, 'set_config() of it',
	add_one($node, "SELECT set_config('statement_timeout', '50ms', true)", 'SELECT pg_sleep(5)'));
succeeds('it counts for each statement',
	add_one($node, "SET statement_timeout = '600ms'", ('SELECT pg_sleep(0.25)') x 3));
succeeds('and can be taken back',
	add_one($node, "SET statement_timeout = '50ms'", 'SELECT 1', 'SET statement_timeout = 0', 'SELECT pg_sleep(0.2)'));
my @next = add_one($node, "SET statement_timeout = '50ms'");
add_migrations($node, [ [ '0002_next', 'SELECT pg_sleep(0.2)' ] ], @next);
succeeds('it ends with the script', @next);
$holder->query_safe('BEGIN; LOCK TABLE busy;');
fails_with('55P03', 2, 'SET lock_timeout in a script',
	add_one($node, "SET lock_timeout = '20ms'", 'ALTER TABLE busy ADD COLUMN other text'),
	with => { lock_timeout => 0, retries => 1 });
$holder->query_safe('COMMIT');

# Of the deployer
fails_with('57014', 3, 'option statement_timeout',
	add_one($node, 'SELECT 1', 'SELECT pg_sleep(0.01)', 'SELECT pg_sleep(5)'), with => { statement_timeout => 100 });
succeeds('it counts for each statement',
	add_one($node, ('SELECT pg_sleep(0.25)') x 3), with => { statement_timeout => '600ms' });
succeeds('a script may set its own in place of it',
	add_one($node, "SET statement_timeout = '1min'", 'SELECT pg_sleep(0.2)'), with => { statement_timeout => 50 });
succeeds('0 is no limit', add_one($node, 'SELECT pg_sleep(0.2)'), @hasty, with => { statement_timeout => 0 });
@frozen = add_one($node, 'SELECT 1');
$holder->query_safe("SELECT pg_advisory_lock(slipway.lock_key('$frozen[1]'))");
is(migrate($node, @frozen, @hasty, with => { lock_wait => '300ms', statement_timeout => 10 })->{sqlstate},
	'SW006', 'option statement_timeout is not for the wait for the lock');
$holder->query_safe('SELECT pg_advisory_unlock_all()');
$holder->quit;

# A time-out is not worth a second try.
my @once = add_one($node, "SELECT nextval('tries')", 'SELECT pg_sleep(5)');
$node->safe_psql('postgres', 'CREATE SEQUENCE tries');
fails_with('57014', 2, 'a statement that takes too long', @once, with => { statement_timeout => 50, retries => 5 });
query_is($node, 'SELECT last_value FROM tries', '1', 'it is not tried again');

my $answer;

# transaction_timeout
SKIP:
{
	skip 'no transaction_timeout before 17', 5 unless $has_transaction_timeout;

	my @long = add_one($node, 'SELECT pg_sleep(0.3)');
	$node->safe_psql('postgres', q{CREATE ROLE brief LOGIN SUPERUSER; ALTER ROLE brief SET transaction_timeout = '100ms'});
	is(sql($node, 'BEGIN; SELECT pg_sleep(1); COMMIT;', user => 'brief')->{sqlstate}, '25P04',
		'the role has a transaction_timeout');
	succeeds('transaction_timeout of the role', @long, user => 'brief');
	query_is($node, "SET slipway.report_progress = off; CALL slipway.migrate('$long[1]'); SHOW transaction_timeout",
		'100ms', 'it is there again after the CALL', user => 'brief');

	# Also in the transactions that a statement begins by itself.
	$node->safe_psql('postgres', q{CREATE FUNCTION slowly(i integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql
		AS 'BEGIN PERFORM pg_sleep(0.3); RETURN i; END'; CREATE TABLE one AS SELECT 1 AS i});
	my @index = add_one($node, 'CREATE INDEX CONCURRENTLY one_slowly ON one (slowly(i))');
	$answer = migrate($node, @index, user => 'brief', after => 'SHOW transaction_timeout');
	is($answer->{out}, '100ms', 'and after CREATE INDEX CONCURRENTLY') or diag($answer->{err});
	query_is($node, q{SELECT indisvalid FROM pg_index WHERE indexrelid = 'one_slowly'::regclass}, 't', 'which was not ended by it');
}

# After the CALL the session has its own again, and they work.
my @last = add_one($node, "SET statement_timeout = '1h'", "SET lock_timeout = '1h'", 'SELECT pg_sleep(0.15)');
$answer = succeeds(
	'a deploy, and then something else', @last, @hasty,
	after => 'SHOW statement_timeout; SHOW lock_timeout; SHOW idle_in_transaction_session_timeout;');
is($answer->{out}, "100ms\n50ms\n50ms", 'the session has its settings again');
$answer = migrate($node, @last, @hasty, after => 'SELECT pg_sleep(5);');
is($answer->{sqlstate}, '57014', 'and they are in force');
$answer = migrate($node, add_one($node, 'SELECT 1 / 0'), @hasty, go_on => 1, after => 'SHOW statement_timeout; SELECT pg_sleep(5);');
is($answer->{out}, '100ms', 'after a failed CALL as well');
like($answer->{err}, qr/22012.*57014/s, 'and in force');
$answer = sql($node, "BEGIN; SELECT 1; \\! sleep 0.3\nSELECT 2;", @hasty);
is($answer->{exit} == 0, '', 'idle_in_transaction_session_timeout is a real one');

no_locks_left($node, 'in the end');
$node->stop;
done_testing();
