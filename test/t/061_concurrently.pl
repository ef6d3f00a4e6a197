# CREATE INDEX CONCURRENTLY while others deploy the same, and while somebody keeps an old
# snapshot: nobody waits for whom he should not, directly and through a pooler.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayPooler;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $DEPLOYERS = 8;
my $node = new_node('concurrently', conf => "max_connections = 40\n");
my $user = $node->safe_psql('postgres', 'SELECT current_user');

# The third migration builds an index on a table with rows.
my $folder = write_folder({
		'0001_item.sql' => "CREATE TABLE item AS SELECT i AS id, i % 7 AS kind FROM generate_series(1, 20000) i;\n",
		'0002_log.sql' => "CREATE TABLE log (id integer);\nINSERT INTO log VALUES (1);\n",
		'0003_index.sql' => "INSERT INTO log VALUES (2);\nCREATE INDEX CONCURRENTLY item_kind ON item (kind);\nINSERT INTO log VALUES (3);\n",
		'0004_end.sql' => "INSERT INTO log VALUES (4);\n" });

sub start_client
{
	my ($connection) = @_;
	my %client = (out => '', err => '');

	$client{run} = IPC::Run::start(
		[ 'slipway', '-d', $connection, '--dir', $folder, 'migrate' ],
		'<', \undef, '>', \$client{out}, '2>', \$client{err},
		# ignored by whoever started the tests, perhaps; the client would keep that
		init => sub { @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3 },
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%client;
}

sub finish_client
{
	my ($client) = @_;

	$client->{run}->finish;
	return $? & 127 ? 128 + ($? & 127) : $? >> 8;
}

# A session whose transaction has read something.
sub hold_snapshot
{
	my ($db) = @_;
	my $session = $node->background_psql($db);

	$session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
	$session->query_safe('SELECT count(*) FROM pg_class');
	return $session;
}

my $WAITS = "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'";

sub all_is_done
{
	my ($db, $name) = @_;

	query_is($node, "SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'item'::regclass",
		'item_kind|t', "$name: the index is valid", db => $db);
	query_is($node, "SELECT string_agg(id::text, ',' ORDER BY id) FROM log", '1,2,3,4', "$name: everything ran once", db => $db);
	history_is_sound($node, $name, db => $db);
	return;
}

# Eight at once; one of them builds the index while it waits for the old snapshot.
sub eight_deploy
{
	my ($name, $db, $connection, $n) = @_;
	my $snapshot = hold_snapshot($db);
	my @clients = map { start_client($connection) } 1 .. $n;

	wait_until($node, $WAITS, "$name: the build waits for the old snapshot");
	$snapshot->query_safe('COMMIT');
	is(join(' ', map { finish_client($_) } @clients), join(' ', (0) x $n), "$name: all succeed")
	  or diag(map { $_->{err} } @clients);
	unlike(join('', map { $_->{err} } @clients), qr/deadlock/i, "$name: without a deadlock");
	$snapshot->quit;
	return all_is_done($db, $name);
}

sub new_database
{
	my ($db) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, 'CREATE EXTENSION pg_slipway');
	return $db;
}

eight_deploy('direct', new_database('direct'), $node->connstr('direct'), $DEPLOYERS);

SKIP:
{
	skip 'needs PgBouncer', 1 unless defined pooler_program();
	delete local @ENV{qw(PGUSER PGOPTIONS PGAPPNAME)};
	with_pooler($node, $user, "pool_mode = transaction\ndefault_pool_size = 20\nmax_client_conn = 50\n", sub {
		my ($socket) = @_;
		my $uri = "postgresql://$user\@/pooled?host=$socket&port=6432";
		my $snapshot;
		my $client;

		eight_deploy('pooled', new_database('pooled'), $uri, $DEPLOYERS);

		# Cancelled in the middle of the build, and deployed again.
		new_database('cancelled');
		$uri =~ s/pooled/cancelled/;
		$snapshot = hold_snapshot('cancelled');
		$client = start_client($uri);
		wait_until($node, $WAITS, 'cancelled: the build waits');
		$client->{run}->signal('INT');
		is(finish_client($client), 6, 'cancelled: the deploy stops part way');
		like($client->{err}, qr/stopped at unit 2 of 3/, 'cancelled: and says where');
		query_is($node, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'item_kind'::regclass",
			'f', 'cancelled: it has left an invalid index', db => 'cancelled');
		$snapshot->quit;
		$client = start_client($uri);
		is(finish_client($client), 0, 'cancelled: the next one succeeds') or diag($client->{err});
		all_is_done('cancelled', 'cancelled');
	});
}

unlike(slurp_file($node->logfile), qr/deadlock detected/, 'no deadlock in the log of the server');
$node->stop;
done_testing();
