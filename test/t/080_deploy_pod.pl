# The Jobs of deploy/kubernetes: their command lines verbatim, as their user, on a
# read-only root without capabilities or network, against a real server. One is
# killed in mid-run, and its successor finishes.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayPod;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $why = why_no_pods();
plan skip_all => $why if $why;

my $node = new_node('deploy_pod');
my $image = new_image();
sql($node, 'CREATE ROLE shop_deploy LOGIN');

# A place whose migrations a role that is no superuser may run, and what the Jobs
# know of it.
sub new_shop
{
	my ($files) = @_;
	my $place = new_place($node, $files);

	sql($node, "SELECT slipway.grant_role('shop_deploy', 'uploader'), slipway.grant_role('shop_deploy', 'deployer'); GRANT CREATE ON SCHEMA public TO shop_deploy;", db => $place->{db})->{exit} == 0
	  or die "could not grant\n";
	$place->{settings} = {
		configMaps => { slipway => { MIGRATIONS_PATH => '/migrations', PGSSLMODE => 'prefer', PGCONNECT_TIMEOUT => '10', PGAPPNAME => 'slipway' } },
		secrets => { 'slipway-admin' => { DB_ADMIN_CONN_STRING => "host=/run port=${\$node->port} user=shop_deploy dbname=$place->{db}" } },
	};
	return $place;
}

sub pod
{
	my ($place, $job, %env) = @_;
	my ($manifest, $name) = $job eq 'drift' ? ('base/drift-cronjob.yaml', 'CronJob/slipway-drift') : ("jobs/$job/job.yaml", "Job/slipway-$job");

	return new_pod($image, $manifest, $name, { %{ $place->{settings} }, env => \%env }, '/run' => $node->host, '/migrations' => "$place->{home}/migrations");
}

# As a kubelet runs a pod: each container to its end, until one fails. Returns the
# exit code of the last, its name, and what all have written.
sub run_pod
{
	my ($pod) = @_;
	my ($exit, $name, %out, %err);

	for my $container (containers_of($pod))
	{
		$name = $container;
		($exit, $out{$name}, $err{$name}) = run_container($pod, $name);
		last if $exit != 0;
	}
	return ($exit, $name, \%out, \%err);
}

my %files = (
	'0001_city.up.sql' => "CREATE TABLE city (id integer);\n",
	'0001_city.down.sql' => "DROP TABLE city;\n",
	'0001_city.verify.sql' => "SELECT 1 / count(*) FROM pg_class WHERE relname = 'city';\n",
	'0002_gate.up.sql' => "CREATE TABLE gate (id integer);\nSELECT pg_advisory_xact_lock(42);\n",
	'0002_gate.down.sql' => "DROP TABLE gate;\n",
	'0003_last.up.sql' => "CREATE TABLE last (id integer);\n",
	'0003_last.down.sql' => "DROP TABLE last;\n",
);

# Migrate, and migrate again; both forms of the Secret.

my $place = new_shop({%files});
is(join(' ', containers_of(pod($place, 'migrate'))), 'wait check migrate', 'the containers of the migration');
my ($exit, $last, $out, $err) = run_pod(pod($place, 'migrate'));
is("$exit $last", '0 migrate', 'migrate') or diag(%$out, %$err);
like($err->{wait}, qr/^the server \(.*\) accepts connections, after /, 'it waits');
like($err->{migrate}, qr/^detached deploy 1 of .*\n0001_city  applied .*\n(?s:.*)\n3 migrations applied to project default in /, 'it says what it does');
applied_is($place, '0001_city 0002_gate 0003_last', 'all is applied');
query_is($node, q{SELECT DISTINCT session_role || ' ' || application_name FROM slipway.history}, 'shop_deploy slipway', 'as the role of the Secret', db => $place->{db});

$place->{settings}{secrets}{'slipway-admin'} = {
	DB_HOST => '/run', DB_PORT => $node->port . '', DB_NAME => $place->{db}, DB_ADMIN_USER => 'shop_deploy', DB_ADMIN_PASSWORD => 'not/asked:for@all' };
($exit, $last, $out, $err) = run_pod(pod($place, 'migrate'));
is("$exit $last", '0 migrate', 'migrate again, with single parameters') or diag(%$out, %$err);
is($err->{migrate}, "nothing to do\n", 'nothing to do');
{
	local $place->{settings}{configMaps}{slipway}{SLIPWAY_WEBHOOK} = 'http://127.0.0.1:1/secret';
	(undef, undef, undef, $err) = run_pod(pod($place, 'rollback', ROLLBACK => '--steps=1'));
	like($err->{rollback}, qr/webhook|127\.0\.0\.1/, 'a webhook is tried');
	unlike($err->{rollback}, qr/not installed|secret/, 'with the library that it needs');
	run_pod(pod($place, 'migrate'));
}
unlike(join('', %$out, %$err), qr/asked:for/, 'the password is nowhere');

# Verify and the nightly look.

($exit, $last, $out, $err) = run_pod(pod($place, 'verify'));
is("$exit $last", '0 status', 'verify') or diag(%$err);
like($out->{status}, qr/^0003_last +applied /m, 'shows the state');
($exit, $last) = run_pod(pod($place, 'drift'));
is("$exit $last", '0 diff', 'the nightly look');
sql($node, 'ALTER TABLE city ADD COLUMN past_slipway integer', db => $place->{db});
($exit, $last) = run_pod(pod($place, 'drift'));
is("$exit $last", '10 diff', 'the nightly look after a change past slipway');
sql($node, 'ALTER TABLE city DROP COLUMN past_slipway', db => $place->{db});
put_files($place, { '0004_new.up.sql' => "SELECT 1;\n" });
($exit, $last) = run_pod(pod($place, 'verify'));
is("$exit $last", '3 status', 'verify with something pending');
put_files($place, { '0003_last.up.sql' => "CREATE TABLE last (id bigint);\n" });
($exit, $last) = run_pod(pod($place, 'verify'));
is("$exit $last", '4 validate', 'verify with a changed script');
($exit, $last) = run_pod(pod($place, 'drift'));
is("$exit $last", '4 validate', 'the nightly look then');

# A migration that fails, and no server.

$place = new_shop({ '0001_bad.sql' => "SELEC;\n" });
($exit, $last, $out, $err) = run_pod(pod($place, 'migrate'));
is("$exit $last", '4 migrate', 'a bad script');
$place->{settings}{secrets}{'slipway-admin'}{DB_ADMIN_CONN_STRING} .= '_none';
($exit, $last, $out, $err) = run_pod(pod($place, 'migrate'));
is("$exit $last", '8 wait', 'no such database');

# Killed in mid-run: the server goes on by itself, the next pod looks on and ends well.

$place = new_shop({%files});
my $gate = close_gate($place);
# the gate is longer than the Job's lock timeout would allow
$place->{settings}{configMaps}{slipway}{SLIPWAY_LOCK_TIMEOUT} = '1min';
my $run = start_container(pod($place, 'migrate'), 'migrate');
is_at_gate($place);
my $pid = inner_pid($run);
my $status = PostgreSQL::Test::Utils::slurp_file("/proc/$pid/status");
like($status, qr/^Cap$_:\t0{16}$/m, "no capability: $_") for qw(Inh Prm Eff Bnd Amb);
like($status, qr/^NoNewPrivs:\t1$/m, 'no new privileges');
like($status, qr/^NSpid:\t\d+(?:\t\d+)*\t1$/m, 'it is process 1');
like(PostgreSQL::Test::Utils::slurp_file("/proc/$pid/uid_map"), qr/^\s*1000\s+\d+\s+1\n\z/, 'it is user 1000 and can be no other');
my @writable = grep { !m{^(?:/proc|/dev)(?:/|$)} } map { (split ' ')[4] } grep { (split ' ')[5] !~ /^ro\b/ } split /\n/, PostgreSQL::Test::Utils::slurp_file("/proc/$pid/mountinfo");
is("@writable", '', 'nothing is writable');
is(PostgreSQL::Test::Utils::slurp_file("/proc/$pid/cmdline"), join("\0", 'slipway', 'migrate', '--detach', ''), 'the command line is that of the manifest');
signal_container($run, 'KILL');
($exit) = finish_container($run);
is($exit, 137, 'killed');
query_is($node, 'SELECT outcome FROM slipway.detached', 'running', 'its run goes on', db => $place->{db});
$run = start_container(pod($place, 'migrate'), 'migrate');
wait_until($node, 'SELECT count(*) = 2 FROM slipway.detached', 'the successor has begun', db => $place->{db});

# A kubelet that stops a pod sends TERM first.
my $third = start_container(pod($place, 'migrate'), 'migrate');
wait_until($node, 'SELECT count(*) = 3 FROM slipway.detached', 'and another', db => $place->{db});
$third->{run}->pump until $third->{err} =~ /^detached deploy 3/m;
# it says so just before it begins to look on
Time::HiRes::sleep(0.5);
signal_container($third, 'TERM');
($exit, undef, $err) = finish_container($third);
is($exit, 1, 'stopped by TERM: exit code');
like($err, qr/^slipway: error: left, while detached deploy 3 goes on$/m, 'it says what goes on');

open_gate($gate);
($exit, undef, $err) = finish_container($run);
is($exit, 0, 'the successor ends well') or diag($err);
applied_is($place, '0001_city 0002_gate 0003_last', 'all is applied');
query_is($node, q{SELECT count(*) FROM slipway.history WHERE action = 'apply'}, '3', 'each once', db => $place->{db});
wait_until($node, q{SELECT bool_and(outcome = 'succeeded') FROM slipway.detached}, 'the one that nobody watched has ended, too', db => $place->{db});
history_is_sound($node, 'after the kill', db => $place->{db});

# Rollback.

is(join(' ', containers_of(pod($place, 'rollback'))), 'wait rollback status', 'the containers of the rollback');
($exit, $last, $out, $err) = run_pod(pod($place, 'rollback'));
is("$exit $last", '2 rollback', 'a rollback that nobody has said anything for');
like($err->{rollback}, qr/invalid value "unset" of option "--steps"/, 'says so');
applied_is($place, '0001_city 0002_gate 0003_last', 'and does nothing');

$run = start_container(pod($place, 'rollback', ROLLBACK => '--all'), 'rollback');
$run->{run}->pump until $run->{err} =~ /10 s/;
signal_container($run, 'TERM');
($exit) = finish_container($run);
isnt($exit, 0, 'stopped while it waits');
applied_is($place, '0001_city 0002_gate 0003_last', 'nothing was rolled back');

my $began = Time::HiRes::time();
($exit, $last, $out, $err) = run_pod(pod($place, 'rollback', ROLLBACK => '--steps=1'));
is("$exit $last", '0 status', 'rollback of one step') or diag(%$err);
cmp_ok(Time::HiRes::time() - $began, '>=', 10, 'after ten seconds');
applied_is($place, '0001_city 0002_gate', 'it is rolled back');
like($out->{status}, qr/^0003_last +pending\b/m, 'and the state shown');

# Process 1 without a handler for TERM would go on until it is killed.

$place->{settings}{secrets}{'slipway-admin'}{DB_ADMIN_CONN_STRING} = 'host=/run port=1 dbname=none';
$run = start_container(pod($place, 'migrate'), 'wait');
$run->{run}->pump until $run->{err} =~ /waiting for the server/;
signal_container($run, 'TERM');
($exit) = finish_container($run);
is($exit, 143, 'TERM ends what waits');

done_testing();
