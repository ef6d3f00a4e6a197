# Connections out of a store of secrets, here a file: which of its settings count, what counts
# more and less than it, what the application finds, and what is wrong with a store.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('stored');
my ($host, $port) = ($node->host, $node->port);
my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
my $user = getpwuid $>;
my %secret = (admin => q{p@ss:w/o?r#d%41& 'q"u\\o}, app => 'Ap%p S3cret');
my %encoded = map { $_ => $secret{$_} =~ s{([^A-Za-z0-9])}{sprintf '%%%02X', ord $1}ger } keys %secret;

for my $role (qw(admin app))
{
	my $literal = $secret{$role} =~ s/'/''/gr;

	sql($node, "CREATE ROLE $role LOGIN PASSWORD '$literal'; SELECT slipway.grant_role('$role', 'reader')", db => $place->{db});
}
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf', "local all admin,app scram-sha-256\nlocal all all trust\n");
$node->reload;
delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGOPTIONS PGSERVICE PGPASSFILE PGSSLMODE)};

# A file of secrets, NAME => VALUE, in single quotes unless that cannot be.
sub write_secrets
{
	my ($secrets, %option) = @_;
	my $text = join '', map { my $value = $secrets->{$_}; "$_=" . ($value =~ /'/ ? '"' . $value =~ s/(["\\\$])/\\$1/gr . '"' : "'$value'") . "\n" } sort keys %$secrets;
	my $file = $option{file} // 'secrets';

	write_folder({ $file => $text }, $place->{home});
	chmod $option{mode} // 0600, "$place->{home}/$file" or die "chmod: $!\n";
	return;
}

sub write_config
{
	my ($text) = @_;

	write_folder({ 'slipway.conf' => $text }, $place->{home});
	chmod 0600, "$place->{home}/slipway.conf" or die "chmod: $!\n";
	return;
}

sub stored_is
{
	my ($args, $expected, $name, %env) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return client_is($place, [ '--secrets', 'file:secrets', @$args ], $expected, $name, connect => 0, env => \%env);
}

# The administrator connects as ROLE, from SOURCE.
sub connects_as
{
	my ($role, $source, $args, $name, %env) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return stored_is([ '-v', 'wait', @$args ], {
			err => qr/^connected to database "\Q$place->{db}\E" on "\Q$host\E" port $port as "$role" \(from \Q$source\E\)$/m }, $name, %env);
}

my %parts = (DB_HOST => $host, DB_PORT => $port, DB_NAME => $place->{db});
my %app = (%parts, DB_USERNAME => 'app', DB_PASSWORD => $secret{app});
my $where = "host=$host&port=$port";
my %url = map { $_ => "postgresql://$_:$encoded{$_}\@/$place->{db}?$where" } qw(admin app);
my %nowhere = map { $_ => 'postgresql://nobody@/nowhere?host=/nonexistent' } qw(SLIPWAY_URL DB_ADMIN_CONN_STRING DATABASE_URL DSN DB_CONN_STRING);
@nowhere{qw(DB_HOST DB_NAME DB_USER DB_ADMIN_USER DB_PASSWORD)} = ('/nonexistent') x 5;

# Which settings count; those in the environment do not

write_secrets({ %app, DB_ADMIN_USERNAME => 'admin', DB_ADMIN_PASSWORD => $secret{admin}, DATABASE_URL => $url{app} });
connects_as('admin', 'DB_ADMIN_USERNAME in file:secrets', [], 'a role of its own', %nowhere);
write_secrets({ %app, DB_ADMIN_USER => 'admin', DB_ADMIN_PASSWORD => $secret{admin} });
connects_as('admin', 'DB_ADMIN_USER in file:secrets', [], 'by another name', %nowhere);
write_secrets({ DB_ADMIN_USERNAME => 'admin', DB_ADMIN_PASSWORD => $secret{admin}, DATABASE_URL => $url{app} });
connects_as('admin', 'DB_ADMIN_USERNAME in file:secrets', [], 'with the place of the URL', %nowhere);
write_secrets({ %app, DB_ADMIN_USERNAME => 'x', DB_ADMIN_CONN_STRING => $url{admin} });
connects_as('admin', 'DB_ADMIN_CONN_STRING in file:secrets', [], 'a string of its own', %nowhere);
write_secrets({ DATABASE_URL => $url{app} });
connects_as('app', 'DATABASE_URL in file:secrets', [], 'one URL for all', %nowhere);
write_secrets({ %parts, DB_USER => 'app', DB_PASSWORD => $secret{app} });
connects_as('app', 'DB_USER in file:secrets', [], 'one role for all', %nowhere);
write_secrets({ map { ("PROD_$_" => $app{$_}, "TEST_$_" => 'wrong', $_ => 'wrong') } keys %app });
connects_as('app', 'PROD_DB_USERNAME in file:secrets', [ '--secret-prefix', 'PROD_' ], 'with a prefix', %nowhere);
connects_as('app', 'PROD_DB_USERNAME in file:secrets', [], 'in a variable', %nowhere, SLIPWAY_SECRET_PREFIX => 'PROD_');
client_is($place, [ '-v', 'wait' ], { err => qr/as "app" \(from PROD_DB_USERNAME in environment\)$/m }, 'in the environment with a prefix', connect => 0,
	env => { %nowhere, SLIPWAY_SECRETS => 'environment', SLIPWAY_SECRET_PREFIX => 'PROD_', map { ("PROD_$_" => $app{$_}) } keys %app });

write_secrets(\%app);
connects_as('app', 'DB_USERNAME in file:secrets', [], "libpq's own variables of the place", PGHOST => '/nonexistent', PGHOSTADDR => '127.0.0.9', PGPORT => 1, PGDATABASE => 'nowhere', PGUSER => 'nobody',
	PGSERVICE => 'none');
write_secrets({ DB_HOST => '/nonexistent', map { $_ => $app{$_} } qw(DB_NAME DB_USERNAME) });
stored_is([ 'wait', '--timeout', '10ms' ], { exit => 8, err => qr{^slipway: error: the server \(/nonexistent port 5432\) was not ready}m }, 'nor do they fill in what is missing', PGPORT => 1);

# What counts more

write_secrets({ DATABASE_URL => $url{admin}, APP_SECRET => $secret{app}, PROD_APP_SECRET => 'wrong' });
connects_as('app', 'option --url', [ '--url', $url{app} ], 'the command line');
connects_as($user, 'DATABASE_URL in file:secrets', [ '-U', $user ], 'a role on it');
write_config(<<"END");
[whole]
url = \${APP_URL}
[part]
url = postgresql://app:\${APP_SECRET}\@/$place->{db}?$where
app_url = \${APP_URL}
[prefix]
url = postgresql://app:\${PROD_APP_SECRET}\@/$place->{db}?$where
secret_prefix = PROD_
[store]
secrets = file:deep/secrets
secret_prefix = TEST_
search_path = pg_catalog
[missing]
url = postgresql://app:\${NO_SECRET}\@/$place->{db}?$where
END
connects_as('app', 'section [part] of slipway.conf', [ '-e', 'part' ], 'a section, whose password is in the store');
connects_as('app', 'section [part] of slipway.conf', [ '-e', 'part' ], 'or in the environment, which counts more', APP_SECRET => $secret{app});
stored_is([ '-e', 'part', 'wait' ], { exit => 8, err => qr/password authentication failed for user "app"/ }, 'also if it is wrong', APP_SECRET => 'wrong');
stored_is([ '-e', 'missing', 'wait' ], {
		exit => 2, err => qq{slipway: error: slipway.conf:14: NO_SECRET is not set in the environment, and file:secrets has no secret "NO_SECRET"\n} }, 'one that is nowhere');
write_secrets({ DATABASE_URL => $url{admin}, APP_SECRET => 'wrong', PROD_APP_SECRET => $secret{app}, APP_URL => $url{app} });
connects_as('app', 'section [prefix] of slipway.conf', [ '-e', 'prefix' ], 'a name that begins with the prefix');
connects_as('app', 'section [whole] of slipway.conf', [ '-e', 'whole' ], 'a whole string');
mkdir "$place->{home}/deep" or die "mkdir: $!\n";
write_secrets({ TEST_DATABASE_URL => $url{admin} }, file => 'deep/secrets');
client_is($place, [ '-v', '-e', 'store', 'status' ], { out => qr/0001_a/, err => qr/as "admin" \(from TEST_DATABASE_URL in file:deep\/secrets\)\nsearch_path: pg_catalog$/m },
	'the store of a section', connect => 0, env => \%nowhere);
mkdir "$place->{home}/elsewhere" or die "mkdir: $!\n";
client_is({ %$place, home => "$place->{home}/elsewhere" }, [ '-v', '-c', '../slipway.conf', '-e', 'store', 'wait' ],
	{ err => qr/as "admin" \(from TEST_DATABASE_URL in file:\.\.\/deep\/secrets\)$/m }, 'whose file is relative to slipway.conf', connect => 0, env => \%nowhere);

# What is shown of it, without asking it

for my $try (
	[ [ '-e', 'part' ], qr/^url +postgresql:\/\/app:\*\*\*\@\S+ +slipway\.conf:4\napp_url +\*\*\* +slipway\.conf:5$/m, 'a password' ],
	[ [ '-e', 'whole' ], qr/^url +\*\*\* +slipway\.conf:2\napp_url +DB_CONN_STRING, DATABASE_URL, or DB_HOST and its like +file:secrets$/m, 'a whole string' ],
	[ [ '--secret-prefix', 'X_' ], qr/^url +X_DB_ADMIN_CONN_STRING, X_DATABASE_URL, or X_DB_HOST and its like +file:secrets$/m, 'all of it' ],
	[ [ '--secret-prefix', 'X_' ], qr/^secrets +file:secrets +option --secrets\nsecret_prefix +X_ +option --secret-prefix$/m, 'the store itself' ])
{
	my ($args, $expected, $name) = @$try;

	stored_is([ @$args, 'config' ], { out => $expected }, "config: $name", COLUMNS => 200);
}
client_is($place, [ '--secrets', 'safe', 'config' ], { exit => 2, err => qr/there is no store of secrets "safe"\nhint: It is environment, file:PATH or barbican\.\n\z/ },
	'config: a store that does not exist', connect => 0);

# The application

my %admin = (DB_ADMIN_USERNAME => 'admin', DB_ADMIN_PASSWORD => 'S3cretOfAdmin');
my %login = (OS_PASSWORD => 'S3cretOfStore', OS_USERNAME => 'deploy', OS_APPLICATION_CREDENTIAL_SECRET => 'S3cretOfStore');
my $percent_host = $host =~ s{([^A-Za-z0-9._~-])}{sprintf '%%%02X', ord $1}ger;
for my $try (
	[ { %app, %admin }, "postgresql://app:$encoded{app}\@/$place->{db}?host=$percent_host&port=$port", 'parts' ],
	[ { DATABASE_URL => $url{app}, %admin, DB_HOST => '/nonexistent' }, $url{app}, 'URL' ],
	[ { DB_CONN_STRING => "host=$host port=$port dbname=$place->{db} user=app password='$secret{app}'", %admin },
		"postgresql://app:$encoded{app}\@/$place->{db}?host=$percent_host&port=$port", 'keywords' ])
{
	my ($secrets, $url, $name) = @$try;
	my $print = 'set -e; for name in DATABASE_URL DB_CONN_STRING PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD DB_HOST DB_PORT DB_NAME DB_USERNAME DB_USER DB_PASSWORD; do eval "echo $name=\$$name"; done';

	write_secrets($secrets);
	stored_is([ 'exec', 'sh', '-c', $print ], {
			out => "DATABASE_URL=$url\nDB_CONN_STRING=$url\n"
			  . join '', map { my $kind = $_; map { "$_->[0]=$_->[1]\n" } ($kind eq 'PG'
				? ([ PGHOST => $host ], [ PGPORT => $port ], [ PGDATABASE => $place->{db} ], [ PGUSER => 'app' ], [ PGPASSWORD => $secret{app} ])
				: ([ DB_HOST => $host ], [ DB_PORT => $port ], [ DB_NAME => $place->{db} ], [ DB_USERNAME => 'app' ], [ DB_USER => 'app' ], [ DB_PASSWORD => $secret{app} ])) } qw(PG DB) },
		"$name: what the application finds", %nowhere, %login);
	stored_is([ 'exec', 'psql', '-XAtc', 'SELECT current_user' ], { out => "app\n" }, "$name: with which it connects", %nowhere, %login);
	my ($out) = stored_is([ 'exec', 'env' ], { out => qr/^DB_PASSWORD=/m }, "$name: all of it", %nowhere, %login, %admin);
	unlike($out, qr/S3cretOf|^(OS_|SLIPWAY_|DB_ADMIN_)/m, "$name: nothing of the administrator's, and no key to the store");
}
write_folder({ pass => "*:*:*:*:$secret{app}\n" }, $place->{home});
chmod 0600, "$place->{home}/pass" or die "chmod: $!\n";
write_secrets({ DATABASE_URL => "postgresql://app\@/$place->{db}?$where&passfile=pass" });
stored_is([ 'exec', 'sh', '-c', 'echo "$DB_USER-$DB_PASSWORD-$PGPASSFILE"' ], { out => "app--pass\n" }, 'what the store leaves open is not filled in from what lies about', %nowhere);
write_secrets({ %parts, %admin });
stored_is([ 'exec', 'true' ], {
		exit => 2, err => "slipway: error: file:secrets says nothing of how the application connects\n"
		  . "hint: Store X_DB_CONN_STRING, X_DATABASE_URL, or X_DB_HOST and its like there, or give app_url in the section of --env.\n" },
	'a store that is silent about it, whatever the environment says', %nowhere, SLIPWAY_SECRET_PREFIX => 'X_');
client_is($place, [ 'exec', 'env' ], { out => qr/^OS_PASSWORD=mine$/m }, 'without a store, OS_... is its own', connect => 0, env => { DB_CONN_STRING => $url{app}, OS_PASSWORD => 'mine' });

# What is wrong with a store

my @faulty = (
	[ { OTHER => 1 }, 1, qq{file:secrets says nothing of a connection: it has no DB_ADMIN_CONN_STRING, DATABASE_URL, or DB_HOST and its like\n}
		  . qq{hint: "slipway secret list" shows what there is, "slipway secret import" stores a file's settings.\n}, 'nothing of a connection' ],
	[ { DB_USERNAME => 'app', DB_NAME => 'x' }, 1, qq{file:secrets has no secret "DB_HOST"\nhint: "slipway secret list" shows what there is.\n}, 'no host' ],
	[ { DB_USERNAME => 'app', DB_HOST => 'x' }, 1, qr/file:secrets has no secret "DB_NAME"\n/, 'no database' ],
	[ { %app, DB_HOST => "x\n" }, 1, qq{secret "DB_HOST" in file:secrets has a line feed\nhint: Store it again: "slipway secret put".\n}, 'a line feed' ],
	[ { DATABASE_URL => "$url{app}\n" }, 1, qr/secret "DATABASE_URL" in file:secrets has a line feed\n/, 'a line feed behind a URL' ],
	[ { %app, DB_PASSWORD => "$secret{app}\n" }, 1, qr/secret "DB_PASSWORD" in file:secrets ends with a line feed\n/, 'a line feed behind a password' ],
	[ { %app, DB_HOST => 'postgresql://app:S3cret@h/d' }, 1, qq{secret "DB_HOST" in file:secrets is a connection string\nhint: Store it as DATABASE_URL.\n}, 'a URL in the place of a host' ],
	[ { %app, DB_NAME => 'host=h password=S3cret' }, 1, qr/secret "DB_NAME" in file:secrets is a connection string\n/, 'a string in the place of a database' ],
	[ { %app, DB_USERNAME => 'postgresql://app:S3cret@h/d' }, 1, qr/secret "DB_USERNAME" in file:secrets is a connection string\n/, 'a URL in the place of a role' ],
	[ { %app, DB_PORT => 'S3cret' }, 1, qr/secret "DB_PORT" in file:secrets is no number\n/, 'a password in the place of a port' ],
	[ { %app, DB_PASSWORD => '' }, 1, qr/"DB_PASSWORD" .*empty/, 'an empty password' ],
	[ { %app, DB_PASSWORD => "S3cret\xff" }, 1, qr/"DB_PASSWORD" .*(not text|UTF-8)/, 'a password that is no text' ],
	[ { DATABASE_URL => 'S3cret' }, 2, qq{DATABASE_URL in file:secrets is not a connection string of PostgreSQL\nhint: It looks like postgresql://role\@host/database.\n}, 'a URL that is none' ],
	[ { DATABASE_URL => 'postgresql://app:S3/cret@h/d' }, 2, qr/the connection string of DATABASE_URL in file:secrets is malformed\n/, 'a URL that is malformed' ],
	[ { %app, DB_PASSWORD => 'S3cret' }, 8, qr/\Aslipway: error: could not connect \(DB_USERNAME in file:secrets\): .*password authentication failed/, 'the wrong password' ],
	[ { DATABASE_URL => "postgresql://app:S3cret\@/$place->{db}?$where" }, 8, qr/\Aslipway: error: could not connect \(DATABASE_URL in file:secrets\): .*password authentication failed/, 'the wrong password in a URL' ]);
for my $fault (@faulty)
{
	my ($secrets, $exit, $message, $name) = @$fault;

	write_secrets($secrets);
	my ($out, $err) = stored_is(['wait'], { exit => $exit, err => ref $message ? $message : "slipway: error: $message" }, $name, %nowhere);
	unlike("$out$err", qr/S3cret|S3|cret\@/, "$name: nothing of it is shown");
}
write_secrets({ DATABASE_URL => $url{admin} }, mode => 0640);
stored_is(['status'], { exit => 1, err => qr/"secrets".*chmod 600|chmod 600.*secrets/s }, 'a file that others may read');
unlink "$place->{home}/secrets" or die "unlink: $!\n";
stored_is(['status'], { exit => 2, err => qr/could not read the file of secrets "secrets": No such file or directory/ }, 'no file');

$node->stop;
done_testing();
