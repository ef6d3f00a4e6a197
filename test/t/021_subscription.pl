# Statements about subscriptions, which commit by themselves: what became of one that nobody
# has written down the end of.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('subscription', conf => "wal_level = logical\nmax_replication_slots = 4\nmax_wal_senders = 4\n");

$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql(
	'source', q{
	CREATE TABLE a (id integer); CREATE TABLE b (id integer);
	CREATE PUBLICATION a FOR TABLE a; CREATE PUBLICATION b FOR TABLE b;
	SELECT pg_create_logical_replication_slot('s', 'pgoutput')});
my $source = $node->connstr('source') . ' user=' . getpwuid($<);
$node->safe_psql('postgres', 'CREATE TABLE a (id integer); CREATE TABLE b (id integer); CREATE TABLE gate (n integer)');
$node->safe_psql('postgres', "CREATE SUBSCRIPTION s CONNECTION '" . ($source =~ s/'/''/gr) . "' PUBLICATION a WITH (create_slot = false)");

# The migration is executed as far as its statement, and then it is forgotten that it was.
sub executed_but_open
{
	my ($project, $statement) = @_;

	$node->safe_psql('postgres', "SELECT slipway.create_project('$project')");
	add_migrations($node, [ [ '0001_it', "$statement;\nSELECT 1 / (SELECT count(*) FROM gate);" ] ], project => $project);
	is(migrate($node, project => $project)->{sqlstate}, '22012', "$project: it stops behind the statement");
	sql($node, "UPDATE slipway.journal SET outcome = 'started', finished_at = NULL WHERE project = '$project' AND unit = 1");
	return;
}

sub goes_on
{
	my ($project, $outcome, $publications) = @_;
	my $answer;

	sql($node, 'INSERT INTO gate VALUES (1)');
	$answer = migrate($node, project => $project);
	sql($node, 'TRUNCATE gate');
	is($answer->{exit}, 0, "$project: the next run goes on") or diag($answer->{err});
	query_is($node, "SELECT string_agg(unit || ' ' || outcome, ', ' ORDER BY entry) FROM slipway.journal WHERE project = '$project'",
		$outcome, "$project: what it found out");
	query_is($node, 'SELECT subpublications FROM pg_subscription', $publications, "$project: what there is");
	return;
}

executed_but_open('added', 'ALTER SUBSCRIPTION s ADD PUBLICATION b WITH (copy_data = false)');
goes_on('added', '1 done, 2 done', '{a,b}');
executed_but_open('dropped', 'ALTER SUBSCRIPTION s DROP PUBLICATION a');
goes_on('dropped', '1 done, 2 done', '{b}');
executed_but_open('set', 'ALTER SUBSCRIPTION s SET PUBLICATION a, b');
goes_on('set', '1 undone, 1 done, 2 done', '{a,b}');
# It was not executed after all.
executed_but_open('again', 'ALTER SUBSCRIPTION s DROP PUBLICATION a');
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION s SET PUBLICATION a, b');
goes_on('again', '1 undone, 1 done, 2 done', '{b}');
# A statement that fails is not taken for one that was executed.
add_migrations($node, [ [ '0002_twice', 'ALTER SUBSCRIPTION s ADD PUBLICATION b' ] ], project => 'again');
is(migrate($node, project => 'again')->{sqlstate}, '42710', 'twice: an error') for 1 .. 2;
executed_but_open('gone', 'DROP SUBSCRIPTION s');
goes_on('gone', '1 done, 2 done', '');

$node->stop;
done_testing();
