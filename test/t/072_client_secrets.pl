# The passwords of connections are shown nowhere: not in what commands print, whether they
# work or fail, nor in the list of processes, the log of the server, or the tables of slipway.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('secrets', conf => "log_statement = all\nlog_connections = on\nlog_min_duration_statement = 0\nlog_error_verbosity = verbose\n");
my ($host, $port) = ($node->host, $node->port);
my $place = new_place($node, { '0001_a.up.sql' => "CREATE TABLE a ();\n", '0001_a.down.sql' => "DROP TABLE a;\n", '0002_gate.sql' => "SELECT pg_advisory_lock(42), pg_advisory_unlock(42);\n" });

# one for each connection, as it is and as a URI has it
my %secret = (admin => q{adm1n/S3cret 'x}, app => 'app%S3cret&y', wrong => 'wr0ng@S3cret');
my %encoded = map { $_ => $secret{$_} =~ s{([^A-Za-z0-9])}{sprintf '%%%02X', ord $1}ger } keys %secret;
my $any = join '|', map { quotemeta } values %secret, values %encoded, 'S3cret';

for my $role (qw(admin app))
{
	# the log of the server gets no password from here
	my $literal = $secret{$role} =~ s/'/''/gr;
	my $salted = $node->safe_psql('postgres', 'SET log_statement = none; SET log_min_duration_statement = -1; '
		  . "CREATE ROLE $role LOGIN PASSWORD '$literal'; SELECT rolpassword FROM pg_authid WHERE rolname = '$role'");
	like($salted, qr/^SCRAM/, "$role has a password");
}
sql($node, q{SELECT slipway.grant_role('admin', k) FROM unnest('{admin,deployer,uploader}'::text[]) AS k; SELECT slipway.grant_role('app', 'reader');
	GRANT CREATE ON SCHEMA public TO admin}, db => $place->{db});
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf', "local all admin,app scram-sha-256\nlocal all all trust\n");
$node->reload;
delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGOPTIONS PGSERVICE PGPASSFILE)};

my $where = "host=$host&port=$port";
write_folder({ 'slipway.conf' => <<"END" }, $place->{home});
[good]
url = postgresql://admin:\${ADMIN_PASSWORD}\@/$place->{db}?$where
app_url = host=$host port=$port user=app password=\${APP_PASSWORD} dbname=$place->{db}

[written]
url = postgresql://admin:$encoded{admin}\@/$place->{db}?$where
app_url = postgresql://app:$encoded{app}\@/$place->{db}?$where

[wrong]
url = postgresql://admin:\${WRONG_PASSWORD}\@/$place->{db}?$where
app_url = postgresql://app:\${WRONG_PASSWORD}\@/$place->{db}?$where

[malformed]
url = postgresql://admin:$secret{admin}\@/$place->{db}?$where
app_url = host=$host password=$secret{admin} x

[nowhere]
url = postgresql://admin:\${ADMIN_PASSWORD}\@/x?host=/nonexistent
app_url = postgresql://app:\${APP_PASSWORD}\@/x?host=/nonexistent
END
my %env = (ADMIN_PASSWORD => $secret{admin}, APP_PASSWORD => $secret{app}, WRONG_PASSWORD => $secret{wrong}, PGPASSWORD => $secret{wrong}, DSN => "password=$encoded{wrong}");
my ($runs, $shown) = (0, '');

# Runs a command and keeps what it shows.
sub show
{
	my ($expected, $args, %more) = @_;
	my ($exit, $out, $err) = client($place, $args, connect => 0, env => { %env, %more });

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, $expected, "@$args: exit code") or diag($err);
	$shown .= "--- @$args\n$out$err";
	$runs++;
	return;
}

for my $section (qw(good written))
{
	for my $mode ([], ['-v'], ['--json'])
	{
		show(0, [ @$mode, '-e', $section, @$_ ])
		  for ['config'], ['wait'], ['plan'], ['validate'], [ 'migrate', '--to', '0001_a' ], ['status'], ['log'], [ 'rollback', '--steps', 1, '--yes' ], [ 'exec', 'true' ],
		  ['cancel'], [ 'exec', '--', 'sh', '-c', 'test -n "$PGPASSWORD"' ];
	}
}
for my $mode ([], ['-v'], ['--json'])
{
	show(8, [ @$mode, '-e', 'wrong', @$_ ]) for ['status'], ['migrate'], ['wait'], [ 'exec', 'true' ];
	show(2, [ @$mode, '-e', 'malformed', @$_ ]) for ['status'], ['migrate'], ['wait'], ['config'], [ 'exec', 'true' ];
	show(8, [ @$mode, '-e', 'nowhere', @$_, '--timeout', '10ms' ]) for ['wait'];
	show(8, [ @$mode, '-e', 'nowhere', 'exec', '--timeout', '10ms', 'true' ]);
	show(0, [ @$mode, 'config' ], SLIPWAY_URL => "postgresql://a:$encoded{admin}\@h/d", DB_CONN_STRING => "password='$encoded{app}' user=x");
	show(2, [ @$mode, 'config' ], SLIPWAY_URL => $secret{admin});
}

# While it runs: processes, and what a server in the middle of it shows

{
	my $gate = close_gate($place);
	my $client = start_client($place, [ '-v', '-e', 'good', 'migrate' ], connect => 0, env => \%env);

	is_at_gate($place);
	my $exec = start_client($place, [ '-e', 'good', 'exec', '--require', '0002_gate', 'sleep', '0.1' ], connect => 0, env => \%env);
	$exec->{run}->pump until $exec->{err} =~ /waiting/;
	my $processes = list_processes();
	SKIP:
	{
		skip('needs /proc', 2) if $processes eq '';
		like($processes, qr/slipway -v -e good migrate/, 'the list of processes has the client');
		unlike($processes, qr/$any/, 'and no secret');
	}
	my $activity = sql($node, q{SELECT string_agg(a::text, ' ') FROM pg_stat_activity AS a})->{out};
	unlike($activity, qr/$any/, 'nor has pg_stat_activity');
	open_gate($gate);
	my ($exit, $out, $err) = finish_client($client);
	is($exit, 0, 'migrate') or diag($err);
	$shown .= "$out$err";
	($exit, $out, $err) = finish_client($exec);
	is($exit, 0, 'exec') or diag($err);
	$shown .= "$out$err";
}

cmp_ok($runs, '>', 80, 'many commands');
like($shown, qr/password authentication failed.*/, 'among them those that failed');
my @found = grep { /$any/ } split /\n/, $shown;
is("@found", '', 'none of them shows a secret');
my $log = slurp_file($node->logfile);
like($log, qr/slipway\.migrate/, 'the log of the server has the runs');
my $needle = join '|', map { quotemeta } @encoded{qw(admin app wrong)}, @secret{qw(admin app wrong)};
is(join("\n", grep { /$needle/ } split /\n/, $log), '', 'and no secret');
my ($dump) = run_command([ 'pg_dump', '-d', $node->connstr($place->{db}), '--data-only' ]);
like($dump, qr/0001_a/, 'the tables have the runs');
unlike($dump, qr/$any/, 'and no secret');

$node->stop;
done_testing();
