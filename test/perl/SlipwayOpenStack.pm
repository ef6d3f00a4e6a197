# A real Keystone and a real Barbican, which the files of a run share: each has a project and users of its own
# there. Between them and the client may stand a proxy that makes what can go wrong go wrong (test/openstack/faults.py).

package SlipwayOpenStack;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use Fcntl ':flock';
use File::Basename ();
use File::Spec ();
use HTTP::Tiny ();
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use SlipwayTls;
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(
  why_no_openstack new_cloud cloud_env ask_keystone ask_barbican barbican_secrets barbican_containers barbican_payload
  store_secret user_token revoke_token new_faults set_faults faults_log clear_faults_log stop_faults start_faults set_victim
);

delete @ENV{ grep { /^(OS_|KEYSTONE_|BARBICAN_|SECRETS_)/ || /_proxy$/i } keys %ENV };

my $tools = File::Spec->rel2abs(File::Basename::dirname(__FILE__) . '/../openstack');
my $http = HTTP::Tiny->new(timeout => 60, keep_alive => 0);
my $clouds = 0;
my @proxies;

# Why they cannot run here; nothing if they can. With OPENSTACK=yes they have to.
sub why_no_openstack
{
	return if ($ENV{OPENSTACK} // '') eq 'yes';
	return 'no uwsgi' if system('command -v uwsgi >/dev/null') != 0;
	return 'no Keystone and Barbican'
	  if system(q{/usr/bin/python3 -c 'import barbican, keystone, paste, psycopg2' >/dev/null 2>&1}) != 0;
	return;
}

# The folder of the pair, which is started by the first file of a run that asks for it and ended by test/run.
sub find_pair
{
	my $base = $ENV{TESTDIR} // die "TESTDIR is not set\n";
	my $folder = File::Spec->rel2abs("$base/openstack");

	open my $lock, '>', "$base/openstack.lock" or die "could not open $base/openstack.lock: $!\n";
	flock $lock, LOCK_EX or die "could not lock $base/openstack.lock: $!\n";
	return $folder if -e "$folder/ports";
	die "Keystone and Barbican did not start\n" if -e $folder;
	mkdir $folder, 0700 or die "could not create $folder: $!\n";
	make_certificate($folder, 'ca', 'Test CA of slipway');
	make_server_certificate($folder);
	system("$tools/start", $folder) == 0 or die "Keystone and Barbican do not start\n";
	add_catalog($folder);
	return $folder;
}

# One for 127.0.0.1, as libcurl wants it.
sub make_server_certificate
{
	my ($folder) = @_;

	append_to_file("$folder/server.ext", "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
	openssl($folder, 'req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', "$folder/server.key", '-subj', '/CN=localhost', '-out',
		"$folder/server.csr");
	openssl($folder, 'x509', '-req', '-in', "$folder/server.csr", '-CA', "$folder/ca.crt", '-CAkey', "$folder/ca.key", '-CAcreateserial', '-days',
		'2', '-extfile', "$folder/server.ext", '-out', "$folder/server.crt");
	return;
}

# What is there before there is a project.
sub open_pair
{
	my ($folder) = @_;
	my ($keystone, $keystone_tls, $barbican, $barbican_tls) = split ' ', slurp_file("$folder/ports");

	return {
		folder => $folder,
		ca => "$folder/ca.crt",
		keystone_port => $keystone,
		barbican_port => $barbican,
		keystone => "http://127.0.0.1:$keystone/v3",
		keystone_tls => "https://127.0.0.1:$keystone_tls/v3",
		barbican => "http://127.0.0.1:$barbican",
		barbican_tls => "https://127.0.0.1:$barbican_tls",
		kek => slurp_file("$folder/kek"),
	};
}

# The service in the catalog: over HTTP in RegionOne, over HTTPS in RegionTLS.
sub add_catalog
{
	my ($folder) = @_;
	my $pair = open_pair($folder);

	log_in_admin($pair);
	my $service = create($pair, 'service', { type => 'key-manager', name => 'barbican' })->{id};
	add_endpoint($pair, $service, 'RegionOne', $pair->{barbican});
	add_endpoint($pair, $service, 'RegionTLS', $pair->{barbican_tls});
	create($pair, 'role', { name => $_ }) for qw(creator observer guest);
	return;
}

sub add_endpoint
{
	my ($pair, $service, $region, $url) = @_;

	my $answer = ask_keystone($pair, 'admin', 'GET', "regions/$region");
	create($pair, 'region', { id => $region }) if $answer->{status} == 404;
	create($pair, 'endpoint', { interface => 'public', service_id => $service, region_id => $region, url => $url });
	return;
}

sub log_in_admin
{
	my ($pair) = @_;

	$pair->{user}{admin} = { name => 'admin', password => slurp_file("$pair->{folder}/admin-password"), project => 'admin' };
	return;
}

# A thing that Keystone makes, as it says that it is.
sub create
{
	my ($cloud, $kind, $what) = @_;
	my $answer = ask_keystone($cloud, 'admin', 'POST', "${kind}s", { $kind => $what });

	die "could not create a $kind: $answer->{status} $answer->{content}\n" unless $answer->{success};
	return $answer->{data}{$kind};
}

# A project with users:
#   creator     may store and read secrets
#   observer    may only read them
#   guest       belongs to the project, but may do nothing in Barbican
#   outsider    may do all in another project, and does not belong to this one
#   credential  an application credential of the creator
sub new_cloud
{
	my $cloud = open_pair(find_pair());
	my $name = "t$$-" . ++$clouds;

	log_in_admin($cloud);
	$cloud->{project} = $name;
	$cloud->{project_id} = create($cloud, 'project', { name => $name, domain_id => 'default' })->{id};
	my $other = create($cloud, 'project', { name => "$name-other", domain_id => 'default' })->{id};
	my $roles = ask_keystone($cloud, 'admin', 'GET', 'roles')->{data}{roles};
	my %role = map { $_->{name} => $_->{id} } @$roles;

	for my $user (qw(creator observer guest outsider))
	{
		# with what JSON, shells and URLs would stumble over
		my $password = "$user-\"p\\w\$' %41\xc3\xa4-" . int(rand(1e9));
		utf8::decode(my $text = $password);
		my $id = create($cloud, 'user', { name => "$name-$user", domain_id => 'default', password => $text })->{id};
		my $project = $user eq 'outsider' ? $other : $cloud->{project_id};

		$cloud->{user}{$user} = { name => "$name-$user", id => $id, password => $password,
			project => $user eq 'outsider' ? "$name-other" : $name, project_id => $project };
		ask_keystone($cloud, 'admin', 'PUT', "projects/$project/users/$id/roles/" . $role{ $user eq 'outsider' ? 'creator' : $user });
	}
	add_credential($cloud);
	return $cloud;
}

# Keystone 27 makes it, but finds its own answer malformed: then nobody knows the id, and the name has to do.
sub add_credential
{
	my ($cloud) = @_;
	my $secret = 'credential-secret-' . int(rand(1e9));
	my $answer = ask_keystone($cloud, 'creator', 'POST', "users/$cloud->{user}{creator}{id}/application_credentials",
		{ application_credential => { name => 'deploy', secret => $secret } });

	die "no application credential: $answer->{content}\n" unless $answer->{success} || $answer->{content} =~ /'links' was unexpected/;
	$cloud->{credential} = { id => $answer->{data}{application_credential}{id}, name => 'deploy', secret => $secret };
	return;
}

# The variables for a client.
#   user     as above (creator)
#   tls      over HTTPS
#   via      a proxy of new_faults()
#   others   added, or taken away where they are undef
sub cloud_env
{
	my ($cloud, %option) = @_;
	my $user = $option{user} // 'creator';
	my %env = (
		OS_AUTH_URL => $option{via} ? $option{via}{keystone} : $option{tls} ? $cloud->{keystone_tls} : $cloud->{keystone},
		OS_REGION_NAME => $option{via} ? $option{via}{region} : $option{tls} ? 'RegionTLS' : 'RegionOne',
		OS_INTERFACE => 'public');

	$env{OS_CACERT} = $cloud->{ca} if $option{tls};
	if ($user eq 'credential')
	{
		my $credential = $cloud->{credential};

		@env{qw(OS_AUTH_TYPE OS_APPLICATION_CREDENTIAL_SECRET)} = ('v3applicationcredential', $credential->{secret});
		$env{OS_APPLICATION_CREDENTIAL_ID} = $credential->{id} if defined $credential->{id};
		@env{qw(OS_APPLICATION_CREDENTIAL_NAME OS_USER_ID)} = ($credential->{name}, $cloud->{user}{creator}{id}) unless defined $credential->{id};
	}
	else
	{
		@env{qw(OS_USERNAME OS_PASSWORD)} = @{ $cloud->{user}{$user} }{qw(name password)};
		@env{qw(OS_PROJECT_NAME OS_USER_DOMAIN_NAME OS_PROJECT_DOMAIN_NAME)} = ($cloud->{project}, 'Default', 'Default');
	}
	for my $name (keys %{ $option{others} // {} })
	{
		$env{$name} = $option{others}{$name};
		delete $env{$name} unless defined $env{$name};
	}
	return %env;
}

# A token of a user for the user's project; the same one until it is revoked.
sub user_token
{
	my ($cloud, $name) = @_;
	my $user = $cloud->{user}{$name};

	return $user->{token} if defined $user->{token};
	utf8::decode(my $password = $user->{password});
	my $answer = request('POST', "$cloud->{keystone}/auth/tokens", {}, { auth => {
			identity => { methods => ['password'], password => { user => { name => $user->{name}, domain => { id => 'default' }, password => $password } } },
			scope => { project => { name => $user->{project}, domain => { id => 'default' } } } } });
	die "no token for $name: $answer->{status} $answer->{content}\n" unless $answer->{success};
	return $user->{token} = $answer->{headers}{'x-subject-token'};
}

sub revoke_token
{
	my ($cloud, $token) = @_;

	return request('DELETE', "$cloud->{keystone}/auth/tokens", { 'X-Auth-Token' => user_token($cloud, 'admin'), 'X-Subject-Token' => $token });
}

# An answer as HTTP::Tiny has it, with "data" if it is JSON.
sub request
{
	my ($method, $url, $headers, $body) = @_;
	my %with = (headers => {%$headers});

	if (defined $body)
	{
		$with{content} = JSON::PP->new->ascii->encode($body);
		$with{headers}{'Content-Type'} = 'application/json';
	}
	my $answer = $http->request($method, $url, \%with);
	$answer->{data} = JSON::PP::decode_json($answer->{content})
	  if ($answer->{headers}{'content-type'} // '') =~ m{^application/json} && $answer->{content} ne '';
	return $answer;
}

sub ask_keystone
{
	my ($cloud, $user, $method, $path, $body) = @_;

	return request($method, "$cloud->{keystone}/$path", { 'X-Auth-Token' => user_token($cloud, $user) }, $body);
}

# The path is one below /v1, or a reference.
sub ask_barbican
{
	my ($cloud, $user, $method, $path, $body, %headers) = @_;

	$path =~ s{^https?://[^/]+/v1/}{};
	return request($method, "$cloud->{barbican}/v1/$path",
		{ 'X-Auth-Token' => user_token($cloud, $user), Accept => 'application/json', %headers }, $body);
}

# What the store has, oldest first: secrets and containers as Barbican says that they are. It gives out no more than some at a time.
sub list_all
{
	my ($cloud, $kind) = @_;
	my @all;

	while (1)
	{
		my $answer = ask_barbican($cloud, 'creator', 'GET', "$kind?limit=1000&sort=created:asc&offset=" . @all);

		die "could not list $kind: $answer->{status} $answer->{content}\n" unless $answer->{success};
		push @all, @{ $answer->{data}{$kind} };
		return @all if @all >= $answer->{data}{total} || !@{ $answer->{data}{$kind} };
	}
}

sub barbican_secrets { return list_all($_[0], 'secrets') }

sub barbican_containers { return list_all($_[0], 'containers') }

# The payload of a reference, as bytes.
sub barbican_payload
{
	my ($cloud, $reference, $type) = @_;
	my $answer = ask_barbican($cloud, 'creator', 'GET', "$reference/payload", undef, Accept => $type // 'text/plain');

	die "could not read $reference: $answer->{status} $answer->{content}\n" unless $answer->{success};
	return $answer->{content};
}

# Stores one, as somebody with another client would; returns its reference. The payload is UTF-8.
sub store_secret
{
	my ($cloud, $name, $payload, %more) = @_;

	utf8::decode($payload) if defined $payload;
	my $answer = ask_barbican($cloud, 'creator', 'POST', 'secrets',
		{ name => $name, (defined $payload ? (payload => $payload, payload_content_type => 'text/plain') : ()), %more });

	die "could not store $name: $answer->{status} $answer->{content}\n" unless $answer->{success};
	return $answer->{data}{secret_ref};
}

# A proxy in front of both, with a region of its own in the catalog.
sub new_faults
{
	my ($cloud) = @_;
	my %faults = (cloud => $cloud, folder => PostgreSQL::Test::Utils::tempdir, region => "faults-$$-" . (@proxies + 1));

	push @proxies, \%faults;
	start_faults(\%faults);
	for my $service (qw(keystone barbican))
	{
		$faults{"${service}_port"} = slurp_file("$faults{folder}/$service.port");
	}
	$faults{keystone} = "http://127.0.0.1:$faults{keystone_port}/v3";
	$faults{barbican} = "http://127.0.0.1:$faults{barbican_port}";
	my $services = ask_keystone($cloud, 'admin', 'GET', 'services?type=key-manager')->{data}{services};
	add_endpoint($cloud, $services->[0]{id}, $faults{region}, $faults{barbican});
	return \%faults;
}

# Again after stop_faults(), or when it has died, on the same ports.
sub start_faults
{
	my ($faults) = @_;
	my $cloud = $faults->{cloud};

	unlink "$faults->{folder}/ready";
	$faults->{run} = IPC::Run::start(
		[ "$tools/faults.py", $faults->{folder}, "keystone=$cloud->{keystone_port}", "barbican=$cloud->{barbican_port}" ],
		'<', \undef, '>', "$faults->{folder}/out", '2>', "$faults->{folder}/err");
	for (1 .. 400)
	{
		return if -e "$faults->{folder}/ready";
		Time::HiRes::sleep(0.05);
	}
	die "the proxy does not start: " . slurp_file("$faults->{folder}/err") . "\n";
}

# Nobody listens any more.
sub stop_faults
{
	my ($faults) = @_;

	$faults->{run}->kill_kill if defined $faults->{run};
	delete $faults->{run};
	return;
}

# Sets the rules; see faults.py. None: it only passes on.
sub set_faults
{
	my ($faults, @rules) = @_;

	write_text("$faults->{folder}/rules", JSON::PP->new->ascii->encode(\@rules));
	return;
}

# The process that a rule may kill; undef takes it away.
sub set_victim
{
	my ($faults, $pid) = @_;

	unlink "$faults->{folder}/victim";
	write_text("$faults->{folder}/victim", $pid) if defined $pid;
	return;
}

sub write_text
{
	my ($path, $text) = @_;

	open my $file, '>', "$path.new" or die "could not open $path.new: $!\n";
	print $file $text;
	close $file or die "could not write $path.new: $!\n";
	rename "$path.new", $path or die "could not rename $path.new: $!\n";
	return;
}

# The requests that have ended since clear_faults_log(), in that order.
sub faults_log
{
	my ($faults, %only) = @_;
	my $path = "$faults->{folder}/log";
	my @lines = -e $path ? map { JSON::PP::decode_json($_) } split /\n/, slurp_file($path) : ();

	for my $key (keys %only)
	{
		@lines = grep { ref $only{$key} ? $_->{$key} =~ $only{$key} : $_->{$key} eq $only{$key} } @lines;
	}
	return @lines;
}

sub clear_faults_log
{
	my ($faults) = @_;

	unlink "$faults->{folder}/log";
	return;
}

END
{
	my $status = $?;

	stop_faults($_) for @proxies;
	$? = $status;
}

1;
