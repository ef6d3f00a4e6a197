# Many projects in one batch, while client, workers, sessions, server and Barbican are ended at whatever moment. In the end each project
# has a role of its own, which is as it should be, and nothing else is left: no role, no secret, no session of the role that they
# have shared, no password in the log.
#
# CREDENTIAL_PROJECTS=N   how many projects (24)
# TORTURE_SEED=N          the same moments again, as far as that can be had
# CREDENTIAL_STORE=file   without Barbican, which takes most of the time
# KILL_BARBICAN=yes       Barbican's own processes too: nobody else may use them at that time

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayCredential;
use SlipwayOpenStack;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes qw(sleep time);

# A client may be at work for long.
$PostgreSQL::Test::Utils::timeout_default = 7200;

my $why = ($ENV{CREDENTIAL_STORE} // '') eq 'file' ? 'CREDENTIAL_STORE=file' : why_no_openstack();
my $count = $ENV{CREDENTIAL_PROJECTS} // 24;
my $seed = $ENV{TORTURE_SEED} // int(rand(1e6));
note("TORTURE_SEED=$seed");
note("Barbican is not there ($why): a file in its place") if defined $why;
srand $seed;

my $node = new_credential_node('torture_credentials', conf => "auto_explain.log_nested_statements = off\nfsync = on\n");
my $cloud = defined $why ? undef : new_cloud();
my $faults = defined $cloud ? new_faults($cloud) : undef;
my $place = new_credential_place($node, defined $cloud ? ('barbican', cloud => $cloud, via => $faults) : 'file');
my @projects = map { sprintf 'p%03d', $_ } 1 .. $count;
my ($shared, $owner) = @$place{qw(shared owner)};

# All of them at once; the log of that is of no interest.
my $answer = sql($node, qq{
	SET log_statement = none; SET log_min_duration_statement = -1; SET pgaudit.log = none; SET auto_explain.log_min_duration = -1;
	DO \$\$
	DECLARE
		p text;
	BEGIN
		FOR p IN SELECT 'p' || to_char(n, 'FM000') FROM generate_series(1, $count) n LOOP
			EXECUTE format('CREATE SCHEMA %I AUTHORIZATION $owner', p);
			EXECUTE format('CREATE TABLE %I.item (id serial, name text)', p);
			EXECUTE format('ALTER TABLE %I.item OWNER TO $owner', p);
			EXECUTE format('INSERT INTO %I.item (name) VALUES (%L)', p, p);
			EXECUTE format('GRANT USAGE ON SCHEMA %I TO $shared', p);
			EXECUTE format('GRANT SELECT, INSERT ON %I.item TO $shared', p);
			PERFORM slipway.create_project(p, ARRAY[p], '$owner');
			PERFORM slipway.register_credential(p, 'app_' || p, previous_role => '$shared');
		END LOOP;
	END
	\$\$}, db => $place->{db});
is($answer->{err}, '', "$count projects") or BAIL_OUT('no projects');
push @{ $place->{projects} }, @projects;

# Without what credential() of the module asks the store each time.
sub slipway_credential
{
	my ($exit, $out, $err) = client($place, [ 'credential', @_ ], env => $place->{env});

	$place->{shown} .= $out . $err;
	return ($exit, $out, $err);
}

sub ask { return sql($node, $_[0], db => $place->{db})->{out} }

my ($exit, $out, $err) = slipway_credential(qw(batch create --missing --name torture));
is($exit, 0, 'the batch') or BAIL_OUT($err);

# Somebody still uses the shared role at first; that project is rolled back, until it is tried again.
my $fallback = do
{
	local $ENV{PGPASSWORD} = $place->{password};
	start_sql($node, 'SELECT pg_sleep(3600)', db => $place->{db}, user => $shared, application => $projects[0]);
};
wait_until($node, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '$projects[0]' AND usename = '$shared')", 't', db => $place->{db});

# How to end whom. Each gets the client's process.

sub workers_of { return map { /^\s*(\d+)/ ? $1 : () } `ps -o pid= --ppid $_[0]` }

sub restart_server
{
	my ($mode) = @_;

	$node->stop($mode);
	sleep 0.3 + rand;
	$node->start;
	return;
}

my %end = (
	'client and workers' => sub { kill 'KILL', $_[0], workers_of($_[0]) },
	'client' => sub { kill 'KILL', $_[0] },
	'client, asked to' => sub { kill 'TERM', $_[0] },
	'client, asked twice' => sub { kill 'INT', $_[0]; sleep 0.3; kill 'INT', $_[0] },
	'worker' => sub { my @workers = workers_of($_[0]); kill 'KILL', $workers[ rand @workers ] if @workers },
	'session' => sub { ask(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '146_torture_credentials.pl' AND datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1}) },
	'sessions of the new roles' => sub { ask(q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename LIKE 'app\_%'}) },
	'server, restarted' => sub { restart_server('fast') },
	'server, crashed' => sub { restart_server('immediate') },
);
if (defined $cloud)
{
	$end{'Barbican, unreachable'} = sub { stop_faults($faults); sleep 0.5 + rand(2); start_faults($faults) };
	$end{'Barbican, answers with errors'} = sub {
		set_faults($faults, { service => 'barbican', do => 'status', status => 503, times => 30 });
		sleep 1;
		set_faults($faults);
	};
	$end{'Barbican, killed'} = sub { kill 'KILL', map { /^\s*(\d+)/ ? $1 : () } `pgrep -P \$(cat $cloud->{folder}/barbican.pid)` } if ($ENV{KILL_BARBICAN} // '') eq 'yes';
}

my $left = q{SELECT count(*) FROM slipway.batch_item WHERE outcome IN ('waiting', 'running', 'interrupted')};
my $succeeded = q{SELECT count(*) FROM slipway.batch_item WHERE outcome = 'succeeded'};
my @kinds = sort keys %end;
my $cycles = int($count / 100) || 1;
my @order = map { sort { rand() <=> 0.5 } @kinds } 1 .. $cycles;
my $step = int(0.8 * $count / @order) || 1;
my $parallel = $count < 100 ? 2 : 4;
my $began = time();
my $deadline = $began + 300 + 12 * $count;
my (%hit, %codes, $client);

# Its output is read meanwhile: a pipe that is full would hold it up.
sub goes_on
{
	return 0 unless defined $client;
	return eval { $client->{run}->pump_nb; 1 } && $client->{run}->pumpable;
}

# Waits for the client that has ended, and notes what it has shown.
sub take_end
{
	my @end = finish_client($client);

	$place->{shown} .= $end[1] . $end[2];
	$codes{ $end[0] }++;
	undef $client;
	return;
}

# An end after some more projects are done, as otherwise none ever would; in an order that chance gives, over the whole batch.
while (ask($left) > 0 && time() < $deadline)
{
	$client = start_client($place, [ qw(credential batch resume torture --parallel), $parallel, rand() < 0.5 ? '--retry-failed' : () ], env => $place->{env})
	  unless defined $client;
	my $goal = ask($succeeded) + $step;
	my $until = time() + 20;

	sleep 0.1 while time() < $until && goes_on() && (!@order || ask($succeeded) < $goal);
	sleep rand(0.3);
	if (@order && goes_on())
	{
		my $kind = shift @order;

		$end{$kind}->($client->{run}{KIDS}[0]{PID});
		$hit{$kind}++;
		sleep 0.2;
	}
	take_end() unless goes_on();
}
take_end() if defined $client;
note("ended: $_ ($hit{$_} times)") for sort keys %hit;
note('exit codes: ' . join ', ', map { "$_ ($codes{$_} times)" } sort { $a <=> $b } keys %codes);
note('after ' . int(time() - $began) . ' s: ' . ask(q{SELECT string_agg(outcome || ' ' || n, ', ') FROM (SELECT outcome, count(*) AS n FROM slipway.batch_item GROUP BY 1) o}));
is(join(', ', grep { !$hit{$_} } @kinds), '', 'everything was ended at least once') if $count >= 24;

# The first project is in the way of nobody any more.
set_faults($faults) if defined $faults;
ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '$projects[0]'");
finish_sql($fallback);
for my $try (1 .. 3)
{
	last if ask($left) == 0 && ask($succeeded) == $count;
	($exit, $out, $err) = slipway_credential(qw(batch resume torture --retry-failed --parallel 4));
	note("the last call, $try: exit code $exit\n$err");
}
is(ask($succeeded), $count, 'each project is moved');

# What must hold now.

($exit, $out, $err) = slipway_credential(qw(batch validate torture -v));
is($exit, 0, 'validate') or diag($out . $err);
is(() = $out =~ /^ok      p\d+: validate$/mg, $count, 'is clean for all');
($exit, $out, $err) = slipway_credential('orphans');
is("$exit$out", '0', 'credential orphans: none') or diag($err);
is(ask(q{SELECT count(*) FROM pg_roles WHERE rolname LIKE 'app\_%'}), $count, 'there is a role for each, and no other');
no_traces_left($place, 'torture');
is(ask("SELECT count(*) FROM slipway.project_credential c CROSS JOIN LATERAL slipway.credential_sessions(c.project) s WHERE c.role IS NOT NULL"), 0, 'the shared role has no session');
is(ask("SELECT count(*) FROM pg_stat_activity WHERE usename = '$shared'"), 0, 'for nobody');
is(ask(q{SELECT count(*) FROM slipway.project p CROSS JOIN LATERAL slipway.verify_history(p.name) v WHERE p.name LIKE 'p%'}), 0, 'every history is whole');
is(join(' ', grep { defined stored($place, $projects[0], $_) } qw(DB_ROTATION)), '', 'nothing was left in the middle');

# No role of a sample gets at what is another one's.
my @sample = (@projects)[ 0, $count / 3, $count / 2, $count - 1 ];
for my $one (@sample)
{
	my ($role, $password) = map { stored($place, $one, $_) } qw(DB_USERNAME DB_PASSWORD);
	my @wrong;

	is($role, "app_$one", "$one has its role in force");
	local $ENV{PGPASSWORD} = $password;
	my $session = $node->connstr($place->{db}) . " user='$role'";
	for my $other (grep { $_ ne $one } @sample)
	{
		for my $statement ("TABLE $other.item", "INSERT INTO $other.item (name) VALUES ('x')", "UPDATE $other.item SET name = 'x'", "DELETE FROM $other.item",
			"TRUNCATE $other.item", "BEGIN; LOCK TABLE $other.item IN ACCESS SHARE MODE", "CREATE TABLE $other.new ()", "SELECT nextval('$other.item_id_seq')", "DROP TABLE $other.item")
		{
			my ($stdout, $stderr) = run_command([ 'psql', '-XAtq', '-d', $session, '-c', $statement ]);
			push @wrong, "$statement: $stdout$stderr" unless $stderr =~ /permission denied for schema $other|must be owner/;
		}
	}
	is(join("\n", @wrong), '', "$one can neither read, write nor lock what is others'");
	my ($listed) = run_command([ 'psql', '-XAtq', '-d', $session, '-c', q{SELECT string_agg(table_schema, ' ') FROM information_schema.tables WHERE table_name = 'item'} ]);
	is($listed, $one, 'nor is it listed');
}

# The log of all that, with every statement.
if (defined $cloud)
{
	for my $secret (grep { $_->{name} =~ /DB_PASSWORD/ } barbican_secrets($cloud))
	{
		$place->{known}{ barbican_payload($cloud, $secret->{secret_ref}) } = 1;
	}
}
else
{
	credential($place, 'list', '--missing');
}
delete $place->{known}{ $place->{password} };
cmp_ok(scalar(keys %{ $place->{known} }), '>=', $count, 'all passwords are known here');
my $log = slurp_file($node->logfile);
like($log, qr/statement: |execute /, 'the log has statements');
my %found;
while ($log =~ /([A-Za-z0-9_-]{40,})/g)
{
	$found{$1}++ if $place->{known}{$1};
}
is(join(' ', keys %found), '', 'no password is in the log');
unlike($log, qr/SCRAM-SHA-256\$\d+:[A-Za-z0-9+]/, 'nor a verifier');
is(join(' ', grep { index($place->{shown}, $_) >= 0 } keys %{ $place->{known} }), '', 'the client has shown none');
unlike($place->{shown}, qr/SCRAM-SHA-256\$\d/, 'nor a verifier');

$node->stop;
done_testing();
