# deploy/migrate.sh with the rights of the deployer only, against a real API server and the
# controller of Jobs; their pods are run, against a real PostgreSQL, by the stand-in for a kubelet.

use strict;
use warnings FATAL => 'all';

use IO::Pty ();
use IPC::Run ();
use MIME::Base64 ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayKubernetes;
use SlipwayPod;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $why = why_no_pods();
die "$why\n" if $why;

my $node = new_node('migrate_sh');
sql($node, 'CREATE ROLE shop_deploy LOGIN');
my $place = new_place(
	$node, {
		'0001_city.up.sql' => "CREATE TABLE city (id integer);\n",
		'0001_city.down.sql' => "DROP TABLE city;\n",
		'0001_city.verify.sql' => "SELECT 1 / count(*) FROM pg_class WHERE relname = 'city';\n",
		'0002_gate.up.sql' => "CREATE TABLE gate (id integer);\nSELECT pg_advisory_xact_lock(42);\n",
		'0002_gate.down.sql' => "DROP TABLE gate;\n",
		'take_back.txt' => "DROP TABLE gate;\n",
	});
sql($node, "SELECT slipway.grant_role('shop_deploy', 'uploader'), slipway.grant_role('shop_deploy', 'deployer'); GRANT CREATE ON SCHEMA public TO shop_deploy;",
	db => $place->{db});

# The tree of deploy/, of which a user changes the environment: here the tries are
# fewer, as each comes twice as late as the one before.
my $deploy = PostgreSQL::Test::Utils::tempdir;
system("cp -r $SlipwayPod::kubernetes/.. $deploy/deploy") == 0 or die "no copy\n";
my $production = "$deploy/deploy/kubernetes/overlays/production";
PostgreSQL::Test::Utils::append_to_file("$production/migrate/kustomization.yaml", <<'END');
patches:
  - target: {kind: Job}
    patch: |-
      apiVersion: batch/v1
      kind: Job
      metadata: {name: any}
      spec: {backoffLimit: 1}
END
my $script = "$deploy/deploy/migrate.sh";

sub apply
{
	my ($text) = @_;

	return kubectl_ok([ 'apply', '-f', '-' ], input => $text);
}

sub make_secret
{
	my ($namespace, $db) = @_;

	return kubectl_ok([ 'create', 'secret', 'generic', 'slipway-admin', '-n', $namespace,
		"--from-literal=DB_ADMIN_CONN_STRING=host=/run port=${\$node->port} user=shop_deploy dbname=$db sslmode=disable" ]);
}

start_kubernetes();
for my $namespace (qw(shop other))
{
	kubectl_ok([ 'create', 'namespace', $namespace ]);
	apply(render($production) =~ s/namespace: shop$/namespace: $namespace/mgr);
	# a migration of the test waits for longer than a lock timeout
	kubectl_ok([ 'patch', 'configmap', 'slipway', '-n', $namespace, '-p', '{"data": {"SLIPWAY_LOCK_TIMEOUT": "1min"}}' ]);
}
make_secret('shop', $place->{db});
start_kubelet(new_image(), $node->host . ':/run', "$place->{home}/migrations:/migrations");

# What the pipeline has: the token of the account slipway-deployer.
my $secret;
for (1 .. 100)
{
	$secret = kubectl_ok([ 'get', 'sa', 'slipway-deployer', '-n', 'shop', '-o', 'jsonpath={.secrets[0].name}' ]);
	last if $secret ne '';
	Time::HiRes::sleep(0.1);
}
our $config = config_of(MIME::Base64::decode_base64(kubectl_ok([ 'get', 'secret', $secret, '-n', 'shop', '-o', 'jsonpath={.data.token}' ])), 'shop');

sub migrate_sh
{
	my (@args) = @_;

	return outcome_of([ $script, @args ], env => { KUBECONFIG => $config });
}

sub start_script
{
	my (@args) = @_;
	my %run = (out => '', err => '');

	local $ENV{KUBECONFIG} = $config;
	$run{run} = IPC::Run::start([ $script, @args ], '<', \undef, '>', \$run{out}, '2>', \$run{err},
		init => sub { @SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3 }, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%run;
}

sub pods
{
	return split ' ', kubectl_ok([ 'get', 'pods', '-n', 'shop', '-o', 'jsonpath={.items[*].metadata.name}', @_ ]);
}

# Before anything is there.

my ($exit, $out, $err) = migrate_sh(qw(-e production status));
is($exit, 3, 'status without a Job: exit code');
like($err, qr/^slipway-migrate: there is none$/m, 'and message');
($exit, undef, $err) = migrate_sh(qw(-e production logs));
is("$exit $err", "1 migrate.sh: error: there is no Job slipway-migrate in namespace shop\n", 'logs without one');
($exit, $out, $err) = migrate_sh(qw(-e production cleanup));
is("$exit $out$err", '0 ', 'cleanup of nothing');

# Each command.

($exit, $out, $err) = migrate_sh(qw(-e production migrate));
is($exit, 0, 'migrate: exit code') or diag($out, $err);
like($out, qr/^0001_city  applied .*\n0002_gate  applied .*\n2 migrations applied to project default in /m, 'it shows what slipway says');
like($err, qr/^--- slipway-migrate-\w+ wait\n/m, 'of each container');
like($err, qr/^slipway-migrate: succeeded\n\z/m, 'and how it ended');
applied_is($place, '0001_city 0002_gate', 'all is applied');
is(kubectl_ok([qw(get job slipway-migrate -n shop -o), 'jsonpath={.status.succeeded}']), '1', 'so says the controller');

($exit, $out, $err) = migrate_sh(qw(-e production status));
is($exit, 0, 'status: exit code');
like($out, qr{^job\.batch/slipway-migrate .*1/1}m, 'the Job');
like($out, qr{^pod/slipway-migrate-\w+ .*Completed}m, 'its pod');
like($err, qr/^slipway-migrate: succeeded$/m, 'what that means');

($exit, $out) = migrate_sh(qw(-e production logs));
is($exit, 0, 'logs: exit code');
like($out, qr/^0002_gate  applied/m, 'what it has said');

($exit, $out, $err) = migrate_sh(qw(-e production verify));
is($exit, 0, 'verify: exit code') or diag($out, $err);
like($out, qr/^0002_gate +applied /m, 'it shows the state');
put_files($place, { '0003_new.up.sql' => "SELECT 1;\n" });
($exit, $out, $err) = migrate_sh(qw(-e production verify));
is($exit, 1, 'verify with something pending: exit code');
like($err, qr/^migrate\.sh: error: slipway-verify failed: BackoffLimitExceeded: /m, 'and why');
remove_files($place, '0003_new.up.sql');

($exit, $out, $err) = migrate_sh(qw(-e production rollback --steps 1));
is("$exit $err", "2 migrate.sh: error: a rollback needs --yes where nobody can be asked\n", 'rollback that nobody confirms');

# On a terminal it asks.
sub ask
{
	my ($answer, @args) = @_;
	my $said = '';

	local $ENV{KUBECONFIG} = $config;
	my $run = IPC::Run::start([ $script, @args ], '<pty<', \my $in, '>pty>', \$said,
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$run->pump until $said =~ /to go on: /;
	$in = "$answer\n";
	$run->finish;
	return ($? >> 8, $said =~ s/\r//gr);
}

my ($code, $said) = ask('yes', qw(-e production rollback --steps 1));
is($code, 1, 'not the word that was asked for: exit code');
like($said, qr/^This rolls back \(--steps=1\) in namespace shop of test\.$/m, 'it says what it would do');
like($said, qr/not confirmed, nothing was done/, 'and that it did not');
is(kubectl_ok([qw(get job slipway-rollback -n shop --ignore-not-found)]), '', 'there is no Job');
{
	local $config = "$deploy/two";
	my $text = PostgreSQL::Test::Utils::slurp_file($ENV{KUBECONFIG});
	PostgreSQL::Test::Utils::append_to_file($config, $text =~ s/"current-context":"test"/"current-context":"elsewhere"/r);
	($code, $said) = ask('no', qw(-e production --context test rollback --all));
	like($said, qr/^This rolls back \(--all\) in namespace shop of test\.$/m, 'it names the context that is meant, not the current one');
}
($code, $said) = ask('shop', qw(-e production rollback --steps 1));
is($code, 0, 'confirmed: exit code') or diag($said);
like($said, qr/^0002_gate +pending/m, 'it ends with the state');
applied_is($place, '0001_city', 'rolled back');
migrate_sh(qw(-e production migrate));
($exit, $out, $err) = migrate_sh(qw(-e production rollback --script /migrations/take_back.txt --yes));
is($exit, 0, 'with a script of its own: exit code') or diag($out, $err);
applied_is($place, '0001_city', 'rolled back');
is(sql($node, q{SELECT to_regclass('gate') IS NULL}, db => $place->{db})->{out}, 't', 'by that script');
($exit, $out, $err) = migrate_sh(qw(-e production rollback --to 0009_none --yes));
is($exit, 1, 'a migration that there is not: exit code');
like($out, qr/0009_none/, 'and what slipway says');

($exit, $out) = migrate_sh(qw(-e production cleanup verify));
is("$exit $out", "0 job.batch \"slipway-verify\" deleted\n", 'cleanup of one');
($exit, $out) = migrate_sh(qw(-e production cleanup));
is($exit, 0, 'cleanup of all');
is(kubectl_ok([qw(get jobs -n shop -o name)]), '', 'there is none left');

# A pod that is killed: the controller starts another, which finishes.

my $gate = close_gate($place);
my $run = start_script(qw(-e production migrate));
is_at_gate($place);
my @first = pods();
is(scalar @first, 1, 'one pod');
($exit, undef, $err) = migrate_sh(qw(-e production status));
is($exit, 3, 'status while it runs: exit code');
($exit, undef, $err) = migrate_sh(qw(-e production cleanup));
is("$exit $err", "0 slipway-migrate runs: kept\n", 'cleanup while it runs');
kubectl_ok([ 'delete', 'pod', '-n', 'shop', '--grace-period=0', '--force', $first[0] ]);
wait_until($node, 'SELECT count(*) >= 2 FROM slipway.detached WHERE outcome = \'running\'', 'the next pod looks on', db => $place->{db});
open_gate($gate);
$run->{run}->finish;
is($? >> 8, 0, 'migrate, whose pod was killed: exit code') or diag(@$run{qw(out err)});
like($run->{err}, qr/^--- (?!\Q$first[0]\E)slipway-migrate-\w+ migrate$/m, 'it has followed the next pod');
applied_is($place, '0001_city 0002_gate', 'all is applied');
query_is($node, q{SELECT * FROM slipway.verify_history('default')}, '', 'the history verifies', db => $place->{db});
query_is($node, q{SELECT count(*) FROM slipway.run WHERE outcome = 'running'}, '0', 'no run is left', db => $place->{db});

# The log is followed again where its connection is cut; no longer than asked for; and a signal ends that.

sql($node, "CALL slipway.rollback('default', '{\"steps\": 1}')", db => $place->{db});
$gate = close_gate($place);
my $began = Time::HiRes::time();
$run = start_script(qw(-e production migrate --timeout 8));
is_at_gate($place);
$run->{run}->finish;
is($? >> 8, 1, 'more than the timeout: exit code');
like($run->{err}, qr/^migrate\.sh: error: slipway-migrate has not ended within 8 s and goes on; /m, 'and message');
cmp_ok(Time::HiRes::time() - $began, '<', 25, 'also in the middle of a log');
$run = start_script(qw(-e production migrate));
is_at_gate($place);
$run->{run}->pump until $run->{err} =~ /^--- slipway-migrate-\w+ migrate$/m;
Time::HiRes::sleep(1);
$began = Time::HiRes::time();
$run->{run}->signal('TERM');
$run->{run}->finish;
is($? >> 8, 1, 'ended by a signal: exit code');
cmp_ok(Time::HiRes::time() - $began, '<', 10, 'at once');
like($run->{err}, qr/^migrate\.sh: left; slipway-migrate goes on\. "migrate\.sh logs migrate" shows it, "migrate\.sh cleanup migrate --running" ends it\.$/m, 'and message');
cut_log('migrate');
$run = start_script(qw(-e production migrate));
is_at_gate($place);
$run->{run}->pump until $run->{err} =~ /^--- slipway-migrate-\w+ migrate$/m;
Time::HiRes::sleep(8);
open_gate($gate);
$run->{run}->finish;
is($? >> 8, 0, 'a connection that was cut: exit code');
# the run of the first Job has applied it
like($run->{out}, qr/^nothing to do\n\z/m, 'what came after it is shown');
is(scalar(() = $run->{err} =~ /^--- slipway-migrate-\w+ migrate$/mg), 1, 'as one log');

# Left, and a deadline: the Job ends, its run goes on.

sql($node, "CALL slipway.rollback('default', '{\"steps\": 1}')", db => $place->{db});
$gate = close_gate($place);
system("cp -r $production $deploy/short") == 0 or die "no copy\n";
for my $file (glob "$deploy/short/*/kustomization.yaml")
{
	my $text = PostgreSQL::Test::Utils::slurp_file($file) =~ s{\.\./\.\./\.\./}{../../deploy/kubernetes/}gr;

	unlink $file;
	PostgreSQL::Test::Utils::append_to_file($file, $text =~ s/backoffLimit: 1/backoffLimit: 1, activeDeadlineSeconds: 6/r);
}
my @short = ('--overlay', "$deploy/short");
$run = start_script(@short, qw(migrate --timeout 2));
is_at_gate($place);
$run->{run}->finish;
is($? >> 8, 1, 'not waited for: exit code');
like($run->{err}, qr/^migrate\.sh: error: slipway-migrate has not ended within 2 s and goes on; /m, 'and message');
my $until = Time::HiRes::time() + 30;
Time::HiRes::sleep(0.5) until (migrate_sh(@short, 'status'))[0] != 3 || Time::HiRes::time() > $until;
($exit, undef, $err) = migrate_sh(@short, 'status');
is($exit, 1, 'an expired deadline: exit code of status');
like($err, qr/^slipway-migrate: failed: DeadlineExceeded: /m, 'and message');
query_is($node, q{SELECT count(*) FROM slipway.detached WHERE outcome = 'running'}, '1', 'its run goes on', db => $place->{db});
open_gate($gate);
($exit) = migrate_sh(qw(-e production migrate));
is($exit, 0, 'the next migrate ends well');
applied_is($place, '0001_city 0002_gate', 'all is applied');

# A migration that fails; tried again once, as the overlay has it.

put_files($place, { '0003_bad.up.sql' => "CREATE TABLE bad (id integer);\nSELECT 1 / 0;\n" });
sub deploy_sh
{
	my (@args) = @_;

	return outcome_of([ "$deploy/deploy/ci/deploy.sh", @args ], env => { KUBECONFIG => $config, GITHUB_ACTIONS => 'true' });
}

($exit, $out, $err) = deploy_sh(qw(production registry.example.com/shop:3));
is($exit, 1, 'a migration that fails, in a pipeline: exit code');
like($out, qr/^::error::the migrations of production failed: nothing after them is deployed$/m, 'the pipeline is told');
like($err, qr/^--- state\n(?s:.*)^job\.batch\/slipway-migrate /m, 'and shows the Jobs');
like($err, qr/^migrate\.sh: error: slipway-migrate failed: BackoffLimitExceeded: /m, 'and why');
is(scalar(() = $out =~ m{^/migrations/0003_bad\.up\.sql:2:1: ERROR: division by zero \(22012\)$}mg), 2, 'both tries are shown');
remove_files($place, '0003_bad.up.sql');
($exit, $out, $err) = deploy_sh(qw(production registry.example.com/shop:4 300));
is($exit, 0, 'the next one: exit code') or diag($out, $err);
is(kubectl_ok([qw(get job slipway-migrate -n shop -o), 'jsonpath={.spec.template.spec.containers[0].image}']), 'registry.example.com/shop:4', 'with its image');

# Somewhere else: another namespace and image, with the rights for that; and without.

($exit, $out, $err) = migrate_sh(qw(-e production -n other migrate));
is($exit, 1, 'a namespace that it has no rights in: exit code');
like($err, qr/cannot .* resource "jobs" in API group "batch" in the namespace "other"/, 'and why');
make_secret('other', $place->{db});
($exit, $out, $err) = outcome_of([ $script, qw(-e production --namespace=other --image registry.example.com/else:2 migrate) ]);
is($exit, 0, 'with the rights of another: exit code') or diag($out, $err);
is(kubectl_ok([qw(get job slipway-migrate -n other -o), 'jsonpath={.spec.template.spec.containers[0].image} {.spec.template.spec.initContainers[0].image}']),
	'registry.example.com/else:2 registry.example.com/else:2', 'the image');

# No pod: an account that is not there keeps it from being made.

kubectl_ok([qw(delete serviceaccount slipway -n other)]);
($exit, $out, $err) = outcome_of([ $script, qw(-e production --namespace=other --timeout 14 migrate) ]);
is($exit, 1, 'a Job without a pod: exit code');
like($err, qr/^slipway-migrate has no pod yet; "kubectl -n other describe job slipway-migrate" may say why$/m, 'and where to look');

# Nobody there.

$config = "$deploy/none";
PostgreSQL::Test::Utils::append_to_file($config, PostgreSQL::Test::Utils::slurp_file($ENV{KUBECONFIG}) =~ s/127\.0\.0\.1:\d+/127.0.0.1:1/r);
($exit, undef, $err) = migrate_sh(qw(-e production status));
is($exit, 1, 'no API server: exit code');
like($err, qr/127\.0\.0\.1:1/, 'and message');

done_testing();
