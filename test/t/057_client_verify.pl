# Verify scripts: of what is applied, and with each migration before it is recorded.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('verify', conf => "wal_level = replica\nmax_wal_senders = 2\n");

my $place = new_place($node, {
		'0001_a.up.sql' => 'CREATE TABLE a (id integer);', '0001_a.verify.sql' => "INSERT INTO a VALUES (1);\nSELECT FROM a;\n",
		'0002_b.sql' => 'CREATE TABLE b ();' });

# verify

client_is($place, ['verify'], { err => "nothing to verify\n" }, 'verify of a fresh project');
is((client($place, ['migrate']))[0], 0, 'migrate without --verify');
client_is($place, ['verify'], { err => "0001_a  verified  TIME\n1 migration verified in TIME\n" }, 'verify');
client_is($place, [ 'verify', '-q' ], {}, 'verify -q');
query_is($node, 'SELECT count(*) FROM a', '0', 'what it did is taken back', db => $place->{db});
query_is($node, 'SELECT count(*) FROM slipway.history', '2', 'and not on record', db => $place->{db});
is(join(' ', map { "$_->{event} " . ($_->{outcome} // $_->{migrations}) } @{ json_fits((client($place, [ 'verify', '--json' ]))[1], [ 'verify', 'verified' ], 'verify --json') }),
	'verify succeeded verified 1', 'says the same');
sql($node, 'DROP TABLE a', db => $place->{db});
my $failure = "migrations/0001_a.verify.sql:1:13: ERROR: relation \"a\" does not exist (42P01)\n"
  . "    1 | INSERT INTO a VALUES (1);\n      |             ^\n";
client_is($place, ['verify'], { exit => 4, err => "${failure}slipway: error: verification failed for 1 of 1 migrations (SW025)\n" }, 'one that fails');
my ($exit, $out, $err) = client($place, [ 'verify', '--json' ]);
my $objects = json_fits($out, [ 'verify', 'error' ], 'as JSON');
is("$exit $objects->[0]{outcome} $objects->[0]{line} $objects->[0]{column} $objects->[1]{sqlstate} $objects->[1]{exit_code}", '4 failed 1 13 SW025 4', 'says the same');
# All of them run; a file that has changed since is not shown.
put_files($place, { map { ("000${_}_x.sql" => 'SELECT 1;', "000${_}_x.verify.sql" => "SELECT 1;\nSELECT $_ / " . ($_ % 2) . ";\n") } 3 .. 6 });
is((client($place, ['migrate']))[0], 0, 'four more');
put_files($place, { '0001_a.verify.sql' => 'SELECT 1;' });
(undef, $err) = client_is($place, ['verify'], { exit => 4, err => qr/.+/s }, 'verify again');
like($err, qr/\A0001_a\.verify\.sql:1:13: ERROR: relation "a" does not exist \(42P01\)\n0003_x  verified  \S+ ms\nmigrations\/0004_x\.verify\.sql:2:1: ERROR: division by zero \(22012\)\n    2 \| SELECT 4 \/ 0;\n.*\n0005_x  verified  \S+ ms\nmigrations\/0006_x\.verify\.sql:2:1: .*\n(?:    .*\n)+slipway: error: verification failed for 3 of 5 migrations \(SW025\)\n\z/,
	'all failures are reported, in order');
client_is($place, [ 'verify', '0003_x' ], { err => "0003_x  verified  TIME\n1 migration verified in TIME\n" }, 'one of them');
client_is($place, [ 'verify', '0003_y' ], { exit => 2, err => qr/^hint: Perhaps you mean "0003_x"\.$/m }, 'a misspelt one');
client_is($place, [ 'verify', '0002_b' ], { exit => 1, err => qr/migration "0002_b" has no verify script/ }, 'one that has none');
client_is($place, [ 'verify', '0001_a', '--verify-scripts', 'newest' ], { err => "0001_a  verified  TIME\n1 migration verified in TIME\n" }, 'by the file of now');
client_is($place, [ 'verify', '--verify-scripts', 'best' ], { exit => 2, err => qr/invalid value "best"/ }, 'by no such file');
put_files($place, { '0007_slow.sql' => 'SELECT 1;', '0007_slow.verify.sql' => 'SELECT pg_sleep(60);' });
is((client($place, ['migrate']))[0], 0, 'one that takes long');
client_is($place, [ 'verify', '0007_slow', '--statement-timeout', '50ms' ], { exit => 4, err => qr/canceling statement due to statement timeout \(57014\)/ }, 'too long');
my $run = start_client($place, ['verify']);
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}, 'verify is at it');
$run->{run}->signal('INT');
($exit, undef, $err) = finish_client($run);
is($exit, 1, 'Ctrl-C ends all of it');
like($err, qr/canceling statement due to user request/, 'and says so');
unlike($err, qr/0007_slow\.verify\.sql/, 'that is no failure of the script');
sql($node, "CREATE ROLE reader LOGIN; SELECT slipway.grant_role('reader', 'reader')", db => $place->{db});
client_is($place, [ 'verify', '-U', 'reader' ], { exit => 1, err => qr/permission denied for procedure verify/ }, 'a reader may not');

# migrate --verify

$place = new_place($node, {
		'0001_a.up.sql' => 'CREATE TABLE a (id integer);', '0001_a.verify.sql' => 'SELECT FROM a;',
		'0002_b.sql' => 'CREATE TABLE b (id integer);', '0002_b.verify.sql' => "\n  SELECT 1 / (SELECT count(*) FROM b);\n",
		'0003_c.sql' => 'CREATE TABLE c (id integer);' });
client_is($place, [ 'migrate', '--verify' ], {
		exit => 5, err => "0001_a  applied  TIME\nmigrations/0002_b.verify.sql:2:3: ERROR: verification failed: division by zero (22012)\n"
		  . "    2 |   SELECT 1 / (SELECT count(*) FROM b);\n      |   ^\n0002_b: rolled back; 1 applied before it stays applied\n" }, 'migrate --verify');
query_is($node, q{SELECT to_regclass('a') IS NOT NULL, to_regclass('b') IS NULL}, 't|t', 'leaves nothing of what it could not verify', db => $place->{db});
client_is($place, ['log'], { out => qr/^\S+ \S+ +1 +0002_b +apply +failed .*\n    migrations\/0002_b\.verify\.sql:2:3: verification failed: division by zero \(22012\)\n\z/m }, 'log names the file');
put_files($place, { '0002_b.verify.sql' => 'SELECT 1;' });
client_is($place, [ 'migrate', '--verify', '-v' ], { err => qr/^0002_b: verified in .* ms\n0002_b  applied .*\n0003_c  applied/m }, 'a better one');
put_files($place, { '0004_d.sql' => "CREATE INDEX CONCURRENTLY b_id ON b (id);\n", '0004_d.verify.sql' => 'SELECT 1 / (SELECT count(*) FROM b);' });
$objects = json_fits((client($place, [ 'migrate', '--verify', '--json' ]))[1], [qw(start unit stopped error)], 'a stepwise one');
is("$objects->[-1]{exit_code} $objects->[-1]{file} $objects->[-1]{line} $objects->[-2]{unit}", '6 migrations/0004_d.verify.sql 1 1', 'stops part way');
client_is($place, [ 'migrate', '--verify' ], { exit => 6, err => qr/^0004_d: stopped at unit 1 of 1$/m }, 'the next try goes on with that');
sql($node, 'INSERT INTO b VALUES (1)', db => $place->{db});
$objects = json_fits((client($place, [ 'migrate', '--verify', '--json' ]))[1], [qw(start verify applied done)], 'once it can be verified');
is("$objects->[1]{event} $objects->[1]{migration} $objects->[1]{outcome}", 'verify 0004_d succeeded', 'it is');
put_files($place, { '0005_e.sql' => "SELECT 5;", '0005_e.verify.sql' => "SELECT 1;\nCOMMIT;" });
client_is($place, [ 'migrate', '--verify' ], {
		exit => 4, err => qr/\Amigrations\/0005_e\.verify\.sql: ERROR: a verify script cannot be more than one transaction: COMMIT without BEGIN on line 2 \(SW007\)\n/ }, 'one that commits is refused');
client_is($place, [ 'migrate', '--verify', '--detach' ], { exit => 4, err => qr/0005_e\.verify\.sql: ERROR: a verify script cannot be more than one/ }, 'in a worker, too');
put_files($place, { '0005_e.verify.sql' => "SELECT 1;\nSELECT 1 / 0;" });
client_is($place, [ 'migrate', '--verify', '--detach' ], { exit => 5, err => qr/migrations\/0005_e\.verify\.sql:2:1: ERROR: verification failed: division by zero/ }, 'and verified there');

# Waiting for locks: a migration is tried again with its verification, verify is not

put_files($place, { '0005_e.sql' => 'SELECT 5;', '0005_e.verify.sql' => 'SELECT FROM b;' });
my $session = start_sql($node, "BEGIN;\nLOCK TABLE b;\nSELECT pg_sleep(60);", db => $place->{db}, application => 'holder');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'}, 'a table is locked');
client_is($place, [ 'migrate', '--verify', '--lock-timeout', '200ms', '--retries', '1' ], {
		exit => 5, err => qr/^0005_e: rolled back \(verification failed: canceling statement due to lock timeout\), retry 1 of 1\n.*^migrations\/0005_e\.verify\.sql:1:13: ERROR: verification failed: canceling statement due to lock timeout \(55P03\)$/ms }, 'migrate --verify');
is((client($place, ['migrate']))[0], 0, 'without verification nothing is in its way');
($exit, undef, $err) = client($place, [ 'verify', '0005_e', '--lock-timeout', '200ms' ]);
is($exit, 4, 'verify');
like($err, qr/^migrations\/0005_e\.verify\.sql:1:13: ERROR: canceling statement due to lock timeout \(55P03\)$/m, 'gives up at once');
like($err, qr/^  pid \d+ \(.*holder\): AccessExclusiveLock/m, 'and says who is in the way');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'});
finish_sql($session);
client_is($place, [ 'verify', '0005_e' ], { err => "0005_e  verified  TIME\n1 migration verified in TIME\n" }, 'nobody is in the way any more');

# On a standby, where nothing can be applied

$place = new_place($node, { '0001_a.sql' => 'CREATE TABLE a (id integer);', '0001_a.verify.sql' => 'SELECT FROM a;',
		'0002_b.sql' => 'SELECT 2;', '0002_b.verify.sql' => 'INSERT INTO a VALUES (1);' });
client($place, ['migrate']);
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$place->{node} = $standby;
client_is($place, ['verify'], {
		exit => 4, err => qr/\A0001_a  verified .*\nmigrations\/0002_b\.verify\.sql:1:1: ERROR: cannot execute INSERT in a read-only transaction \(25006\)\n.*\n.*\nslipway: error: verification failed for 1 of 2 migrations \(SW025\)\n\z/ }, 'verify on a standby');

done_testing();
