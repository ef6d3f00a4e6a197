# What is worth watching: metrics for Prometheus, by the client and by an exporter, alerts
# and panels over them, and NOTIFY.

use strict;
use warnings FATAL => 'all';

use File::Basename qw(dirname);
use File::Spec ();
use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $node = new_node('metrics');
my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE a (id integer);\n", '0002_b.sql' => "CREATE TABLE b (id integer);\n" });
my $db = $place->{db};

# Samples as "name{labels}" => value, without the label of the database.
sub samples
{
	my ($text) = @_;
	my %sample;

	for my $line (grep { !/^#/ } split /\n/, $text)
	{
		my ($name, $labels, $value) = $line =~ /^(\w+)\{(.*)\} (\S+)$/ or die "no sample: $line\n";
		$labels =~ s/database="[^"]*",//;
		$sample{"$name\{$labels\}"} = $value;
	}
	return \%sample;
}

sub metrics
{
	my ($name, @args) = @_;
	my ($exit, $out, $err) = client($place, [ 'metrics', @args ]);

	is($exit, 0, "$name: exit code");
	is($err, '', "$name: stderr");
	return samples($out);
}

# Without any run

my $sample = metrics('nothing ever ran');
is($sample->{'slipway_last_run_running{project="default"}'}, 0, 'nothing runs');
is($sample->{'slipway_last_run_failed{project="default"}'}, 0, 'nothing failed');
is($sample->{'slipway_history_entries{project="default"}'}, 0, 'the history is empty');
is_deeply([ grep { /timestamp|head|total/ } keys %$sample ], [], 'what is not there has no sample');

# Runs that succeed, fail, wait and are tried again

my $before = time;
client($place, [ 'migrate', '--to', '0001_a' ]);
client($place, ['migrate']);
put_files($place, { '0003_c.sql' => "SELECT 1/0;\n" });
client($place, ['migrate']);
$sample = metrics('after three runs');
is($sample->{'slipway_runs_total{project="default",action="migrate",outcome="succeeded"}'}, 2, 'two succeeded');
is($sample->{'slipway_runs_total{project="default",action="migrate",outcome="failed"}'}, 1, 'one failed');
is($sample->{'slipway_last_run_failed{project="default"}'}, 1, 'the last one');
is($sample->{'slipway_migrations{project="default",state="applied"}'}, 2, 'applied migrations');
is($sample->{'slipway_migrations{project="default",state="failed"}'}, 1, 'failed ones');
is($sample->{'slipway_migrations{project="default",state="changed"}'}, 0, 'and none that changed');
is($sample->{'slipway_history_entries{project="default"}'}, 3, 'entries of the history');
query_is($node, q{SELECT encode(entry_hash, 'hex') FROM slipway.history ORDER BY entry DESC LIMIT 1},
	join('', map { /head_info\{.*hash="(\w+)"/ } keys %$sample), 'its head', db => $db);
for my $time (map { $sample->{"slipway_$_\_timestamp_seconds{project=\"default\"}"} } qw(last_run_start last_run_end last_success))
{
	ok($time >= $before - 1 && $time <= time + 1, 'a time in seconds');
}
ok($sample->{'slipway_last_success_timestamp_seconds{project="default"}'} <
	  $sample->{'slipway_last_run_start_timestamp_seconds{project="default"}'}, 'the last success was before the last run');

put_files($place, { '0003_c.sql' => "ALTER TABLE a ADD x integer;\n" });
my $holder = start_sql($node, "BEGIN; LOCK TABLE a; SELECT pg_sleep(60);", db => $db, application => 'holder');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'}, 'a is locked');
client($place, [ 'migrate', '--lock-timeout', '200ms', '--retries', '2' ]);
$sample = metrics('after lock timeouts');
is($sample->{'slipway_retries_total{project="default",action="migrate"}'}, 2, 'new tries');
is($sample->{'slipway_lock_waits_total{project="default",action="migrate"}'}, 3, 'waits');
my $waited = $sample->{'slipway_lock_wait_seconds_total{project="default",action="migrate"}'};
ok($waited >= 0.5 && $waited < 30, 'and how long they took') or diag($waited);

my $waiting = start_client($place, [ 'migrate', '--lock-timeout', '1min' ]);
wait_until($node, q{SELECT count(*) = 1 FROM slipway.progress WHERE outcome = 'running' AND waits_for IS NOT NULL}, 'it waits', db => $db);
is(metrics('while it runs')->{'slipway_last_run_running{project="default"}'}, 1, 'a run goes on');
Time::HiRes::sleep(1.2);
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'});
finish_sql($holder);
is((finish_client($waiting))[0], 0, 'the lock is had in the end');
$sample = metrics('after a wait that ended well');
is($sample->{'slipway_lock_waits_total{project="default",action="migrate"}'}, 4, 'one more wait');
ok($sample->{'slipway_lock_wait_seconds_total{project="default",action="migrate"}'} >= $waited + 1, 'of more than a second');
is($sample->{'slipway_last_run_failed{project="default"}'}, 0, 'the last run did not fail');

# A run whose process died has ended when the next one finds that out, which says nothing of how long it took

{
	my $alone = new_place($node, { '0001_a.sql' => "SELECT pg_sleep(60);\n" });
	my $run = start_client($alone, ['migrate']);

	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND wait_event = 'PgSleep'}, 'it sleeps');
	sql($node, q{SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND wait_event = 'PgSleep'});
	finish_client($run);
	Time::HiRes::sleep(2);
	put_files($alone, { '0001_a.sql' => "SELECT pg_advisory_lock(42);\n" });
	my $gate = close_gate($alone);
	$run = start_client($alone, ['migrate']);
	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'advisory'}, 'the next one is under way');
	my $sample = samples((client($alone, [ 'metrics', '--no-drift' ]))[1]);
	is($sample->{'slipway_runs_total{project="default",action="migrate",outcome="interrupted"}'}, 1, 'a run was interrupted');
	is($sample->{'slipway_run_seconds_total{project="default",action="migrate"}'}, 0, 'which took an unknown time');
	is_deeply([ grep { /last_run_duration/ } keys %$sample ], [], 'nor has the last run one');
	open_gate($gate);
	finish_client($run);
	$sample = samples((client($alone, [ 'metrics', '--no-drift' ]))[1]);
	my $seconds = $sample->{'slipway_run_seconds_total{project="default",action="migrate"}'};
	ok($seconds > 0, 'time passes again') or diag($seconds);
	is($sample->{'slipway_last_run_duration_seconds{project="default"}'}, $seconds, 'that of the last run');
}

# Who asks for one metric only does not pay for the others

for my $try ([ 'slipway_history_entries', 0 ], [ 'slipway_migrations', 1 ])
{
	my ($name, $wanted) = @$try;
	my $plan = sql($node, "EXPLAIN (COSTS OFF) SELECT project, value FROM slipway.metric WHERE name = '$name'", db => $db)->{out};

	is($plan =~ /Function Scan on _status/ ? 1 : 0, $wanted, "the states of all migrations, for $name");
}

# Drift

is($sample->{'slipway_drift_objects{project="default"}'}, 0, 'no drift');
sql($node, 'ALTER TABLE b ADD by_hand integer', db => $db);
is(metrics('drift')->{'slipway_drift_objects{project="default"}'}, 1, 'drift');
is_deeply([ grep { /drift/ } keys %{ metrics('without drift', '--no-drift') } ], [], 'which need not be looked for');
sql($node, 'ALTER TABLE b DROP by_hand; CREATE VIEW of_b AS SELECT id FROM b', db => $db);

# Where it cannot be looked for, as a migration holds a table of a view, the others are told all the same.

my $locker = $node->background_psql($db);
$locker->query_safe('BEGIN; LOCK TABLE b');
my ($code, $text, $warning) = client($place, ['metrics']);
is($code, 0, 'a table is locked: exit code');
like($warning, qr/^slipway: warning: could not find out whether the schema has changed: canceling statement due to lock timeout\n\z/, 'a warning');
is(samples($text)->{'slipway_last_run_failed{project="default"}'}, 0, 'and samples');
unlike($text, qr/drift/, 'but of drift');
$locker->quit;
sql($node, 'DROP VIEW of_b', db => $db);

# Of which projects

is(sql($node, q{SELECT slipway.create_project('odd "one" \ two'); CREATE ROLE nobody_much LOGIN; CREATE ROLE exporter LOGIN}, db => $db)->{error}, '',
	'roles, and a project with an odd name');
my (undef, $out) = client($place, ['metrics']);
like($out, qr/project="odd \\"one\\" \\\\ two"/, 'labels are escaped');
is(scalar(grep { /odd/ } keys %{ metrics('one project', '-P', 'default') }), 0, '--project leaves others out');
client_is($place, [ 'metrics', '-P', 'nowhere' ], { exit => 1, err => qr/project "nowhere" does not exist/ }, 'an unknown project');
client_is($place, [ 'metrics', '-U', 'nobody_much' ], { exit => 1, err => qr/permission denied/ }, 'a role without rights');
my ($exit, $json) = client($place, [ 'metrics', '--json' ]);
json_fits($json, ['metric'], 'as JSON');
sql($node, q{SELECT slipway.grant_role('exporter', 'reader', NULL)}, db => $db);
client_is($place, [ 'metrics', '-U', 'exporter' ], { out => qr/^slipway_runs_total\{/m }, 'a reader');

# NOTIFY

my $listener = $node->background_psql($db);
$listener->query_safe('LISTEN deploys');
put_files($place, { '0004_d.sql' => "SELECT 4;\n", '0005_e.sql' => "SELECT 1/0;\n" });
client($place, ['migrate'], env => { PGOPTIONS => '-c slipway.notify=deploys' });
my $heard = answer_of($listener, 'SELECT 1');
like($heard, qr/notification "deploys" with payload "\{"event":"run_started","project":"default","run":\d+,"action":"migrate","pending":2\}"/,
	'who listens hears that a run begins');
like($heard, qr/\{"event":"run_finished","project":"default","run":\d+,"action":"migrate","outcome":"failed"\}/, 'and how it ended');
client($place, ['migrate']);
unlike($listener->query_safe('SELECT 1'), qr/notification/, 'nothing is sent unless it is asked for');
$listener->quit;
like(sql($node, "SELECT slipway.version(); SET slipway.notify = '" . 'x' x 64 . "'", db => $db)->{error}, qr/invalid value for parameter "slipway.notify"/,
	'a name that is too long');

# The real thing

my $folder = File::Spec->rel2abs(dirname(__FILE__) . '/../../deploy/prometheus');

sub program { return (grep { -x } map { "$_/$_[0]" } split /:/, $ENV{PATH})[0] }

# make check-monitoring has installed them
my $wanted = ($ENV{MONITORING} // '') eq 'yes';
my %missing = map { $_ => 1 } grep { !defined program($_) } qw(promtool prometheus prometheus-postgres-exporter);

SKIP:
{
	skip('needs promtool', 4) if $missing{promtool} && !$wanted;
	my ($stdout, $stderr);
	IPC::Run::run([ 'promtool', 'check', 'metrics' ], '<', \$out, '>', \$stdout, '2>', \$stderr);
	is("$?$stdout$stderr", '0', 'promtool has nothing to say against the metrics');
	for my $check ([ 'check', 'rules', 'rules.yaml' ], [ 'test', 'rules', 'rules_test.yaml' ])
	{
		IPC::Run::run([ 'promtool', @$check ], '>', \$stdout, '2>', \$stderr, init => sub { chdir $folder or die });
		is($?, 0, "promtool @$check") or diag($stdout, $stderr);
	}
	my $rules = slurp_file("$folder/rules.yaml");
	my $tests = slurp_file("$folder/rules_test.yaml");
	is_deeply([ grep { $tests !~ /alertname: $_\b/ } $rules =~ /alert: (\w+)/g ], [], 'each alert is tested');
}

sub free_port
{
	my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die "no port: $!\n";

	return $socket->sockport;
}

# What a server on loopback answers.
sub get
{
	my ($port, $path) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 5) or return '';

	print $socket "GET $path HTTP/1.0\r\nHost: localhost\r\n\r\n";
	local $/ = undef;
	my $answer = <$socket> // '';
	$answer =~ s/^.*?\r\n\r\n//s;
	return $answer;
}

sub escape { return join '', map { /[A-Za-z0-9_.]/ ? $_ : sprintf '%%%02X', ord } split //, $_[0] }

sub wait_for_answer
{
	my ($port, $path, $pattern) = @_;

	for (1 .. 300)
	{
		my $answer = get($port, $path);
		return $answer if $answer =~ $pattern;
		Time::HiRes::sleep(0.1);
	}
	return get($port, $path);
}

SKIP:
{
	skip('needs Prometheus and its exporter for PostgreSQL', 1) if %missing && !$wanted;
	my ($exporter_port, $port) = (free_port(), free_port());
	my $home = PostgreSQL::Test::Utils::tempdir;
	my $null = '';
	local $ENV{DATA_SOURCE_NAME} = "user=exporter host=${\ $node->host } port=${\ $node->port } dbname=$db sslmode=disable";

	my $exporter = IPC::Run::start(
		[ 'prometheus-postgres-exporter', "--web.listen-address=127.0.0.1:$exporter_port", "--extend.query-path=$folder/queries.yaml",
			'--disable-default-metrics', '--disable-settings-metrics' ], '<', \undef, '>', "$home/exporter.log", '2>&1');
	my $exported = wait_for_answer($exporter_port, '/metrics', qr/^slipway_/m);
	my %by_exporter = map { $_ => 1 } $exported =~ /^# TYPE (slipway_\w+ \w+)$/mg;
	my %by_client = map { $_ => 1 } (client($place, ['metrics']))[1] =~ /^# TYPE (slipway_\w+ \w+)$/mg;
	is_deeply(\%by_exporter, \%by_client, 'the exporter has the same metrics as the client');
	like($exported, qr/^slipway_runs_total\{[^}]*action="migrate"[^}]*outcome="failed"[^}]*project="default"[^}]*\} 4$/m, 'with values');

	write_folder({ 'prometheus.yml' => "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: ['$folder/rules.yaml']\n"
			  . "scrape_configs: [{job_name: pg, static_configs: [{targets: ['127.0.0.1:$exporter_port']}]}]\n" }, $home);
	my $prometheus = IPC::Run::start(
		[ 'prometheus', "--config.file=$home/prometheus.yml", "--storage.tsdb.path=$home/data", "--web.listen-address=127.0.0.1:$port" ],
		'<', \undef, '>', "$home/prometheus.log", '2>&1');
	like(wait_for_answer($port, '/api/v1/query?query=slipway_last_run_failed', qr/"default"/), qr/"project":"default"[^}]*\},"value":\[[\d.]+,"1"\]/,
		'Prometheus has scraped it') or diag(slurp_file("$home/prometheus.log"));
	like(wait_for_answer($port, '/api/v1/alerts', qr/SlipwayRunFailed/), qr/"alertname":"SlipwayRunFailed"[^}]*"project":"default"/, 'and the alert fires');
	my $dashboard = JSON::PP::decode_json(slurp_file("$folder/dashboard.json"));
	for my $panel (@{ $dashboard->{panels} })
	{
		for my $target (@{ $panel->{targets} })
		{
			my $query = $target->{expr} =~ s/\$__rate_interval/1m/r =~ s/\$project/.*/r;
			my $answer = JSON::PP::decode_json(get($port, '/api/v1/query?query=' . escape($query)));
			is($answer->{status}, 'success', "panel \"$panel->{title}\"");
			ok(@{ $answer->{data}{result} // [] } > 0 || $query =~ /increase/, 'which shows something');
		}
	}
	$_->kill_kill for $prometheus, $exporter;
}

$node->stop;
done_testing();
