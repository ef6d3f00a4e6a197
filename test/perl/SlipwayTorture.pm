# A folder with a bit of everything, what must have come of it, and ways to end
# those who work on it.

package SlipwayTorture;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(ask bring_up start_client end_client torture_folder torture_faults torture_failed_units torture_open_units torture_begun torture_clear torture_schema victims end_victim phase_of);

# Each unit in a transaction block leaves one row in trace. The statements that
# commit by themselves leave what they made.
my %FOLDER = (
	'0001_base.sql' => <<'SQL',
CREATE TABLE trace (unit text, run serial);
CREATE TABLE big AS SELECT i AS a, i % 100 AS b, repeat('x', 50) AS c FROM generate_series(1, 20000) i;
CREATE TYPE mood AS ENUM ('sad');
CREATE TABLE event (at date) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO trace (unit) VALUES ('0001');
SQL
	'0002_index.sql' => <<'SQL',
INSERT INTO trace (unit) VALUES ('0002 a');
CREATE INDEX CONCURRENTLY big_a ON big (a);
INSERT INTO trace (unit) VALUES ('0002 b');
CREATE INDEX CONCURRENTLY ON big (b);
CREATE UNIQUE INDEX CONCURRENTLY big_key ON big (a, b);
INSERT INTO trace (unit) VALUES ('0002 c');
DROP INDEX CONCURRENTLY big_a;
INSERT INTO trace (unit) VALUES ('0002 d');
SQL
	'0003_plain.sql' => <<'SQL',
CREATE TABLE plain (id integer PRIMARY KEY);
INSERT INTO plain SELECT generate_series(1, 1000);
INSERT INTO trace (unit) VALUES ('0003');
SQL
	'0004_partition.sql' => <<'SQL',
SET work_mem = '5MB';
INSERT INTO trace (unit) VALUES ('0004 a');
ALTER TABLE event DETACH PARTITION event_1 CONCURRENTLY;
INSERT INTO trace (unit) SELECT '0004 b' WHERE current_setting('work_mem') = '5MB';
ALTER TABLE event DETACH PARTITION event_2 CONCURRENTLY;
SQL
	'0005_rebuild.sql' => <<'SQL',
REINDEX TABLE CONCURRENTLY big;
INSERT INTO trace (unit) VALUES ('0005 a');
VACUUM big;
INSERT INTO trace (unit) VALUES ('0005 b');
REINDEX INDEX CONCURRENTLY big_key;
SQL
	'0006_enum.sql' => <<'SQL',
ALTER TYPE mood ADD VALUE 'fine';
CREATE TABLE felt (mood mood DEFAULT 'fine');
INSERT INTO trace (unit) VALUES ('0006');
SQL
	'0007_blocks.sql' => <<'SQL',
BEGIN;
INSERT INTO trace (unit) VALUES ('0007 a');
COMMIT;
BEGIN;
INSERT INTO trace (unit) VALUES ('0007 b');
COMMIT;
SQL
	'0008_commits.sql' => <<'SQL',
INSERT INTO trace (unit) VALUES ('0008 a');
DO $$ BEGIN FOR i IN 1..3 LOOP INSERT INTO trace (unit) VALUES ('0008 do ' || i); COMMIT; PERFORM pg_sleep(0.01); END LOOP; END $$;
INSERT INTO trace (unit) VALUES ('0008 b');
SQL
	# What is left of these would be a unit too many.
	'0002_index.verify.sql' => <<'SQL',
INSERT INTO trace (unit) VALUES ('verify');
SELECT 1 / (count(*) = 2)::integer FROM pg_index WHERE indrelid = 'big'::regclass AND indisvalid;
SQL
	'0003_plain.verify.sql' => <<'SQL',
INSERT INTO trace (unit) VALUES ('verify');
DELETE FROM plain;
SELECT pg_sleep(0.01);
SQL
	'0009_end.sql' => <<'SQL',
CREATE FUNCTION answer() RETURNS integer LANGUAGE sql RETURN 42;
INSERT INTO trace (unit) VALUES ('0009');
SQL
);

my @UNITS = (
	'0001', '0002 a', '0002 b', '0002 c', '0002 d', '0003', '0004 a', '0004 b', '0005 a', '0005 b',
	'0006', '0007 a', '0007 b', '0008 a', '0008 b', '0008 do 1', '0008 do 2', '0008 do 3', '0009');

sub torture_folder { return {%FOLDER}; }

# Exit code, stdout and stderr of a query. It gets no input: a server that goes away
# must not make us write to a closed pipe.
sub ask
{
	my ($node, $db, $query) = @_;
	my ($out, $err) = run_command([ 'psql', '-XAtq', '-d', $node->connstr($db), '-c', $query ]);

	return ($? >> 8, $out, $err);
}

# What is wrong in a database where the whole folder has been applied: a list of
# lines, empty if nothing is.
sub torture_faults
{
	my ($node, $db) = @_;
	my $expected = join ',', sort @UNITS;
	my %check = (
		'each unit once' =>
		  ["SELECT string_agg(unit, ',' ORDER BY unit COLLATE \"C\") FROM trace", $expected],
		'indexes' =>
		  [ "SELECT string_agg(indexrelid::regclass || ' ' || indisvalid, ',' ORDER BY 1) FROM (SELECT * FROM pg_index WHERE indrelid = 'big'::regclass ORDER BY indexrelid::regclass::text) i", 'big_b_idx true,big_key true' ],
		'no invalid index anywhere' => [ 'SELECT count(*) FROM pg_index WHERE NOT indisvalid', '0' ],
		'no index left over' => [ "SELECT count(*) FROM pg_class WHERE relname ~ '_cc(new|old)'", '0' ],
		'partitions' => [ "SELECT count(*) FROM pg_inherits WHERE inhparent = 'event'::regclass", '0' ],
		'values' => [ "SELECT enum_range(NULL::mood)", '{sad,fine}' ],
		'states' => [ "SELECT string_agg(DISTINCT state, ',') FROM slipway.status", 'applied' ],
		'each migration once' =>
		  [ "SELECT count(*), count(DISTINCT migration) FROM slipway.history WHERE outcome = 'succeeded' AND action = 'apply'", '9|9' ],
		'history' => [ "SELECT count(*) FROM slipway.verify_history()", '0' ],
		'journal' => [ 'SELECT count(*) FROM slipway.journal WHERE closed_by IS NULL', '0' ],
		'runs' => [ "SELECT count(*) FROM slipway.run WHERE outcome = 'running'", '0' ],
		'locks' => [ "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", '0' ],
	);
	my @faults;

	for my $what (sort keys %check)
	{
		my ($query, $wanted) = @{ $check{$what} };
		my ($exit, $out, $err) = ask($node, $db, $query);

		push @faults, "$what: $out$err, not $wanted" if $exit != 0 || $out ne $wanted;
	}
	return @faults;
}

# DO with commits that ended with an error is run again, as whoever saw the error expects.
# What it had committed by then is ours to take back.
sub torture_failed_units
{
	my ($node, $db) = @_;
	my ($exit, $outcome) = ask($node, $db,
		"SELECT outcome FROM slipway.journal WHERE migration = '0008_commits' AND closed_by IS NULL ORDER BY entry DESC LIMIT 1");

	$node->safe_psql($db, "DELETE FROM trace WHERE unit LIKE '0008 do %'") if $exit == 0 && $outcome eq 'failed';
	return;
}

# DO with commits: nobody but us can know how far it had come when its
# process ended.
sub torture_open_units
{
	my ($node, $db) = @_;
	my $done = $node->safe_psql($db, "SELECT count(*) = 3 FROM trace WHERE unit LIKE '0008 do %'");

	$node->safe_psql($db, "DELETE FROM trace WHERE unit LIKE '0008 do %'") if $done eq 'f';
	$node->safe_psql($db, "SELECT slipway.settle_unit('0008_commits', '$done', 'counted the rows')");
	return;
}

# Is this migration done in part?
sub torture_begun
{
	my ($node, $db, $migration) = @_;
	my ($exit, $out) = ask($node, $db, "SELECT count(*) > 0 FROM slipway.journal WHERE migration = '$migration' AND closed_by IS NULL");

	return $exit == 0 && $out eq 't';
}

# Takes back by hand whatever there is of 0002_index.
sub torture_clear
{
	my ($node, $db) = @_;

	$node->safe_psql($db, "DROP INDEX IF EXISTS big_a, big_b_idx, big_key; DELETE FROM trace WHERE unit LIKE '0002%'");
	return;
}

sub torture_schema
{
	my ($node, $db) = @_;
	my ($dump) = run_command([ 'pg_dump', '-s', '-N', 'slipway', '-d', $node->connstr($db) ]);

	$dump =~ s/^(?:--|\\(?:un)?restrict).*\n//mg;
	$dump =~ s/^.*EXTENSION.*\n//mg;
	$dump =~ s/\n\n+/\n/g;
	return $dump;
}

# A command of the client, which goes on; end_client() waits for it.
sub start_client
{
	my ($node, $db, $folder, @command) = @_;
	my %command = (out => '', err => '', begun => time);

	$command{run} = IPC::Run::start(
		[ 'slipway', '-d', $node->connstr($db), '--dir', $folder, @command ],
		'<', \undef, '>', \$command{out}, '2>', \$command{err},
		# ignored by whoever started the tests, perhaps; the client would keep that
		init => sub { @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3; },
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%command;
}

sub end_client
{
	my ($command) = @_;

	$command->{run}->finish;
	$command->{exit} = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	$command->{took} = time - $command->{begun};
	return $command;
}

# Starts the server if it is gone, and waits until it takes connections.
sub bring_up
{
	my ($node) = @_;

	for my $try (1 .. 200)
	{
		my ($exit) = ask($node, 'postgres', 'SELECT 1');

		return if $exit == 0;
		$node->start(fail_ok => 1) unless defined $node->{_pid};
		sleep 0.05;
	}
	die 'the server does not come back';
}

sub victims { return qw(client cancel backend terminate worker server crash); }

# Where a run is, by what its backend is seen to do and what is recorded.
sub phase_of
{
	my ($node, $db) = @_;
	my ($exit, $out) = ask($node, 'postgres',
		"SELECT query, coalesce(wait_event, '') FROM pg_stat_activity WHERE datname = '$db' AND state = 'active' LIMIT 1");

	return 'unknown' if $exit != 0;
	return 'not in the server' if $out eq '';
	return 'commit' if $out =~ /\|(?:WALSync|WALWrite|WalSync|WalWrite)$/;
	return 'upload' if $out =~ /slipway\.(?:add|find|extend|version)/;
	return 'alone' if $out =~ /CONCURRENTLY|VACUUM|DO \$\$/;
	return 'between' if $out =~ /^CALL/;
	return 'in a unit';
}

# Those of a database; a kind of backend may be wanted.
sub pids
{
	my ($node, $db, $condition) = @_;
	my ($exit, $out) = ask($node, 'postgres',
		"SELECT pid FROM pg_stat_activity WHERE datname = '$db' AND " . ($condition // 'true'));

	return $exit == 0 ? split(/\n/, $out) : ();
}

# Ends one of those who work on a database; the client is a process of IPC::Run. A
# worker is there only if the deploy is detached.
sub end_victim
{
	my ($victim, $node, $db, $client) = @_;

	if    ($victim eq 'client')    { $client->signal('KILL'); }
	elsif ($victim eq 'cancel')    { $client->signal('INT'); }
	elsif ($victim eq 'terminate') { kill 'TERM', pids($node, $db); }
	elsif ($victim eq 'backend')   { kill 'KILL', pids($node, $db); }
	elsif ($victim eq 'worker')    { kill 'KILL', pids($node, $db, "backend_type <> 'client backend'"); }
	elsif ($victim eq 'server')    { $node->stop('immediate'); }
	elsif ($victim eq 'crash')     { kill_all($node); }
	return;
}

# The server and all its processes at once, as when the power fails.
sub kill_all
{
	my ($node) = @_;
	my ($postmaster) = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/;
	my @children = split /\s+/, `ps -o pid= --ppid $postmaster` =~ s/^\s+//r;

	kill 'STOP', $postmaster;
	kill 'KILL', @children, $postmaster;
	while (grep { kill 0, $_ } $postmaster, @children) { sleep 0.01; }
	$node->{_pid} = undef;
	return;
}

1;
