# TLS: a server with a certificate of a made-up authority, and clients that
# look closely, or not.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use SlipwayTls;
use Test::More;

plan(skip_all => 'needs the program openssl') unless has_openssl();

my $tls = PostgreSQL::Test::Utils::tempdir;

make_certificate($tls, 'ca', 'Test Authority');
make_certificate($tls, 'other_ca', 'Other Authority');
make_certificate($tls, 'server', 'db.slipway.test', 'ca');
make_certificate($tls, 'alice', 'alice', 'ca');

# TLS needs TCP: an address of the loopback interface only
my $node = PostgreSQL::Test::Cluster->new('tls');
$node->init;
$node->append_conf('postgresql.conf', <<"END");
listen_addresses = '127.0.0.1'
log_connections = on
log_disconnections = on
ssl = on
ssl_cert_file = '$tls/server.crt'
ssl_key_file = '$tls/server.key'
ssl_ca_file = '$tls/ca.crt'
END
$node->start;
my ($address, $port) = ('127.0.0.1', $node->port);
my $user = getpwuid $>;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_slipway');
my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
$node->safe_psql($place->{db}, "CREATE ROLE alice LOGIN; SELECT slipway.grant_role('alice', 'reader')");
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf',
	"hostssl all alice all cert\nhostssl all all all trust\nhostnossl $place->{db} all all reject\nlocal all all trust\nhost all all all trust\n");
$node->reload;

delete @ENV{ grep { /^PGSSL/ } keys %ENV };
$ENV{HOME} = $place->{home};	# where no certificates are

my $base = "host=db.slipway.test hostaddr=$address port=$port dbname=$place->{db}";
my %pending = (out => qr/^0001_a +pending$/m, err => "project default: 1 pending\n");

sub connects
{
	my ($conninfo, $name, %env) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return client_is($place, [ 'status', '-d', $conninfo ], \%pending, $name, connect => 0, env => \%env);
}

sub fails
{
	my ($conninfo, $message, $name, %env) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return client_is($place, [ 'status', '-d', $conninfo ], {
			exit => 8, err => qr/\Aslipway: error: could not connect \(options\): .*$message\n\z/s },
		$name, connect => 0, env => \%env);
}

connects($base, 'TLS if there is');
connects("$base sslmode=require", 'sslmode=require');
connects("$base sslmode=verify-ca sslrootcert=$tls/ca.crt", 'sslmode=verify-ca');
connects("$base sslmode=verify-full sslrootcert=$tls/ca.crt", 'sslmode=verify-full');
connects("postgresql://$user\@db.slipway.test:$port/$place->{db}?hostaddr=$address&sslmode=verify-full&sslrootcert=$tls/ca.crt",
	'in a URI');
connects("postgresql://$user\@db.slipway.test:$port/$place->{db}?hostaddr=$address&search_path=public&sslmode=verify-full&sslrootcert=$tls/ca.crt",
	'with a search_path between them');
connects($base, 'in variables', PGSSLMODE => 'verify-full', PGSSLROOTCERT => "$tls/ca.crt");

fails("$base sslmode=disable", qr/pg_hba\.conf rejects connection for host "\Q$address\E", .*, no encryption/, 'sslmode=disable');
fails("$base sslmode=verify-full sslrootcert=$tls/other_ca.crt", qr/SSL error: certificate verify failed/, 'the wrong authority');
fails("$base sslmode=verify-full", qr/root certificate file "\Q$place->{home}\E\/\.postgresql\/root\.crt" does not exist\n.*/, 'no authority');
fails("$base sslmode=verify-full sslrootcert=$tls/none.crt", qr/root certificate file "\Q$tls\E\/none\.crt" does not exist\n.*/,
	'a file of authorities that is not there');
my $elsewhere = $base =~ s/db\.slipway/other.slipway/r;
fails("$elsewhere sslmode=verify-full sslrootcert=$tls/ca.crt",
	qr/server certificate for "db\.slipway\.test" does not match host name "other\.slipway\.test"/, 'the wrong name');
connects("$elsewhere sslmode=verify-ca sslrootcert=$tls/ca.crt", 'which verify-ca does not look at');

# Which is not waited for, either
for my $wrong ("sslmode=verify-full sslrootcert=$tls/other_ca.crt", 'sslmode=verify-full', "sslmode=disable")
{
	my ($exit, undef, $err) = client($place, [ 'wait', '-d', "$base $wrong", '--timeout', '1min' ], connect => 0);
	is($exit, 8, "wait with $wrong");
	like($err, qr/\Aslipway: error: could not connect \(options\): /, 'says so at once');
}

# Certificates of clients

connects("$base user=alice sslcert=$tls/alice.crt sslkey=$tls/alice.key", 'a certificate instead of a password');
fails("$base user=alice sslmode=require", qr/FATAL:  connection requires a valid client certificate/, 'none');
chmod 0644, "$tls/alice.key" or die "chmod: $!\n";
fails("$base user=alice sslmode=require sslcert=$tls/alice.crt sslkey=$tls/alice.key",
	qr/private key file "\Q$tls\E\/alice\.key" has group or world access; .*/, 'a key that others may read');
openssl($tls, 'rsa', '-aes256', '-passout', 'pass:S3cret', '-in', "$tls/alice.key", '-out', "$tls/locked.key");
chmod 0600, "$tls/locked.key" or die "chmod: $!\n";
connects("$base user=alice sslcert=$tls/alice.crt sslkey=$tls/locked.key sslpassword=S3cret", 'a key with a password');
my ($exit, $out, $err) =
  client($place, [ '-v', 'status', '-d', "$base user=alice sslcert=$tls/alice.crt sslkey=$tls/locked.key sslpassword=Wr0ng" ], connect => 0);
is($exit, 8, 'the wrong password of a key: exit code');
like($err, qr/could not load private key file/, 'says so');
unlike("$out$err", qr/Wr0ng/, 'and does not show it');

# A connection that was begun while the scripts were read, and one of them is bad

{
	my $broken = new_place($node, { 'bad.sql' => "SELECT '\xff';\n" }, bare => 1);
	my %refused = (exit => 4, err => "slipway: error: migrations/bad.sql:1:9: invalid UTF-8 at byte offset 8\nhint: Scripts are UTF-8 text.\n");
	my $offset;

	$offset = wait_for_log($node);
	for my $scripts (0 .. 19)
	{
		# it comes to be known ever later
		put_files($broken, { map { sprintf('%04d_%d.sql', $scripts, $_) => "SELECT 1;\n" } 1 .. 50 });
		client_is($broken, [ 'status', '-d', $base ], \%refused, "a folder with an error, $scripts", connect => 0);
	}
	connections_are($node, $offset, 20, 'TLS that is not needed any more');
	$offset = wait_for_log($node);
	client_is($broken, [ 'status', '-d', "$base user=alice sslcert=$tls/alice.crt sslkey=$tls/locked.key" ], \%refused,
		'a key with a password, and no question for it', connect => 0);
	connections_are($node, $offset, 0, 'a key with a password');
}

# Where the server has no TLS

$node->append_conf('postgresql.conf', 'ssl = off');
$node->restart;
fails("$base sslmode=require", qr/server does not support SSL, but SSL was required/, 'a server without TLS');
client_is($place, [ 'wait', '-d', "$base sslmode=require" ], { exit => 8, err => qr/\Aslipway: error: could not connect .*server does not support SSL/ },
	'which is not waited for', connect => 0);

$node->stop;
done_testing();
