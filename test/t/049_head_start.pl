# The connection is begun while the scripts are read. Nobody is to notice: not
# whose folder has an error, not the server, not whoever reads the messages.

use strict;
use warnings FATAL => 'all';

use Fcntl qw(F_WRLCK);
use IO::Socket::INET;
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayProxy;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $node = new_node('head_start', conf => "log_connections = on\nlog_disconnections = on\nlog_statement = none\n");
my ($host, $port) = ($node->host, $node->port);
my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
my $there = "dbname=$place->{db} host=$host port=$port";
my %pending = (out => qr/^0001_a +pending$/m, err => "project default: 1 pending\n");
my $manifest = qr/folder migrations: 1 migration, manifest \w+\n/;
my $connected = qr/connected to database "$place->{db}" on "\Q$host\E" port $port as "\w+" \(from options\)\n/;

# A script that is no text, behind others, so that the connection gets on before it is met.
my $files = 'SELECT 1;' . (' ' x 10_000) . "\n";
my $broken = new_place($node, { (map { sprintf('%04d_a.sql', $_) => $files } 1 .. 99), '0100_b.sql' => "SELECT '\xff';\n" }, bare => 1);
my %refused = (exit => 4, err => "slipway: error: migrations/0100_b.sql:1:9: invalid UTF-8 at byte offset 8\nhint: Scripts are UTF-8 text.\n");

delete @ENV{ grep { /^PGSSL/ } keys %ENV };
delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGOPTIONS PGSERVICE PGPASSFILE PGPASSWORD PGCONNECT_TIMEOUT)};
$ENV{HOME} = $place->{home};	# where no passfile is, and no certificate

# A folder with an error, and a server

for my $command (qw(migrate plan status validate))
{
	my $offset = wait_for_log($node);

	client_is($broken, [ $command, '-w', '-d', $there ], \%refused, "$command, a folder with an error", connect => 0);
	connections_are($node, $offset, 1, $command);
}
{
	my $offset = wait_for_log($node);

	for (1 .. 20)
	{
		client($broken, [ 'status', '-w', '-d', $there ], connect => 0);
	}
	connections_are($node, $offset, 20, 'twenty times');
}
{
	my $offset = wait_for_log($node);
	my ($exit, $out, $err) = client($broken, [ '-v', '--json', 'status', '-w', '-d', $there ], connect => 0);

	is($exit, 4, '-v --json: exit code');
	is_deeply([ map { $_->{exit_code} } @{ json_lines($out) } ], [4], '-v --json: the error is told');
	is($err, $refused{err}, '-v --json: nothing else is said');
	connections_are($node, $offset, 1, '-v --json');
}

# Without listing the folder nothing is begun

{
	my $offset = wait_for_log($node);

	client_is($broken, [ 'status', '-w', '-d', $there, '--dir', 'nowhere' ], {
			exit => 2, err => "slipway: error: could not read folder \"nowhere\": No such file or directory\n"
			  . "hint: Name the folder with --dir or MIGRATIONS_PATH.\n" },
		'no folder', connect => 0);
	client_is($broken, [ 'plan', '-w', '-d', $there, '--to', 'nothing' ],
		{ exit => 2, err => qr/has no migration "nothing"\n/ }, 'no such migration', connect => 0);
	client_is($broken, [ 'status', '-d', 'postgresql://h:x/y', '--dir', 'nowhere' ],
		{ exit => 2, err => qr/\Aslipway: error: could not read folder "nowhere"/ },
		'no folder, and a malformed string', connect => 0);
	connections_are($node, $offset, 0, 'no folder');
}

# A folder with an error, and no server, or one that says no or nothing

{
	my $closed = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp') or die "no port: $!\n";
	my $free = $closed->sockport;
	my $silent = start_proxy($node);

	close $closed;
	for my $try (
		[ 'host=/nonexistent port=5432 dbname=x', 'no socket' ],
		[ "host=127.0.0.1 port=$free dbname=x", 'connection refused' ],
		[ 'host=127.0.0.1 port=99999 dbname=x', 'a port that is none' ],
		[ 'host=no-such-host.invalid dbname=x', 'a host that cannot be resolved' ],
		[ "host=$host port=$port dbname=nowhere", 'an unknown database' ],
		[ "host=$silent->{host} port=$port dbname=x", 'a server that does not answer' ],
		[ "host=/nonexistent,$silent->{host} port=$port dbname=x", 'the same as the second host' ])
	{
		client_is($broken, [ 'migrate', '-w', '-d', $try->[0] ], \%refused, "a folder with an error, $try->[1]", connect => 0);
	}
	stop_proxy($silent);
}

# Where it would be noticed, nothing is begun before it is time

{
	my $home = $broken->{home};

	write_folder({
			'service.conf' => "[shop]\nhost=$host\nport=$port\ndbname=$place->{db}\nconnect_timeout=10\n",
			'slipway.conf' => "[a]\nurl = $there password=S3cret\n[b]\nurl = $there\n",
			'good' => "*:*:*:*:x\n", 'bad' => "*:*:*:*:x\n" }, $home);
	chmod 0644, "$home/slipway.conf", "$home/bad" or die "chmod: $!\n";
	chmod 0600, "$home/good" or die "chmod: $!\n";
	mkdir "$home/$_" or die "mkdir: $!\n" for qw(locked locked/.postgresql public folder);
	write_folder({ 'postgresql.crt' => '' }, "$home/locked/.postgresql");
	write_folder({ '.pgpass' => "*:*:*:*:x\n" }, "$home/public");
	chmod 0644, "$home/public/.pgpass" or die "chmod: $!\n";

	for my $try (
		[ 0, 'connect_timeout', [ '-d', "$there connect_timeout=10" ] ],
		[ 0, 'PGCONNECT_TIMEOUT', [ '-d', $there ], PGCONNECT_TIMEOUT => 10 ],
		[ 0, 'a service', [ '-d', 'service=shop' ], PGSERVICEFILE => "$home/service.conf" ],
		[ 0, 'PGSERVICE', [], PGSERVICE => 'shop', PGSERVICEFILE => "$home/service.conf" ],
		[ 0, '-W', [ '-d', $there, '-W' ] ],
		[ 0, 'a certificate', [ '-d', "$there sslcert=$home/none" ] ],
		[ 0, 'PGSSLCERT', [ '-d', $there ], PGSSLCERT => "$home/none" ],
		[ 0, 'a key', [ '-d', "$there sslkey=$home/none" ] ],
		[ 0, 'a certificate at home', [ '-d', $there ], HOME => "$home/locked" ],
		[ 0, 'a passfile for others to read', [ '-d', "$there passfile=$home/bad" ] ],
		[ 0, 'the same in PGPASSFILE', [ '-d', $there ], PGPASSFILE => "$home/bad" ],
		[ 0, 'the same at home', [ '-d', $there ], HOME => "$home/public" ],
		[ 0, 'a folder instead of a passfile', [ '-d', $there ], PGPASSFILE => "$home/folder" ],
		[ 0, 'no home', [ '-d', $there ], HOME => '' ],
		[ 0, 'a password in slipway.conf for others to read', [ '-e', 'a' ] ],
		[ 1, 'none in it', [ '-e', 'b' ] ],
		[ 1, 'a good passfile', [ '-d', "$there passfile=$home/good" ], PGPASSFILE => "$home/bad" ],
		[ 1, 'the same in PGPASSFILE', [ '-d', $there ], PGPASSFILE => "$home/good", HOME => "$home/public" ],
		[ 1, 'a passfile that is not there', [ '-d', $there ], PGPASSFILE => "$home/none" ])
	{
		my ($count, $name, $args, %env) = @$try;
		my $offset = wait_for_log($node);

		client_is($broken, [ 'status', @$args ], \%refused, $name, connect => 0, env => \%env);
		connections_are($node, $offset, $count, $name);
	}
}

# Several hosts

{
	my $closed = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'tcp') or die "no port: $!\n";
	my $free = $closed->sockport;
	my $silent = start_proxy($node);
	my $gone = start_proxy($node, side => 'server', type => 'R');
	my $hosts = sub { return ('-d', "host=$_[0],$host port=$_[1],$port dbname=$place->{db} " . ($_[2] // '')) };

	close $closed;
	client_is($place, [ 'status', $hosts->('/nonexistent', $port) ], \%pending, 'no socket, and a server', connect => 0);
	client_is($place, [ 'status', $hosts->('127.0.0.1', $free) ], \%pending, 'connection refused, and a server', connect => 0);
	client_is($place, [ 'status', $hosts->($gone->{host}, $port) ],
		{ exit => 8, err => qr/\Aslipway: error: could not connect \(options\): .*server closed the connection unexpectedly\n/ },
		'one that hangs up ends it', connect => 0);
	client_is($place, [ '-v', 'status', $hosts->('127.0.0.1', $free, 'target_session_attrs=read-write') ],
		{ out => $pending{out}, err => qr/\A$manifest$connected/ }, 'the one that can be written to', connect => 0);
	client_is($place, [ 'status', $hosts->('/nonexistent', $port, 'target_session_attrs=standby') ], {
			exit => 8,
			err => qr/\Aslipway: error: could not connect \(options\): .*No such file or directory\n.*server is not in hot standby mode\nhint: / },
		'none that will do, each with its reason', connect => 0);
	for my $try (
		[ 'connect_timeout', 'connect_timeout=2' ], [ 'PGCONNECT_TIMEOUT', '', PGCONNECT_TIMEOUT => 2 ])
	{
		my ($name, $more, %env) = @$try;

		client_is($place, [ '-v', 'status', $hosts->($silent->{host}, $port, $more) ],
			{ out => $pending{out}, err => qr/\A$manifest$connected/ }, "$name for each host", connect => 0, env => \%env);
	}
	client_is($place, [ 'status', '-d', "host=$silent->{host} port=$port dbname=x" ],
		{ exit => 8, err => qr/\Aslipway: error: could not connect \(options\): .* failed: timeout expired\n/ },
		'PGCONNECT_TIMEOUT and no answer', connect => 0, env => { PGCONNECT_TIMEOUT => 2 });
	client_is($place, [ 'status', '-d', $there ],
		{ exit => 8, err => qr/\Aslipway: error: could not connect \(options\): .*invalid integer value "" for connection option "connect_timeout"\n/ },
		'an empty PGCONNECT_TIMEOUT', connect => 0, env => { PGCONNECT_TIMEOUT => '' });
	stop_proxy($silent);
	stop_proxy($gone);
}

# What the server says at the login is read where the connection is wanted

{
	my $warning = qr/WARNING:  invalid value for parameter "default_tablespace": "nowhere"\n(?:DETAIL:  .*\n)?/;

	sql($node, "ALTER DATABASE $place->{db} SET default_tablespace = 'nowhere'");
	client_is($place, [ '-v', 'status', '-d', $there ], { out => $pending{out}, err => qr/\A$manifest$warning$connected/ },
		'a warning at the login', connect => 0);
	client_is($broken, [ 'status', '-d', $there ], \%refused, 'is not of interest where the folder has an error', connect => 0);
	sql($node, "ALTER DATABASE $place->{db} RESET default_tablespace");
}

# Reading takes long: whoever opens a file waits while another process has a lease
# on it, which it gives up when it has been asked and the function has returned.
# So many files are leased as there are functions. Returns what ends that
# process and tells the number of files that were opened, or nothing where files
# cannot be leased.
sub lease
{
	my ($pauses) = @_;
	my $answer = '';

	pipe my $from_holder, my $to_test or die "pipe: $!\n";
	my $pid = fork // die "fork: $!\n";
	if ($pid == 0)
	{
		my ($asked, $opened, @files) = (0, 0);

		local $SIG{IO} = sub { $asked++; };
		# the servers are the parent's: a handler that dies would stop them
		$SIG{INT} = 'DEFAULT';
		$SIG{TERM} = sub { POSIX::_exit($opened); };
		for my $pause (@$pauses)
		{
			open my $file, '+<', $pause->[0] or POSIX::_exit(255);
			push @files, $file;
			next if eval { fcntl $file, Fcntl::F_SETLEASE(), F_WRLCK };
			syswrite $to_test, 'n';
			POSIX::_exit(255);
		}
		syswrite $to_test, 'y';
		while (@files)
		{
			Time::HiRes::sleep(0.01) while $asked <= $opened;
			$pauses->[ $opened++ ][1]->();
			close shift @files;
		}
		Time::HiRes::sleep(1) while 1;
	}
	close $to_test;
	sysread $from_holder, $answer, 1;
	return sub {
		kill 'TERM', $pid;
		waitpid $pid, 0;
		return $? >> 8;
	} if $answer eq 'y';
	waitpid $pid, 0;
	return;
}

# The connection gets on between the scripts: with SCRAM the client must answer
# the server twice before it is let in

SKIP:
{
	my $slow = new_place($node, { map { sprintf('%04d_a.sql', $_) => "SELECT 1;\n" } 1 .. 100 });
	my $folder = PostgreSQL::Test::Utils::tempdir;
	my $hba = $node->data_dir . '/pg_hba.conf';
	my $old = slurp_file($hba);
	my $pause = sub { Time::HiRes::sleep(0.1) };

	sql($node, "CREATE ROLE alice LOGIN PASSWORD 'S3cret'; SELECT slipway.grant_role('alice', 'reader')", db => $slow->{db});
	unlink $hba;
	append_to_file($hba, "local all alice scram-sha-256\n$old");
	$node->reload;
	my $offset = wait_for_log($node);
	my $stop = lease([
			(map { [ sprintf("$slow->{home}/migrations/%04d_a.sql", $_), $pause ] } 20, 40, 60, 80),
			[ "$slow->{home}/migrations/0100_a.sql", sub {
					my $until = Time::HiRes::time() + 5;

					while (Time::HiRes::time() < $until)
					{
						append_to_file("$folder/in", ''), last if slurp_file($node->logfile, $offset) =~ /connection authorized: user=alice/;
						Time::HiRes::sleep(0.01);
					}
				} ] ]);
	skip 'needs leases of files', 5 unless $stop;
	client_is($slow, [ 'status', '-d', "dbname=$slow->{db} host=$host port=$port user=alice" ],
		{ out => qr/^0100_a +pending$/m, err => "project default: 100 pending\n" },
		'an answer to the server', connect => 0, env => { PGPASSWORD => 'S3cret' });
	is($stop->(), 5, 'an answer to the server: the client had to wait');
	ok(-e "$folder/in", 'the client has logged in before it has read all scripts');
}

# Who reads for long does not count on the server's patience

SKIP:
{
	my $slow = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
	my $offset = wait_for_log($node);
	my $stop = lease([ [ "$slow->{home}/migrations/0001_a.sql", sub { Time::HiRes::sleep(1.5) } ] ]);

	skip 'needs leases of files', 7 unless $stop;
	client_is($slow, [ '-v', 'status', '-d', "dbname=$slow->{db} host=$host port=$port" ],
		{ out => qr/^0001_a +pending$/m, err => qr/\Afolder .*\nconnected .*\n.*\nproject default: 1 pending\n\z/ },
		'a folder that takes long', connect => 0);
	is($stop->(), 1, 'a folder that takes long: the client had to wait');
	connections_are($node, $offset, 2, 'a folder that takes long');
}

$node->stop;
done_testing();
