# What comes out of a store is shown nowhere: not in what commands print, whether they work or fail, nor in the list of
# processes, the log of the server, the tables of slipway, or files.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayOpenStack;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes qw(usleep);

my $node = new_node('leaks', conf => "log_statement = all\nlog_connections = on\nlog_min_duration_statement = 0\nlog_error_verbosity = verbose\n");
my ($host, $port) = ($node->host, $node->port);
my $place = new_place($node, { '0001_a.up.sql' => "CREATE TABLE a ();\n", '0001_a.down.sql' => "DROP TABLE a;\n", '0002_gate.sql' => "SELECT pg_advisory_lock(42), pg_advisory_unlock(42);\n" });

# as they are, and as a URI has them; of this run only, as the list of processes has those of others too
my $mark = "S3cret$$";
my %secret = (admin => "adm1n/$mark 'x", app => "app%$mark&y\xc3\xa9", wrong => "wr0ng\@$mark");
my %encoded = map { $_ => $secret{$_} =~ s{([^A-Za-z0-9])}{sprintf '%%%02X', ord $1}ger } keys %secret;
my $any = join '|', map { quotemeta } values %secret, values %encoded, $mark;

for my $role (qw(admin app))
{
	# the log of the server gets no password from here
	my $literal = $secret{$role} =~ s/'/''/gr;
	$node->safe_psql('postgres', 'SET log_statement = none; SET log_min_duration_statement = -1; ' . "CREATE ROLE $role LOGIN PASSWORD '$literal'");
}
sql($node, q{SELECT slipway.grant_role('admin', k) FROM unnest('{admin,deployer,uploader}'::text[]) AS k; SELECT slipway.grant_role('app', 'reader');
	GRANT CREATE ON SCHEMA public TO admin}, db => $place->{db});
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf', "local all admin,app scram-sha-256\nlocal all all trust\n");
$node->reload;
delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGOPTIONS PGSERVICE PGPASSFILE)};

my $where = "host=$host&port=$port";
my %parts = (DB_HOST => $host, DB_PORT => $port, DB_NAME => $place->{db}, DB_USERNAME => 'app', DB_ADMIN_USERNAME => 'admin');
my %stored = (
	(map { ("PARTS_$_" => $parts{$_}, "WRONG_$_" => $parts{$_}) } keys %parts),
	PARTS_DB_PASSWORD => $secret{app}, PARTS_DB_ADMIN_PASSWORD => $secret{admin},
	WRONG_DB_PASSWORD => $secret{wrong}, WRONG_DB_ADMIN_PASSWORD => $secret{wrong},
	URL_DATABASE_URL => "postgresql://app:$encoded{app}\@/$place->{db}?$where",
	URL_DB_ADMIN_CONN_STRING => "host=$host port=$port dbname=$place->{db} user=admin password='" . $secret{admin} =~ s/'/\\'/r . q{'},
	BAD_DATABASE_URL => "postgresql://app:$secret{admin}\@/$place->{db}?$where", BAD_DB_ADMIN_CONN_STRING => "host=$host password=$secret{admin} x",
	NOWHERE_DATABASE_URL => "postgresql://app:$encoded{app}\@/x?host=/nonexistent");
my ($runs, $shown, $seen) = (0, '', '');

# Runs a command and keeps what it shows.
sub show
{
	my ($env, $expected, $prefix, $args) = @_;
	my ($exit, $out, $err) = client($place, $args, connect => 0, env => { %$env, SLIPWAY_SECRET_PREFIX => $prefix });

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, $expected, "$prefix @$args: exit code") or diag($out, $err);
	$shown .= "--- $prefix @$args\n$out$err";
	$runs++;
	return;
}

sub run_all
{
	my ($env, $modes, $prefixes) = @_;

	for my $mode (@$modes)
	{
		for my $prefix (@$prefixes)
		{
			show($env, 0, $prefix, [ @$mode, @$_ ])
			  for ['config'], ['wait'], ['plan'], ['validate'], [ 'migrate', '--to', '0001_a' ], ['status'], ['log'], [ 'rollback', '--steps', 1, '--yes' ], ['check'],
			  [ 'secret', 'test' ], [ 'exec', 'true' ], [ 'exec', '--', 'sh', '-c', 'test -n "$PGPASSWORD"' ];
		}
		show($env, 8, 'WRONG_', [ @$mode, @$_ ]) for ['status'], ['migrate'], ['wait'], [ 'exec', 'true' ], [ 'secret', 'test' ];
		show($env, 1, 'WRONG_', [ @$mode, 'check' ]);
		show($env, 2, 'BAD_', [ @$mode, @$_ ]) for ['status'], ['migrate'], ['wait'], ['check'], [ 'exec', 'true' ], [ 'secret', 'test' ];
		show($env, 8, 'NOWHERE_', [ @$mode, @$_, '--timeout', '10ms' ]) for ['wait'];
		show($env, 8, 'NOWHERE_', [ @$mode, 'exec', '--timeout', '10ms', 'true' ]);
		show($env, 8, 'NOWHERE_', [ @$mode, 'secret', 'test' ]);
	}
	return;
}

# While it runs: processes, and what a server in the middle of it shows.
sub look_inside
{
	my ($env, $name) = @_;
	my %with = (%$env, SLIPWAY_SECRET_PREFIX => 'PARTS_');
	my $gate = close_gate($place);
	my $client = start_client($place, [ '-v', 'migrate' ], connect => 0, env => \%with);

	is_at_gate($place);
	my $exec = start_client($place, [ 'exec', '--require', '0002_gate', 'sleep', '0.1' ], connect => 0, env => \%with);
	$exec->{run}->pump until $exec->{err} =~ /waiting/;
	my $processes = list_processes();
	SKIP:
	{
		skip('needs /proc', 2) if $processes eq '';
		like($processes, qr/slipway -v migrate/, "$name: the list of processes has the client");
		unlike($processes, qr/$any/, "$name: and no secret");
	}
	my $activity = sql($node, q{SELECT string_agg(a::text, ' ') FROM pg_stat_activity AS a})->{out};
	unlike($activity, qr/$any/, "$name: nor has pg_stat_activity");
	open_gate($gate);
	my ($exit, $out, $err) = finish_client($client);
	is($exit, 0, "$name: migrate") or diag($err);
	$shown .= "$out$err";
	($exit, $out, $err) = finish_client($exec);
	is($exit, 0, "$name: exec") or diag($err);
	$shown .= "$out$err";
	show(\%with, 0, 'PARTS_', [ 'rollback', '--steps', 2, '--yes', '--script', 'nothing.sql' ]);
	return;
}

# Runs a command and looks at the list of processes all the time.
sub watch
{
	my ($env, $args) = @_;
	my $client = start_client($place, [ '-v', @$args ], connect => 0, env => $env);
	my ($looks, $processes) = (0, '');

	while ($client->{run}->pumpable)
	{
		$processes .= list_processes();
		$client->{run}->pump_nb;
		$looks++ if $processes =~ /slipway -v \Q@$args\E/;
		usleep(20_000);
	}
	my ($exit, $out, $err) = finish_client($client);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, 0, "@$args: exit code") or diag($err);
	$shown .= "--- @$args\n$out$err";
	cmp_ok($looks, '>', 0, "@$args: it was seen in the list of processes") if -r '/proc/self/cmdline';
	$seen .= $processes;
	return;
}

# What is in the memory of the client nobody else gets hold of, and the application is as any other program.
sub look_at_memory
{
	my ($env) = @_;
	my %with = (%$env, SLIPWAY_SECRET_PREFIX => 'PARTS_');
	my $core = start_client($place, [ 'exec', '--require', 'never', 'true' ], connect => 0, env => \%with);

	$core->{run}->pump until $core->{err} =~ /waiting/;
	my ($pid) = map { $_->{PID} } @{ $core->{run}{KIDS} };
	SKIP:
	{
		skip('root may do it', 1) if $> == 0;
		ok(!open(my $environment, '<', "/proc/$pid/environ"), 'another process of the user cannot look at it');
	}
	kill 'ABRT', $pid or die "kill: $!\n";
	eval { $core->{run}->finish };
	is($core->{run}{KIDS}[0]{RESULT} & 255, 6, 'it leaves no core dump');
	show(\%with, 0, 'PARTS_', [ 'exec', 'sh', '-c', 'tr "\\0" "\\n" </proc/$$/environ | grep -q ^PGPASSWORD=' ]);
	return;
}

# What moves and changes secrets, with what they become.
sub change_all
{
	my ($env) = @_;
	my %with = (%$env, SLIPWAY_SECRET_PREFIX => 'MOVE_');

	write_folder({ '.env' => join('', map { my $value = $stored{"PARTS_$_"} =~ s/(["\\\$])/\\$1/gr; qq{$_="$value"\n} } map { /^PARTS_(.*)/ ? $1 : () } sort keys %stored),
			value => $secret{wrong} }, $place->{home});
	chmod 0600, "$place->{home}/.env" or die "chmod: $!\n";
	watch(\%with, $_)
	  for [ 'secret', 'import', '.env', '--dry-run' ], [ 'secret', 'import', '.env' ], [ 'secret', 'rotate' ], [ 'secret', 'rotate', '--role', 'admin' ], [ 'secret', 'test' ],
	  [ 'secret', 'put', 'OTHER', '--file', 'value' ], [ 'secret', 'generate', 'KEY' ], [ 'secret', 'list' ], [ 'secret', 'delete', 'OTHER', '--yes' ], ['status'];
	for my $name (qw(DB_PASSWORD DB_ADMIN_PASSWORD KEY))
	{
		my (undef, $out) = client($place, [ 'secret', 'get', $name ], connect => 0, env => \%with);

		like($out, qr/^[\w-]{40,}$/, "there is a new $name");
		$any .= '|' . quotemeta $out;
	}
	unlike(slurp_file("$place->{home}/.env"), qr/$any/, 'the file has none any more');
	watch(\%with, [ 'secret', 'rollback', '.env', '--no-test' ]);
	unlink glob("$place->{home}/.env*"), "$place->{home}/value" or die "unlink: $!\n";
	return;
}

write_folder({ 'nothing.sql' => "DROP TABLE a;\n" }, $place->{home});
write_folder({ secrets => join '', map { my $value = $stored{$_} =~ s/(["\\\$])/\\$1/gr; qq{$_="$value"\n} } sort keys %stored }, $place->{home});
chmod 0600, "$place->{home}/secrets" or die "chmod: $!\n";
my %file = (SLIPWAY_SECRETS => 'file:secrets');
run_all(\%file, [ [], ['-v'], ['--json'] ], [qw(PARTS_ URL_)]);
look_inside(\%file, 'a file');
look_at_memory(\%file);
unlink "$place->{home}/secrets" or die "unlink: $!\n";

my $why = why_no_openstack();
if (!defined $why)
{
	my $cloud = new_cloud();
	my %barbican = (cloud_env($cloud, user => 'credential'), SLIPWAY_SECRETS => 'barbican');

	store_secret($cloud, $_, $stored{$_}) for sort keys %stored;
	$any .= "|$cloud->{credential}{secret}";
	# each takes a second there
	run_all(\%barbican, [ ['-v'] ], ['PARTS_']);
	look_inside(\%barbican, 'Barbican');
	change_all(\%barbican);
}

cmp_ok($runs, '>', 100, 'many commands');
like($shown, qr/password authentication failed/, 'among them those that failed');
my @found = grep { /$any/ } split /\n/, $shown;
is("@found", '', 'none of them shows a secret');
unlike($seen, qr/$any/, 'nor does the list of processes');
my $log = slurp_file($node->logfile);
like($log, qr/slipway\.migrate/, 'the log of the server has the runs');
is(join("\n", grep { /$any/ } split /\n/, $log), '', 'and no secret');
my ($dump) = run_command([ 'pg_dump', '-d', $node->connstr($place->{db}), '--data-only' ]);
like($dump, qr/0001_a/, 'the tables have the runs');
unlike($dump, qr/$any/, 'and no secret');
my ($files) = run_command([ 'grep', '-rlE', 'S3cret|credential-secret', $place->{home} ]);
is($files, '', 'nor has a file');

$node->stop;
done_testing();
