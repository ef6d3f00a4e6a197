# slipway.conf: the defaults of options and where they come from, and the connection
# strings of real deployments as they stand there, with passwords of any kind.

use strict;
use warnings FATAL => 'all';

use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayPooler;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use SlipwayTls;
use Test::More;

my $node = new_node('environments');
my ($host, $port) = ($node->host, $node->port);

delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGOPTIONS PGSERVICE PGPASSFILE)};

sub write_config
{
	my ($place, $text) = @_;

	unlink "$place->{home}/slipway.conf";
	write_folder({ 'slipway.conf' => $text }, $place->{home});
	chmod 0600, "$place->{home}/slipway.conf" or die "chmod: $!\n";
	return;
}

# Settings by name: "VALUE from SOURCE", several values with bars.
sub settings
{
	my ($place, $args, %env) = @_;
	my (undef, $out, $err) = client($place, [ '--json', 'config', @$args ], connect => 0, env => \%env);
	my %settings;

	diag($err) if $err ne '';
	for my $object (@{ json_lines($out) })
	{
		my $text = ($object->{value} // '(none)') . " from $object->{source}";

		$settings{ $object->{setting} } = join ' | ', grep { defined } $settings{ $object->{setting} }, $text;
	}
	return \%settings;
}

sub settings_are
{
	my ($place, $args, $env, $expected, $name) = @_;
	my $settings = settings($place, $args, %$env);
	my %got = map { $_ => $settings->{$_} } keys %$expected;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is_deeply(\%got, $expected, $name);
}

# What counts, and what config says of it

{
	my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });

	write_config($place, <<"END");
[shop]
url = postgresql:///$place->{db}?host=$host&port=$port
dir = migrations
lock_timeout = 5s
lock-wait = 1min
retries = \${THE_RETRIES}
verify = true
detach = no
label = release=1.4
label = by=ci
schemas = app,public
cancel_blockers =
var = token=S3cret
reason = see postgresql://u:S3cret\@h/d
[other]
retries = \${NOT_SET}
END
	my %env = (THE_RETRIES => 3);
	my @shop = ('-e', 'shop');

	settings_are($place, \@shop, \%env, {
			url => "postgresql:///$place->{db}?host=$host&port=$port from slipway.conf:2",
			app_url => '(none) from default',
			search_path => '(none) from default',
			dir => 'migrations from slipway.conf:3',
			project => 'default from default',
			lock_timeout => '5s from slipway.conf:4',
			lock_wait => '1min from slipway.conf:5',
			retries => '3 from slipway.conf:6',
			verify => 'true from slipway.conf:7',
			detach => 'false from slipway.conf:8',
			no_wait => 'false from default',
			label => 'release=1.4 from slipway.conf:9 | by=ci from slipway.conf:10',
			schemas => 'app,public from slipway.conf:11',
			cancel_blockers => ' from slipway.conf:12',
			var => 'token=*** from slipway.conf:13',
			reason => 'see postgresql://u:***@h/d from slipway.conf:14',
			statement_timeout => 'no limit from default',
		}, 'a section');
	settings_are($place, [ @shop, '--lock-timeout', '7s', '--label', 'a=b' ],
		{ %env, SLIPWAY_LOCK_TIMEOUT => '6s', SLIPWAY_LOCK_WAIT => '8s', SLIPWAY_VERIFY => '0', SLIPWAY_REASON => 'why', MIGRATIONS_PATH => 'm' }, {
			lock_timeout => '7s from option --lock-timeout',
			lock_wait => '8s from SLIPWAY_LOCK_WAIT',
			verify => 'false from SLIPWAY_VERIFY',
			label => 'a=b from option --label',
			reason => 'why from SLIPWAY_REASON',
			dir => 'm from MIGRATIONS_PATH',
		}, 'the command line counts more than a variable, and that more than the section');
	settings_are($place, [ '--url', 'postgresql://u:S3cret@h/d?search_path=x' ], {}, {
			url => 'postgresql://u:***@h/d from option --url',
			search_path => 'x from option --url',
			retries => '10 from default',
		}, 'without a section');
	settings_are($place, [], { DB_HOST => 'h', DB_PORT => 6, DB_NAME => 'd', DB_ADMIN_USER => 'a', DB_ADMIN_PASSWORD => 'S3cret', DB_USER => 'u', DB_PASSWORD => 'S3cret' }, {
			url => 'host=h port=6 dbname=d user=a from DB_HOST and its like',
			app_url => 'host=h port=6 dbname=d user=u from DB_HOST and its like',
		}, 'single variables');
	my ($exit, $out, $err) = client($place, [ '--json', 'config', @shop ], connect => 0, env => \%env);
	is("$exit$err", '0', 'as JSON');
	json_fits($out, [ ('setting') x (() = $out =~ /\n/g) ], 'as documented');
	($exit, $out, $err) = client($place, [ 'config', @shop ], connect => 0, env => \%env);
	like($out, qr/\ASETTING +VALUE +FROM\nurl .*^lock_timeout +5s +slipway\.conf:4$/ms, 'as a table');
	unlike($out, qr/S3cret/, 'without secrets');

	# they have the effect of the option
	client_is($place, [ @shop, 'migrate' ], { err => qr/^0001_a  applied/m }, 'migrate with the defaults of the section', connect => 0, env => \%env);
	query_is($node, q{SELECT labels->>'release' || ' ' || (labels->>'by') FROM slipway.run ORDER BY number LIMIT 1}, '1.4 ci',
		'the run had them', db => $place->{db});
	client_is($place, [ @shop, 'status' ], { out => qr/^0001_a +applied/m, err => qr/1 applied/ },
		'a command is not disturbed by those that it does not have', connect => 0, env => \%env);
	client_is($place, [ @shop, 'migrate' ],
		{ exit => 2, err => "slipway: error: slipway.conf:6: environment variable THE_RETRIES is not set\n" }, 'a variable that is not set', connect => 0);
	client_is($place, [ @shop, 'migrate' ],
		{ exit => 2, err => "slipway: error: slipway.conf:6: invalid value \"many\" of key \"retries\"\nhint: It is a whole number from 0 to 2147483647.\n" },
		'a bad value in a variable', connect => 0, env => { THE_RETRIES => 'many' });
	client_is($place, [ @shop, 'config' ],
		{ exit => 2, err => "slipway: error: slipway.conf:6: environment variable THE_RETRIES is not set\n" }, 'config says so too', connect => 0);

	for my $bad (
		[ 'lock_timout = 5s', 'unknown key "lock_timout"' . "\nhint: Perhaps you meant \"lock_timeout\"." ],
		[ 'lock_timeout = soon', 'invalid value "soon" of key "lock_timeout"' . "\nhint: It is a number of milliseconds, or has a unit: us, ms, s, min, h or d." ],
		[ 'rehearse = perhaps', 'invalid value "perhaps" of key "rehearse"' . "\nhint: It is allow or ask." ],
		[ 'json = maybe', 'invalid value "maybe" of key "json"' . "\nhint: It is 1 or 0, true or false, yes or no, on or off." ],
		[ 'yes = true', 'option "--yes" cannot have a default' . "\nhint: Give it on the command line." ],
		[ 'steps = 1', 'option "--steps" cannot have a default' . "\nhint: Give it on the command line." ],
		[ 'host = db', 'option "--host" cannot have a default' . "\nhint: A connection is what \"url\" says." ])
	{
		write_config($place, "[a]\n[b]\n$bad->[0]\n");
		client_is($place, [ 'config', '-e', 'a' ], { exit => 2, err => "slipway: error: slipway.conf:3: $bad->[1]\n" }, $bad->[0], connect => 0);
	}
	for my $bad (
		[ 'rehearse = ${THE_WORD}', 'slipway.conf:2: invalid value "S3cret" of key "rehearse"' . "\nhint: It is allow or ask." ],
		[ 'webhook = hooks.example.org/S3cret', "the address of the webhook is malformed\nhint: It looks like https://host/path." ],
		[ 'label = release', "invalid value \"release\" of option \"--label\"\nhint: It is KEY=VALUE, as in release=1.4." ],
		[ "label = a=1\nlabel = a=2", "label \"a\" is there twice\nhint: Give each key once." ],
		[ 'var = S3cret', "invalid name of a variable in option \"--var\"\nhint: Write NAME=VALUE. A name is made of letters, digits and underscores, and begins with no digit." ])
	{
		write_config($place, "[a]\n$bad->[0]\n");
		client_is($place, [ 'config', '-e', 'a' ], { exit => 2, err => "slipway: error: $bad->[1]\n" }, "$bad->[0]: config says so", connect => 0, env => { THE_WORD => 'S3cret' });
	}
	write_config($place, "[a]\nquiet = 1\nverbose = 1\n");
	client_is($place, [ 'config', '-e', 'a' ], {
			exit => 2,
			err => "slipway: error: options \"--quiet\" (slipway.conf:2) and \"--verbose\" (slipway.conf:3) contradict each other\nhint: Give one of them.\n" },
		'keys that contradict each other', connect => 0);
	write_config($place, "[a]\nurl = postgresql://u:S3cret\@h:54x32/d\n");
	(undef, $err) = client_is($place, [ 'config', '-e', 'a' ], { exit => 2, err => qr/\Aslipway: error: .*\n(hint: .*\n)?\z/ }, 'a malformed url', connect => 0);
	unlike($err, qr/S3cret/, 'whose password is not shown');

	# json and quiet of a section are in effect before anything is said
	write_config($place, "[a]\nurl = postgresql:///$place->{db}?host=$host&port=$port\njson = on\nquiet = on\n");
	client_is($place, [ 'status', '-e', 'a' ], { out => qr/\A\{"migration": ?"0001_a"/ }, 'json and quiet in a section', connect => 0);
	client_is($place, [ 'status', '-e', 'a' ], { out => qr/^0001_a +applied/m }, 'which a variable turns off', connect => 0, env => { SLIPWAY_JSON => 'off' });

	# search_path, which the string counts more than
	for my $try ([ '', 'app', 'that of the section' ], [ '&search_path=public', 'public', 'that of the string' ])
	{
		my ($more, $seen, $name) = @$try;
		my $fresh = new_place($node, { '0001_a.sql' => "CREATE TABLE public.probe AS SELECT current_setting('search_path') AS path;\n" });

		write_config($fresh, "[a]\nurl = postgresql:///$fresh->{db}?host=$host&port=$port$more\nsearch_path = \${THE_PATH}\n");
		client_is($fresh, [ '-q', 'migrate', '-e', 'a' ], {}, "search_path, $name", connect => 0, env => { THE_PATH => 'app' });
		query_is($node, 'SELECT path FROM public.probe', $seen, 'the script has it', db => $fresh->{db});
	}
}

# The strings of real deployments, verbatim: only the addresses of their hosts are
# ours, by PGHOSTADDR, on port 5432 of an address of the loopback interface

sub find_address
{
	for my $try (1 .. 20)
	{
		my $address = join '.', 127, map { 1 + int rand 250 } 1 .. 3;
		my $socket = IO::Socket::INET->new(LocalAddr => $address, LocalPort => 5432, Listen => 1);

		return $address if defined $socket;
	}
	return;
}

SKIP:
{
	my $address = find_address();
	my $address_of_pooler = find_address();

	skip('needs the program openssl', 1) unless has_openssl();
	skip('port 5432 is not free', 1) unless defined $address && defined $address_of_pooler;

	my $tls = PostgreSQL::Test::Utils::tempdir;
	make_certificate($tls, 'server', 'naytife-postgres-pooler-rw');
	my $server = PostgreSQL::Test::Cluster->new('verbatim', port => 5432);
	$server->init;
	$server->append_conf('postgresql.conf', "listen_addresses = '$address'\nssl = on\nssl_cert_file = '$tls/server.crt'\nssl_key_file = '$tls/server.key'\n");
	$server->start;

	# every character that means something in a URI, a keyword string or slipway.conf
	my $password = q{p@ss:w/o?r#d%41&=+ 'q"u\\o$te;,[]} . "\xc3\xa9";
	my $literal = $password =~ s/'/''/gr;
	$server->safe_psql('postgres', "CREATE ROLE naytife LOGIN PASSWORD '$literal'");
	$server->safe_psql('postgres', 'CREATE DATABASE naytifedb OWNER naytife');
	$server->safe_psql('naytifedb', q{
		CREATE EXTENSION pg_slipway;
		CREATE SCHEMA naytife_schema AUTHORIZATION naytife; CREATE SCHEMA hydra AUTHORIZATION naytife;
		SELECT slipway.create_project(p) FROM unnest('{default,hydra}'::text[]) AS p;
		SELECT slipway.grant_role('naytife', 'deployer'); SELECT slipway.grant_role('naytife', 'uploader')});
	unlink $server->data_dir . '/pg_hba.conf';
	append_to_file($server->data_dir . '/pg_hba.conf', "hostssl all all all scram-sha-256\nlocal all all trust\n");
	$server->reload;

	my %place = (home => PostgreSQL::Test::Utils::tempdir, node => $server, db => 'naytifedb');
	mkdir "$place{home}/$_" or die "mkdir: $!\n" for qw(migrations hydra);
	write_folder({ '0001_a.sql' => "CREATE TABLE shops AS SELECT current_setting('search_path') AS path;\n" }, "$place{home}/migrations");
	write_folder({ '0001_a.sql' => "CREATE TABLE clients AS SELECT current_setting('search_path') AS path;\n" }, "$place{home}/hydra");
	write_config(\%place, <<'END');
[naytife]
url = postgresql://naytife:${PASSWORD}@naytife-postgres-pooler-rw.naytife.svc.cluster.local:5432/naytifedb?sslmode=require&search_path=naytife_schema

[hydra]
url = postgresql://naytife:${PASSWORD}@naytife-postgres-pooler-rw.naytife.svc.cluster.local:5432/naytifedb?sslmode=require&search_path=hydra
project = hydra
dir = hydra

[keywords]
url = host=naytife-postgres-rw port=5432 user=naytife password=${PASSWORD} dbname=naytifedb sslmode=require

[quoted]
url = host=naytife-postgres-rw port=5432 user='naytife' password='${PASSWORD}' dbname=naytifedb sslmode=require

[parameters]
url = postgresql://naytife-postgres-rw/naytifedb?user=naytife&password=${PASSWORD}&sslmode=require
END
	my %env = (PASSWORD => $password, PGHOSTADDR => $address);

	client_is(\%place, [ '-e', 'naytife', 'migrate' ], { err => qr/^0001_a  applied/m }, 'a service', connect => 0, env => \%env);
	client_is(\%place, [ '-e', 'hydra', 'migrate' ], { err => qr/^0001_a  applied/m }, 'another one in the same database', connect => 0, env => \%env);
	query_is($server, 'SELECT a.path, b.path FROM naytife_schema.shops AS a, hydra.clients AS b', 'naytife_schema|hydra', 'each has its schema', db => 'naytifedb');
	for my $section (qw(keywords quoted parameters))
	{
		my (undef, $err) = client_is(\%place, [ '-v', '-e', $section, 'status' ], { out => qr/^0001_a +applied/m, err => qr/^connected/m }, $section,
			connect => 0, env => \%env);
		unlike($err, qr/\Q$password\E/, 'no password is shown');
	}
	$server->safe_psql('postgres', q{ALTER ROLE naytife PASSWORD 'simple'});
	client_is(\%place, ['status'], { out => qr/^0001_a +applied/m, err => qr/1 applied/ }, 'the keyword string in a variable', connect => 0,
		env => { DB_ADMIN_CONN_STRING => 'host=naytife-postgres-rw port=5432 user=naytife password=simple dbname=naytifedb sslmode=require', PGHOSTADDR => $address });
	$server->safe_psql('postgres', "ALTER ROLE naytife PASSWORD '$literal'");
	my ($exit, $out, $err) = client(\%place, [ '-v', '-e', 'naytife', 'status' ], connect => 0, env => { %env, PASSWORD => "Wr0ng $password" });
	is($exit, 8, 'a wrong password');
	like($err, qr/password authentication failed for user "naytife"/, 'is said');
	unlike($err, qr/Wr0ng/, 'and not shown');
	client_is(\%place, [ '-e', 'naytife', 'status' ],
		{ exit => 2, err => "slipway: error: slipway.conf:2: environment variable PASSWORD is not set\n" }, 'no password', connect => 0, env => { PASSWORD => '' });

	SKIP:
	{
		skip('needs PgBouncer', 1) unless defined pooler_program();
		with_pooler($server, 'naytife',
			"listen_addr = $address_of_pooler\nlisten_port = 5432\npool_mode = transaction\nclient_tls_sslmode = require\n"
			  . "client_tls_cert_file = $tls/server.crt\nclient_tls_key_file = $tls/server.key\n",
			sub {
				write_folder({ '0002_b.sql' => "CREATE TABLE more AS SELECT current_setting('search_path') AS path;\n" }, "$place{home}/$_") for qw(migrations hydra);
				client_is(\%place, [ '-q', '-e', $_, 'migrate' ], { err => qr/\A(slipway: warning: .*pooler.*\n(hint: .*\n)?)?\z/ }, "$_ through a pooler",
					connect => 0, env => { %env, PGHOSTADDR => $address_of_pooler })
				  for qw(naytife hydra);
			});
		query_is($server, 'SELECT a.path, b.path FROM naytife_schema.more AS a, hydra.more AS b', 'naytife_schema|hydra', 'each has its schema there', db => 'naytifedb');
	}
	$server->stop;
}

$node->stop;
done_testing();
