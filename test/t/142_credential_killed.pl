# credential migrate and rollback, killed by SIGKILL at whatever moment, before and after what they send and the changes of files that they
# make; with the server, too. The next call finishes it, or undoes it: nothing is left of either, and the application can log in all the time.
#
# TORTURE_ROUNDS=N   how many times with each kind of store (10 with a file, 5 with Barbican); all: at each moment
# TORTURE_SEED=N

use strict;
use warnings FATAL => 'all';

use File::Basename qw(dirname);
use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayCredential;
use SlipwayOpenStack;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

plan(skip_all => 'a client that is watched has libraries of its own') if $ENV{ASAN_OPTIONS} && !$ENV{COVERAGE_FOLDER};
my $library = PostgreSQL::Test::Utils::tempdir . '/kill_at.so';
system('cc', '-shared', '-fPIC', '-D_GNU_SOURCE', '-o', $library, dirname(__FILE__) . '/../fixture/kill_at.c', '-ldl') == 0 or die "no library\n";

my $seed = $ENV{TORTURE_SEED} // int(rand(1e6));
my $node = new_credential_node('credential_killed');
my $why = why_no_openstack();

note("TORTURE_SEED=$seed");
srand $seed;

my $closed = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
my $port = $closed->sockport;
close $closed;
my @failing = ('--health-url', "http://127.0.0.1:$port/", '--health-timeout', '1ms');

# A command with the library; as start_client().
sub start_watched
{
	my ($place, $args, %env) = @_;

	return start_client($place, [ 'credential', @$args, 'shop' ], env => { %{ $place->{env} }, LD_PRELOAD => $library, KILL_SEND => 'yes', %env });
}

# The moments that a command has.
sub count_moments
{
	my ($place, $args, $exit) = @_;
	my $calls = PostgreSQL::Test::Utils::tempdir . '/calls';
	my ($got, $out, $err) = finish_client(start_watched($place, $args, KILL_COUNT => $calls));

	is($got, $exit, "nobody kills @$args") or diag($err);
	return scalar split /\n/, slurp_file($calls);
}

# The application can log in, as whoever it may be.
sub works
{
	my ($place, $name) = @_;
	my $role = log_in($place, 'shop');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return like($role, qr/^(?:$place->{shared}|app_shop_$place->{number})$/, "$name: the application can log in");
}

sub is_moved
{
	my ($place, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(state_of($place, 'shop'), 'active|t|t', "$name: it has its role");
	is(log_in($place, 'shop'), "app_shop_$place->{number}", "$name: the application uses it");
	return no_traces_left($place, $name);
}

sub is_back
{
	my ($place, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(state_of($place, 'shop'), 'rolled_back|f|f', "$name: nothing is left in the database");
	is(log_in($place, 'shop'), $place->{shared}, "$name: the application uses the shared role");
	is(join(' ', trace_of($place)), '', "$name: nothing is left in the store");
	return no_traces_left($place, $name);
}

sub torture
{
	my ($place, $rounds) = @_;
	my $cleanup = [ 'rollback', '--cleanup' ];
	my @commands = (
		{ args => ['migrate'], exit => 0, begin => undef },
		{ args => [ 'migrate', @failing ], exit => 5, begin => undef },
		{ args => $cleanup, exit => 0, begin => ['migrate'] });
	my @moments;
	my %state;

	add_project($place, 'shop');
	for my $command (@commands)
	{
		credential($place, @{ $command->{begin} }, 'shop') if $command->{begin};
		my $count = count_moments($place, $command->{args}, $command->{exit});
		cmp_ok($count, '>', 20, "@{ $command->{args} } has many moments");
		for my $number (1 .. $count)
		{
			push @moments, [ $command, $number, $_ ] for qw(before after);
		}
		finish_client(start_watched($place, $cleanup));
	}
	note(scalar(@moments) . ' moments');
	if ($rounds ne 'all')
	{
		@moments = map { $moments[ int(($_ + rand) * @moments / $rounds) ] } 0 .. $rounds - 1;
	}
	my $round = 0;
	for my $moment (@moments)
	{
		my ($command, $number, $when) = @$moment;
		my $label = sprintf 'round %d, %s %d of %s', ++$round, $when, $number, $command->{args}[-1] eq '1ms' ? 'one that fails' : $command->{args}[0];

		credential($place, @{ $command->{begin} }, 'shop') if $command->{begin};
		my ($exit, $out, $err) = finish_client(start_watched($place, $command->{args}, KILL_AT => $number, KILL_WHEN => $when));
		if ($exit == $command->{exit} && $number > 10)
		{
			# it needed fewer this time
			credential($place, @$cleanup, 'shop');
			next;
		}
		is($exit, 137, "$label: it was killed") or diag($err);
		works($place, $label);
		no_traces_left($place, $label) unless $exit == 0;
		$state{ state_of($place, 'shop') }++;

		# the same again, or the other way
		my @next = $round % 3 == 1 ? @$cleanup : $round % 3 == 2 ? [ 'migrate', @failing ] : ['migrate'];
		@next = @{ $next[0] } if ref $next[0];
		($exit, $out, $err) = credential($place, @next, 'shop');
		# one that had been validated stays
		my $stays = $exit == 4 && "@next" eq "migrate @failing";
		is($exit, $stays ? 4 : "@next" eq "migrate @failing" ? 5 : 0, "$label: $next[0]") or diag($err);
		$next[0] eq 'migrate' && @next == 1 ? is_moved($place, $label) : $stays ? works($place, $label) : is_back_or_never($place, $label);
		($exit, $out, $err) = credential($place, @$cleanup, 'shop');
		is($exit, 0, "$label: back to the beginning") or diag($err);
	}
	note(join '; ', map { "$_: $state{$_}" } sort keys %state);
	cmp_ok(scalar keys %state, '>=', $rounds eq 'all' || $rounds >= 10 ? 2 : 1, 'it was killed in several states');
	return;
}

# A rollback of what was not begun leaves it as it was.
sub is_back_or_never
{
	my ($place, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	like(state_of($place, 'shop'), qr/^(?:rolled_back|missing)\|f\|f$/, "$name: nothing is left in the database");
	is(log_in($place, 'shop'), $place->{shared}, "$name: the application uses the shared role");
	is(join(' ', trace_of($place)), '', "$name: nothing is left in the store");
	return no_traces_left($place, $name);
}

subtest file => sub {
	my $place = new_credential_place($node, 'file');

	torture($place, $ENV{TORTURE_ROUNDS} // 10);

	# the server ends, at once, while it goes on: the client waits, and finishes it
	for my $round (1 .. 2)
	{
		my $client = start_client($place, [ 'credential', 'migrate', 'shop' ], env => $place->{env});

		Time::HiRes::sleep(rand 0.15);
		$node->stop('immediate');
		$node->start;
		my ($exit, $out, $err) = finish_client($client);
		like($exit, qr/^[08]$/, "the server is killed: round $round") or diag($err);
		($exit, $out, $err) = credential($place, 'migrate', 'shop') if $exit == 8;
		is($exit, 0, 'and the next call') or diag($err);
		is_moved($place, "the server is killed: round $round");
		is((credential($place, 'rollback', 'shop', '--cleanup'))[0], 0, 'back to the beginning');
	}

	# interrupted: it is undone
	my $session = do
	{
		local $ENV{PGPASSWORD} = $place->{password};
		start_sql($node, 'SELECT pg_sleep(600)', db => $place->{db}, user => $place->{shared}, application => 'shop');
	};
	wait_until($node, "SELECT count(*) = 1 FROM slipway.credential_sessions('shop')", 'there is a session', db => $place->{db});
	my $client = start_client($place, [ 'credential', 'migrate', 'shop', '--grace', '60s' ], env => $place->{env});
	wait_until($node, "SELECT status = 'active' FROM slipway.project_credential WHERE project = 'shop'", 'it waits', db => $place->{db});
	$client->{run}->signal('TERM');
	my ($exit, $out, $err) = finish_client($client);
	is($exit, 5, 'interrupted') or diag($err);
	like($err, qr/shop: validate: interrupted\n/, 'is said');
	is_back($place, 'interrupted');
	sql($node, "SELECT pg_terminate_backend(pid) FROM slipway.credential_sessions('shop')", db => $place->{db});
	finish_sql($session);
	log_is_clean($place, 'file');
};

subtest barbican => sub {
	plan(skip_all => $why) if defined $why;
	my $place = new_credential_place($node, 'barbican', cloud => new_cloud());

	torture($place, $ENV{TORTURE_ROUNDS} // 5);
	log_is_clean($place, 'barbican');
};

$node->stop;
done_testing();
