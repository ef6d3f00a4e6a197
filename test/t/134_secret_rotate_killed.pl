# secret rotate, killed by SIGKILL at whatever moment, before and after each of its requests and of its calls of the database: the
# password is never lost, and the next call settles which one it is.
#
# TORTURE_ROUNDS=N   how many times (once in each phase), over all phases

use strict;
use warnings FATAL => 'all';

use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayOpenStack;
use SlipwaySecrets;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $why = why_no_openstack();
plan(skip_all => $why) if defined $why;

my $seed = $ENV{TORTURE_SEED} // int(rand(1e6));
my $node = new_secret_node('rotate_killed');
my $cloud = new_cloud();
my $faults = new_faults($cloud);
my $place = new_secret_place($node);
my %env = (cloud_env($cloud, via => $faults), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'R_');

my $source = dirname(__FILE__) . '/../fixture/kill_at.c';
my $library = PostgreSQL::Test::Utils::tempdir . '/kill_at.so';
# a client that is watched has libraries of its own
my $has_library = (!$ENV{ASAN_OPTIONS} || $ENV{COVERAGE_FOLDER}) && system('command -v cc >/dev/null') == 0;
is(system("cc -shared -fPIC -D_GNU_SOURCE -o $library $source -ldl"), 0, 'what is preloaded can be built') if $has_library;

note("TORTURE_SEED=$seed");
srand $seed;

sub start_rotate
{
	my (%more) = @_;

	return start_client($place, [ 'secret', 'rotate' ], connect => 0, env => { %env, %more });
}

write_env($place, '.env', 'parameters', 'url');
my ($exit, $out, $err) = client($place, [ 'secret', 'import', '.env' ], connect => 0, env => \%env);
is($exit, 0, 'import') or BAIL_OUT($err);

# What it does, one after the other, with the moment at which the role gets its password.
my $verifier = "SELECT rolpassword FROM pg_authid WHERE rolname = '$place->{app}'";
clear_faults_log($faults);
my $calls = PostgreSQL::Test::Utils::tempdir . '/calls';
($exit, $out, $err) = finish_client(start_rotate($has_library ? (LD_PRELOAD => $library, KILL_COUNT => $calls) : ()));
is($exit, 0, 'a rotation that nobody kills') or BAIL_OUT($err);
my @log = sort { $a->{began} <=> $b->{began} } faults_log($faults);
my %phase;
my ($stored, $published) = (0, 0);
for my $number (0 .. $#log)
{
	my ($service, $method, $path) = @{ $log[$number] }{qw(service method path)};

	$published ||= $method eq 'POST' && $path =~ /containers/;
	my $name = ($published ? 'from the set on: ' : $stored >= 3 ? 'staged: ' : 'at first: ')
	  . ($service eq 'keystone' ? 'log in' : "$method " . ($path =~ m{/payload} ? 'payload' : ($path =~ m{/(secrets|containers)})[0]));
	$stored += $method eq 'POST' && $path =~ /secrets/;
	push @{ $phase{$name} }, $number;
}
cmp_ok(scalar(@log), '>', 20, 'it has many moments');
# Its calls of the database, which are the same each time; those around the call that changes the role are phases of their own.
my @made = $has_library ? split(/\n/, slurp_file($calls)) : ();
my ($change) = grep { $made[$_] eq 'PQfn' } 0 .. $#made;
for my $number (0 .. $#made)
{
	my $apart = $number - $change;

	push @{ $phase{ 'call: ' . (abs $apart <= 3 ? sprintf('%+d', $apart) : $apart < 0 ? 'before' : 'behind') . " $made[$number]" } }, -$number - 1;
}

my @names = sort keys %phase;
my $rounds = $ENV{TORTURE_ROUNDS} // @names;
my (%hit, %state);
my $again = 0;
for my $round (1 .. $rounds)
{
	my $name = $names[ ($round - 1) % @names ];
	my $number = $phase{$name}[ rand @{ $phase{$name} } ];
	my $when = rand() < 0.5 ? 'before' : 'after';
	my $label = "round $round, $when $name $number";
	my $old = sql($node, $verifier)->{out};

	my $client;
	if ($number < 0)
	{
		$client = start_rotate(LD_PRELOAD => $library, KILL_AT => -$number, KILL_WHEN => $when);
	}
	else
	{
		set_victim($faults, undef);
		set_faults($faults, { after => $number, times => 1, do => 'kill', when => $when });
		$client = start_rotate();
		set_victim($faults, $client->{run}{KIDS}[0]{PID});
	}
	($exit, $out, $err) = finish_client($client);
	set_faults($faults);
	redo if $exit == 0 && $again++ < 20;    # it needed fewer of them this time
	is($exit, 137, "$label: it was killed") or diag($err);
	$hit{$name}++;
	my $is_altered = sql($node, $verifier)->{out} ne $old;
	my $works = logs_in($place, \%env) eq $place->{app};
	$state{ ($is_altered ? 'altered' : 'not altered') . ($works ? '' : ', not in force') }++;
	ok($works, "$label: what is in force works, as the role is not altered") unless $is_altered;

	($exit, $out, $err) = finish_client(start_rotate());
	is($exit, 0, "$label: the next call") or diag($err);
	is(logs_in($place, \%env), $place->{app}, "$label: what is in force works");
	isnt(sql($node, $verifier)->{out}, $old, "$label: it is a new one");
	store_is_clean($cloud, $label);
	like(in_force($place, \%env, 'DATABASE_URL')->{DATABASE_URL}, qr/:\Q${\ in_force($place, \%env, 'DB_PASSWORD')->{DB_PASSWORD} }\E\@/, "$label: the same in the URL");
}
note("killed at $_: $hit{$_}") for sort keys %hit;
note(join '; ', map { "$state{$_} $_" } sort keys %state);
is(join(' ', grep { !$hit{$_} } @names), '', 'each phase was hit') if $rounds >= @names;

$node->stop;
done_testing();
