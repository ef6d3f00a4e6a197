# Connections out of a real Barbican: passwords, strings and TLS material, who may read them, and a store that
# is down, slow or out of order.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayOpenStack;
use SlipwayServer;
use SlipwayTest;
use SlipwayTls;
use Test::More;

my $why = why_no_openstack();
plan(skip_all => $why) if defined $why;
plan(skip_all => 'needs the program openssl') unless has_openssl();

# A server with TLS, which wants a certificate of one role and a password of the other

my $tls = PostgreSQL::Test::Utils::tempdir;
make_certificate($tls, 'ca', 'Test Authority');
make_certificate($tls, 'other_ca', 'Other Authority');
make_certificate($tls, 'server', 'db.slipway.test', 'ca');
make_certificate($tls, 'shop', 'shop', 'ca');
my $node = PostgreSQL::Test::Cluster->new('barbican');
$node->init;
$node->append_conf('postgresql.conf', <<"END");
listen_addresses = '127.0.0.1'
ssl = on
ssl_cert_file = '$tls/server.crt'
ssl_key_file = '$tls/server.key'
ssl_ca_file = '$tls/ca.crt'
END
$node->start;
my ($address, $port) = ('127.0.0.1', $node->port);
$node->safe_psql('postgres', 'CREATE EXTENSION pg_slipway');
my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
my $user = getpwuid $>;
my %secret = (deploy => q{d@:/?#%41& 'q"u\\o}, shop => "sh\xc3\xb6p S3cret");

for my $role (sort keys %secret)
{
	my $literal = $secret{$role} =~ s/'/''/gr;

	sql($node, "CREATE ROLE $role LOGIN PASSWORD '$literal'; SELECT slipway.grant_role('$role', 'reader')", db => $place->{db});
}
sql($node, "GRANT CREATE ON SCHEMA public TO deploy; SELECT slipway.grant_role('deploy', k) FROM unnest('{deployer,uploader}'::text[]) AS k", db => $place->{db});
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf',
	"hostssl all deploy all scram-sha-256\nhostssl $place->{db} shop all cert\nhost all shop all scram-sha-256\nhostnossl all all all reject\nlocal all all trust\n");
$node->reload;
delete @ENV{ grep { /^PG(?!_)/ } keys %ENV };
$ENV{HOME} = $place->{home};

my $cloud = new_cloud();
my %parts = (DB_HOST => 'localhost', DB_PORT => $port, DB_NAME => $place->{db}, DB_USERNAME => 'shop', DB_ADMIN_USERNAME => 'deploy', DB_ADMIN_PASSWORD => $secret{deploy});

sub store_all
{
	my ($prefix, %secrets) = @_;

	store_secret($cloud, "$prefix$_", $secrets{$_}) for sort keys %secrets;
	return;
}

# A certificate container, as somebody with another client would make it.
sub store_certificate
{
	my ($name, %files) = @_;
	my @references;

	for my $part (sort keys %files)
	{
		push @references, { name => $part, secret_ref => store_secret($cloud, "$name $part", slurp_file($files{$part})) };
	}
	my $answer = ask_barbican($cloud, 'creator', 'POST', 'containers', { type => 'certificate', name => $name, secret_refs => \@references });
	die "could not store $name: $answer->{content}\n" unless $answer->{success};
	return;
}

sub stored_is
{
	my ($prefix, $args, $expected, $name, %option) = @_;
	my %env = (cloud_env($cloud, %option), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => $prefix, %{ $option{env} // {} });

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $err) = client_is($place, $args, $expected, $name, connect => 0, env => \%env);
	unlike("$out$err", qr/S3cret|q"u|$cloud->{credential}{secret}|\Q$cloud->{user}{creator}{password}\E|PRIVATE/, "$name: no secret is shown");
	return ($out, $err);
}

my $connected = qr/^connected to database "$place->{db}" on "\S+" port $port as/m;

# Without TLS material

store_all('PLAIN_', %parts);
stored_is('PLAIN_', [ '-v', 'wait' ], { err => qr/$connected "deploy" \(from PLAIN_DB_ADMIN_USERNAME in barbican\)$/m }, 'a password');
stored_is('PLAIN_', [ '-v', 'migrate' ], { err => qr/$connected "deploy"/ }, 'a deploy');
stored_is('PLAIN_', [ '-v', 'status' ], { out => qr/0001_a/, err => qr/$connected "deploy"/ }, 'with an application credential', user => 'credential');
stored_is('PLAIN_', [ '-v', 'status' ], { out => qr/0001_a/, err => qr/$connected "deploy"/ }, 'somebody who may only read', user => 'observer');
stored_is('PLAIN_', [ '-v', 'status' ], { out => qr/0001_a/, err => qr/$connected "deploy"/ }, 'a store with TLS', tls => 1);
stored_is('PLAIN_', [ '-v', 'status' ], { out => qr/0001_a/, err => qr/$connected "deploy"/ }, 'no cache', env => { SECRETS_CACHE_TTL => 0 });
stored_is('NONE_', ['status'], { exit => 1, err => qr/\Aslipway: error: barbican says nothing of a connection: it has no NONE_DB_ADMIN_CONN_STRING, NONE_DATABASE_URL, or NONE_DB_HOST and its like\n/ }, 'another prefix');

write_folder({ 'slipway.conf' => <<"END" }, $place->{home});
[prod]
secrets = barbican
secret_prefix = PLAIN_
url = postgresql://deploy:\${DB_ADMIN_PASSWORD}\@localhost:$port/$place->{db}?sslmode=require
END
stored_is('', [ '-v', '-e', 'prod', 'status' ], { out => qr/0001_a/, err => qr/$connected "deploy" \(from section \[prod\] of slipway\.conf\)/ }, 'one password in a string',
	env => { SLIPWAY_SECRETS => '', SLIPWAY_SECRET_PREFIX => '' });

# TLS material, which is on no disk

my %shop = (%parts, DB_HOST => 'db.slipway.test', DATABASE_URL => "postgresql://shop\@db.slipway.test:$port/$place->{db}?hostaddr=$address");
store_all('TLS_', map { $_ => $shop{$_} } qw(DATABASE_URL DB_ADMIN_USERNAME DB_ADMIN_PASSWORD));
store_certificate('TLS_DB_TLS', certificate => "$tls/shop.crt", private_key => "$tls/shop.key", intermediates => "$tls/ca.crt");
my $ssl = 'SELECT version IS NOT NULL, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
my $psql = 'SELECT current_user; ' . $ssl;
stored_is('TLS_', [ 'exec', 'psql', '-XAtc', $psql ], { out => "shop\nt|/CN=shop\n" }, 'libpq uses the certificate', user => 'observer');
stored_is('TLS_', [ 'exec', '--', 'sh', '-c', 'url=$DATABASE_URL; unset PGHOST PGUSER PGDATABASE PGPORT PGSSLMODE PGSSLROOTCERT PGSSLCERT PGSSLKEY; exec psql "$url" -XAtc "$0"', $psql ],
	{ out => "shop\nt|/CN=shop\n" }, 'and with the URL alone');
my ($out) = stored_is('TLS_', [ 'exec', 'env' ], {
		out => qr{^PGSSLMODE=verify-full$}m }, 'the server is verified');
like($out, qr{^DATABASE_URL=postgresql://shop\@db\.slipway\.test:$port/$place->{db}\?hostaddr=127\.0\.0\.1&sslmode=verify-full&sslrootcert=%2Fproc%2Fself%2Ffd%2F\d+&sslcert=%2Fproc%2Fself%2Ffd%2F\d+&sslkey=%2Fproc%2Fself%2Ffd%2F\d+$}m,
	'what the URL has');
like($out, qr{^PGSSLKEY=/proc/self/fd/\d+$}m, 'the key has no other name');
stored_is('TLS_', [ 'exec', 'sh', '-c', 'stat -Lc "%a %h %F" "$PGSSLKEY"; readlink "$PGSSLKEY"; dd if=/dev/zero of="$PGSSLKEY" count=1 conv=notrunc 2>&1 | grep -c "not permitted"; openssl pkey -in "$PGSSLKEY" -check -noout' ],
	{ out => qr/\A600 0 regular file\n\S+ \(deleted\)\n1\nKey is valid\n\z/ }, 'it is in no folder, nobody else can read it, nobody can write it, and it is all there');
stored_is('TLS_', [ 'exec', 'sh', '-c', 'ls -l /proc/self/fd | grep -c memfd:' ], { out => "3\n" }, 'three files and no more are handed on');
stored_is('TLS_', [ 'exec', 'sh', '-c', 'ls -l /proc/self/fd | grep -c socket:' ], { exit => 1, out => "0\n" }, 'none of them a connection to the store');
my %closed = (cloud_env($cloud), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'TLS_');
{
	local @ENV{ keys %closed } = values %closed;

	is(system('sh', '-c', q{slipway exec sh -c 'test ! -e /proc/$$/fd/0 && psql -XAtc "SELECT 1" >/dev/null' <&-}), 0, 'nor does anything take the place of a standard input that is closed');
}
stored_is('TLS_', [ '-v', 'status' ], { out => qr/0001_a/, err => qr/$connected "deploy" \(from TLS_DB_ADMIN_USERNAME in barbican\)/ }, 'another role with the place of the URL, and its TLS');
store_all('OTHER_', map { $_ => $shop{$_} } qw(DATABASE_URL DB_ADMIN_USERNAME DB_ADMIN_PASSWORD));
store_certificate('OTHER_DB_TLS', certificate => "$tls/shop.crt", private_key => "$tls/shop.key", intermediates => "$tls/other_ca.crt");
stored_is('OTHER_', [ 'exec', 'true' ], { exit => 8, err => qr/certificate verify failed/ }, 'a server of another authority');
store_all('HOST_', %shop, DATABASE_URL => "postgresql://shop\@localhost:$port/$place->{db}");
store_certificate('HOST_DB_TLS', certificate => "$tls/shop.crt", private_key => "$tls/shop.key", intermediates => "$tls/ca.crt");
stored_is('HOST_', [ 'exec', 'true' ], { exit => 8, err => qr/server certificate for "db\.slipway\.test" does not match host name "localhost"/ }, 'a server of another name');
store_secret($cloud, 'HOST_DB_SSLMODE', 'verify-ca');
stored_is('HOST_', [ 'exec', 'true' ], {}, 'unless DB_SSLMODE is less strict');

# Step by step

stored_is('TLS_', [ 'secret', 'test', '--query', 'SELECT count(*) FROM slipway.status' ], {
		out => qr{ok +application +found: TLS_DATABASE_URL in barbican, the authority, a certificate, its key for TLS
ok +application +connected to database "$place->{db}" on "db\.slipway\.test" port $port as role "shop"
ok +application +PostgreSQL .*
ok +application +TLSv1\.\d with \S+, the server's certificate is verified \(verify-full\)
ok +application +--query: 1
ok +admin +found: TLS_DB_ADMIN_USERNAME in barbican, the authority, a certificate, its key for TLS
},
		err => qr/ 0 failed, 0 skipped$/m }, 'secret test');
store_secret($cloud, 'HOST_DB_SSLMODE', 'require');
stored_is('HOST_', [ 'secret', 'test' ], {
		out => qr{warning +application +TLSv1\.\d with \S+, the server's certificate is verified, but not whose it is \(require\)\n +hint: Store DB_SSLMODE, as verify-full\.\n}, exit => 8, err => qr/ 1 failed/ },
	'secret test: a certificate, but not that of the server');
stored_is('PLAIN_', [ 'secret', 'test' ], {
		out => qr{warning +admin +\S+ with \S+, the server's certificate is not verified \(prefer\)\n +hint: Store the authority's certificate: "slipway secret put-certificate"\.\n}, exit => 8, err => qr/ 1 failed/ }, 'secret test: none');
stored_is('', [ '-e', 'prod', 'secret', 'test' ], {
		out => qr{warning +admin +\S+ with \S+, the server's certificate is not verified \(require\)\n +hint: The connection string needs sslmode=verify-full and sslrootcert\.\n}, exit => 8, err => qr/ 1 failed/ },
	"secret test: of a section's url", env => { SLIPWAY_SECRETS => '', SLIPWAY_SECRET_PREFIX => '' });
stored_is('TLS_', ['check'], { out => qr/^ok +store +.*\n(.*\n)*ok +application +connected/m, err => qr/ 0 failed/ }, 'check');

# Who may not

for my $try (
	[ { user => 'guest' }, 1, qr/Barbican does not allow this to user "\S+-guest"/, 'no right to read' ],
	[ { user => 'outsider', others => { OS_PROJECT_NAME => $cloud->{project} } }, 1, qr/Keystone refuses user "\S+-outsider"/, 'a project of others' ],
	[ { others => { OS_PASSWORD => 'wr0ng' } }, 1, qr/Keystone refuses user "\S+-creator"/, 'the wrong password' ],
	[ { tls => 1, others => { OS_CACERT => "$tls/ca.crt" } }, 8, qr/certificate/, 'a store of another authority' ],
	[ { others => { OS_AUTH_URL => 'http://127.0.0.1:1/v3' } }, 8, qr/connect/i, 'nobody there' ])
{
	my ($with, $exit, $message, $name) = @$try;

	my (undef, $err) = stored_is('TLS_', ['status'], { exit => $exit, err => qr/\Aslipway: error: .*$message/ }, $name, %$with);
	unlike($err, qr/wr0ng/, "$name: nor what was tried");
	stored_is('TLS_', [ 'secret', 'test' ], { exit => 8, out => qr/^failed +store +.*$message.*/m }, "$name: secret test", %$with);
	stored_is('TLS_', ['check'], { exit => 1, out => qr/^failed +store +.*$message.*\n(.*\n)*failed +server +could not connect: .*$message/m, err => qr/2 failed/ }, "$name: check", %$with);
}
ask_barbican($cloud, 'creator', 'PUT', store_secret($cloud, 'ACL_DATABASE_URL', 'postgresql://x') . '/acl', { read => { 'project-access' => JSON::PP::false(), users => [] } });
stored_is('ACL_', ['status'], { exit => 1, err => qr/\Aslipway: error: secret "ACL_DATABASE_URL": Barbican does not allow this to user/ }, 'a secret of somebody else', user => 'observer');

# What is there and is no good

store_all('EMPTY_', %parts);
my $bytes = ask_barbican($cloud, 'creator', 'POST', 'secrets', { name => 'BYTES_DATABASE_URL', payload => 'AP8=', payload_content_type => 'application/octet-stream', payload_content_encoding => 'base64' });
is($bytes->{status}, 201, 'bytes are stored');
stored_is('BYTES_', ['status'], { exit => 1, err => qr/\Aslipway: error: secret "BYTES_DATABASE_URL" in barbican / }, 'bytes that are no text');
store_secret($cloud, 'HALF_DATABASE_URL', undef);
stored_is('HALF_', ['status'], { exit => 1, err => qr/HALF_DATABASE_URL/ }, 'a secret without a payload');

# A store that is not well

my $faults = new_faults($cloud);
my @seen;

for my $try (
	[ { path => '/secrets', times => 1, do => 'status', status => 500 }, 'an error, once' ],
	[ { path => '/secrets', times => 1, do => 'status', status => 503, headers => { 'Retry-After' => '1' } }, 'busy, once' ],
	[ { path => '/auth/tokens', times => 1, do => 'close' }, 'a lost connection' ])
{
	my ($rule, $name) = @$try;

	set_faults($faults, $rule);
	stored_is('PLAIN_', ['status'], { out => qr/0001_a/, err => qr/.*/ }, "$name: is tried again", via => $faults);
}
set_faults($faults, { path => '/secrets', do => 'status', status => 500 });
stored_is('PLAIN_', ['status'], { exit => 8, err => qr/500/ }, 'errors without end', via => $faults);
set_faults($faults);

# wait and exec wait for the store too, and no longer than they are told to

set_faults($faults, { path => '/auth/tokens', do => 'hang' });
for my $command ([ 'wait', '--timeout', '2s' ], [ 'exec', '--timeout', '2s', 'true' ])
{
	my $began = time;

	stored_is('PLAIN_', $command, { exit => 8, err => qr/^slipway: error: the store \(barbican\) was not ready within \S+ s: Keystone .* timed out/m }, "$command->[0]: no answer", via => $faults);
	cmp_ok(time - $began, '<', 8, "$command->[0]: is not waited for longer");
}
set_faults($faults);
stop_faults($faults);
for my $command ([ 'wait', '--timeout', '1s' ], [ 'exec', '--timeout', '1s', 'true' ])
{
	stored_is('PLAIN_', $command, {
			exit => 8, err => qr/\Awaiting for the store \(barbican\): Keystone .*\nslipway: error: the store \(barbican\) was not ready within \S+ s: Keystone .*\n\z/ },
		"$command->[0]: in vain", via => $faults);
}
my $waiting = start_client($place, [ 'wait', '--timeout', '60s' ], connect => 0,
	env => { cloud_env($cloud, via => $faults), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'PLAIN_' });
$waiting->{run}->pump until $waiting->{err} =~ /waiting for the store/;
start_faults($faults);
my ($exit, undef, $err) = finish_client($waiting);
is($exit, 0, 'until it is there') or diag($err);
like($err, qr/^the server \(localhost port $port\) accepts connections, after /m, 'and then for the server');

$node->stop;
done_testing();
