# secret import, killed by SIGKILL at whatever moment: before and after its requests, its calls of the database, and its changes of
# files. The file is the old one or the new one, what the store has in force is whole, and the next call brings it to its end.
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
my $node = new_secret_node('import_killed');
my $cloud = new_cloud();
my $faults = new_faults($cloud);
my $place = new_secret_place($node);
my $secrets = secrets($place);
my $source = dirname(__FILE__) . '/../fixture/kill_at.c';
my $library = PostgreSQL::Test::Utils::tempdir . '/kill_at.so';
# a client that is watched has libraries of its own
my $has_library = (!$ENV{ASAN_OPTIONS} || $ENV{COVERAGE_FOLDER}) && system('command -v cc >/dev/null') == 0;
is(system("cc -shared -fPIC -D_GNU_SOURCE -o $library $source -ldl"), 0, 'what is preloaded can be built') if $has_library;

note("TORTURE_SEED=$seed");
srand $seed;

my $prefix = 0;
my %env;

# The next import is into an empty part of the store, or into one that has a set.
sub begin_round
{
	my ($fresh) = @_;

	$prefix++ if $fresh;
	%env = (cloud_env($cloud, via => $faults), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => "K${prefix}_");
	unlink glob "$place->{home}/.env*";
	write_folder({ '.env.example' => "DB_HOST=localhost\n" }, $place->{home});
	return write_env($place, '.env', 'parameters', 'admin', 'url', { more => "DATABASE_POOL_MIN=2\n" });
}

sub start_import
{
	my (%more) = @_;

	return start_client($place, [ 'secret', 'import', '.env' ], connect => 0, env => { %env, %more });
}

# What an import does, one after the other: [phase, which request or call of it].
my $text = begin_round(1);
my $calls = PostgreSQL::Test::Utils::tempdir . '/calls';
my ($exit, $out, $err) = finish_client(start_import($has_library ? (LD_PRELOAD => $library, KILL_COUNT => $calls) : ()));
is($exit, 0, 'an import that nobody kills') or BAIL_OUT($err);
my (@moments, %phase);
my @log = sort { $a->{began} <=> $b->{began} } faults_log($faults);
for my $number (0 .. $#log)
{
	my ($service, $method, $path) = @{ $log[$number] }{qw(service method path)};
	my $name = $service eq 'keystone' ? 'log in' : "$method " . ($path =~ m{/payload} ? 'payload' : ($path =~ m{/(secrets|containers)})[0]);

	push @{ $phase{$name} }, [ $name, $number ];
}
my @made = $has_library ? split(/\n/, slurp_file($calls)) : ();
push @{ $phase{"call: $made[$_]"} }, [ "call: $made[$_]", $_ + 1 ] for 0 .. $#made;
cmp_ok(scalar(@log), '>', 20, 'it has many moments: requests');
cmp_ok(scalar(@made), '>', 15, 'and changes of files') if $has_library;

# Each phase in turn, at a moment of it by chance.
my @names = sort keys %phase;
my $rounds = $ENV{TORTURE_ROUNDS} // @names;
my (%hit, %state);
my $again = 0;
for my $round (1 .. $rounds)
{
	my $name = $names[ ($round - 1) % @names ];
	my $moment = $phase{$name}[ rand @{ $phase{$name} } ];
	my $when = rand() < 0.5 ? 'before' : 'after';
	my $label = "round $round, $when $name $moment->[1]";
	my $client;

	$text = begin_round($round % 2);
	if ($name =~ /^call/)
	{
		$client = start_import(LD_PRELOAD => $library, KILL_AT => $moment->[1], KILL_WHEN => $when);
	}
	else
	{
		set_victim($faults, undef);
		set_faults($faults, { after => $moment->[1], times => 1, do => 'kill', when => $when });
		$client = start_import();
		set_victim($faults, $client->{run}{KIDS}[0]{PID});
	}
	($exit, $out, $err) = finish_client($client);
	set_faults($faults);
	redo if $exit == 0 && $again++ < 20;    # it needed fewer of them this time
	is($exit, 137, "$label: it was killed") or diag($err);
	$hit{$name}++;

	my $now = read_env($place, '.env');
	my $is_old = $now eq $text;
	$state{ $is_old ? 'old' : 'new' }++;
	unless ($is_old)
	{
		unlike($now, qr/$secrets/, "$label: the new file has no secrets");
		like($now, qr/^SLIPWAY_SECRETS=barbican\n(?:.*\n)*DATABASE_POOL_MIN=2\n\z/m, "$label: it is whole");
	}
	my $in_force = in_force($place, \%env, 'DB_PASSWORD')->{DB_PASSWORD};
	is(logs_in($place, \%env), $place->{app}, "$label: what is in force works") if defined $in_force || !$is_old;

	($exit, $out, $err) = finish_client(start_import());
	is($exit, 0, "$label: the next call") or diag($err);
	$now = read_env($place, '.env');
	unlike($now, qr/$secrets/, "$label: the file has no secrets");
	is(slurp_file((glob "$place->{home}/.env.backup-*")[0]), $text, "$label: the backup has them");
	is_deeply(env_files($place), { '.env' => '0644', '.env.backup-STAMP' => '0600', '.env.example' => '0644', '.env.example.backup-STAMP' => '0600' }, "$label: nothing else is left");
	is(logs_in($place, \%env), $place->{app}, "$label: what is stored works");
	set_is_alone($label);
}
note("killed at $_: $hit{$_}") for sort keys %hit;
note(join ', ', map { "$state{$_} with the $_ file" } sort keys %state);
is(join(' ', grep { !$hit{$_} } @names), '', 'each phase was hit') if $rounds >= @names;

# One container of each prefix, and no secrets but those in them.
sub set_is_alone
{
	my ($label) = @_;
	my %count;
	my %of_set = map { $_->{secret_ref} => 1 } map { $count{ $_->{name} }++; @{ $_->{secret_refs} } } barbican_containers($cloud);

	is(join(' ', grep { $count{$_} > 1 } sort keys %count), '', "$label: one set");
	return is(join(' ', map { $_->{name} } grep { !$of_set{ $_->{secret_ref} } } barbican_secrets($cloud)), '', "$label: nothing is left in the store");
}

$node->stop;
done_testing();
