# Barbican and Keystone that are down, slow, or answer with errors: what is tried again, how often, and what is said.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use SlipwayOpenStack;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $why = why_no_openstack();
plan(skip_all => $why) if defined $why;

my $home = PostgreSQL::Test::Utils::tempdir;
my $cloud = new_cloud();
my $faults = new_faults($cloud);
my $secret = "s3cr3t-\xc3\xa4";

store_secret($cloud, 'T_A', $secret);

# Runs "slipway secret ARGS" through the proxy; nothing that it says is a secret, but for what get prints.
sub secret
{
	my ($args, %option) = @_;
	my ($in, $out, $err) = ($option{in} // '', '', '');

	local %ENV = (%ENV, cloud_env($cloud, via => $faults, %option), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'T_', SECRETS_TIMEOUT => 5, HOME => $home, %{ $option{env} // {} });
	delete $ENV{$_} for grep { !defined $ENV{$_} } keys %ENV;
	clear_faults_log($faults);
	my $began = Time::HiRes::time();
	my $run = IPC::Run::start([ 'slipway', '-v', 'secret', @$args ], '<', \$in, '>', \$out, '2>', \$err,
		init => sub { chdir $home or die "could not go home: $!\n" }, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$run->finish;
	return ($? >> 8, $out, $err, Time::HiRes::time() - $began);
}

sub secret_is
{
	my ($args, $expected, $name, %option) = @_;
	my ($exit, $out, $err, $seconds) = secret($args, %option);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, $expected->{exit} // 0, "$name: exit code") or diag($out, $err);
	is($out, $expected->{out} // '', "$name: stdout");
	like($err, $expected->{err}, "$name: stderr") if defined $expected->{err};
	unlike($err, qr/s3cr3t|\Q$cloud->{user}{creator}{password}\E|gAAAA/, "$name: nothing is given away");
	return $seconds;
}

# How many requests there were. The proxy notes one when it has answered it, which may be after the client has ended.
sub requests_are
{
	my ($count, $name, @filter) = @_;
	my $until = Time::HiRes::time() + 2;

	Time::HiRes::sleep(0.02) while faults_log($faults, @filter) < $count && Time::HiRes::time() < $until;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is(scalar(faults_log($faults, @filter)), $count, $name);
}

# Without faults

secret_is([ 'get', 'A' ], { out => $secret, err => qr/, 4 requests$/m }, 'no fault');
requests_are(1, 'no fault: one login', service => 'keystone');
requests_are(3, 'no fault: the set, the name, the payload', service => 'barbican');

# What passes

for my $status (500, 502, 503, 504)
{
	set_faults($faults, { service => 'barbican', times => 2, do => 'status', status => $status, body => '{}' });
	secret_is([ 'get', 'A' ], { out => $secret, err => qr/, 4 requests, 2 tried again$/m }, "$status twice");
	requests_are(5, "$status twice: all is asked once more than that", service => 'barbican');
}
for my $fault (qw(cut short))
{
	set_faults($faults, { service => 'barbican', times => 1, do => $fault });
	secret_is([ 'get', 'A' ], { out => $secret, err => qr/1 tried again$/m }, "$fault once");
}
set_faults($faults, { service => 'keystone', times => 2, do => 'status', status => 503 });
secret_is([ 'get', 'A' ], { out => $secret, err => qr/2 tried again$/m }, 'Keystone answers 503 twice');
set_faults($faults, { service => 'barbican', times => 1, do => 'status', status => 429, headers => { 'Retry-After' => '2' } });
cmp_ok(secret_is([ 'get', 'A' ], { out => $secret, err => qr/1 tried again$/m }, '429 with Retry-After'), '>=', 2, '429: it waits as long as it is told');
set_faults($faults, { service => 'barbican', times => 1, do => 'hang' });
cmp_ok(secret_is([ 'get', 'A' ], { out => $secret, err => qr/1 tried again$/m }, 'no answer', env => { SECRETS_TIMEOUT => 1 }), '>=', 1, 'no answer: it waits for the time-out');

# What does not

set_faults($faults, { service => 'barbican', do => 'status', status => 500, body => '{"description": "out of order"}' });
secret_is([ 'get', 'A' ], { exit => 8, err => qr/^slipway: error: Barbican at http:\S+ answered with HTTP status 500: out of order$/m }, '500 for ever');
requests_are(4, '500 for ever: four tries', service => 'barbican');
for my $status ([ 401, 1, qr/Barbican does not take the token that Keystone has just given/ ], [ 403, 1, qr/Barbican does not allow this to user "\S+" in project "\S+" \(roles: creator\)/ ],
	[ 404, 1, qr/HTTP status 404\nhint: Is that the address of Barbican\?/ ], [ 400, 1, qr/HTTP status 400\n\z|HTTP status 400\nstore/ ], [ 302, 1, qr/HTTP status 302\nhint: Is that the address of Barbican\?/ ])
{
	set_faults($faults, { service => 'barbican', do => 'status', status => $status->[0], headers => { Location => "http://127.0.0.1:1/" } });
	secret_is([ 'get', 'A' ], { exit => $status->[1], err => $status->[2] }, $status->[0]);
	requests_are($status->[0] == 401 ? 2 : 1, "$status->[0]: is not tried again" . ($status->[0] == 401 ? ', but with one new token' : ''), service => 'barbican');
	requests_are($status->[0] == 401 ? 2 : 1, "$status->[0]: logins", service => 'keystone');
}
for my $status (401, 403, 404)
{
	set_faults($faults, { service => 'keystone', do => 'status', status => $status });
	secret_is([ 'get', 'A' ], { exit => $status == 404 ? 2 : 1 }, "Keystone answers $status");
	requests_are(1, "Keystone answers $status: once", service => 'keystone');
	requests_are(0, "Keystone answers $status: Barbican is not asked", service => 'barbican');
}
set_faults($faults, { service => 'barbican', do => 'hang' });
my $seconds = secret_is([ 'get', 'A' ], { exit => 8, err => qr/Barbican at http:\S+ does not answer: .*timed out/i }, 'never an answer', env => { SECRETS_TIMEOUT => 0.5 });
cmp_ok($seconds, '<', 15, 'never an answer: it gives up');
set_faults($faults, { service => 'barbican', do => 'status', status => 200, body => '<html>' });
secret_is([ 'get', 'A' ], { exit => 1, err => qr/Barbican has answered with something else than an object of JSON/ }, 'nonsense');
set_faults($faults, { service => 'barbican', method => 'GET', path => 'offset=', do => 'status', status => 200,
		body => '{"total": 1000000, "secrets": [{"secret_ref": "http://b/v1/secrets/1", "name": "T_A", "created": "2026-01-01T00:00:00"}],'
		  . ' "containers": [{"container_ref": "http://b/v1/containers/1", "name": "T_A", "created": "2026-01-01T00:00:00"}]}' });
secret_is(['list'], { exit => 1, err => qr/^slipway: error: .*Barbican lists the same (secrets|containers) again and again/m }, 'a list without end');
set_faults($faults, { service => 'keystone', do => 'status', status => 201, body => '{}' });
secret_is([ 'get', 'A' ], { exit => 1, err => qr/Keystone has answered with something else than a token/ }, 'nonsense of Keystone');
set_faults($faults, { service => 'barbican', do => 'status', status => 503, headers => { 'Retry-After' => '3600' } });
cmp_ok(secret_is([ 'get', 'A' ], { exit => 8 }, 'one that asks for an hour'), '<', 10, 'is not waited for');
requests_are(1, 'nor asked again', service => 'barbican');
set_faults($faults);
secret_is([ 'get', 'A' ], { exit => 8, err => qr/Keystone at http:\S+ does not answer: .*127\.0\.0\.1/ }, 'nobody listens', env => { OS_AUTH_URL => 'http://127.0.0.1:1/v3' });
secret_is([ 'get', 'A' ], { exit => 8, err => qr/Keystone at http:\S+ does not answer: .*[Rr]esolve/ }, 'no such host', env => { OS_AUTH_URL => 'http://nowhere.invalid/v3' });

# Users

secret_is([ 'get', 'A' ], { exit => 1, err => qr/^slipway: error: Keystone refuses user "\S+" of variables OS_\.\.\. for project "\S+"$/m }, 'a wrong password', env => { OS_PASSWORD => 's3cr3t' });
secret_is([ 'get', 'A' ], { exit => 2, err => qr/what variables OS_\.\.\. has for the login is not UTF-8/ }, "$_ is no text", env => { $_ => "s3cr3t\xff" }) for qw(OS_PASSWORD OS_USERNAME OS_PROJECT_NAME);
secret_is([ 'get', 'A' ], { exit => 2, err => qr/what variables OS_\.\.\. has for the login is not UTF-8/ }, 'an application credential that is no text', user => 'credential', env => { OS_APPLICATION_CREDENTIAL_SECRET => "s3cr3t\xff" });
secret_is([ 'get', 'A' ], { exit => 1, err => qr/Keystone refuses user/ }, 'a project of others', user => 'outsider');
secret_is([ 'get', 'A' ], { exit => 1, err => qr/Barbican does not allow this.*\(roles: guest\)\nhint: It takes the role creator/ }, 'no right to read', user => 'guest');
secret_is([ 'get', 'A' ], { out => $secret }, 'a right to read', user => 'observer');
secret_is([ 'put', 'B' ], { exit => 1, err => qr/Barbican does not allow this.*\(roles: observer\)/ }, 'no right to write', user => 'observer', in => 's3cr3t');
secret_is([ 'get', 'A' ], { out => $secret }, 'an application credential', user => 'credential');
secret_is([ 'get', 'A' ], { out => $secret }, 'the same by its name', user => 'credential', env => { OS_APPLICATION_CREDENTIAL_ID => undef, OS_APPLICATION_CREDENTIAL_NAME => 'deploy', OS_USERNAME => $cloud->{user}{creator}{name}, OS_USER_DOMAIN_NAME => 'Default' });
secret_is([ 'get', 'A' ], { exit => 1, err => qr/Keystone refuses the application credential of variables OS_\.\.\./ }, 'a wrong one', user => 'credential', env => { OS_APPLICATION_CREDENTIAL_SECRET => 's3cr3t' });
secret_is([ 'get', 'A' ], { exit => 2, err => qr/the application credential belongs to another project than "0123"/ }, 'one of another project', user => 'credential', env => { BARBICAN_PROJECT_ID => '0123' });
secret_is([ 'get', 'A' ], { exit => 2, err => qr/the catalog has no key manager in region "nowhere"/ }, 'no region', env => { OS_REGION_NAME => 'nowhere' });
secret_is([ 'get', 'A' ], { out => $secret }, 'variables of our own',
	env => { KEYSTONE_ENDPOINT => $faults->{keystone}, BARBICAN_ENDPOINT => "$faults->{barbican}/", BARBICAN_PROJECT_ID => $cloud->{project_id}, OS_AUTH_URL => undef, OS_REGION_NAME => undef, OS_PROJECT_NAME => undef });
requests_are(3, 'variables of our own: are used', service => 'barbican');

my $private = store_secret($cloud, 'T_PRIVATE', 's3cr3t');
ask_barbican($cloud, 'creator', 'PUT', "$private/acl", { read => { 'project-access' => JSON::PP::false, users => [] } });
secret_is([ 'get', 'PRIVATE' ], { exit => 1, err => qr/^slipway: error: secret "T_PRIVATE": Barbican does not allow this to user/m }, 'a secret of somebody else is named', user => 'observer');
ask_barbican($cloud, 'creator', 'DELETE', $private);

# A quota

my %id = map { $_ => ask_keystone($cloud, 'admin', 'GET', "${_}s?name=admin")->{data}{"${_}s"}[0]{id} } qw(user project);
my $role = ask_keystone($cloud, 'admin', 'POST', 'roles', { role => { name => 'key-manager:service-admin' } })->{data}{role}
  // ask_keystone($cloud, 'admin', 'GET', 'roles?name=key-manager:service-admin')->{data}{roles}[0];
ask_keystone($cloud, 'admin', 'PUT', "projects/$id{project}/users/$id{user}/roles/$role->{id}");
delete $cloud->{user}{admin}{token};
my $quota = ask_barbican($cloud, 'admin', 'PUT', "project-quotas/$cloud->{project_id}", { project_quotas => { secrets => 1 } });
is($quota->{status}, 204, 'quota: one secret') or diag($quota->{content});
secret_is([ 'put', 'B' ], { exit => 1, err => qr/^slipway: error: Barbican takes no more: the quota of project "\Q$cloud->{project}\E" is used up\nhint: Have it raised/m }, 'quota: is used up', in => 's3cr3t');
ask_barbican($cloud, 'admin', 'DELETE', "project-quotas/$cloud->{project_id}");

# TLS

secret_is([ 'get', 'A' ], { out => $secret }, 'TLS', via => undef, tls => 1);
symlink $cloud->{ca}, "$home/ca\xff.pem" or die "symlink: $!\n";
secret_is([ 'get', 'A' ], { out => $secret }, 'TLS: the name of a file need not be UTF-8', via => undef, tls => 1, env => { OS_CACERT => "ca\xff.pem" });
secret_is([ 'get', 'A' ], { exit => 8, err => qr/does not answer: SSL certificate .*\nhint: OS_CACERT names the file/ }, 'TLS: an unknown authority', via => undef, tls => 1, env => { OS_CACERT => undef });
secret_is([ 'get', 'A' ], { exit => 2, err => qr/^slipway: error: Keystone is reached over TLS, but its catalog has the key manager at http:.*, without\nhint: Set BARBICAN_ENDPOINT/ },
	'TLS: a catalog does not end it', via => undef, tls => 1, env => { OS_REGION_NAME => 'RegionOne' });
secret_is([ 'get', 'A' ], { out => $secret }, 'TLS: it was said to do without', via => undef, tls => 1, env => { OS_REGION_NAME => undef, BARBICAN_ENDPOINT => $cloud->{barbican} });
secret_is([ 'get', 'A' ], { exit => 2, err => qr/OS_INSECURE is set, and TLS is always verified/ }, 'TLS: is always verified', via => undef, tls => 1, env => { OS_INSECURE => 'true' });

# A cloud of clouds.yaml

my %env = cloud_env($cloud, via => $faults);
append_to_file("$home/clouds.yaml", JSON::PP->new->ascii->encode({ clouds => { shop => { auth => {
				auth_url => $env{OS_AUTH_URL}, username => $env{OS_USERNAME}, project_name => $env{OS_PROJECT_NAME}, user_domain_name => 'Default', project_domain_name => 'Default' }, region_name => $env{OS_REGION_NAME} } } }));
my $password = $env{OS_PASSWORD};
utf8::decode($password);
append_to_file("$home/secure.yaml", JSON::PP->new->ascii->encode({ clouds => { shop => { auth => { password => $password } } } }));
my %none = map { $_ => undef } grep { /^OS_/ } keys %env;
secret_is([ 'get', 'A' ], { out => $secret }, 'clouds.yaml', env => { %none, OS_CLOUD => 'shop' });
secret_is([ 'get', 'A' ], { exit => 2, err => qr{\./clouds\.yaml has no cloud "other", which OS_CLOUD names} }, 'clouds.yaml: another cloud', env => { %none, OS_CLOUD => 'other' });

# A token that ends in mid-run

set_faults($faults, { service => 'barbican', path => 'payload', times => 1, do => 'revoke' });
secret_is([ 'get', 'A' ], { out => $secret }, 'a token that ends');
requests_are(2, 'a token that ends: one more login', service => 'keystone');
set_faults($faults, { service => 'barbican', do => 'revoke' });
secret_is([ 'get', 'A' ], { exit => 1, err => qr/Barbican does not take the token/ }, 'tokens that always end');
requests_are(2, 'tokens that always end: one more login, and no third', service => 'keystone');

# Writing: after a failure the old one counts, and nothing is left

set_faults($faults, { service => 'barbican', method => 'POST', do => 'status', status => 500 });
secret_is([ 'put', 'A' ], { exit => 8 }, 'put: it cannot be stored', in => 's3cr3t new');
set_faults($faults, { service => 'barbican', method => 'PUT', do => 'status', status => 500 });
secret_is([ 'put', 'A', '--purpose', 'x' ], { exit => 8 }, 'put: nothing can be noted about it', in => 's3cr3t new');
set_faults($faults);
secret_is([ 'get', 'A' ], { out => $secret }, 'put: the old one counts');
is(scalar(barbican_secrets($cloud)), 1, 'put: nothing else is left');
set_faults($faults, { service => 'barbican', method => 'POST', times => 1, do => 'lost' });
secret_is([ 'put', 'A' ], {}, 'put: an answer that is lost', in => 'twice');
requests_are(2, 'put: is asked for again', service => 'barbican', method => 'POST');
set_faults($faults);
secret_is([ 'get', 'A' ], { out => 'twice' }, 'put: is there');
secret_is([ 'delete', 'A', '--yes' ], {}, 'delete: all of them');
is(scalar(barbican_secrets($cloud)), 0, 'delete: nothing is left');

# Listing: each request has its own time, and what cannot be found out is not passed over

store_secret($cloud, "T_S$_", 'v') for 1 .. 26;
secret_is([ 'put', 'S1', '--rotation', '90d' ], {}, 'list: a policy', in => 'v');
set_faults($faults, { service => 'barbican', path => 'metadata', do => 'delay', seconds => 2 });
my (undef, $list, $told) = secret(['list'], env => { SECRETS_TIMEOUT => 6.5 });
like($list, qr/^T_S1 +secret +0 days +in 90 days/m, 'list: more requests than are made at a time') or diag($told);
unlike($told, qr/tried again/, 'list: those that wait for their turn lose no time by that');
set_faults($faults, { service => 'barbican', path => 'metadata', do => 'status', status => 500 });
secret_is(['list'], { exit => 8, err => qr/answered with HTTP status 500/ }, 'list: what is due cannot be found out');
set_faults($faults, { service => 'barbican', path => 'metadata', do => 'status', status => 403 });
(my $exit, $list) = secret(['list']);
is($exit, 0, 'list: of others');
like($list, qr/^T_S1 +secret +0 days *$/m, 'list: nothing is known of them');
set_faults($faults);

# Many at a time

store_secret($cloud, "T_DB_$_", "v$_") for qw(HOST PORT NAME USERNAME PASSWORD);
set_faults($faults, { service => 'barbican', path => 'payload', do => 'delay', seconds => 0.5 });
my (undef, $steps) = secret(['test']);
like($steps, qr/./, 'several are looked for');
my ($most) = sort { $b <=> $a } map { $_->{in_flight} } faults_log($faults, path => qr/payload/);
cmp_ok($most, ">=", 4, "at the same time") or diag($steps, explain([ faults_log($faults) ]));

done_testing();
