# What the tests of deploy/kubernetes share: the client's image as a folder, and
# the containers of a manifest run as a kubelet would (see test/deploy/container.py).

package SlipwayPod;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use File::Basename ();
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(
  why_no_pods new_image new_pod containers_of start_container finish_container run_container
  inner_pid signal_container
);

my $tree = File::Basename::dirname(__FILE__) . '/../..';
our $kubernetes = "$tree/deploy/kubernetes";

# Why containers cannot be run here; nothing if they can.
sub why_no_pods
{
	my ($out, $err) = ('', '');

	return 'no bubblewrap' if system('command -v bwrap >/dev/null') != 0;
	return 'no module yaml of Python' if system('/usr/bin/python3 -c "import yaml" 2>/dev/null') != 0;
	IPC::Run::run([qw(bwrap --unshare-all --uid 1000 --gid 1000 --cap-drop ALL --ro-bind / / true)], '>', \$out, '2>', \$err)
	  or return "no user namespaces: $err";
	return 'the client is not a program that an image can hold' if client_path() eq '';
	return;
}

# Not that of test/instrument.bash, which is a script and needs more than an image has.
sub client_path
{
	my ($path) = grep { -x } map { "$_/slipway" } split /:/, $ENV{PATH};

	return PostgreSQL::Test::Utils::slurp_file($path) =~ /\A\x7fELF/ && $path !~ m{/bin/slipway\z} ? $path : '';
}

# A folder with what Dockerfile.client puts into its image.
sub new_image
{
	my $folder = PostgreSQL::Test::Utils::tempdir;

	system("$tree/deploy/docker/collect-client.sh", client_path(), $folder) == 0 or die "collect-client.sh failed\n";
	return $folder;
}

# A pod of a manifest below deploy/kubernetes: its settings as container.py takes
# them, and folders that its containers see.
sub new_pod
{
	my ($image, $manifest, $name, $settings, %binds) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir . '/settings.json';

	PostgreSQL::Test::Utils::append_to_file($file, JSON::PP->new->ascii->encode($settings));
	return {
		image => $image, manifest => "$kubernetes/$manifest", name => $name, settings => $file,
		binds => [ map { "$binds{$_}:$_" } sort keys %binds ],
	};
}

sub containers_of
{
	my ($pod) = @_;

	return split /\n/, `$tree/test/deploy/container.py $pod->{manifest} $pod->{name} list`;
}

sub start_container
{
	my ($pod, $container) = @_;
	my %run = (out => '', err => '');

	$run{run} = IPC::Run::start(
		[ "$tree/test/deploy/container.py", $pod->{manifest}, $pod->{name}, $container, $pod->{image}, $pod->{settings}, @{ $pod->{binds} } ],
		'<', \undef, '>', \$run{out}, '2>', \$run{err},
		init => sub { @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3 },
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%run;
}

# Returns its exit code (128 + N if signal N ended it), stdout and stderr.
sub finish_container
{
	my ($run) = @_;

	$run->{run}->finish;
	my $exit = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	return ($exit, $run->{out}, $run->{err});
}

sub run_container
{
	return finish_container(start_container(@_));
}

# The process inside, as seen from outside. It has to be there soon.
sub inner_pid
{
	my ($run) = @_;
	my $outer = $run->{run}{KIDS}[0]{PID};

	for (1 .. 500)
	{
		for my $status (glob '/proc/[0-9]*/status')
		{
			open my $file, '<', $status or next;
			local $/;
			my $text = <$file> // '';
			return $1 if $text =~ /^Name:\tslipway\n/ && $text =~ /^PPid:\t$outer$/m && $text =~ /^Pid:\t(\d+)$/m;
		}
		Time::HiRes::sleep(0.02);
	}
	die "the container does not run: $run->{err}\n";
}

sub signal_container
{
	my ($run, $signal) = @_;

	kill($signal, inner_pid($run)) == 1 or die "could not send $signal: $!\n";
	return;
}

1;
