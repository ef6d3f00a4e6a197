# The tracking tables survive pg_dump: the restored database knows what was
# applied, and goes on from there.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('dumped');
my $folder = PostgreSQL::Test::Utils::tempdir;
my @TABLES = qw(project script migration manifest run history role_grant);
my $STATUS = 'SELECT project, "position", migration, state, script_hash, applied_at, duration, run
	FROM slipway.status ORDER BY project, "position"';

# Something in each table: two projects, one with schemas and an owner; a run
# that failed, one that was interrupted, one with a migration pending.
$node->safe_psql(
	'postgres', q{
	CREATE ROLE app_owner;
	CREATE ROLE dump_deployer LOGIN;
	CREATE SCHEMA app AUTHORIZATION app_owner;
	SELECT slipway.create_project('app', '{app}', 'app_owner');
	SELECT slipway.grant_role('dump_deployer', 'deployer', 'app');
	SELECT slipway.grant_role('dump_deployer', 'uploader', 'app');
	SELECT slipway.grant_role('dump_deployer', 'reader');
	CREATE TABLE gate (open boolean);});
add_migrations(
	$node,
	[
		[ '0001_first', "CREATE TABLE first (id integer, name text DEFAULT 'it''s \\ a name');" ],
		[ '0002_second', "INSERT INTO first VALUES (1);\r\n-- with a carriage return\r\n" ],
		[ '0003_fails', "SELECT 1 / count(*) FROM gate;" ],
	]);
is(migrate($node, application => "tab\tand 'quote'")->{sqlstate}, '22012', 'one deploy fails');
add_migrations($node, [ [ '0001_app', 'CREATE TABLE app_table (id integer)' ] ], project => 'app');
is(migrate($node, project => 'app', user => 'dump_deployer')->{exit}, 0, 'another works');
add_migrations(
	$node,
	[
		[
			'0002_sleep', 'SELECT pg_sleep(30) WHERE NOT EXISTS (SELECT FROM public.gate);
			CREATE TABLE slept ();'
		]
	],
	project => 'app');
$node->safe_psql('postgres', 'GRANT SELECT ON gate TO app_owner');
my $deploy = start_migrate($node, project => 'app');
wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'", 'it sleeps');
sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
finish_sql($deploy);
$node->safe_psql('postgres', 'INSERT INTO gate VALUES (true)');
is(migrate($node, project => 'app')->{exit}, 0, 'after one that was interrupted');
is(migrate($node)->{exit}, 0, 'and the one that failed works now');
add_migrations($node, [ [ '0004_pending', 'CREATE TABLE fourth ()' ] ]);

sub contents
{
	my ($db) = @_;

	return {
		map {
			$_ => sql($node, "SELECT * FROM slipway.$_ t ORDER BY t::text COLLATE \"C\"", db => $db)->{out}
		} @TABLES
	};
}

sub lines_of
{
	my ($text) = @_;

	return scalar(() = $text =~ /\n/g) + ($text ne '');
}

my $contents = contents('postgres');
cmp_ok(lines_of($contents->{$_}), '>=', 2, "there are rows to carry in $_") for @TABLES;
my $status = sql($node, $STATUS)->{out};

sub looks_the_same
{
	my ($db, $name) = @_;
	my $restored = contents($db);

	is($restored->{$_}, $contents->{$_}, "$name: all rows of $_") for @TABLES;
	query_is($node, $STATUS, $status, "$name: the same status", db => $db);
	query_is($node, "SELECT * FROM slipway.verify_history('$_')",
		'', "$name: the history of $_ verifies", db => $db) for 'default', 'app';
	return;
}

sub goes_on
{
	my ($db, $name) = @_;

	my $answer = migrate($node, db => $db, project => 'app');
	is($answer->{exit}, 0, "$name: migrate of what is all applied") or diag($answer->{err});
	has_event_count($answer, 'applied', 0, "$name: finds nothing to do");
	query_is($node, "SELECT count(*) FROM slipway.run WHERE project = 'app'",
		sql($node, "SELECT count(*) FROM slipway.run WHERE project = 'app'")->{out},
		"$name: and makes no run", db => $db);
	add_migrations($node, [ [ '0005_new', "CREATE TABLE fifth (); INSERT INTO first VALUES (5);" ] ], db => $db);
	$answer = migrate($node, db => $db);
	is_deeply([ map { $_->{migration} } grep { $_->{event} eq 'applied' } @{ $answer->{event} } ],
		[ '0004_pending', '0005_new' ], "$name: what was pending and what is new is applied");
	query_is($node, 'SELECT count(*) FROM (SELECT project FROM slipway.migration GROUP BY project, id HAVING count(*) > 1) d',
		'0', "$name: the numbers of migrations have gone on", db => $db);
	query_is($node, 'SELECT * FROM slipway.verify_history()', '', "$name: the history goes on as well", db => $db);
	query_is($node, "SELECT string_agg(entry::text, ',' ORDER BY entry) FROM slipway.history WHERE project = 'default'",
		'1,2,3,4,5,6', "$name: without a gap", db => $db);
	my $update = sql($node, 'UPDATE slipway.history SET outcome = outcome', db => $db);
	is($update->{sqlstate}, 'SW017', "$name: it is append-only there as well");
	return;
}

# The roles of the cluster have their rights in the new database as well.
sub has_rights
{
	my ($db, $name) = @_;
	my @as = (db => $db, user => 'dump_deployer', project => 'app');

	add_migrations($node, [ [ '0003_rights', 'CREATE TABLE rights ()' ] ], @as);
	my $answer = migrate($node, @as);
	is($answer->{exit}, 0, "$name: a role that could deploy still can") or diag($answer->{err});
	query_is($node, "SELECT tableowner FROM pg_tables WHERE schemaname = 'app' AND tablename = 'rights'",
		'app_owner', "$name: as the owner of the project", db => $db);
	is(migrate($node, @as, project => 'default')->{sqlstate},
		'42501', "$name: and in no other project");
	return;
}

# Plain text, and the custom format.
for my $format ('plain', 'custom')
{
	my $file = "$folder/$format";

	$node->safe_psql('postgres', "CREATE DATABASE $format TEMPLATE template0");
	$node->command_ok([ 'pg_dump', "--format=$format", '-f', $file, '-d', $node->connstr('postgres') ],
		"$format: pg_dump");
	$node->command_ok(
		$format eq 'plain'
		? [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr($format) ]
		: [ 'pg_restore', '--exit-on-error', '-d', $node->connstr($format), $file ],
		"$format: restore");
	looks_the_same($format, $format);
	goes_on($format, $format);
	has_rights($format, $format);
}

# Schema and data apart, restored one after the other.
$node->safe_psql('postgres', 'CREATE DATABASE apart TEMPLATE template0');
for my $section ('schema', 'data')
{
	my $file = "$folder/$section";

	$node->command_ok([ 'pg_dump', "--$section-only", '-f', $file, '-d', $node->connstr('postgres') ],
		"apart: pg_dump --$section-only");
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr('apart') ],
		"apart: restore of it");
}
looks_the_same('apart', 'apart');
goes_on('apart', 'apart');

# The data only, into a database that somebody has prepared by hand.
$node->safe_psql('postgres', 'CREATE DATABASE prepared TEMPLATE template0');
$node->safe_psql('prepared', 'CREATE EXTENSION pg_slipway');
$node->command_ok(
	[
		'pg_dump', '--data-only', '--schema=slipway', '--extension=pg_slipway',
		'-f', "$folder/tracking", '-d', $node->connstr('postgres')
	],
	'prepared: pg_dump of the tracking tables only');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$folder/tracking", '-d', $node->connstr('prepared') ],
	'prepared: restore');
looks_the_same('prepared', 'prepared');

# A copy of a database.
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE plain');
query_is($node, 'SELECT * FROM slipway.verify_history()', '', 'copied: the history verifies', db => 'copied');
has_event_count(migrate($node, db => 'copied'), 'applied', 0, 'copied: nothing to do');

no_locks_left($node, 'in the end');
$node->stop;
done_testing();
