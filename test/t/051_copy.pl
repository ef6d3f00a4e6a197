# COPY with its data in the script, while others are about: it waits for a lock and
# is tried again, is watched, is cancelled, and its backend ends.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('copy');

$node->safe_psql(
	'postgres', q{
	CREATE TABLE item (id integer, name text);
	CREATE TABLE gate (open boolean);
	CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		RAISE NOTICE 'row %', NEW.id;
		IF NEW.id = 2 AND NOT EXISTS (SELECT FROM gate) THEN
			PERFORM pg_sleep(60);
		END IF;
		RETURN NEW;
	END
	$$;});

# A lock timeout comes before the first row: what is tried again has all of them.
add_migrations($node, [ [ '0001_waits', "COPY item FROM stdin;\n1\tone\n2\ttwo\n\\.\nINSERT INTO item VALUES (3, 'three');\n" ] ]);
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE item');
my $deploy = start_migrate($node, with => { lock_timeout => '100ms', retries => 50 });
wait_until($node, q{SELECT count(*) > 0 FROM pg_locks WHERE relation = 'item'::regclass AND NOT granted}, 'COPY waits for the table');
sleep 1;
$holder->query_safe('COMMIT');
my $answer = finish_sql($deploy);
is($answer->{exit}, 0, 'COPY is tried again after a lock timeout') or diag($answer->{err});
cmp_ok(scalar(grep { $_->{event} eq 'retry' } @{ $answer->{event} }), '>', 0, 'which it was');
query_is($node, 'SELECT string_agg(name, \' \' ORDER BY id) FROM item', 'one two three', 'its rows are there once');
$holder->quit;

# Progress is that of any COPY.
$node->safe_psql('postgres', 'CREATE TRIGGER pass BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION pass()');
my $script = "SELECT 1;\nCOPY item FROM stdin;\n1\tone\n2\ttwo\n\\.\n";
add_migrations($node, [ [ '0002_sleeps', $script ] ]);
sub start_sleeping
{
	my $session = start_migrate($node);
	wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'", 'a row sleeps');
	return $session;
}
$deploy = start_sleeping();
query_is($node, "SELECT relid::regclass, command, type, bytes_processed > 0 FROM pg_stat_progress_copy", 'item|COPY FROM|PIPE|t',
	'pg_stat_progress_copy shows it');
query_is($node, "SELECT query FROM pg_stat_activity WHERE wait_event = 'PgSleep'", 'COPY item FROM stdin', 'pg_stat_activity its statement');
sql($node, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
$answer = finish_sql($deploy);
is($answer->{sqlstate}, '57014', 'COPY is cancelled');
like($answer->{err}, qr/^COPY item, line 2: "2\ttwo"\nmigration "0002_sleeps", line 4$/m, 'at a row');
like($answer->{err}, qr/NOTICE:  \w+: row 1\n/, 'what its triggers have said arrived');
query_is($node, 'SELECT count(*) FROM item', 3, 'and nothing is left');

$deploy = start_sleeping();
sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
$answer = finish_sql($deploy);
like($answer->{err}, qr/FATAL:  57P01: terminating connection due to administrator command/, 'its backend is ended, and says so');
query_is($node, 'SELECT count(*) FROM item', 3, 'nothing is left');
sql($node, 'INSERT INTO gate VALUES (true)');
$answer = migrate($node);
is($answer->{exit}, 0, 'then it is deployed') or diag($answer->{err});
query_is($node, 'SELECT count(*) FROM item', 5, 'with its rows');

# The session talks to its client as before, also after an error that came before the first row.
add_migrations($node, [ [ '0003_fails', "COPY item (nowhere) FROM stdin;\n1\n\\.\n" ] ]);
$answer = sql(
	$node, qq{CALL slipway.migrate();
	DO 'BEGIN RAISE NOTICE ''heard''; END';
	COPY item FROM stdin;\n10\tfrom the client\n\\.
	COPY (SELECT name FROM item WHERE id = 10) TO stdout;}, go_on => 1);
is($answer->{sqlstate}, '42703', 'an error before the first row');
like($answer->{err}, qr/NOTICE:  00000: heard/, 'then the session works');
is($answer->{out}, 'from the client', 'and copies from and to its client');
history_is_sound($node, 'in the end');

$node->stop;
done_testing();
