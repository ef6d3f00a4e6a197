# Scripts that take what a machine has: make check-adversary. A disk without room, memory without
# more of it, literals of hundreds of megabytes, a backend that is killed by its own script, and cancels
# at every moment of a run. After each the record is sound, and the next run goes on.

use strict;
use warnings FATAL => 'all';

use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $library = PostgreSQL::Test::Utils::tempdir . '/full_disk.so';
my $control = PostgreSQL::Test::Utils::tempdir . '/full';
my $place = PostgreSQL::Test::Utils::tempdir;

system_or_bail($ENV{CC} // 'cc', '-std=c11', '-D_GNU_SOURCE', '-shared', '-fPIC', '-o', $library, dirname(__FILE__) . '/../fixture/full_disk.c', '-ldl');
$ENV{FULL_DISK} = $control;
$ENV{LD_PRELOAD} = $library;
my $node = new_node('heavy', conf => "fsync = off\nautovacuum = off\nrestart_after_crash = on\nmax_wal_size = 4GB");
delete $ENV{LD_PRELOAD};
$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$place'");

sub fill_disk
{
	my ($text) = @_;

	PostgreSQL::Test::Utils::append_to_file($control, $text);
	return;
}

sub sound
{
	my ($name, %option) = @_;

	history_is_sound($node, $name, %option);
	no_locks_left($node, $name);
	return;
}

# Fails with the code, leaves nothing, and once there is room it is applied.
sub recovers
{
	my ($name, $code, $fill, @statements) = @_;
	my %project = add_one($node, @statements);

	fill_disk($fill);
	my $answer = migrate($node, %project, after => 'SELECT 1 AS alive;', go_on => 1);
	unlink $control or die "could not remove $control: $!\n";
	is($answer->{sqlstate}, $code, "$name: $code") or diag($answer->{err});
	like($answer->{out}, qr/^1$/m, "$name: the session lives");
	is(migrate($node, %project)->{sqlstate}, '', "$name: with room it goes on");
	sound($name, %project);
	return;
}

# Disk
recovers('a table without room', '53100', '/PG_', 'CREATE TABLE a TABLESPACE small AS SELECT repeat(i::text, 100) FROM generate_series(1, 10000) i');
recovers('an index without room', '53100', '/PG_', 'CREATE TABLE b AS SELECT i FROM generate_series(1, 100000) i', 'CREATE INDEX ON b (i) TABLESPACE small');
recovers('an index without room, concurrently', '53100', '/PG_', 'CREATE TABLE c AS SELECT i FROM generate_series(1, 100000) i', 'CREATE INDEX CONCURRENTLY c_i ON c (i) TABLESPACE small');
recovers('a sort without room', '53100', 'pgsql_tmp', "SET work_mem = '64kB'", 'CREATE TABLE d AS SELECT i FROM generate_series(1, 200000) i ORDER BY random()');
{
	# The record itself has no room either. Of that the session is told; the next run sees it.
	my %project = add_one($node, 'CREATE TABLE e AS SELECT repeat(i::text, 100) FROM generate_series(1, 10000) i');
	fill_disk('base/');
	my $answer = migrate($node, %project, after => 'SELECT 1 AS alive;', go_on => 1);
	unlink $control or die "could not remove $control: $!\n";
	is($answer->{sqlstate}, '53100', 'no room anywhere: 53100') or diag($answer->{err});
	like($answer->{out}, qr/^1$/m, 'no room anywhere: the session lives');
	is(migrate($node, %project)->{sqlstate}, '', 'no room anywhere: with room it goes on');
	sound('no room anywhere', %project);
}

# Memory: the script limits its own backend, which is allowed to a superuser.
{
	my %project = add_one(
		$node,
		q{DO $$BEGIN EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', format('cat >/dev/null; prlimit --pid %s --as=%s', pg_backend_pid(), 700000000)); END$$},
		q{DO $$DECLARE a text[]; BEGIN FOR i IN 1 .. 40 LOOP a := a || repeat('x', 50000000); END LOOP; END$$});
	my $answer = migrate($node, %project, after => 'SELECT 1 AS alive;', go_on => 1);
	is($answer->{sqlstate}, '53200', 'no memory: 53200') or diag($answer->{err});
	like($answer->{out}, qr/^1$/m, 'no memory: the session lives');
	sound('no memory', %project);
	query_is($node, "SELECT outcome, sqlstate FROM slipway.history WHERE project = '$project{project}'", 'failed|53200', 'no memory: that is recorded');
}

# Literals, uploaded in parts.
for my $case ([ 100, '' ], [ 600, '54000|53200|54001|08P01|XX000' ])
{
	my ($megabytes, $errors) = @$case;
	my $project = "literal $megabytes";
	my $part = 32 * 1024 * 1024;
	my ($offset, $sql) = (8, "SELECT slipway.create_project('$project');\nBEGIN;\nSELECT slipway.add_script_part('SELECT ''', 0, false, '$project');\n");
	while ($offset < $megabytes * 1024 * 1024)
	{
		$sql .= "SELECT slipway.add_script_part(convert_to(repeat('x', $part), 'UTF8'), $offset, false, '$project');\n";
		$offset += $part;
	}
	$sql .= "SELECT slipway.add_script_part('''', $offset, true, '$project') AS hash \\gset\nCOMMIT;\n"
	  . "SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\\n' || :'hash' || E' - - versioned 0001\\n', '$project');\nCALL slipway.migrate('$project');\nSELECT 1 AS alive;\n";
	my $answer = sql($node, $sql, go_on => 1);
	like($answer->{sqlstate}, qr/\A(?:$errors)\z/, "a literal of $megabytes MB: " . ($errors ? 'is refused' : 'runs')) or diag(substr $answer->{err}, 0, 500);
	like($answer->{out}, qr/^1$/m, "a literal of $megabytes MB: the session lives");
	sound("a literal of $megabytes MB", project => $project);
	$node->safe_psql('postgres', 'CHECKPOINT');
}

# The backend is killed by its script: the server starts all of them anew.
{
	my %project = add_one($node, 'CREATE TABLE killed ()', q{DO $$BEGIN EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'kill -9 ' || pg_backend_pid()); END$$}, 'SELECT pg_sleep(10)');
	my $answer = migrate($node, %project);
	isnt($answer->{exit}, 0, 'killed by its script: the session is gone');
	$node->poll_query_until('postgres', 'SELECT true') or die "the server does not come back\n";
	query_is($node, "SELECT to_regclass('killed') IS NULL", 't', 'killed by its script: nothing of it is there');
	add_migrations($node, [ [ '0001_it', 'SELECT 1' ] ], %project);
	is(migrate($node, %project)->{sqlstate}, '', 'killed by its script: what is in its place is applied');
	sound('killed by its script', %project);
	query_is($node, "SELECT outcome FROM slipway.run WHERE project = '$project{project}' ORDER BY number", "interrupted\nsucceeded", 'killed by its script: the run was interrupted');
}

# Cancelled at every moment, every few milliseconds.
{
	my %project = add_one(
		$node,
		'CREATE TABLE moments AS SELECT i FROM generate_series(1, 20000) i',
		'CREATE INDEX CONCURRENTLY moments_i ON moments (i)',
		'BEGIN', 'ALTER TABLE moments ADD COLUMN j integer DEFAULT random()', 'UPDATE moments SET i = i + 1', 'COMMIT',
		'VACUUM moments', 'INSERT INTO moments SELECT 1', 'REINDEX TABLE CONCURRENTLY moments');
	my ($rounds, %outcome) = (0);
	for my $ms (map { $_ * 4 } 0 .. 79)
	{
		my $session = start_migrate($node, %project, application => 'victim');
		Time::HiRes::sleep(0.02 + $ms / 1000);
		sql($node, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'});
		my $answer = finish_sql($session);
		$outcome{ $answer->{sqlstate} }++;
		$rounds++;
		last if $answer->{sqlstate} !~ /\A(?:57014|)\z/;
	}
	is(join(' ', sort grep { !/\A(?:57014|)\z/ } keys %outcome), '', "cancelled in $rounds rounds: nothing but that is an error");
	cmp_ok($outcome{57014} // 0, '>', 5, 'cancelled: it was, in ' . ($outcome{57014} // 0) . ' rounds');
	is(migrate($node, %project)->{sqlstate}, '', 'cancelled: in the end it is applied');
	query_is($node, q{SELECT count(*) FROM moments}, '20001', 'cancelled: nothing ran twice');
	query_is($node, q{SELECT count(*) FROM pg_index WHERE NOT indisvalid}, '0', 'cancelled: no INVALID index is left');
	sound('cancelled', %project);
}
done_testing();
