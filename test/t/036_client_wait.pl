# wait: until the server accepts connections, and not longer than it should.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayPooler;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes qw(time);

my $node = new_node('wait', conf => "wal_level = replica\n");
my $place = new_place($node, {});
my $socket = $node->host;
my $port = $node->port;
my $server = "$socket port $port";

client_is($place, ['wait'], { err => "the server ($server) accepts connections, after TIME\n" }, 'a server that is there');
client_is($place, [ 'wait', '-q' ], {}, 'wait -q says nothing');
client_is($place, [ 'wait', '-d', 'nowhere', '-h', $socket, '-p', $port ], {
		exit => 8,
		err => qr/\Aslipway: error: could not connect \(options\): .*FATAL:  database "nowhere" does not exist\n/ },
	'a database that does not exist is not waited for', connect => 0);
client_is($place, [ 'wait', '--url', "postgresql://nobody_here\@/postgres?host=$socket&port=$port" ], {
		exit => 8,
		err => qr/\Aslipway: error: could not connect \(option --url\): .*FATAL:  role "nobody_here" does not exist\n/ },
	'nor is a role', connect => 0);

client_is($place, [ 'wait', '--url', "host=name.invalid port=$port dbname=x", '--timeout', '100ms' ], {
		exit => 8,
		err => "waiting for the server (name.invalid port $port): its name is not known\n"
		  . "slipway: error: the server (name.invalid port $port) was not ready within TIME: its name is not known\n" },
	'a name that is not known may be so later', connect => 0);
# One that has no free connection: what it says is told, and later there is one

$node->append_conf('postgresql.conf', "max_connections = 5\nsuperuser_reserved_connections = 3\n");
$node->restart;
sql($node, 'CREATE ROLE waiter LOGIN');
{
	my @others = map { start_sql($node, 'SELECT pg_sleep(60);', application => 'full') } 1 .. 2;
	my @waiter = ('--url', "host=$socket port=$port dbname=postgres user=waiter");

	wait_until($node, q{SELECT count(*) = 2 FROM pg_stat_activity WHERE application_name = 'full'}, 'others have the connections');
	my $client = start_client($place, [ 'wait', @waiter ], connect => 0);
	$client->{run}->pump until $client->{err} =~ /waiting/;
	sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'full'});
	finish_sql($_) for @others;
	my ($exit, undef, $err) = finish_client($client);
	is($exit, 0, 'no free connection: exit code') or diag($err);
	like($err, qr/\Awaiting for the server \(\Q$server\E\): it says ".*connection slots.*"\nthe server \(\Q$server\E\) accepts connections, after /, 'what it said');
}

# One that is not what is asked for, as in the middle of a failover; and what a local server may ask of its client

for my $try (
	[ 'standby', 'server is not in hot standby mode' ],
	[ 'read-only', 'session is not read-only' ])
{
	my ($wanted, $said) = @$try;
	my @wait = ('wait', '--timeout', '300ms', '--url', "host=/nonexistent,$socket port=$port,$port dbname=postgres user=waiter target_session_attrs=$wanted");

	client_is($place, \@wait, {
			exit => 8,
			err => qr/\Awaiting for the server \(.*\): target_session_attrs asks for another server \($said\)\nslipway: error: the server .* was not ready within .*\n\z/ },
		"target_session_attrs=$wanted", connect => 0);
}
sql($node, q{ALTER ROLE waiter SET default_transaction_read_only = on});
{
	my $client = start_client($place, [ 'wait', '--url', "host=$socket port=$port dbname=postgres user=waiter target_session_attrs=read-write" ], connect => 0);

	$client->{run}->pump until $client->{err} =~ /waiting.*session is read-only/;
	sql($node, q{ALTER ROLE waiter RESET default_transaction_read_only});
	is((finish_client($client))[0], 0, 'one that becomes it');
}
for my $bad ([ 'requirepeer=nobody_here', 'requirepeer specifies "nobody_here"' ], [ 'channel_binding=require', 'hannel binding' ])
{
	client_is($place, [ 'wait', '--url', "host=$socket port=$port dbname=postgres user=waiter $bad->[0]" ],
		{ exit => 8, err => qr/\Aslipway: error: could not connect \(option --url\): .*$bad->[1]/ }, "$bad->[0] is not waited for", connect => 0);
}

# A pooler that has trouble with the server behind it

SKIP:
{
	skip('needs PgBouncer', 1) unless defined pooler_program();
	with_pooler($node, 'waiter', "pool_mode = transaction\nserver_login_retry = 1\n", sub {
		my ($folder) = @_;
		my @pooled = ('--url', "host=$folder port=6432 dbname=postgres user=waiter");

		client_is($place, [ 'wait', @pooled ], { err => qr/accepts connections/ }, 'a pooler', connect => 0);
		$node->stop;
		my $client = start_client($place, [ 'wait', '-v', @pooled ], connect => 0);
		$client->{run}->pump until $client->{err} =~ /waiting/;
		$node->start;
		my ($exit, undef, $err) = finish_client($client);
		is($exit, 0, 'a pooler without its server: exit code') or diag($err);
		# how soon it gives up on its server differs
		like($err, qr/^waiting for the server .*: it (?:says ".*server.*"|accepts connections, but does not answer)$/m, 'what it said') or diag($err);
	});
}

# A server that does not come

$node->stop;
my $began = time;
client_is($place, [ 'wait', '--timeout', '700ms' ], {
		exit => 8,
		err => "waiting for the server ($server): it does not respond\n"
		  . "slipway: error: the server ($server) was not ready within TIME: it does not respond\n" },
	'a server that is not there');
my $took = time - $began;
cmp_ok($took, '>=', 0.7, 'it has waited');
cmp_ok($took, '<', 10, 'and not for long');
my (undef, $out) = client($place, [ 'wait', '--json', '--timeout', '300' ]);
my $objects = json_fits($out, [ 'waiting_for_server', 'error' ], 'as JSON');
is("@{$objects->[0]}{qw(event server reason)}", "waiting $server it does not respond", 'what it waits for');
is($objects->[1]{exit_code}, 8, 'and the exit code');
client_is($place, [ 'wait', '--timeout', '1ms' ], { exit => 8, err => qr/was not ready within TIME|was not ready within 1\.0 ms/ },
	'a millisecond is a time too');
client_is($place, [ 'wait', '--url', "host=$socket port=$port sslmode=never", '--timeout', '5s' ], {
		exit => 8, err => qr/\Aslipway: error: could not connect \(option --url\): invalid sslmode value: "never"\n\z/ },
	'a parameter that is wrong is not waited for', connect => 0);
# what the server has no part in does not get better
for my $bad (
	[ 'port=99999', 'invalid port number: "99999"' ],
	[ "port=$port keepalives=x", 'invalid integer value "x" for connection option "keepalives"' ],
	[ "port=$port hostaddr=127.0.0.x", 'could not parse network address "127.0.0.x"' ],
	[ "port=$port host=/" . 'x' x 200, 'Unix-domain socket path "' ])
{
	client_is($place, [ 'wait', '--url', "host=127.0.0.1 dbname=x $bad->[0]" ],
		{ exit => 8, err => qr/\Aslipway: error: could not connect \(option --url\): (?:connection to server .* failed: )?\Q$bad->[1]\E/ }, "$bad->[1] is not waited for", connect => 0);
}
for my $timeout ('soon', '-1', '25d', '')
{
	my ($exit, undef, $err) = client($place, [ 'wait', "--timeout=$timeout" ]);
	is($exit, 2, "--timeout=$timeout: exit code");
	like($err, qr/\Aslipway: error: invalid value "$timeout" of option "--timeout"\nhint: It is .*\n\z/, 'and message');
}

# In a container it is the first process, which signals end only if it handles them

SKIP:
{
	my @first = ('unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child');

	skip('cannot make a namespace here', 2) if system("@first true >/dev/null 2>&1") != 0;
	for my $signal ([ TERM => 143 ], [ INT => 130 ])
	{
		my ($name, $expected) = @$signal;
		local $SlipwayClient::program = 'unshare';
		my $first = start_client($place, [ @first[ 1 .. $#first ], 'slipway', 'wait', '-h', $socket, '-p', $port ], connect => 0);

		$first->{run}->pump until $first->{err} =~ /waiting/;
		my $parent = $first->{run}{KIDS}[0]{PID};
		my ($pid) = split ' ', slurp_file("/proc/$parent/task/$parent/children");
		kill $name, $pid or die "could not signal $pid: $!\n";
		my ($exit) = finish_client($first);
		is($exit, $expected, "SIG$name to the first process");
	}
}

# One that comes

my $client = start_client($place, [ 'wait', '--json' ]);
$client->{run}->pump until $client->{out} =~ /waiting/;
$node->start;
my ($exit, $err);
($exit, $out, $err) = finish_client($client);
is($exit, 0, 'a server that comes: exit code') or diag($err);
$objects = json_fits($out, [ 'waiting_for_server', 'ready' ], 'it was waited for');
is("$objects->[-1]{event} $objects->[-1]{server}", "ready $server", 'and is ready in the end');
cmp_ok($objects->[-1]{waited_ms}, '>', 0, 'with the time it took');

# One that starts, but does not let anybody in yet: a standby that has nothing to replay

$node->stop;
$node->append_conf('postgresql.conf', "hot_standby = off\nrestore_command = 'false'\n");
$node->append_conf('standby.signal', '');
PostgreSQL::Test::Utils::system_or_bail('pg_ctl', '-D', $node->data_dir, '-l', $node->logfile, '-W', 'start');
$began = time;
($exit, undef, $err) = client($place, [ 'wait', '--timeout', '2s' ]);
is($exit, 8, 'a server that rejects connections: exit code');
like($err,
	qr/waiting for the server \(\Q$server\E\): it rejects connections, as it does while it starts or stops\nslipway: error: the server \(\Q$server\E\) was not ready within 2\.00 s: it rejects connections, as it does while it starts or stops\n\z/,
	'and message');
PostgreSQL::Test::Utils::system_or_bail('pg_ctl', '-D', $node->data_dir, '-m', 'immediate', 'stop');
done_testing();
