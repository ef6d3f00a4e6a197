# Logical replication of everything, tracking tables too: deploys on the publisher go on as ever, and
# what arrives at the subscriber is a history that verifies.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $conf = "wal_level = logical\nmax_replication_slots = 30\nmax_wal_senders = 30\nmax_logical_replication_workers = 10\nmax_worker_processes = 20\n";
my $publisher = new_node('publisher', conf => $conf);
my $subscriber = new_node('subscriber', conf => $conf);
my $place = new_place($publisher, {
		'0001_a.up.sql' => "CREATE TABLE a (id integer PRIMARY KEY);\nINSERT INTO a VALUES (1);\n", '0001_a.down.sql' => "DROP TABLE a;\n" });

$publisher->safe_psql($place->{db}, 'CREATE PUBLICATION everything FOR ALL TABLES');
$publisher->safe_psql($place->{db}, 'CREATE ROLE deployer');

# It has rolled back, and applied again.
sub is_whole
{
	my ($node, $name, %option) = @_;
	my $project = literal($option{project} // 'default');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	query_is($node, "SELECT * FROM slipway.verify_history($project)", '', "$name: the history verifies", %option);
	query_is($node, "SELECT number FROM slipway.run WHERE project = $project AND outcome = 'running'", '', "$name: no run goes on", %option);
	return;
}

# Every table that has rows changed or removed can be told about them.
query_is($publisher, q{
	SELECT c.relname FROM pg_class c
	 WHERE c.relnamespace = 'slipway'::regnamespace AND c.relkind = 'r' AND c.relreplident = 'd' AND c.relname <> 'journal_made'
	   AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)}, '', 'every table has an identity', db => $place->{db});

client_is($place, [ 'migrate', '-q' ], {}, 'a deploy');
$publisher->safe_psql($place->{db}, q{SELECT slipway.grant_role('deployer', 'deployer'); SELECT slipway.revoke_role('deployer', 'deployer')});
put_files($place, { '0002_index.up.sql' => "CREATE INDEX CONCURRENTLY a_id ON a (id);\nVACUUM a;\n", '0002_index.down.sql' => "DROP INDEX CONCURRENTLY a_id;\n" });
client_is($place, [ 'migrate', '-q' ], {}, 'one in several steps');

# A subscriber that has the extension gets it all, and goes on to.
my $source = $publisher->connstr($place->{db}) =~ s/'/''/gr;
$subscriber->safe_psql('postgres', "CREATE TABLE a (id integer PRIMARY KEY); CREATE SUBSCRIPTION all_of_it CONNECTION '$source' PUBLICATION everything");
$subscriber->wait_for_subscription_sync($publisher, 'all_of_it', 'postgres');
client_is($place, [ 'redo', '--yes', '-q' ], {}, 'redo');
client_is($place, [ 'rollback', '--steps', '1', '--yes', '-q' ], {}, 'rollback');
put_files($place, { '0003_bad.sql' => "SELECT 1/0;\n" });
client_is($place, [ 'migrate', '-q' ], { exit => 5, err => qr/division/ }, 'one that fails');
client_is($place, [ 'repair', '-q', '--forget-failed', '0003_bad', '--reason', 'why' ], {}, 'repair');
put_files($place, { '0003_bad.sql' => "SELECT 1;\n" });
client_is($place, [ 'migrate', '-q', '--detach' ], {}, 'a detached one');
client_is($place, [ 'diff', '--save', 'kept' ], { err => qr/./ }, 'a snapshot is saved');
$publisher->safe_psql($place->{db}, q{
	SELECT slipway.drop_snapshot('kept');
	SELECT slipway.require_approval(true, 'why');
	SELECT slipway.register_credential('default', 'regress_role'); SELECT slipway.generate_credential('store');
	SELECT slipway.fail_credential('create', 'why'); SELECT slipway.rollback_credential('default');
	SELECT slipway.create_batch('{default}'); SELECT slipway.claim_item(1); SELECT slipway.finish_item(1, 1, 1, 'failed'); SELECT slipway.resume_batch(1); SELECT slipway.stop_batch(1)});
is_whole($publisher, 'publisher', db => $place->{db});
$publisher->wait_for_catchup('all_of_it');

for my $table (split /\n/, sql($publisher, q{SELECT relname FROM pg_class WHERE relnamespace = 'slipway'::regnamespace AND relkind = 'r' ORDER BY 1}, db => $place->{db})->{out})
{
	my $rows = "SELECT * FROM slipway.$table t ORDER BY t::text COLLATE \"C\"";

	query_is($subscriber, $rows, sql($publisher, $rows, db => $place->{db})->{out}, "all rows of $table");
}
is_whole($subscriber, 'subscriber');
query_is($subscriber, 'SELECT count(*) > 10 FROM slipway.history', 't', 'there is a history');
query_is($subscriber, 'SELECT migration, state FROM slipway.status', sql($publisher, 'SELECT migration, state FROM slipway.status', db => $place->{db})->{out},
	'the same status');
is(sql($subscriber, 'DELETE FROM slipway.history')->{sqlstate}, 'SW017', 'it is append-only there as well');

# Its own deploys, in a project of its own, and those that arrive are no trouble to one another.
sql($subscriber, q{SELECT slipway.create_project('mine')});
add_migrations($subscriber, [ [ '0001_mine', 'CREATE TABLE mine ()' ] ], project => 'mine');
is(migrate($subscriber, project => 'mine')->{exit}, 0, 'a deploy on the subscriber');
put_files($place, { '0004_d.sql' => "SELECT 4;\n" });
$publisher->safe_psql($place->{db}, q{SELECT slipway.require_approval(false, 'why')});
client_is($place, [ 'migrate', '-q' ], {}, 'and one on the publisher');
$publisher->wait_for_catchup('all_of_it');
is_whole($subscriber, 'subscriber', project => $_) for qw(default mine);
query_is($subscriber, q{SELECT state FROM slipway.status WHERE migration = '0004_d'}, 'applied', 'has arrived');
query_is($subscriber, 'SELECT apply_error_count + sync_error_count FROM pg_stat_subscription_stats', '0', 'without an error');

$subscriber->stop;
$publisher->stop;
done_testing();
