# The manifests of deploy/kubernetes, before a real API server: each is taken, bad ones
# made from them are not, and the accounts have the rights that they need and no others.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use SlipwayKubernetes;
use SlipwayPod;
use Test::More;

my @overlays = qw(local staging production);
my %namespace = (local => 'shop-local', staging => 'shop-staging', production => 'shop');

start_kubernetes();
kubectl_ok([ 'create', 'namespace', $_ ]) for qw(shop-staging shop naytife database);
# that of "local" is one of its own objects
kubectl_ok([ 'apply', '-f', "$SlipwayPod::kubernetes/overlays/local/namespace.yaml" ]);

sub dry_run
{
	my ($text) = @_;

	return kubectl([ 'apply', '--dry-run=server', '-f', '-' ], input => $text);
}

# Good ones.

my %rendered;
my @all = ((map { my $overlay = "overlays/$_"; ($overlay, map { "$overlay/$_" } qw(migrate rollback verify)) } @overlays),
	'two-services', 'two-services/naytife', 'two-services/hydra');
for my $path (@all)
{
	my $text = $rendered{$path} = render($path);
	my $objects = () = $text =~ /^kind: /mg;
	my ($exit, $out, $err) = dry_run($text);

	is($exit, 0, "$path is taken") or diag($err);
	is(scalar(() = $out =~ /\(server dry run\)$/mg), $objects, 'all of it');
	my ($status, undef, $said) = outcome_of(["$SlipwayPod::kubernetes/../../test/deploy/container.py", 'check', '-'], input => $text);
	is("$status $said", '0 ', 'its pods are restricted');
}
like($rendered{'overlays/production/migrate'}, qr{^        image: registry\.example\.com/shop/migrations:1\.0\.0$}m, 'the image is that of the environment');
like($rendered{'two-services/naytife'}, qr/^  name: slipway-migrate-naytife$/m, 'a Job for each service');
like($rendered{'two-services'}, qr/^kind: ConfigMap\n(?:.*\n)*?  name: slipway-environments$/m, 'their environments');
unlike($rendered{'two-services'}, qr/CronJob/, 'and no Job that would need what is not there');

# Bad ones, each with what the server or its schema says.

my $job = $rendered{'overlays/production/migrate'};
my $base = $rendered{'overlays/production'};
my @bad = (
	[ 'a misspelt key', $job, qr/^  backoffLimit: 3$/m, '  backofLimit: 3', qr/unknown field "(?:spec\.)?backofLimit"/ ],
	[ 'a number that is a text', $job, qr/^  activeDeadlineSeconds: 600$/m, '  activeDeadlineSeconds: soon', qr/activeDeadlineSeconds/ ],
	[ 'a negative deadline', $job, qr/^  activeDeadlineSeconds: 600$/m, '  activeDeadlineSeconds: -1', qr/spec\.activeDeadlineSeconds: Invalid value: -1/ ],
	[ 'a Job that restarts for ever', $job, qr/restartPolicy: Never/, 'restartPolicy: Always', qr/restartPolicy: (?:Required|Unsupported) value/ ],
	[ 'no restart policy', $job, qr/^ *restartPolicy: Never\n/m, '', qr/restartPolicy: Required value/ ],
	[ 'a flag that is a word', $job, qr/readOnlyRootFilesystem: true/, 'readOnlyRootFilesystem: indeed', qr/readOnlyRootFilesystem/ ],
	[ 'an impossible user', $job, qr/runAsUser: 1000/, 'runAsUser: -5', qr/runAsUser: Invalid value: -5/ ],
	[ 'more rights than it may give', $job, qr/allowPrivilegeEscalation: false/, "allowPrivilegeEscalation: false\n          privileged: true",
		qr/allowPrivilegeEscalation/ ],
	[ 'a profile that there is not', $job, qr/type: RuntimeDefault/, 'type: Any', qr/seccompProfile\.type: Unsupported value: "Any"/ ],
	[ 'two containers of a name', $job, qr/name: check$/m, 'name: wait', qr/initContainers\[1\]\.name: Duplicate value: "wait"/ ],
	[ 'no image', $job, qr/^ *image: .*\n/m, '', qr/image: Required value/ ],
	[ 'a bad name', $job, qr/^  name: slipway-migrate$/m, '  name: Slipway_Migrate', qr/metadata\.name: Invalid value: "Slipway_Migrate"/ ],
	[ 'a unit that there is not', $job, qr/memory: 256Mi/, 'memory: 256Megs', qr/quantities must match|Invalid value|memory/ ],
	[ 'limits below requests', $job, qr/memory: 256Mi/, 'memory: 16Mi', qr/must be less than or equal to memory limit/ ],
	[ 'a kind of another version', $job, qr{^apiVersion: batch/v1$}m, 'apiVersion: batch/v9', qr/no matches for kind "Job" in version "batch\/v9"/ ],
	[ 'a namespace that there is not', $job, qr/^  namespace: shop$/m, '  namespace: nowhere', qr/namespaces "nowhere" not found/ ],
	[ 'no schedule', $base, qr/^  schedule: .*$/m, '  schedule: nightly', qr/spec\.schedule: Invalid value: "nightly"/ ],
	[ 'a port that there is not', $base, qr/port: 5432/, 'port: 75432', qr/port: Invalid value: 75432/ ],
	[ 'a direction that there is not', $base, qr/^  - Egress$/m, '  - Exgress', qr/policyTypes\[\d\]: Unsupported value: "Exgress"/ ],
	[ 'rights of no kind', $base, qr/^  kind: Role$/m, '  kind: Rolle', qr/roleRef\.kind: Unsupported value: "Rolle"/ ],
);
for my $case (@bad)
{
	my ($name, $text, $pattern, $new, $message) = @$case;

	$text =~ s/$pattern/$new/ or die "$name: the manifest has changed\n";
	my ($exit, undef, $err) = dry_run($text);
	isnt($exit, 0, "$name is refused");
	like($err, $message, 'for that reason');
}
my $open = $job;
$open =~ s/readOnlyRootFilesystem: true/readOnlyRootFilesystem: false/;
my ($status, undef, $said) = outcome_of(["$SlipwayPod::kubernetes/../../test/deploy/container.py", 'check', '-'], input => $open);
is($status, 1, 'a pod that is not restricted is found');
like($said, qr/readOnlyRootFilesystem is False, not True/, 'with what it lacks');

# What Kubernetes of today has and this server has not: the exit codes that no other
# try can help are those of the client.
my $composed = PostgreSQL::Test::Utils::tempdir;
my $up = $composed =~ s{^/}{}r =~ s{[^/]+}{..}gr;
PostgreSQL::Test::Utils::append_to_file("$composed/kustomization.yaml",
	"resources: ['$up$SlipwayPod::kubernetes/overlays/production/migrate']\ncomponents: ['$up$SlipwayPod::kubernetes/components/fail-fast']\n");
my ($codes) = render($composed) =~ /onExitCodes:\n +operator: In\n +values:\n((?: +- \d+\n)+)/;
my $header = PostgreSQL::Test::Utils::slurp_file("$SlipwayPod::kubernetes/../../client/exit_code.h");
my %code = map { /SLIPWAY_EXIT_(\w+) = (\d+)/ ? ($1 => $2) : () } split /\n/, $header;
is(join(' ', $codes =~ /(\d+)/g), join(' ', @code{qw(USAGE INVALID ROLLED_BACK NOT_APPROVED VERSION)}), 'exit codes that end a Job');

# Rights.

my $applied = kubectl_ok([ 'apply', '-f', '-' ], input => $base);
like($applied, qr{^role\.rbac\.authorization\.k8s\.io/slipway-deployer created$}m, 'the accounts and their rights');

sub can
{
	my ($account, @what) = @_;

	return (kubectl([ 'auth', 'can-i', @what, '-n', 'shop', "--as=system:serviceaccount:shop:$account" ]))[1] =~ /^yes/ ? 1 : 0;
}

for my $what ([qw(get pods)], [qw(get secrets)], [qw(create jobs)], [qw(list configmaps)])
{
	is(can('slipway', @$what), 0, "slipway may not @$what");
}
is(can('slipway-deployer', @$_), 1, "the deployer may @$_")
  for [qw(create jobs)], [qw(patch jobs)], [qw(delete jobs)], [qw(watch jobs)], [qw(list pods)], [qw(get pods --subresource=log)];
is(can('slipway-deployer', @$_), 0, "the deployer may not @$_")
  for [qw(get secrets)], [qw(create pods)], [qw(delete pods)], [qw(create pods --subresource=exec)], [qw(create rolebindings)],
  [qw(update configmaps)], [qw(create cronjobs)], [qw(impersonate serviceaccounts)];
is((kubectl([ 'auth', 'can-i', 'get', 'jobs', '-n', 'default', '--as=system:serviceaccount:shop:slipway-deployer' ]))[1] =~ /^yes/ ? 1 : 0,
	0, 'nor anything elsewhere');

# The examples of CloudNativePG, if the operator's custom resource definitions are given. Their
# schemas are more than a server of 1.20 can take, so that it is not asked.

my $examples = render('cloudnative-pg');
is(join(' ', sort $examples =~ /^kind: (\w+)$/mg), 'Cluster Database Pooler', 'the examples of CloudNativePG are rendered');
SKIP:
{
	skip 'CNPG_CRDS is not set: the examples of CloudNativePG are rendered only', 4 unless $ENV{CNPG_CRDS};
	skip 'no module jsonschema of Python', 4 if system('/usr/bin/python3 -c "import jsonschema" 2>/dev/null') != 0;
	my @check = ("$SlipwayPod::kubernetes/../../test/deploy/crd.py", $ENV{CNPG_CRDS});
	my ($exit, $out, $err) = outcome_of(\@check, input => $examples);
	is("$exit $out", "0 3 objects\n", 'and fit the schemas of the operator') or diag($err);
	for my $case ([ 'poolMode', 'poolmode' ], [ 'instances: 2', 'instances: two' ], [ 'ensure: present', 'ensure: maybe' ])
	{
		my ($old, $new) = @$case;
		is((outcome_of(\@check, input => $examples =~ s/$old/$new/r))[0], 1, "$new does not");
	}
}

done_testing();
