# pg_dump and pg_restore by roles that are no superusers.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('backup');
my $folder = PostgreSQL::Test::Utils::tempdir;

$node->safe_psql(
	'postgres', q{
	CREATE ROLE backup LOGIN; GRANT pg_read_all_data TO backup;
	CREATE ROLE onlooker LOGIN; CREATE ROLE keeper LOGIN; CREATE ROLE other LOGIN;
	SELECT slipway.create_project('default');
	SELECT slipway.grant_role('onlooker', 'reader');
	GRANT pg_read_all_data TO keeper; GRANT CREATE ON SCHEMA public TO keeper});
add_migrations($node, [ [ '0001_a', 'CREATE TABLE a (id integer); INSERT INTO a VALUES (1); GRANT SELECT ON a TO onlooker' ], [ '0002_b', 'SELECT 1 / 0' ] ]);
is(migrate($node)->{sqlstate}, '22012', 'one is applied, one has failed');
my $tables = [ split /\n/, sql($node, q{SELECT relname FROM pg_class WHERE relnamespace = 'slipway'::regnamespace AND relkind = 'r' ORDER BY 1})->{out} ];

sub rows
{
	my ($db, $table) = @_;

	return sql($node, "SELECT * FROM slipway.$table t ORDER BY t::text COLLATE \"C\"", db => $db)->{out};
}

sub looks_the_same
{
	my ($db) = @_;

	is(rows($db, $_), rows('postgres', $_), "$db: all rows of $_") for @$tables;
	history_is_sound($node, $db, db => $db);
	query_is($node, 'SELECT migration, state FROM slipway.status', "0001_a|applied\n0002_b|failed", "$db: the same status", db => $db);
	return;
}

# Who may read all data dumps all of it.
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$folder/all", '-U', 'backup', '-d', $node->connstr('postgres') ], 'a backup role dumps the database');
$node->safe_psql('postgres', 'CREATE DATABASE restored TEMPLATE template0');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('restored'), "$folder/all" ], 'which a superuser restores');
looks_the_same('restored');

# A reader sees no script, so he cannot dump those; all else he can.
$node->command_fails_like([ 'pg_dump', '-f', "$folder/no", '-U', 'onlooker', '-d', $node->connstr('postgres') ], qr/permission denied for table (?:script|credential|journal_made)/,
	'a reader cannot dump the scripts');
$node->command_ok([ 'pg_dump', '-f', "$folder/rest", '-U', 'onlooker', '--exclude-schema=slipway', '-d', $node->connstr('postgres') ], 'a reader dumps all else');
$node->command_ok([ 'pg_dump', '-f', "$folder/log", '-U', 'onlooker', '--data-only', map({ ('-t', "slipway.$_") } qw(history run manifest migration project)), '-d', $node->connstr('postgres') ],
	'and the history');
my $dump = PostgreSQL::Test::Utils::slurp_file("$folder/log");
like($dump, qr/^COPY slipway\.history /m, 'which is in it');
unlike(PostgreSQL::Test::Utils::slurp_file("$folder/rest"), qr/^COPY slipway\./m, 'and not in the other');

# Where a superuser has made the extension, the owner of the tracking tables restores them.
$node->safe_psql('postgres', 'CREATE DATABASE kept TEMPLATE template0 OWNER keeper');
$node->safe_psql('kept', q{CREATE EXTENSION pg_slipway; SELECT slipway.set_owner('keeper')});
$node->command_ok([ 'pg_dump', '--data-only', '-n', 'slipway', '--extension=pg_slipway', '-Fc', '-f', "$folder/tracking", '-U', 'backup', '-d', $node->connstr('postgres') ], 'the tracking tables alone');
$node->command_fails_like([ 'pg_restore', '--exit-on-error', '-U', 'other', '-d', $node->connstr('kept'), "$folder/tracking" ], qr/permission denied/, 'not by anybody');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-U', 'keeper', '-d', $node->connstr('kept'), "$folder/tracking" ], 'restored by their owner, no superuser');
looks_the_same('kept');
my $answer = sql($node, 'DELETE FROM slipway.history', db => 'kept', user => 'keeper');
is($answer->{sqlstate}, 'SW017', 'who cannot change what is there');
add_migrations($node, [ [ '0002_b', 'CREATE TABLE b ()' ] ], db => 'kept', user => 'keeper');
$node->safe_psql('kept', 'GRANT CREATE ON SCHEMA public TO keeper');
is(migrate($node, db => 'kept', user => 'keeper')->{exit}, 0, 'he goes on from there');
history_is_sound($node, 'goes on', db => 'kept');

$node->stop;
done_testing();
