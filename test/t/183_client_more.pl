# What commands show of much, and of what does not go its usual way: estimates of rows, long texts, hooks in a rehearsal, a run
# that does not end when it is told to, an extension of another version.

use strict;
use warnings FATAL => 'all';

use Digest::SHA ();
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('more');
my $place = new_place($node, {
	'0001_big.sql'      => "CREATE TABLE big (a integer);\nCREATE TABLE bigger (a integer);\nCREATE TABLE few (a integer);\nCREATE TABLE nobody_knows (a integer);\n",
	'0001_big.down.sql' => "DROP TABLE big;\nDROP TABLE bigger;\nDROP TABLE few;\nDROP TABLE nobody_knows;\n",
	'0002_long.sql'     => "CREATE FUNCTION long() RETURNS integer LANGUAGE plpgsql AS \$\$\nBEGIN\n" . join('', map { "\t-- line $_\n" } 1 .. 60) . "\tRETURN 1;\nEND \$\$;\n",
});

sub ask_superuser
{
	my ($query, $db) = @_;
	my $answer = sql($node, $query, db => $db // $place->{db});

	die $answer->{err} if $answer->{exit} != 0;
	return $answer->{out};
}

# Rows that would be lost, which are only estimated
is((client($place, ['migrate']))[0], 0, 'two migrations');
ask_superuser('ALTER TABLE big SET (autovacuum_enabled = off); ALTER TABLE bigger SET (autovacuum_enabled = off); ALTER TABLE few SET (autovacuum_enabled = off);
	UPDATE pg_class SET reltuples = 1.25e6 WHERE relname = \'big\'; UPDATE pg_class SET reltuples = 3.2e9 WHERE relname = \'bigger\';
	UPDATE pg_class SET reltuples = 5000 WHERE relname = \'few\'; INSERT INTO nobody_knows VALUES (1)');
my $session = start_sql($node, "BEGIN;\nLOCK TABLE big, bigger, few;\nSELECT pg_sleep(60);", db => $place->{db}, application => 'holder');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'}, 'tables are locked');
put_files($place, { '0002_long.down.sql' => "DROP FUNCTION long();\n" });
my ($exit, $out, $err) = client($place, ['rollback', '--all', '--dry-run', '--down-scripts', 'newest']);
is($exit, 0, 'rollback -n') or diag($err);
like("$out$err", qr/^ +drop table public\.big: about 1\.2 million rows\n +drop table public\.bigger: about 3\.2 billion rows\n +drop table public\.few: about 5000 rows\n +drop table public\.nobody_knows: 1 row$/m,
	'as far as is known of tables that somebody has locked');
ask_superuser(q{UPDATE pg_class SET reltuples = -1 WHERE relname = 'few'});
($exit, $out, $err) = client($place, ['rollback', '--all', '--dry-run', '--down-scripts', 'newest']);
like("$out$err", qr/^ +drop table public\.few: an unknown number of rows$/m, 'which may be nothing');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'});
finish_sql($session);

# A long function with a change in its middle: what is the same on both sides is not shown
ask_superuser('DO $do$ BEGIN EXECUTE replace(pg_get_functiondef($$long()$$::regprocedure), $$-- line 30$$, $$-- another line$$); END $do$');
($exit, $out, $err) = client($place, ['diff', '--html', 'diff.html']);
is($exit, 10, 'diff');
like($out, qr/^ +\.\.\. \d+ lines$(?s:.*)^ +- +-- line 30$(?s:.*)^ +\+ +-- another line$/m, 'shows what differs, and leaves out the rest');
like(slurp_file("$place->{home}/diff.html"), qr/<span class="gap">\.\.\. \d+ lines/, 'also as a page');

# A rehearsal with hooks
my $rehearsed = new_place($node, {
	'0001_a.sql'      => "CREATE TABLE a (t text);\n",
	'before_each.sql' => "SELECT 1;\n",
	'after_migrate.sql' => "SELECT 2;\n" });
($exit, $out, $err) = client($rehearsed, ['rehearse', '--yes', '--html', 'page.html']);
is($exit, 0, 'rehearse') or diag($err);
like($out, qr/^0001_a, hook before_each$/m, 'the hook of a migration');
like($out, qr/^hook after_migrate$/m, 'and one of the run');
my $page = slurp_file("$rehearsed->{home}/page.html");
like($page, qr/0001_a, hook before_each/, 'and on the page');

# A script that is read in parts, with characters and line ends at their borders
my $large = new_place($node, {});
for my $shift (0 .. 4)
{
	my $character = $shift < 3 ? "\xe2\x82\xac" : "\xf0\x9f\x9a\xa2";
	my $text = "SELECT 1; -- " . 'x' x $shift . $character x 200000 . "\r\n";
	my $lines = '-- ' . 'x' x $shift . "\r\n";
	$text .= $lines x (1 + 300000 / length $lines);
	put_files($large, { "000${shift}_large.sql" => $text });
}
put_files($large, { '0005_returns.sql' => "\r" x 200000 . "\nSELECT 1;\n" });
my %hash = map { my $text = slurp_file("$large->{home}/migrations/$_"); $text =~ s/\r+\n/\n/g; (s/\.sql$//r => Digest::SHA::sha256_hex($text)) }
  map { s{.*/}{}r } glob "$large->{home}/migrations/*";
($exit, $out, $err) = client($large, ['plan', '--json']);
is($exit, 0, 'plan of large scripts') or diag($err);
is_deeply({ map { ($_->{migration} => $_->{script_hash}) } grep { defined $_->{script_hash} } @{ json_lines($out) } }, \%hash, 'each has the hash of the whole');
is((client($large, ['migrate']))[0], 0, 'and arrives whole');
put_files($large, { '0006_more.sql' => "SELECT 1;" . "\r" x 600000 . "\nSELECT 1;\n" });
($exit, $out, $err) = client($large, ['plan']);
is($exit, 4, 'nothing but carriage returns');
like($err, qr/slipway: error: "migrations\/0006_more\.sql" has more than 262144 carriage returns in a row$/m, 'is refused');

# A baseline of a load test
my %application = (DB_CONN_STRING => $node->connstr($place->{db}));
($exit, $out, $err) = client($place, ['check', '--load', '1', '--duration', '100ms', '--save-baseline', 'nowhere/base.json'], env => \%application);
is($exit, 1, 'a baseline that cannot be written') or diag($out, $err);
like($err, qr/slipway: error: could not write "nowhere\/base\.json": No such file or directory$/m, 'is said');
write_folder({ 'base.json' => '{"connections": 1}' }, $place->{home});
($exit, $out, $err) = client($place, ['check', '--load', '1', '--duration', '100ms', '--compare', 'base.json'], env => \%application);
is($exit, 2, 'one that is none');
like($err, qr/slipway: error: "base\.json" is not a baseline\nhint: It is made by --save-baseline\.$/m, 'is said');

# A deploy that goes on in the server, whose worker is ended
my $detached = new_place($node, { '0001_sleep.sql' => "SELECT pg_sleep(100);\n" });
my $follower = start_client($detached, ['migrate', '--detach']);
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'}, 'a worker sleeps', db => $detached->{db});
ask_superuser(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'}, $detached->{db});
($exit, $out, $err) = finish_client($follower);
is($exit, 8, 'a worker that was ended') or diag($out, $err);
like($err, qr/^slipway: error: detached deploy 1 was interrupted, with 0 applied\nhint: Run "slipway status" to see the state of things\.$/m, 'is said');

# Names that are no UTF-8
($exit, $out, $err) = client($place, ['config', '--json', '--dir', "\xffx\xc3\xa4"], connect => 0);
my ($dir) = grep { $_->{setting} eq 'dir' } @{ json_lines($out) };
is($dir->{value}, '?x??', 'what is no UTF-8 can be read as JSON');

# The extension
my $bare = new_place($node, undef, bare => 1);
($exit, $out, $err) = client($bare, ['check']);
is($exit, 1, 'check without the extension');
like($out, qr/^failed +extension +the database does not have pg_slipway; the server offers [\d.]+$/m, 'says so');
my $old = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
ask_superuser(q{UPDATE pg_extension SET extversion = '0.0.9' WHERE extname = 'pg_slipway'}, $old->{db});
($exit, $out, $err) = client($old, ['init', '--dry-run']);
is($exit, 0, 'init -n') or diag($err);
like("$out$err", qr/pg_slipway [\d.]+.*would be updated/, 'would update it');
ask_superuser(q{UPDATE pg_extension SET extversion = '9.0' WHERE extname = 'pg_slipway'}, $old->{db});
($exit, $out, $err) = client($old, ['check']);
like($out, qr/^failed +extension +pg_slipway 9\.0 and slipway [\d.]+ do not fit$/m, 'one that does not fit') or diag($err);

# check makes schemas only with the right to
ask_superuser('CREATE ROLE modest LOGIN; SELECT slipway.create_project($$x$$, ARRAY[$$nowhere$$]); SELECT slipway.grant_role($$modest$$, $$deployer$$, $$x$$)');
($exit, $out, $err) = client($place, ['-U', 'modest', '-P', 'x', 'check', '--create-schemas']);
is($exit, 1, 'check --create-schemas without rights');
like($out, qr/^failed +schemas +could not create schema nowhere: permission denied for database/m, 'says why') or diag($err);

# What was baselined has no script to go back
my $taken = new_place($node, { '0001_a.sql' => "CREATE TABLE a ();\n", '0001_a.down.sql' => "DROP TABLE a;\n" });
is((client($taken, ['baseline', '0001_a']))[0], 0, 'baseline');
($exit, $out, $err) = client($taken, ['rollback', '--all', '--yes']);
isnt($exit, 0, 'rollback of what was baselined');
like($err, qr/^hint: Roll back to the last of them with --to NAME, or pass a script of your own with --script FILE\.$/m, 'says what can be done');

# A rollback that is interrupted
my $slow = new_place($node, { '0001_a.sql' => "SELECT 1;\n", '0001_a.down.sql' => "SELECT pg_sleep(60);\n", '0002_b.sql' => "SELECT 1;\n", '0002_b.down.sql' => "SELECT 1;\n" });
($exit, $out, $err) = client($slow, ['migrate', '--label', "\xff=a"]);
is($exit, 2, 'a label that is no UTF-8');
like($err, qr/^hint: It is text in UTF-8\.$/m, 'is refused');
is((client($slow, ['migrate']))[0], 0, 'two to go back');
my $back = start_client($slow, ['rollback', '--all', '--yes']);
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'}, 'it sleeps', db => $slow->{db});
$back->{run}->signal('INT');
($exit, $out, $err) = finish_client($back);
is($exit, 1, 'a rollback that is interrupted') or diag($err);
like($err, qr/^hint: What was rolled back before stays so\. See "slipway status"\.$/m, 'says what is done');
query_is($node, q{SELECT string_agg(migration || ' ' || state, ', ' ORDER BY migration) FROM slipway.status}, '0001_a applied, 0002_b pending', 'which is so', db => $slow->{db});

# A run that is not to be interrupted
my $stubborn = new_place($node, { '0001_stubborn.sql' => <<'SQL' });
CREATE TABLE begun ();
DO $$
BEGIN
	LOOP
		BEGIN
			PERFORM pg_sleep(60);
		EXCEPTION WHEN query_canceled THEN
			RAISE LOG 'no';
		END;
	END LOOP;
END $$;
SQL
my $client = start_client($stubborn, ['migrate']);
my $sleeps = q{SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'};
wait_until($node, $sleeps, 'it sleeps', db => $stubborn->{db});
($exit, $out, $err) = client($stubborn, ['cancel']);
is($exit, 1, 'cancel');
like($err, qr/run 1 of project default was told to end, but still goes on\nhint: Its statement may not be one that can be interrupted/, 'says that it goes on');
wait_until($node, $sleeps, 'it does', db => $stubborn->{db});
$client->{run}->signal('INT');
for my $try (1 .. 200)
{
	$client->{run}->pump_nb;
	last if $client->{err} =~ /interrupted, cancelling/;
	select undef, undef, undef, 0.02;
}
select undef, undef, undef, 0.5;
$client->{run}->signal('INT');
($exit, $out, $err) = finish_client($client);
is($exit, 1, 'who interrupts it twice leaves');
like($err, qr/slipway: error: left before the server answered\nhint: Run "slipway status" to see the state of things\.$/m, 'and is told so');
ask_superuser('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()', $stubborn->{db});

$node->stop;
done_testing();
