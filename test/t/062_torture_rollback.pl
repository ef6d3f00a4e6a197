# As 060_torture.pl, of rollbacks: whoever works on one is ended at a random moment. Afterwards nothing is
# half gone without a word, nothing was undone twice, and the next rollback finishes the work.

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

my $ROUNDS = $ENV{TORTURE_ROUNDS} // 12;
my $SEED = $ENV{TORTURE_SEED} // int(rand(2**31));

srand($SEED);
note("TORTURE_SEED=$SEED");

my $node = new_node('torture_rollback', conf => "restart_after_crash = on\nfsync = on\nlog_min_messages = warning\n", extension => 0);

# Each unit in a transaction block of a down script leaves one row in trace, which no migration made.
my %files = (
	'0001_table.up.sql' => "CREATE TABLE big AS SELECT i AS a, i % 100 AS b, repeat('x', 50) AS c FROM generate_series(1, 20000) i;\nCREATE INDEX big_b ON big (b);\n",
	'0001_table.down.sql' => "INSERT INTO trace (unit) VALUES ('0001');\nDROP TABLE big;\n",
	'0002_index.up.sql' => "CREATE INDEX CONCURRENTLY big_a ON big (a);\nCREATE UNIQUE INDEX CONCURRENTLY big_key ON big (a, b);\nDROP INDEX CONCURRENTLY big_b;\n",
	'0002_index.down.sql' =>
	  "INSERT INTO trace (unit) VALUES ('0002 a');\nCREATE INDEX CONCURRENTLY big_b ON big (b);\nINSERT INTO trace (unit) VALUES ('0002 b');\n"
	  . "DROP INDEX CONCURRENTLY big_key;\nINSERT INTO trace (unit) VALUES ('0002 c');\nDROP INDEX CONCURRENTLY big_a;\n",
	'0003_plain.up.sql' => "CREATE TABLE plain (id integer PRIMARY KEY);\nINSERT INTO plain SELECT generate_series(1, 1000);\n",
	'0003_plain.down.sql' => "INSERT INTO trace (unit) VALUES ('0003');\nDROP TABLE plain;\n",
	'0004_column.up.sql' => "ALTER TABLE big ADD COLUMN d integer DEFAULT 7;\nCREATE FUNCTION seven() RETURNS integer LANGUAGE sql RETURN 7;\n",
	'0004_column.down.sql' => "DROP FUNCTION seven;\nALTER TABLE big DROP COLUMN d;\nINSERT INTO trace (unit) VALUES ('0004');\n",
	'0005_blocks.up.sql' => "CREATE TYPE mood AS ENUM ('sad');\n",
	'0005_blocks.down.sql' =>
	  "BEGIN;\nINSERT INTO trace (unit) VALUES ('0005 a');\nCOMMIT;\nVACUUM big;\nBEGIN;\nDROP TYPE mood;\nINSERT INTO trace (unit) VALUES ('0005 b');\nCOMMIT;\n",
	'0006_partition.up.sql' => "CREATE TABLE event (at date) PARTITION BY RANGE (at);\nCREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');\n",
	'0006_partition.down.sql' =>
	  "SET work_mem = '5MB';\nINSERT INTO trace (unit) VALUES ('0006 a');\nALTER TABLE event DETACH PARTITION event_1 CONCURRENTLY;\n"
	  . "INSERT INTO trace (unit) SELECT '0006 b' WHERE current_setting('work_mem') = '5MB';\nDROP TABLE event, event_1;\n",
	'0007_reindex.up.sql' => "CREATE VIEW seen AS SELECT count(*) FROM plain;\n",
	'0007_reindex.down.sql' => "DROP VIEW seen;\nINSERT INTO trace (unit) VALUES ('0007 a');\nREINDEX TABLE CONCURRENTLY big;\nINSERT INTO trace (unit) VALUES ('0007 b');\n");
my $units = '0001,0002 a,0002 b,0002 c,0003,0004,0005 a,0005 b,0006 a,0006 b,0007 a,0007 b';
my $folder = write_folder(\%files);

my @all = ('rollback', '--all', '--yes');

# All of it is applied in the database up; what was there before that, and then.
$node->safe_psql('postgres', 'CREATE DATABASE up TEMPLATE template0');
$node->safe_psql('up', 'CREATE EXTENSION pg_slipway; CREATE TABLE trace (unit text, n serial)');
my $before = torture_schema($node, 'up');
my $begun = end_client(start_client($node, 'up', $folder, 'migrate'));
is($begun->{exit}, 0, 'migrated') or diag($begun->{err});
my $after = torture_schema($node, 'up');
isnt($after, $before, 'which makes a difference');

# What is wrong where all was rolled back.
sub faults
{
	my ($db) = @_;
	my %check = (
		'each unit once' => [ "SELECT string_agg(unit, ',' ORDER BY unit COLLATE \"C\") FROM trace", $units ],
		'no invalid index' => [ 'SELECT count(*) FROM pg_index WHERE NOT indisvalid', '0' ],
		'states' => [ "SELECT string_agg(DISTINCT state, ',') FROM slipway.status", 'pending' ],
		'each migration once' =>
		  [ "SELECT count(*), count(DISTINCT migration) FROM slipway.history WHERE outcome = 'succeeded' AND action = 'rollback'", '7|7' ],
		'history' => [ 'SELECT count(*) FROM slipway.verify_history()', '0' ],
		'journal' => [ 'SELECT count(*) FROM slipway.journal WHERE closed_by IS NULL', '0' ],
		'runs' => [ "SELECT count(*) FROM slipway.run WHERE outcome = 'running'", '0' ],
		'locks' => [ "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", '0' ]);
	my @faults;

	for my $what (sort keys %check)
	{
		my ($query, $wanted) = @{ $check{$what} };
		my ($exit, $out, $err) = ask($node, $db, $query);

		push @faults, "$what: $out$err, not $wanted" if $exit != 0 || $out ne $wanted;
	}
	return join "\n", @faults;
}

# The state of a migration is what the history and the journal say, and migrate refuses what is half gone.
sub status_is_true
{
	my ($db, $name) = @_;
	my $lies = sql($node, q{
		SELECT string_agg(migration || ' ' || state, ', ')
		  FROM slipway.status s,
		       LATERAL (SELECT EXISTS (SELECT FROM slipway.history h WHERE h.migration = s.migration AND outcome = 'succeeded' AND action = 'rollback') AS gone,
		                       EXISTS (SELECT FROM slipway.journal j WHERE j.migration = s.migration AND closed_by IS NULL AND action = 'rollback') AS begun) w
		 WHERE state <> CASE WHEN gone THEN 'pending' WHEN begun THEN 'rolled back in part' ELSE 'applied' END},
		db => $db);
	my $undone = sql($node, q{
		SELECT string_agg(h.migration, ' ') FROM slipway.history h
		 WHERE outcome = 'succeeded' AND action = 'rollback' AND NOT EXISTS (SELECT FROM trace WHERE left(unit, 4) = left(h.migration, 4))},
		db => $db);
	my $part = sql($node, q{SELECT count(*) FROM slipway.status WHERE state = 'rolled back in part'}, db => $db)->{out};

	is("$lies->{out}$lies->{err}", '', "$name: status is true");
	is("$undone->{out}$undone->{err}", '', "$name: what is recorded as rolled back is");
	cmp_ok($part, '<=', 1, "$name: one is half gone at most");
	return if $part == 0;
	my $refused = end_client(start_client($node, $db, $folder, 'migrate'));
	is($refused->{exit}, 4, "$name: migrate refuses");
	like($refused->{err}, qr/SW021/, "$name: for that reason");
	return;
}

# Rolls back until that works; the number of times it took.
sub finish_work
{
	my ($db) = @_;

	for my $try (1 .. 5)
	{
		my $rollback = end_client(start_client($node, $db, $folder, @all));

		return $try if $rollback->{exit} == 0;
		diag("rollback $try: exit $rollback->{exit}\n$rollback->{err}");
	}
	return 0;
}

# How long it takes when nobody is ended.
my $took = 60;
for my $db (qw(calm_1 calm_2 calm_3))
{
	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE up");
	my $calm = end_client(start_client($node, $db, $folder, @all));
	is($calm->{exit}, 0, "$db: undisturbed") or diag($calm->{err});
	is(faults($db), '', "$db: nothing is wrong");
	is(torture_schema($node, $db), $before, "$db: the schema is that of before");
	$took = $calm->{took} if $calm->{took} < $took;
}

my @victims = grep { $_ ne 'worker' } victims();
my %count;
for my $round (1 .. $ROUNDS)
{
	my $victim = $victims[ $round % @victims ];
	my $delay = rand($took);
	my $db = "round_$round";
	my $name = sprintf 'round %d: %s after %.0f ms', $round, $victim, $delay * 1000;

	$node->safe_psql('postgres', "CREATE DATABASE $db TEMPLATE up");
	my $rollback = start_client($node, $db, $folder, @all);
	sleep $delay;
	my $phase = phase_of($node, $db);
	end_victim($victim, $node, $db, $rollback->{run});
	end_client($rollback);
	$phase = 'over' if $rollback->{exit} == 0;
	$count{$victim}{$phase}++;
	bring_up($node);
	# A process without its client goes on until it has something to say.
	wait_until($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = '$db'", "$name: nobody works on it");
	status_is_true($db, $name);
	ok(finish_work($db) > 0, "$name ($phase, exit $rollback->{exit}): the next rollback finishes");
	is(faults($db), '', "$name: nothing is wrong");
	is(torture_schema($node, $db), $before, "$name: the schema is that of before");
	is(end_client(start_client($node, $db, $folder, 'migrate'))->{exit}, 0, "$name: up again");
	is(torture_schema($node, $db), $after, "$name: the schema is that of then");
	$node->safe_psql('postgres', "DROP DATABASE $db");
}

for my $victim (@victims)
{
	my %phases = %{ $count{$victim} // {} };
	my $line = "$victim: " . join ', ', map { "$phases{$_} $_" } sort keys %phases;

	defined $ENV{TORTURE_ROUNDS} ? diag($line) : note($line);
}

$node->stop;
done_testing();
