# A store that says something else while exec and wait wait: that counts.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayOpenStack;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $node = new_node('waiting');
my ($host, $port) = ($node->host, $node->port);
my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
my $later = 1;

sql($node, q{CREATE ROLE app LOGIN PASSWORD 'first'; SELECT slipway.grant_role('app', 'reader')}, db => $place->{db});
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf', "local all app scram-sha-256\nlocal all all trust\n");
$node->reload;
my ($exit, undef, $err) = client($place, ['migrate']);
is($exit, 0, 'migrate') or diag($err);
my @connection = @ENV{qw(PGHOST PGPORT PGDATABASE)};
delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGOPTIONS PGSERVICE PGPASSFILE PGSSLMODE)};

my %app = (DB_HOST => $host, DB_PORT => $port, DB_NAME => $place->{db}, DB_USERNAME => 'app', DB_PASSWORD => 'first');

sub write_secrets
{
	my (%more) = @_;
	my %all = (%app, %more);

	write_folder({ 'secrets.new' => join '', map { "$_=$all{$_}\n" } sort keys %all }, $place->{home});
	chmod 0600, "$place->{home}/secrets.new" or die "chmod: $!\n";
	rename "$place->{home}/secrets.new", "$place->{home}/secrets" or die "rename: $!\n";
	return;
}

# Starts a command and returns when it waits for that.
sub start_waiting
{
	my ($expected, @args) = @_;
	my $client = start_client($place, [ '--secrets', 'file:secrets', @args ], connect => 0);

	$client->{run}->pump until $client->{err} =~ $expected;
	return $client;
}

sub ends_with
{
	my ($client, $expected, $name) = @_;
	my ($exit, $out, $err) = finish_client($client);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, $expected->{exit} // 0, "$name: exit code") or diag($err);
	is($out, $expected->{out} // '', "$name: stdout");
	like($err, $expected->{err}, "$name: stderr") if defined $expected->{err};
	return;
}

sub change_password
{
	my ($password) = @_;

	sql($node, "ALTER ROLE app PASSWORD '$password'");
	return;
}

# A migration that is not there yet, in the file and then in the database.
sub add_migration
{
	my $name = sprintf '%04d_later', ++$later;

	write_folder({ "migrations/$name.sql" => "SELECT 1;\n" }, $place->{home});
	return $name;
}

sub migrate_all
{
	local @ENV{qw(PGHOST PGPORT PGDATABASE)} = @connection;

	client_is($place, ['migrate'], { err => qr/1 migration applied/ }, 'and then it is applied');
	return;
}

my @print = ('sh', '-c', 'echo "$DB_PASSWORD $(psql -XAtc "SELECT current_user")"');

# exec --require

write_secrets();
my $name = add_migration();
my $client = start_waiting(qr/waiting for migration/, 'exec', '--require', $name, @print);
sleep(1.2);
change_password('second');
write_secrets(DB_PASSWORD => 'second');
migrate_all();
ends_with($client, { out => "second app\n" }, 'changed while a migration was waited for');

$name = add_migration();
$client = start_waiting(qr/waiting for migration/, 'exec', '--require', $name, @print);
sleep(1.2);
unlink "$place->{home}/secrets" or die "unlink: $!\n";
migrate_all();
ends_with($client, { out => "second app\n" }, 'a store that is not there any more');

$name = add_migration();
write_secrets(DB_PASSWORD => 'second');
$client = start_waiting(qr/waiting for migration/, 'exec', '--require', $name, @print);
sleep(1.2);
write_secrets(DB_PASSWORD => 'second', DB_ROTATION => 'x');
migrate_all();
$client->{run}->pump until $client->{err} =~ /being changed/;
change_password('third');
write_secrets(DB_PASSWORD => 'third');
ends_with($client, { out => "third app\n", err => qr/^waiting for the server \(\S+ port $port\): its password is being changed in the store$/m }, 'changed just then');

# A password that is wrong for a moment

for my $command ([ 'exec', 'true' ], ['wait'])
{
	write_secrets(DB_ROTATION => 'x');
	$client = start_waiting(qr/waiting for the server \(\S+ port $port\): its password is being changed in the store\n/, @$command);
	write_secrets(DB_PASSWORD => 'third');
	ends_with($client, {}, "$command->[0]: until it is in force");
}
write_secrets(DB_ADMIN_ROTATION => 'x');
client_is($place, [ '--secrets', 'file:secrets', 'exec', '--timeout', '5s', 'true' ], {
		exit => 8, err => qr/^slipway: error: the server \(\S+ port $port\) was not ready within 5\.\d+ s: its password is being changed in the store\nhint: If that was interrupted, "slipway secret rotate" settles it\.\n\z/m },
	'not without end', connect => 0);
write_secrets();
my $began = time;
client_is($place, [ '--secrets', 'file:secrets', 'exec', '--timeout', '60s', 'true' ], { exit => 8, err => qr/\Aslipway: error: .*password authentication failed/ }, 'one that is wrong', connect => 0);
cmp_ok(time - $began, '<', 30, 'is not waited for');

# Another place

write_secrets(DB_PASSWORD => 'third', DB_HOST => '/nonexistent');
$client = start_waiting(qr/waiting for the server \(\/nonexistent port $port\)/, 'exec', @print);
write_secrets(DB_PASSWORD => 'third');
ends_with($client, { out => "third app\n" }, 'a server that has moved');

# A real rotation

SKIP:
{
	my $why = why_no_openstack();
	skip($why, 1) if defined $why;
	my $cloud = new_cloud();
	my %env = (cloud_env($cloud), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'P_');

	store_secret($cloud, "P_$_", $_ eq 'DB_PASSWORD' ? 'third' : $app{$_}) for sort keys %app;
	$name = add_migration();
	my $client = start_client($place, [ 'exec', '--require', $name, @print ], connect => 0, env => \%env);
	$client->{run}->pump until $client->{err} =~ /waiting for migration/;
	client_is($place, [ 'secret', 'rotate' ], { err => qr/in force/ }, 'rotate', connect => 0, env => \%env);
	migrate_all();
	my (undef, $out) = client($place, [ 'secret', 'get', 'DB_PASSWORD' ], connect => 0, env => \%env);
	chomp $out;
	isnt($out, 'third', 'there is a new password');
	ends_with($client, { out => "$out app\n" }, 'rotated while a migration was waited for');
}

$node->stop;
done_testing();
