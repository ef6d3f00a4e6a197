# What the tests of test/kubernetes share: a real API server with etcd and the
# controllers of Jobs, on ports of 127.0.0.1, from the folder KUBERNETES (see
# test/kubernetes/install), and the stand-in for a kubelet.

package SlipwayKubernetes;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use File::Basename ();
use IO::Socket::INET ();
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use SlipwayPod ();
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(start_kubernetes start_kubelet cut_log render kubectl kubectl_ok config_of outcome_of);

my $folder = $ENV{KUBERNETES} // die "KUBERNETES is not set: use make check-kubernetes\n";
my $work;
my %running;
my $server;

$ENV{PATH} = "$folder:$ENV{PATH}";

# Ports that nobody listens on now.
sub free_ports
{
	my ($count) = @_;
	my @sockets = map { IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') // die "no free port: $!\n" } 1 .. $count;

	return map { $_->sockport } @sockets;
}

# Returns exit code, stdout and stderr.
sub outcome_of
{
	my ($command, %option) = @_;
	my ($out, $err) = ('', '');
	my $in = $option{input} // '';

	local %ENV = (%ENV, %{ $option{env} // {} });
	IPC::Run::run($command, '<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, $out, $err);
}

sub start
{
	my ($name, @command) = @_;
	my $pid = fork // die "could not fork: $!\n";

	if ($pid == 0)
	{
		chdir $work or die;
		open STDIN, '<', '/dev/null' or die;
		open STDOUT, '>', "$name.log" or die;
		open STDERR, '>&', \*STDOUT or die;
		exec @command or die "could not run $name: $!\n";
	}
	$running{$name} = $pid;
	return;
}

sub log_of
{
	my ($name) = @_;

	return -e "$work/$name.log" ? PostgreSQL::Test::Utils::slurp_file("$work/$name.log") : '';
}

# Waits until it says true; the log of a process that has ended instead is shown.
sub wait_for
{
	my ($what, $name, $ready) = @_;
	my $until = Time::HiRes::time() + 90;

	while (!$ready->())
	{
		die "$what: $name has ended\n" . substr(log_of($name), -3000) if waitpid($running{$name}, 1) > 0;
		die "$what: timed out\n" . substr(log_of($name), -3000) if Time::HiRes::time() > $until;
		Time::HiRes::sleep(0.2);
	}
	return;
}

sub write_text
{
	my ($path, $text) = @_;

	open my $file, '>', $path or die "could not write $path: $!\n";
	print $file $text;
	close $file or die "could not write $path: $!\n";
	return $path;
}

# The path of a kubeconfig for a token.
sub config_of
{
	my ($token, $namespace) = @_;
	my $context = { cluster => 'test', user => 'test', defined $namespace ? (namespace => $namespace) : () };

	return write_text(
		"$work/config." . substr($token, -12),
		JSON::PP->new->encode({
			apiVersion => 'v1', kind => 'Config', 'current-context' => 'test',
			clusters => [ { name => 'test', cluster => { server => $server, 'insecure-skip-tls-verify' => JSON::PP::true } } ],
			users => [ { name => 'test', user => { token => $token } } ],
			contexts => [ { name => 'test', context => $context } ],
		}));
}

# Sets KUBECONFIG to that of an administrator.
sub start_kubernetes
{
	my ($etcd, $peer, $api) = free_ports(3);
	my $url = "http://127.0.0.1:$etcd";

	$work = PostgreSQL::Test::Utils::tempdir;
	$ENV{HOME} = $work;
	$server = "https://127.0.0.1:$api";
	system("openssl genrsa -traditional -out $work/sa.key 2048 2>/dev/null") == 0 or die "no openssl\n";
	write_text("$work/tokens.csv", "administrator,admin,admin,system:masters\n");
	$ENV{KUBECONFIG} = config_of('administrator');
	start('etcd', 'etcd', '--data-dir', "$work/etcd", '--listen-client-urls', $url, '--advertise-client-urls', $url, '--unsafe-no-fsync',
		'--initial-cluster', "default=http://127.0.0.1:$peer", map { ("--$_", "http://127.0.0.1:$peer") } qw(listen-peer-urls initial-advertise-peer-urls));
	start('apiserver', 'kube-apiserver', "--etcd-servers=$url", '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', "--secure-port=$api",
		'--insecure-port=0', "--cert-dir=$work/certs", "--token-auth-file=$work/tokens.csv", '--authorization-mode=RBAC',
		'--service-cluster-ip-range=10.96.0.0/24', "--service-account-key-file=$work/sa.key",
		"--service-account-signing-key-file=$work/sa.key", "--service-account-issuer=$server");
	wait_for('the API server', 'apiserver', sub { (outcome_of([ 'kubectl', 'get', '--raw', '/readyz' ]))[1] =~ /^ok/ });
	start('controllers', 'kube-controller-manager', "--kubeconfig=$ENV{KUBECONFIG}", '--leader-elect=false', '--port=0', '--secure-port=0',
		"--service-account-private-key-file=$work/sa.key", '--controllers=job,cronjob,namespace,serviceaccount,serviceaccount-token,garbagecollector');
	return;
}

# Pods run in the image, with binds as container.py takes them.
sub start_kubelet
{
	my ($image, @binds) = @_;

	mkdir "$work/kubelet" or die "could not make a folder: $!\n";
	system("openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=stand-in -keyout $work/kubelet/kubelet.pem -out $work/certificate 2>/dev/null"
		  . " && cat $work/certificate >>$work/kubelet/kubelet.pem") == 0 or die "no certificate\n";
	start('kubelet', "$SlipwayPod::kubernetes/../../test/deploy/kubelet.py", $ENV{KUBECONFIG}, $image, "$work/kubelet", @binds);
	wait_for('the kubelet', 'kubelet', sub { log_of('kubelet') =~ /^ready/ });
	return;
}

# The next to follow the log of such a container is cut off.
sub cut_log
{
	my ($container) = @_;

	write_text("$work/kubelet/cut.$container", '');
	return;
}

sub kubectl
{
	my ($args, %option) = @_;

	return outcome_of([ 'kubectl', @$args ], %option);
}

# Its output; dies if it fails.
sub kubectl_ok
{
	my ($args, %option) = @_;
	my ($exit, $out, $err) = kubectl($args, %option);

	die "kubectl @$args failed: $err\n" if $exit != 0;
	return $out;
}

# A kustomization below deploy/kubernetes, or elsewhere, as this server of 1.20 can
# take it: CronJobs were a beta then.
sub render
{
	my ($path) = @_;
	my $text = kubectl_ok([ 'kustomize', $path =~ m{^/} ? $path : "$SlipwayPod::kubernetes/$path" ]);

	$text =~ s{^apiVersion: batch/v1\nkind: CronJob$}{apiVersion: batch/v1beta1\nkind: CronJob}mg;
	return $text;
}

END
{
	my $status = $?;

	for my $name (qw(kubelet controllers apiserver etcd))
	{
		my $pid = delete $running{$name} // next;

		kill 'TERM', $pid;
		for (1 .. 50)
		{
			last if waitpid($pid, 1) > 0;
			Time::HiRes::sleep(0.1);
			kill 'KILL', $pid if $_ == 49;
		}
	}
	if (defined $work && !Test::More->builder->is_passing)
	{
		diag("$_: " . substr(log_of($_), -2000)) for qw(kubelet controllers);
	}
	$? = $status;
}

1;
