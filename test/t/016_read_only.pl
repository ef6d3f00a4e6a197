# Where nothing can be written, looking works and deploying says why not.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql(
	'postgres', q{
	CREATE EXTENSION pg_slipway;
	CREATE ROLE read_only LOGIN SUPERUSER;
	ALTER ROLE read_only SET default_transaction_read_only = on;
	SELECT slipway.create_project('done');});
add_migrations($primary, [ [ '0001_first', 'CREATE TABLE first ()' ], [ '0002_second', 'CREATE TABLE second ()' ] ]);
is(migrate($primary)->{exit}, 0, 'deployed on the primary');
add_migrations($primary, [ [ '0001_done', 'SELECT 1' ] ], project => 'done');
is(migrate($primary, project => 'done')->{exit}, 0, 'another project, completely');
my $manifest = sql(
	$primary, q{SELECT encode(hash, 'hex') FROM slipway.manifest
	 WHERE project = 'default' ORDER BY created_at DESC LIMIT 1})->{out};
add_migrations($primary, [ [ '0003_third', 'CREATE TABLE third ()' ] ]);

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

# The same on both: who may not write, where.
sub check
{
	my ($node, $name, @in) = @_;

	query_is($node, q{SELECT migration, state FROM slipway.status WHERE project = 'default'},
		"0001_first|applied\n0002_second|applied\n0003_third|pending", "$name: status", @in);
	query_is($node, 'SELECT migration, kind, units FROM slipway.plan()',
		'0003_third|transactional|1', "$name: plan", @in);
	query_is($node, "SELECT count(*) FROM slipway.plan(manifest => '$manifest')", '0', "$name: plan of an older manifest", @in);
	query_is($node, 'SELECT * FROM slipway.validate()', '', "$name: validate", @in);
	query_is($node, "SELECT slipway.require('0002_second')", '', "$name: require what is applied", @in);
	is(sql($node, "SELECT slipway.require('0003_third')", @in)->{sqlstate}, 'SW011', "$name: and what is not");
	query_is($node, 'SELECT * FROM slipway.verify_history()', '', "$name: verify_history", @in);
	query_is($node, q{SELECT kind, units FROM slipway.check_script('x', 'CREATE TABLE x (); SELECT 1')},
		'transactional|1', "$name: check_script", @in);
	query_is($node, q{SELECT migration, state FROM slipway.compare(E'slipway-manifest 1 order=auto\n')},
		"0001_first|future\n0002_second|future", "$name: compare", @in);
	query_is($node, 'SELECT count(*) FROM slipway.log', '3', "$name: log", @in);
	query_is($node, 'SELECT count(*) FROM slipway.schema_migrations', '3', "$name: schema_migrations", @in);
	query_is($node, 'SELECT count(*) FROM slipway.lock_holder', '0', "$name: lock_holder", @in);

	my $answer = migrate($node, @in);
	is($answer->{sqlstate}, '25006', "$name: migrate is refused as read-only") or diag($answer->{err});
	is(scalar(() = $answer->{err} =~ /(?:ERROR|FATAL|PANIC|WARNING):  /g), 1, "$name: with one error, nothing else");
	like($answer->{error}, qr/read-only|recovery/, "$name: which says so");
	unlike($answer->{err}, qr/INSERT|UPDATE|slipway\.(run|history)/, "$name: and does not speak of internals");
	is(sql($node, q{SELECT slipway.add_migration('0004_fourth', 'SELECT 1')}, @in)->{sqlstate},
		'25006', "$name: so is an upload");
	no_locks_left($node, $name, @in);
	return;
}

check($standby, 'standby');
check($primary, 'default_transaction_read_only', user => 'read_only');

# What a session may undo, a deployer may: that setting is a default only.
is(migrate($primary, user => 'read_only', before => 'SET default_transaction_read_only = off;')->{exit},
	0, 'default_transaction_read_only undone: migrate works');
history_is_sound($primary, 'primary');

# And a script's own is no more than that.
add_migrations(
	$primary,
	[
		[ '0004_read_only', 'SET default_transaction_read_only = on; SET TRANSACTION READ ONLY; SELECT 1' ],
		[ '0005_writes', 'CREATE TABLE fifth ()' ],
	]);
my $answer = migrate($primary);
is($answer->{exit}, 0, 'a script sets its transaction to read-only: its record is written') or diag($answer->{err});
has_event_count($answer, 'applied', 2, 'and the next can write');

# Promoted, the standby is a primary like any other.
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
$primary->stop;
$standby->promote;
add_migrations($standby, [ [ '0006_promoted', 'CREATE TABLE sixth ()' ] ]);
is(migrate($standby)->{exit}, 0, 'promoted: migrate works');
history_is_sound($standby, 'promoted');

$standby->stop;
done_testing();
