# A server that goes away, at every stage of a deploy: a proxy cuts the
# connection at a given message, and then the real thing. Whatever was told to
# the client, the history is sound, and the next run completes the work.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayProxy;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('lost');
my @names = qw(0001_a 0002_b 0003_c);
my %files = (
	'0001_a.sql' => "CREATE TABLE a (id integer); -- " . 'x' x 100_000 . "\n",
	'0002_b.sql' => "CREATE TABLE b (id integer);\n",
	'0003_c.sql' => "CREATE TABLE c (id integer);\n");
my $closed = 'server closed the connection unexpectedly';
my $hint = 'hint: Run "slipway status" to see which migrations were applied.' . "\n";

# The next run finds whatever state the last one left.
sub completes
{
	my ($place, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	client_is($place, [ '-q', 'migrate' ], {
			err => qr/\A(?:WARNING: run 1 of project "default" was interrupted at migration "\S+"\ndetail: .*\n)?\z/ },
		"$name: the next run");
	applied_is($place, join(' ', @names), "$name: all is applied");
	history_is_sound($node, $name, db => $place->{db});
	return;
}

# Cuts a migrate at a message. Before that the client has said that the first
# $told migrations are applied.
sub cut_at
{
	my ($cut, $name, $told, $expected) = @_;
	my $place = new_place($node, \%files);
	my $proxy = start_proxy($node, %$cut);
	my ($exit, $out, $err) =
	  client($place, [ 'migrate', '-d', "host=$proxy->{host} port=$proxy->{port} dbname=$place->{db}" ], connect => 0);

	stop_proxy($proxy);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, 8, "$name: exit code");
	is($out, '', "$name: stdout");
	like($err, $expected, "$name: stderr");
	is(join(' ', $err =~ /^(\S+)  applied/mg), join(' ', @names[ 0 .. $told - 1 ]), "$name: what was said to be applied");
	completes($place, $name);
	return;
}

# While connecting: the socket in the message is the proxy's

my $connecting = qr/\Aslipway: error: could not connect \(options\): connection to server on socket "\S+" failed: $closed
hint: Is the server running there\? "slipway wait" waits for one that is starting\.\n\z/;

cut_at({ side => 'client', type => 'startup' }, 'at the connection request', 0, $connecting);
cut_at({ side => 'server', type => 'R' }, 'before authentication', 0, $connecting);
cut_at({ side => 'server', type => 'R', bytes => 3 }, 'in authentication', 0, $connecting);
cut_at({ side => 'server', type => 'Z' }, 'after authentication', 0, $connecting);

# Before the CALL

my $before = qr/\Aslipway: error: the connection to the server was lost during the upload: $closed
hint: Nothing was applied; run it again\.\n\z/;

cut_at({ side => 'client', type => 'P' }, 'at the first statement', 0, $before);
cut_at({ side => 'server', type => '1' }, 'at the first answer', 0, $before);
cut_at({ side => 'server', type => 'T', bytes => 7 }, 'in the first answer', 0, $before);
cut_at({ side => 'server', type => 'D', number => 2 }, 'at the list of what lacks', 0, $before);
cut_at({ side => 'client', type => 'B', match => qr/xxxxx/, bytes => 50_000 }, 'in the upload of a script', 0, $before);

# In it: nothing has been said, or something

my $during = qr/\A(?:\S+  applied  .*\n)*slipway: error: the connection to the server was lost during the run: $closed
\Q$hint\E(?:\d applied before it stays? applied\n)?\z/;
my $applied = qr/"event": *"applied"/;

cut_at({ side => 'client', type => 'P', match => qr/CALL slipway\.migrate/ }, 'at the CALL', 0, $during);
cut_at({ side => 'server', type => 'N' }, 'before the first event', 0, $during);
cut_at({ side => 'server', type => 'N', match => $applied, bytes => 20 }, 'in the first migration', 0, $during);
cut_at({ side => 'server', type => 'N', match => $applied, number => 2 }, 'after one migration', 1, $during);
cut_at({ side => 'server', type => 'N', match => $applied, number => 3 }, 'after two migrations', 2, $during);

# Other commands, and what programs are told

{
	my $place = new_place($node, \%files);
	my $lost_at = sub {
		my ($cut, $args, $expected, $name) = @_;
		my $proxy = start_proxy($node, side => 'server', %$cut);

		client_is($place, [ @$args, '-d', "host=$proxy->{host} port=$proxy->{port} dbname=$place->{db}" ],
			{ exit => 8, %$expected }, $name, connect => 0);
		stop_proxy($proxy);
	};
	my $message = 'the connection to the server was lost';
	my $told = sub {
		my ($when, $then) = @_;
		return qr/"message":"$message$when: $closed","hint":"\Q$then\E","event":"error","exit_code":8/;
	};

	for my $command (qw(status plan validate log watch cancel init))
	{
		$lost_at->({ type => '1' }, [$command], { err => "slipway: error: $message: $closed\nhint: Run it again.\n" }, $command);
	}
	$lost_at->({ type => '1' }, [qw(status --json)],
		{ out => qr/\A\{"severity":"ERROR",${\ $told->('', 'Run it again.') }\}\n\z/, err => qr/./ }, 'status --json');
	$lost_at->({ type => '1' }, [qw(migrate --json)],
		{ out => qr/\A\{"severity":"ERROR",${\ $told->(' during the upload', 'Nothing was applied; run it again.') }\}\n\z/, err => qr/./ },
		'migrate --json, in the upload');
	$lost_at->({ type => 'N' }, [qw(migrate --json)], {
			out => qr/\A\{"severity":"ERROR",${\ $told->(' during the run', 'Run "slipway status" to see which migrations were applied.' =~ s{"}{\\"}gr) },"applied":0,"rolled_back":false\}\n\z/,
			err => qr/./ },
		'migrate --json, in the run');
	completes($place, 'other commands');
}

# The real thing

{
	my $place = new_place($node, { %files, '0002_b.sql' => "SELECT pg_sleep(60);\nCREATE TABLE b (id integer);\n" });
	my $client = start_client($place, ['migrate']);

	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}, 'it sleeps');
	$node->stop('immediate');
	my ($exit, $out, $err) = finish_client($client);
	is($exit, 8, 'an immediate stop: exit code');
	like($err, qr/\A0001_a  applied  .*\n(?:.*\n)*(?:slipway: error: |\S*: ERROR: |WARNING: ).*\n(?:.*\n)*\Q$hint\E/, 'what it says');
	client_is($place, ['status'], {
			exit => 8,
			err => qr/\Aslipway: error: could not connect \(options\): .* failed: (?:No such file or directory|Connection refused)\n/ },
		'no server');
	$node->start;
	applied_is($place, '0001_a', 'after recovery the first is applied and the second is not');
	put_files($place, \%files);
	completes($place, 'after an immediate stop');
}

{
	my $place = new_place($node, { %files, '0002_b.sql' => "SELECT pg_sleep(60);\nCREATE TABLE b (id integer);\n" });
	my $client = start_client($place, ['migrate']);

	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}, 'it sleeps');
	sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
	my ($exit, $out, $err) = finish_client($client);
	is($exit, 8, 'a backend that is terminated: exit code');
	like($err, qr/^\S+: ERROR: terminating connection due to administrator command \(57P01\)\n(?:.*\n)*\Q$hint\E/m, 'what it says');
	put_files($place, \%files);
	completes($place, 'after a terminated backend');
}

$node->stop;
done_testing();
