# secret rotate: a role's password is changed in the database and in Barbican, or in neither.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayOpenStack;
use SlipwaySecrets;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $why = why_no_openstack();
plan(skip_all => $why) if defined $why;

my $node = new_secret_node('rotate');
my $cloud = new_cloud();
my $faults = new_faults($cloud);
my %env = (cloud_env($cloud, via => $faults), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'SHOP_');
my $place = new_secret_place($node);
my $shown = '';
my %known = map { $_ => 1 } values %{ $place->{password} };

# Runs a command, keeps what it shows, and what passwords there are then.
sub run
{
	my @args = @_;
	my %more = ref $args[-1] ? %{ pop @args } : ();
	my ($exit, $out, $err) = client($place, [@args], connect => 0, env => { %env, %more });

	$shown .= $out . $err;
	$known{$_} = 1 for grep { defined } values %{ in_force($place, \%env, qw(DB_PASSWORD DB_ADMIN_PASSWORD)) };
	return ($exit, $out, $err);
}

sub password { return in_force($place, \%env, 'DB_PASSWORD')->{DB_PASSWORD} }

# Is everything as it was?
sub is_unchanged
{
	my ($old, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(password(), $old, "$name: the store has the old password");
	is(logs_in($place, \%env), $place->{app}, "$name: it works");
	return store_is_clean($cloud, $name);
}

write_env($place, '.env', 'parameters', 'admin', 'url');
my ($exit, $out, $err) = run('secret', 'import', '.env');
is($exit, 0, 'import') or diag($err);

($exit, $out, $err) = run('secret', 'rotate', '-n');
is($exit, 0, '-n');
is($err, "would change the password of role \"$place->{app}\", in the database and in\n  SHOP_DB_PASSWORD\n  SHOP_DATABASE_URL\n", 'says where the password is');
is_unchanged($place->{password}{app}, '-n');

($exit, $out, $err) = run('secret', 'rotate');
is($exit, 0, 'rotate') or diag($err);
my $new = password();
like($new, qr/^[A-Za-z0-9_-]{44}$/, 'there is a new password');
is(logs_in($place, \%env), $place->{app}, 'which works');
like(in_force($place, \%env, 'DATABASE_URL')->{DATABASE_URL}, qr{^postgresql://$place->{app}:$new\@}, 'also in the URL');
is(in_force($place, \%env, 'DB_ADMIN_PASSWORD')->{DB_ADMIN_PASSWORD}, $place->{password}{admin}, 'that of the administrator is the old one');
store_is_clean($cloud, 'rotate');
{
	local $ENV{PGPASSWORD} = $place->{password}{app};
	isnt(system('psql', '-Xqc', 'SELECT 1', '-o', '/dev/null', '-d', $node->connstr($place->{db}) . " user=$place->{app}"), 0, 'the old one does not work');
}
like($node->safe_psql('postgres', "SELECT rolpassword FROM pg_authid WHERE rolname = '$place->{app}'"), qr/^SCRAM-SHA-256\$/, 'the server has a verifier');

($exit, $out, $err) = run('secret', 'rotate', '--role', 'admin', '--json');
is($exit, 0, '--role admin') or diag($err);
is_deeply(json_lines($out), [ { event => 'secret_rotated', role => $place->{admin}, secrets => ['SHOP_DB_ADMIN_PASSWORD'] } ], '--json');
is(password(), $new, 'that of the application stays');
store_is_clean($cloud, '--role admin');

# A superuser leaves no verifier in the log

my $offset = -s $node->logfile;
sql($node, "ALTER ROLE $place->{admin} SUPERUSER");
($exit, $out, $err) = run('secret', 'rotate', '--role', 'admin');
is($exit, 0, 'of a superuser') or diag($err);
unlike(slurp_file($node->logfile, $offset), qr/SCRAM-SHA-256\$/, 'the log has no verifier');

# What fails leaves all as it was

my $old = password();
for my $case (
	[ 'Barbican stores nothing', 8, [ { method => 'POST', path => '/secrets', do => 'status', status => 500 } ], qr/500/ ],
	[ 'the second secret is not stored', 8, [ { method => 'POST', path => '/secrets', after => 1, do => 'cut' } ], qr/Barbican/ ],
	[ 'it is not read back', 8, [ { method => 'GET', path => '/payload', after => 12, do => 'status', status => 503 } ], qr/503/ ],
	[ 'the set is not made', 8, [ { method => 'POST', path => '/containers', do => 'status', status => 500 } ], qr/500/ ],
	[ 'the set may not be made', 1, [ { method => 'POST', path => '/containers', do => 'status', status => 403 } ], qr/does not allow this/ ])
{
	my ($name, $expected, $rules, $text) = @$case;

	set_faults($faults, @$rules);
	($exit, $out, $err) = run('secret', 'rotate');
	set_faults($faults);
	is($exit, $expected, "$name: exit code") or diag($err);
	like($err, $text, "$name: why");
	is_unchanged($old, $name);
}
sql($node, "ALTER ROLE $place->{app} CONNECTION LIMIT 2");
($exit, $out, $err) = run('secret', 'rotate');
is($exit, 8, 'no login with the new one: exit code');
like($err, qr/could not log in with the new password: .*too many connections/, 'no login with the new one: why');
like($err, qr/^the role has its old password again$/m, 'it is taken back');
sql($node, "ALTER ROLE $place->{app} CONNECTION LIMIT -1");
is_unchanged($old, 'no login with the new one');

# An answer that is lost is not a failure

set_faults($faults, { method => 'POST', path => '/containers', times => 1, do => 'lost' });
($exit, $out, $err) = run('secret', 'rotate');
set_faults($faults);
is($exit, 0, 'the answer to the last request is lost') or diag($err);
isnt(password(), $old, 'there is a new password');
is(logs_in($place, \%env), $place->{app}, 'which works');
store_is_clean($cloud, 'lost answer');

# Two at the same time

my $lock = start_sql($node, "SELECT pg_advisory_lock(hashtext('slipway secret rotate'), hashtext('$place->{app}'));\nSELECT pg_sleep(60);",
	db => $place->{db}, application => 'other');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'other' AND wait_event = 'PgSleep'}, 'the lock is held');
$old = password();
($exit, $out, $err) = run('secret', 'rotate');
is($exit, 7, 'while somebody else does the same');
like($err, qr/error: the password of role "$place->{app}" is being changed by another slipway/, 'it is refused');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'other'});
finish_sql($lock);
is_unchanged($old, 'refused');

# What cannot be rotated

($exit, $out, $err) = run('secret', 'rotate', { SLIPWAY_SECRETS => 'environment', SLIPWAY_SECRET_PREFIX => '' });
is($exit, 2, 'of another store');
like($err, qr/passwords in "environment" cannot be changed by slipway/, 'is refused');
sql($node, "ALTER ROLE $place->{app} NOLOGIN");
($exit, $out, $err) = run('secret', 'rotate');
is($exit, 8, 'of a role that cannot log in');
sql($node, "ALTER ROLE $place->{app} LOGIN");

my $secrets = join '|', map { quotemeta } keys %known;
cmp_ok(scalar(keys %known), '>=', 5, 'many passwords');
unlike($shown, qr/$secrets/, 'none was shown');
unlike(slurp_file($node->logfile), qr/$secrets/, 'nor is one in the log of the server');

$node->stop;
done_testing();
