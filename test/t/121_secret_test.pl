# secret test and check with a store of secrets: a line for each step, and what each fault is like.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('secret_test');
my ($host, $port) = ($node->host, $node->port);
my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
my $user = getpwuid $>;

sql($node, "CREATE ROLE app LOGIN PASSWORD 'S3cret'; CREATE TABLE orders AS SELECT generate_series(1, 42); GRANT SELECT, INSERT ON orders TO app", db => $place->{db});
unlink $node->data_dir . '/pg_hba.conf';
append_to_file($node->data_dir . '/pg_hba.conf', "local all app scram-sha-256\nlocal all all trust\n");
$node->reload;
delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGOPTIONS PGSERVICE PGPASSFILE PGSSLMODE)};

sub write_secrets
{
	my (%secrets) = @_;

	write_folder({ secrets => join '', map { "$_=$secrets{$_}\n" } sort keys %secrets }, $place->{home});
	chmod 0600, "$place->{home}/secrets" or die "chmod: $!\n";
	return;
}

sub stored_is
{
	my ($args, $expected, $name, %env) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($out, $err) = client_is($place, [ '--secrets', 'file:secrets', @$args ], $expected, $name, connect => 0, env => \%env);
	unlike("$out$err", qr/S3cret/, "$name: no secret is shown");
	return ($out, $err);
}

my %app = (DB_HOST => $host, DB_PORT => $port, DB_NAME => $place->{db}, DB_USERNAME => 'app', DB_PASSWORD => 'S3cret');
my $moment = qr/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d\S*/;

# Each step

sub steps_of
{
	my ($check, $role) = @_;

	return qr{ok +$check +connected to database "\Q$place->{db}\E" on "\Q$host\E" port $port as role "$role"
ok +$check +PostgreSQL \d\S+.*, its time is $moment, the role is "$role"
ok +$check +no TLS, as it is a local socket
};
}

write_secrets(%app, DB_ADMIN_USERNAME => $user);
my ($app, $admin) = (steps_of('application', 'app'), steps_of('admin', $user));
stored_is([ 'secret', 'test' ], {
		out => qr{\AOUTCOME +CHECK +WHAT WAS FOUND
ok +store +\S.*: 6 secrets \(\d.*\)
ok +application +found: DB_USERNAME in file:secrets
${app}ok +admin +found: DB_ADMIN_USERNAME in file:secrets
$admin\z},
		err => "9 ok, 0 warnings, 0 failed, 0 skipped\n" }, 'both connections');
my ($out) = stored_is([ '--json', 'secret', 'test', '--query', 'SELECT count(*) FROM orders' ],
	{ out => qr/\A(\{.*\}\n)+\z/, err => "11 ok, 0 warnings, 0 failed, 0 skipped\n" }, 'for programs');
my @lines = grep { exists $_->{check} } @{ json_lines($out) };
is_deeply([ map { $_->{check} } @lines ], [ 'store', ('application') x 5, ('admin') x 5 ], 'for programs: checks');
is_deeply([ @{ $lines[5] }{qw(outcome text)} ], [ 'ok', '--query: 42' ], 'for programs: the count');

# One's own query

for my $try (
	[ 'SELECT 1 WHERE false', qr/failed +application +--query: 0 rows of 1 columns, not one value\n/ ],
	[ 'TABLE orders', qr/failed +application +--query: 42 rows of 1 columns, not one value\n/ ],
	[ 'SELECT 1, 2', qr/failed +application +--query: 1 rows of 2 columns, not one value\n/ ],
	[ 'INSERT INTO orders VALUES (43) RETURNING 1', qr/failed +application +--query: cannot execute INSERT in a read-only transaction\n/ ],
	[ 'SELECT 1; SELECT 2', qr/failed +application +--query: cannot insert multiple commands into a prepared statement\n/ ],
	[ 'SET application_name = x', qr/failed +application +--query: it is no query\n/ ],
	[ 'SELECT nothing', qr/failed +application +--query: column "nothing" does not exist\n/ ])
{
	my ($query, $line) = @$try;

	stored_is([ 'secret', 'test', '--query', $query ], { exit => 1, out => $line, err => "9 ok, 0 warnings, 2 failed, 0 skipped\n" }, $query);
}
query_is($node, 'SELECT count(*) FROM orders', '42', 'nothing was changed', db => $place->{db});

# What is wrong

write_secrets(%app, DB_PASSWORD => 'S3cret_no_more', DB_ADMIN_USERNAME => $user);
stored_is([ 'secret', 'test' ], {
		exit => 8,
		out => qr{failed +application +could not connect \(DB_USERNAME in file:secrets\): .*password authentication failed for user "app"
 +hint: What is stored may be out of date: "slipway secret put" replaces it\.\nok +admin +found},
		err => "6 ok, 0 warnings, 1 failed, 0 skipped\n" }, 'the wrong password');
write_secrets(%app, DB_HOST => '/nonexistent,/none');
stored_is([ 'secret', 'test' ], {
		exit => 8, out => qr{failed +application +could not connect \(DB_USERNAME in file:secrets\): connection to server on socket "/nonexistent/\S+" failed: No such file or directory; connection to server on socket "/none/\S+" failed: No such file or directory\n},
		err => qr/ 2 failed/ }, 'several addresses in one line');
write_secrets(DB_ADMIN_USERNAME => $user, map { $_ => $app{$_} } qw(DB_HOST DB_PORT DB_NAME));
stored_is([ 'secret', 'test' ], { out => qr/skipped +application +nothing says how the application connects\nok +admin/, err => "5 ok, 0 warnings, 0 failed, 1 skipped\n" },
	'an administrator only');
write_secrets(DB_USERNAME => 'app');
stored_is([ 'secret', 'test' ], {
		exit => 1, out => qr/failed +application +file:secrets has no secret "DB_HOST"\n +hint: .*\nfailed +admin +file:secrets has no secret "DB_HOST"\n/,
		err => "1 ok, 0 warnings, 2 failed, 0 skipped\n" }, 'half of it');
chmod 0644, "$place->{home}/secrets" or die "chmod: $!\n";
stored_is([ 'secret', 'test' ], { exit => 8, out => qr/\AOUTCOME.*\nfailed +store +.*\n +hint: .*chmod 600.*\n\z/, err => '' }, 'a store that is not safe');
client_is($place, [ 'secret', 'test' ], {
		exit => 2, err => qr/\Aslipway: error: nothing says which store of secrets is meant\nhint: / }, 'no store', connect => 0);

# check

stored_is(['check'], { exit => 1, out => qr/^failed +store +.*\n(.*\n)*failed +server +could not connect: .*secrets.*\n/m, err => qr/2 failed/ }, 'check: a store that is not safe');
write_secrets(%app, DB_ADMIN_USERNAME => $user);
my ($line) = stored_is([ 'check', '--json' ], { exit => 0, out => qr/"check":"restricted"/, err => qr/ 0 failed/ }, 'check: a good one');
is_deeply([ map { "$_->{check} $_->{outcome}" } grep { $_->{check} =~ /^(store|server|application)$/ } @{ json_lines($line) } ], [ 'store ok', 'server ok', 'application ok' ],
	'check: the store, what comes from it, and the application');
write_secrets(%app, DB_PASSWORD => '', DB_ADMIN_USERNAME => $user);
stored_is(['check'], { exit => 1, out => qr/^failed +application +could not connect: .*"DB_PASSWORD".*empty/m, err => qr/1 failed/ }, "check: the application's password is missing");

$node->stop;
done_testing();
