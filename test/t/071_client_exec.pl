# exec: an application starts when its database is ready, with its own connection in its
# environment and nothing of the administrator's.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayPooler;
use SlipwayProxy;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('exec');
my ($host, $port) = ($node->host, $node->port);
my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
my $password = q{p@ss:w/o?r#d%41& 'q"u\\o};
my $literal = $password =~ s/'/''/gr;

sql($node, "CREATE ROLE app LOGIN PASSWORD '$literal'; CREATE ROLE nobody LOGIN; SELECT slipway.grant_role('app', 'reader')", db => $place->{db});
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf', "local all app scram-sha-256\nlocal all all trust\n");
$node->reload;

delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGOPTIONS PGSERVICE PGPASSFILE PGAPPNAME)};

sub write_config
{
	my ($text) = @_;

	unlink "$place->{home}/slipway.conf";
	write_folder({ 'slipway.conf' => $text }, $place->{home});
	chmod 0600, "$place->{home}/slipway.conf" or die "chmod: $!\n";
	return;
}

# Runs exec without a connection of the tests.
sub exec_is
{
	my ($args, $env, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return client_is($place, $args, $expected, $name, connect => 0, env => $env);
}

my $encoded = 'p%40ss%3Aw%2Fo%3Fr%23d%2541%26%20%27q%22u%5Co';
my %admin = (
	SLIPWAY_URL => 'postgresql://admin:S3cret@h/d', DB_ADMIN_CONN_STRING => 'password=S3cret', DB_ADMIN_USER => 'admin', DB_ADMIN_PASSWORD => 'S3cret',
	DATABASE_URL => 'postgresql://admin:S3cret@h/d', DSN => 'password=S3cret', PGPASSWORD => 'S3cret', PGUSER => 'admin', PGHOST => '/nonexistent',
	SLIPWAY_VAR_TOKEN => 'S3cret');

# What it finds, however the connection is given

write_config(<<"END");
[uri]
url = postgresql://admin:\${ADMIN_PASSWORD}\@/$place->{db}?host=$host&port=$port
app_url = postgresql://app:\${APP_PASSWORD}\@/$place->{db}?host=$host&port=$port&search_path=app,%20public

[keywords]
url = password=\${ADMIN_PASSWORD}
app_url = host=$host port=$port user=app password=\${APP_PASSWORD} dbname=$place->{db} application_name=shop search_path=app

[both]
url = postgresql://admin:\${APP_PASSWORD}\@/$place->{db}?host=$host&port=$port
app_url = postgresql://app:\${APP_PASSWORD}\@/$place->{db}?host=$host&port=$port
END

my $print = 'set -e; for name in DATABASE_URL PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD PGOPTIONS PGAPPNAME; do eval "echo $name=\$$name"; done';
my $percent_host = $host =~ s{([^A-Za-z0-9._~-])}{sprintf '%%%02X', ord $1}ger;

for my $try (
	[ [ '-e', 'uri' ], { APP_PASSWORD => $password }, "postgresql://app:$encoded\@/$place->{db}?host=$host&port=$port&search_path=app%2C%20public",
		'-c search_path=app,\\ public', '' ],
	[ [ '-e', 'keywords' ], { APP_PASSWORD => $password },
		"postgresql://app:$encoded\@/$place->{db}?host=$percent_host&port=$port&application_name=shop&options=-c%20search_path%3Dapp",
		'-c search_path=app', 'shop' ],
	[ [], { DB_CONN_STRING => "postgresql://app:$encoded\@/$place->{db}?host=$host&port=$port" },
		"postgresql://app:$encoded\@/$place->{db}?host=$host&port=$port", '', '' ],
	[ [], { DB_HOST => $host, DB_PORT => $port, DB_NAME => $place->{db}, DB_USER => 'app', DB_PASSWORD => $password },
		"postgresql://app:$encoded\@/$place->{db}?host=$percent_host&port=$port", '', '' ])
{
	my ($args, $given, $url, $options, $name) = @$try;
	my $env = { %$given, @$args ? (ADMIN_PASSWORD => 'S3cret') : () };
	my $source = $args->[1] // (exists $env->{DB_HOST} ? 'parts' : 'DB_CONN_STRING');

	exec_is([ @$args, 'exec', '--', 'sh', '-c', $print ], { %admin, %$env }, {
			out => "DATABASE_URL=$url\nPGHOST=$host\nPGPORT=$port\nPGDATABASE=$place->{db}\nPGUSER=app\nPGPASSWORD=$password\nPGOPTIONS=$options\nPGAPPNAME=$name\n" },
		"$source: environment");
	exec_is([ @$args, 'exec', 'psql', '-XAtc', 'SELECT current_user, current_database()' ], { %admin, %$env },
		{ out => "app|$place->{db}\n" }, "$source: libpq connects with it");
	exec_is([ @$args, 'exec', '--', 'sh', '-c', 'url=${DATABASE_URL%&search_path=*}; unset PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE; exec psql "$url" -XAtc "SELECT current_user"' ],
		{ %admin, %$env }, { out => "app\n" }, "$source: and with the URL alone");
	my (undef, $out) = client($place, [ @$args, 'exec', 'env' ], connect => 0, env => { %admin, %$env });
	unlike($out, qr/S3cret/, "$source: nothing of the administrator's is left");
	unlike($out, qr/^(SLIPWAY_|DB_ADMIN_|DSN=|ADMIN_PASSWORD)/m, "$source: nor the variables");
	like($out, qr/^APP_PASSWORD=/m, "$source: what is its own is") if exists $env->{APP_PASSWORD};
}
my (undef, $kept) = client($place, [ '-e', 'both', 'exec', 'env' ], connect => 0, env => { %admin, APP_PASSWORD => $password });
like($kept, qr/^APP_PASSWORD=/m, 'a variable of both strings stays');

# Strings that need care to become a URI, or to stay one

for my $try (
	[ "postgresql://nobody:a?b\@$percent_host:$port/$place->{db}?search_path=app", "postgresql://nobody:a?b\@$percent_host:$port/$place->{db}?search_path=app", 'app' ],
	[ "host=$host port=$port user=nobody dbname=$place->{db} search_path='app,\tpublic'",
		"postgresql://nobody\@/$place->{db}?host=$percent_host&port=$port&options=-c%20search_path%3Dapp%2C%5C%09public", "app,\tpublic" ])
{
	my ($given, $url, $path) = @$try;

	exec_is([ 'exec', 'sh', '-c', 'printf %s "$DATABASE_URL"' ], { DB_CONN_STRING => $given }, { out => $url }, "$given: DATABASE_URL");
	exec_is([ 'exec', 'psql', '-XAtc', 'SHOW search_path' ], { DB_CONN_STRING => $given }, { out => "$path\n" }, 'and what libpq makes of PGOPTIONS');
}

# It becomes the program

for my $code (0, 1, 3, 126, 255)
{
	exec_is([ '-e', 'uri', 'exec', '--', 'sh', '-c', "exit $code" ], { APP_PASSWORD => $password, ADMIN_PASSWORD => 'x' }, { exit => $code }, "exit code $code");
}
my %env = (APP_PASSWORD => $password, ADMIN_PASSWORD => 'x');
exec_is([ '-e', 'uri', 'exec', 'sh', '-c', 'kill -TERM $$' ], \%env, { exit => 128 + 15 }, 'a signal ends it as any program');
{
	# of folders that nobody may look into it would be said that they are
	local $SlipwayClient::program = (grep { -x } map { "$_/slipway" } split /:/, $ENV{PATH})[0];

	exec_is([ '-e', 'uri', 'exec', '--', 'no-such-program' ], { %env, PATH => '/usr/bin:/bin' },
		{ exit => 127, err => "slipway: error: could not execute \"no-such-program\": No such file or directory\n" }, 'a program that is not there');
}
exec_is([ '-e', 'uri', 'exec', '--', '/' ], \%env, { exit => 126, err => "slipway: error: could not execute \"/\": Permission denied\n" }, 'none at all');
exec_is([ '-e', 'uri', 'exec', 'printf', '%s,', '-v', '--json', '--', '-e', '' ], \%env, { out => '-v,--json,--,-e,,' }, 'its options are its own');
exec_is([ '-e', 'uri', 'exec', 'sh', '-c', q{grep SigIgn /proc/self/status; tr '\\0' ' ' </proc/$$/cmdline} ], \%env, {
		out => qr{\ASigIgn:\t[0-9a-f]{9}0000000\nsh -c [^\n]*\z} }, 'no signal is ignored, and no secret is in its arguments')
  if -r '/proc/self/status';

# Bad input

exec_is(['exec'], \%env, { exit => 2, err => "slipway: error: command \"exec\" needs an argument\nhint: Write slipway exec -- CMD [ARG]....\n" }, 'no program');
exec_is([ 'exec', 'true' ], {}, {
		exit => 2, err => "slipway: error: nothing says how the application connects\nhint: Give app_url in the section of --env, DB_CONN_STRING, or DB_HOST and its like.\n" },
	'no connection');
exec_is([ 'exec', 'true' ], { SLIPWAY_URL => "postgresql:///$place->{db}?host=$host&port=$port", DATABASE_URL => "postgresql:///$place->{db}?host=$host&port=$port" },
	{ exit => 2, err => qr/nothing says how the application connects/ }, "the administrator's is not taken for it");
exec_is([ '-d', 'x', 'exec', 'true' ], {}, { exit => 2, err => "slipway: error: command \"exec\" has no option \"--dbname\"\nhint: See \"slipway help exec\".\n" },
	'options of the connection');
exec_is([ '-e', 'uri', 'exec', 'true' ], { APP_PASSWORD => '' }, { exit => 2, err => "slipway: error: slipway.conf:3: environment variable APP_PASSWORD is not set\n" }, 'no password');
my (undef, $err) = exec_is([ '-e', 'uri', 'exec', 'true' ], { APP_PASSWORD => 'Wr0ng/x' },
	{ exit => 8, err => qr/\Aslipway: error: could not connect \(app_url of section \[uri\] of slipway\.conf\): .*password authentication failed/ }, 'the wrong password ends it at once');
unlike($err, qr/Wr0ng/, 'and is not shown');
exec_is([ 'exec', '--timeout', '300ms', 'true' ], { DB_CONN_STRING => 'host=/nonexistent dbname=x' }, {
		exit => 8,
		err => "waiting for the server (/nonexistent port 5432): it does not respond\n"
		  . "slipway: error: the server (/nonexistent port 5432) was not ready within TIME: it does not respond\n" },
	'no server');

# It waits for the migration

exec_is([ '-e', 'uri', 'exec', '--require', '0001_a', '--timeout', '3s', 'echo', 'started' ], \%env, {
		exit => 1,
		err => "waiting for migration \"0001_a\" (project default): it is not applied\n"
		  . "slipway: error: migration \"0001_a\" (project default) was not there within TIME: it is not applied\n"
		  . "hint: Run \"slipway migrate\", or wait longer with --timeout.\n" },
	'a migration that is not applied');
my ($exit, $out) = client($place, [ '-e', 'uri', 'exec', '--json', '--require', '0001_a', '--timeout', '3s', 'echo', 'started' ], connect => 0, env => \%env);
my $objects = json_fits($out, [ 'waiting_for_migration', 'error' ], 'as JSON');
is("$objects->[0]{migration} $objects->[0]{project}", '0001_a default', 'what it waits for');

my $client = start_client($place, [ '-e', 'uri', 'exec', '--require', '0001_a', '--', 'echo', 'started' ], connect => 0, env => \%env);
$client->{run}->pump until $client->{err} =~ /waiting/;
SKIP:
{
	skip('needs /proc', 1) unless -r '/proc/self/cmdline';
	my $pid = $client->{run}{KIDS}[0]{PID};
	unlike(slurp_file("/proc/$pid/cmdline"), qr/\Q$password\E|\Q$encoded\E/, 'no password in the arguments while it waits');
}
client_is($place, ['migrate'], { err => qr/^0001_a  applied/m }, 'meanwhile the migration is applied');
($exit, $out, $err) = finish_client($client);
is("$exit $out", "0 started\n", 'and the program starts');
is($err, "waiting for migration \"0001_a\" (project default): it is not applied\n", 'what was said');
exec_is([ '-e', 'uri', 'exec', '--require', '0001_a', 'echo', 'started' ], \%env, { out => "started\n" }, 'one that is applied already');

# A server that comes, without the extension, then with it
{
	my $late = new_place($node, { '0001_a.sql' => "SELECT 1;\n" }, bare => 1);
	my %late = (DB_CONN_STRING => "postgresql://app:$encoded\@/$late->{db}?host=$host&port=$port");

	$node->stop;
	$client = start_client($late, [ 'exec', '--require', '0001_a', '--', 'echo', 'started' ], connect => 0, env => \%late);
	$client->{run}->pump until $client->{err} =~ /does not respond/;
	$node->start;
	$client->{run}->pump until $client->{err} =~ /has no pg_slipway extension/;
	client_is($late, [ '-q', 'init', '--grant', 'app=reader' ], {}, 'init');
	client_is($late, [ '-q', 'migrate' ], {}, 'migrate');
	($exit, $out, $err) = finish_client($client);
	is("$exit $out", "0 started\n", 'the program starts in the end') or diag($err);
	like($err, qr/\Awaiting for the server \(\Q$host\E port $port\): it does not respond\n(?:waiting for the server .*\n)*waiting for migration "0001_a" \(project default\): the database has no pg_slipway extension\n/,
		'each reason was said');
}

# A way to the server that is blocked: --timeout holds, whatever was asked last

for my $try ([ 'this', 1, qr/migration "0009_z" \(project default\) was not there within TIME: the connection to the server was lost/ ],
	[ 'others', 8, qr/waiting for the server \(.*\): it does not respond\nslipway: error: the server \(.*\) was not ready within TIME: it does not respond/ ])
{
	my ($hold, $code, $message) = @$try;
	my $proxy = start_proxy($node, side => 'client', type => 'P', match => qr/slipway\.require/, number => 2, hold => $hold);
	my $began = time;

	($exit, undef, $err) = client($place, [ 'exec', '--require', '0009_z', '--timeout', '4s', 'true' ], connect => 0,
		env => { DB_CONN_STRING => "postgresql://nobody\@/$place->{db}?host=$proxy->{host}&port=$proxy->{port}" });
	stop_proxy($proxy);
	is($exit, $code, "$hold: exit code");
	like($err =~ s/[\d.]+ m?s\b/TIME/gr, $message, 'and message');
	like($err, qr/^waiting for migration .*: the connection to the server was lost$/m, 'the loss is told');
	cmp_ok(time - $began, '<', 30, 'and not for ever');
}

# A role without rights; a project that is not there

exec_is([ 'exec', '--require', '0001_a', '--timeout', '3s', 'true' ], { DB_CONN_STRING => "postgresql://nobody\@/$place->{db}?host=$host&port=$port" }, {
		exit => 1,
		err => "waiting for migration \"0001_a\" (project default): this role may not ask for migrations\n"
		  . "slipway: error: migration \"0001_a\" (project default) was not there within TIME: this role may not ask for migrations\n"
		  . "hint: Run \"slipway init --grant nobody=reader\".\n" },
	'a role without rights');
exec_is([ 'exec', 'echo', 'started' ], { DB_CONN_STRING => "postgresql://nobody\@/$place->{db}?host=$host&port=$port" }, { out => "started\n" },
	'which needs none without --require');

# Through a pooler, as applications connect

SKIP:
{
	skip('needs PgBouncer', 1) unless defined pooler_program();
	with_pooler($node, 'nobody', "pool_mode = transaction\n", sub {
		my ($folder) = @_;

		sql($node, "SELECT slipway.grant_role('nobody', 'reader')", db => $place->{db});
		exec_is([ 'exec', '--require', '0001_a', 'psql', '-XAtc', 'SELECT current_user' ], { DB_CONN_STRING => "postgresql://nobody\@/$place->{db}?host=$folder&port=6432" },
			{ out => "nobody\n" }, 'through a pooler');
	});
}

$node->stop;
done_testing();
