# What goes wrong between a client, its files and a server before anything
# runs. Each has an exit code and a message of its own.

use strict;
use warnings FATAL => 'all';

use IO::Socket::INET;
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayProxy;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('bad', conf => "max_connections = 4\nsuperuser_reserved_connections = 1\nmax_wal_senders = 0\nwal_level = minimal\n");
my ($host, $port) = ($node->host, $node->port);
my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE a (id integer);\n" });
my $socket = qr/connection to server on socket "\Q$host\E\/\.s\.PGSQL\.$port" failed/;

my $no_server = qr/hint: Is the server running there\? "slipway wait" waits for one that is starting\.\n/;

delete @ENV{qw(PGUSER PGPASSFILE PGPASSWORD)};

sub no_connection
{
	my ($conninfo, $message, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	for my $command (qw(migrate status))
	{
		client_is($place, [ $command, '-w', '-d', $conninfo ], {
				exit => 8, err => qr/\Aslipway: error: could not connect \(options\): $message\z/ },
			"$name, $command", connect => 0);
	}
	return;
}

# No server

{
	my $closed = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp') or die "no port: $!\n";
	my $free = $closed->sockport;

	close $closed;
	no_connection("host=127.0.0.1 port=$free dbname=x",
		qr/connection to server at "127\.0\.0\.1", port $free failed: Connection refused\n$no_server/,
		'connection refused');
}
no_connection('host=/nonexistent port=5432 dbname=x',
	qr/connection to server on socket "\/nonexistent\/\.s\.PGSQL\.5432" failed: No such file or directory\n$no_server/,
	'no socket');
{
	my @sockets = map { "connection to server on socket \"/$_/.s.PGSQL.5432\" failed: No such file or directory" } qw(one two);

	client_is($place, [ 'status', '-d', 'host=/one,/two port=5432 dbname=x' ], {
			exit => 8, err => qr/\Aslipway: error: could not connect \(options\): $sockets[0]\n$sockets[1]\n$no_server\z/ },
		'two hosts, a line for each', connect => 0);
}
no_connection('host=no-such-host.invalid dbname=x',
	qr/could not translate host name "no-such-host\.invalid" to address: .*\n/, 'a host that cannot be resolved');
no_connection('host=127.0.0.1 port=99999 dbname=x', qr/invalid port number: "99999"\n/, 'a port that is none');
{
	my $proxy = start_proxy($node);

	no_connection("host=$proxy->{host} port=$port dbname=x connect_timeout=2",
		qr/connection to server on socket "\S+" failed: timeout expired\n/, 'a server that does not answer');
	stop_proxy($proxy);
}

# A server that says no

no_connection("host=$host port=$port dbname=nowhere", qr/$socket: FATAL:  database "nowhere" does not exist\n/, 'an unknown database');
no_connection("host=$host port=$port dbname=$place->{db} user=nobody_here", qr/$socket: FATAL:  role "nobody_here" does not exist\n/,
	'an unknown role');
sql($node, 'CREATE ROLE carol LOGIN CONNECTION LIMIT 0; CREATE ROLE dave NOLOGIN');
no_connection("host=$host port=$port dbname=$place->{db} user=carol", qr/$socket: FATAL:  too many connections for role "carol"\n/,
	'a role with too many connections');
no_connection("host=$host port=$port dbname=$place->{db} user=dave", qr/$socket: FATAL:  role "dave" is not permitted to log in\n/,
	'a role that may not log in');
sql($node, "ALTER DATABASE $place->{db} ALLOW_CONNECTIONS false");
no_connection("host=$host port=$port dbname=$place->{db}",
	qr/$socket: FATAL:  database "$place->{db}" is not currently accepting connections\n/, 'a database that is closed');
sql($node, "ALTER DATABASE $place->{db} ALLOW_CONNECTIONS true");
{
	my @others;

	for (1 .. 4)
	{
		my ($in, $out) = ("SELECT 'connected';\n", '');
		my $session = IPC::Run::start([ 'psql', '-XAt', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out,
			IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));

		$session->pump until $out =~ /connected/;
		push @others, $session;
	}
	no_connection("host=$host port=$port dbname=$place->{db}", qr/$socket: FATAL:  sorry, too many clients already\n/,
		'too many connections');
	$_->finish for @others;
	# psql does not wait for the end of its backend
	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'client backend'}, 'the others have left');
}

# Strings that libpq does not take

for my $try (
	[ 'dbname=x sslmod=require', 'options is not a connection string of PostgreSQL: invalid connection option "sslmod"' ],
	[ 'postgresql://h/x?sslmod=require', 'options is not a connection string of PostgreSQL: invalid URI query parameter: "sslmod"' ],
	[ 'dbname=x host', 'options is not a connection string of PostgreSQL: missing "=" after "host" in connection info string' ],
	[ "dbname='x", 'options is not a connection string of PostgreSQL: unterminated quoted string in connection info string' ],
	[ 'postgresql://[::1/x', 'options is not a connection string of PostgreSQL: end of string reached when looking for matching "]" in IPv6 host address in URI: "postgresql://[::1/x"' ])
{
	my ($conninfo, $message) = @$try;

	client_is($place, [ 'status', '-d', $conninfo ], { exit => 2, err => "slipway: error: $message\n" }, $conninfo, connect => 0);
}

# Files that change while they are in use

{
	my $path = "$place->{home}/migrations/0001_a.sql";

	for my $try (
		[ 'changed', sub { write_folder({ '0001_a.sql' => "DROP TABLE a;\n" }, "$place->{home}/migrations") },
			"\"migrations/0001_a.sql\" changed while it was read\nhint: Run it again.\n" ],
		[ 'gone', sub { unlink $path or die "unlink: $!\n" }, "could not read \"migrations/0001_a.sql\": No such file or directory\n" ],
		[ 'a folder', sub { unlink $path; mkdir $path or die "mkdir: $!\n" }, "could not read \"migrations/0001_a.sql\": Is a directory\n" ])
	{
		my ($name, $change, $message) = @$try;

		rmdir $path;
		put_files($place, { '0001_a.sql' => "CREATE TABLE a (id integer);\n" });
		my $proxy = start_proxy($node, side => 'none', meanwhile => $change);
		client_is($place, [ 'migrate', '-d', "host=$proxy->{host} port=$port dbname=$place->{db}" ], {
				exit => 1, err => "slipway: error: $message" },
			"a file that is $name when it is sent", connect => 0);
		stop_proxy($proxy);
		query_is($node, 'SELECT count(*) FROM slipway.script', '0', 'nothing of it was kept', db => $place->{db});
	}
	rmdir $path;
	put_files($place, { '0001_a.sql' => "CREATE TABLE a (id integer);\n" });
	my $proxy = start_proxy($node, side => 'none',
		meanwhile => sub { write_folder({ '0001_a.sql' => "\xef\xbb\xbfCREATE TABLE a (id integer);\r\n" }, "$place->{home}/migrations") });
	client_is($place, [ '-q', 'migrate', '-d', "host=$proxy->{host} port=$port dbname=$place->{db}" ], {},
		'a file that is the same script with other line ends', connect => 0);
	stop_proxy($proxy);
	applied_is($place, '0001_a', 'is sent');
}

# A disk that is full: a file system of one page

SKIP:
{
	skip 'needs a mount of its own', 4
	  if system("unshare -rm sh -c 'mount -t tmpfs -o size=4k none /mnt' >/dev/null 2>&1") != 0;
	my $folder = "$place->{home}/full";
	my $script = 'mount -t tmpfs -o size=4k none "$0" && head -c 4096 /dev/zero >"$0/fill" && slipway new x --dir "$0"; status=$?; ls "$0"; exit $status';
	my ($out, $err) = ('', '');

	mkdir $folder or die "mkdir: $!\n";
	IPC::Run::run([ 'unshare', '-rm', 'sh', '-c', $script, $folder ], '<', \undef, '>', \$out, '2>', \$err);
	is($? >> 8, 1, 'new on a full disk: exit code');
	like($err, qr/\Aslipway: error: could not write "\Q$folder\E\/\d{14}_x\.sql": No space left on device\n\z/, 'what it says');
	is($out, "fill\n", 'it leaves no file behind');
}
SKIP:
{
	skip 'no /dev/full', 4 unless -w '/dev/full';
	my $full = "slipway: error: could not write to standard output: No space left on device\n";

	# less than a buffer, which is written with the next talk, and more
	for my $try ([ "status -h $host -p $port -d $place->{db}", "project default: 1 applied\n$full" ], [ 'help --markdown', $full ])
	{
		my ($command, $expected) = @$try;
		my $err = '';

		IPC::Run::run([ 'sh', '-c', "cd $place->{home} && slipway $command >/dev/full" ], '<', \undef, '2>', \$err);
		is($? >> 8, 1, "$command into a full disk: exit code");
		is($err, $expected, 'what it says');
	}
}

$node->stop;
done_testing();
