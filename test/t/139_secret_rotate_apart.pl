# secret rotate: what keeps it out of the server's log, and two of them, or one that was lost, out of each other's way.

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

my $node = new_secret_node('rotate_apart');
$node->append_conf('postgresql.conf', "wal_level = replica\nmax_wal_senders = 5\n");
$node->restart;
my $cloud = new_cloud();
my @faults = map { new_faults($cloud) } 1, 2;
my $place = new_secret_place($node);
my @env = map { { cloud_env($cloud, via => $_), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'SHOP_' } } @faults;
my $verifier = "SELECT rolpassword FROM pg_authid WHERE rolname = '$place->{app}'";
my $offset = 0;

sub start_rotate
{
	my ($number, @args) = @_;

	return start_client($place, [ 'secret', 'rotate', @args ], connect => 0, env => $env[$number]);
}

sub rotate { return finish_client(start_rotate(0, @_)) }

sub password { return in_force($place, $env[0], 'DB_PASSWORD')->{DB_PASSWORD} }

# How many verifiers the log has got since this was last asked.
sub verifiers_logged
{
	my $log = slurp_file($node->logfile, $offset);

	$offset = -s $node->logfile;
	return scalar(() = $log =~ /SCRAM-SHA-256\$\d/g);
}

write_env($place, '.env', 'parameters', 'admin', 'url');
my ($exit, $out, $err) = client($place, [ 'secret', 'import', '.env' ], connect => 0, env => $env[0]);
is($exit, 0, 'import') or BAIL_OUT($err);

# The log: the extension is there

verifiers_logged();
($exit, $out, $err) = rotate();
is($exit, 0, 'with the extension') or diag($err);
like(slurp_file($node->logfile, $offset), qr/fastpath function call: "slipway_change_password"/, 'a function is called');
is(verifiers_logged(), 0, 'the log has no verifier');

# It is not there, and the server logs statements

sql($node, 'DROP EXTENSION pg_slipway CASCADE', db => $place->{db});
verifiers_logged();
my ($old, $had) = (password(), sql($node, $verifier)->{out});
for my $args ([], ['-n'])
{
	($exit, $out, $err) = rotate(@$args);
	is($exit, 2, "without it: refused @$args");
	is($err, "slipway: error: the server's log would show the verifier of the new password of role \"$place->{app}\": log_min_duration_statement = 0, log_statement = all\n"
		  . "hint: Install the extension in this database, or let the role switch that off (see doc/secrets.md), or accept it: --allow-log.\n", 'with the reason');
}
is(sql($node, $verifier)->{out}, $had, 'the role is as it was');
is(password(), $old, 'the store too');
store_is_clean($cloud, 'refused');
($exit, $out, $err) = rotate('--allow-log');
is($exit, 0, '--allow-log') or diag($err);
is(verifiers_logged(), 1, 'the log has it then');
sql($node, "GRANT SET ON PARAMETER log_statement, log_min_duration_statement TO $place->{app}");
($exit, $out, $err) = rotate();
is($exit, 0, 'a role that may switch that off') or diag($err);
is(verifiers_logged(), 0, 'does');
sql($node, "REVOKE SET ON PARAMETER log_statement, log_min_duration_statement FROM $place->{app}; ALTER ROLE $place->{app} SUPERUSER");
($exit, $out, $err) = rotate();
is($exit, 0, 'so does a superuser') or diag($err);
is(verifiers_logged(), 0, 'the log has no verifier');
sql($node, "ALTER ROLE $place->{app} NOSUPERUSER; ALTER ROLE $place->{app} SET log_statement = none; ALTER ROLE $place->{app} SET log_min_duration_statement = 250");
($exit, $out, $err) = rotate();
is($exit, 0, 'a server that logs what takes long') or diag($err);
is(verifiers_logged(), 0, 'logs none');

# While somebody else changes the role, such a statement waits only as long as the log does not get it

my $other = start_sql($node, "BEGIN;\nALTER ROLE $place->{app} CONNECTION LIMIT 50;\nSELECT pg_sleep(60);", application => 'other');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'other' AND wait_event = 'PgSleep'}, 'the role is being changed');
$old = password();
($exit, $out, $err) = rotate();
is($exit, 1, 'a role that is locked');
like($err, qr/error: could not change the password of role "$place->{app}": canceling statement due to lock timeout/, 'is not waited for');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'other'});
finish_sql($other);
is(password(), $old, 'the old password is in force');
is(logs_in($place, $env[0]), $place->{app}, 'and works');
store_is_clean($cloud, 'a role that is locked');
sql($node, "ALTER ROLE $place->{app} RESET ALL");
sql($node, 'CREATE EXTENSION pg_slipway', db => $place->{db});

# Somebody who rotates the same role in another database

$other = start_sql($node, "BEGIN;\nSELECT pg_advisory_xact_lock(hashtext('slipway secret rotate'), hashtext('$place->{app}'));\nSELECT pg_sleep(60);", application => 'other');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'other' AND wait_event = 'PgSleep'}, 'the lock is held');
($exit, $out, $err) = rotate();
is($exit, 7, 'a role has one password in all databases');
like($err, qr/error: the password of role "$place->{app}" is being changed by another slipway/, 'which one changes at a time');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'other'});
finish_sql($other);

# One that finds the note of another one, which ends before it goes on

set_faults($faults[0], { method => 'POST', path => '/containers', times => 1, do => 'delay', seconds => 3 });
set_faults($faults[1], { method => 'GET', path => '/containers', after => 2, times => 1, do => 'delay', seconds => 8 });
$old = password();
my $first = start_rotate(0);
$first->{run}->pump until $first->{err} =~ /logged in with it/;
my $second = start_rotate(1);
($exit, $out, $err) = finish_client($first);
is($exit, 0, 'the first of two') or diag($err);
my $new = password();
isnt($new, $old, 'has a new password');
($exit, $out, $err) = finish_client($second);
set_faults($_) for @faults;
is($exit, 0, 'the second one') or diag($err);
like($err, qr/^an interrupted change of the password was brought to its end$/m, 'takes it for one that was interrupted');
is(password(), $new, 'and leaves what the first one has stored');
is(logs_in($place, $env[0]), $place->{app}, 'which works');
store_is_clean($cloud, 'two');

# Secrets that stand for themselves: when the next change is due stays known

my $alone = new_secret_place($node);
my %alone = (cloud_env(new_cloud()), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'ALONE_');
my %setting = (DB_HOST => $node->host, DB_PORT => $node->port, DB_NAME => $alone->{db}, DB_USERNAME => $alone->{app}, DB_PASSWORD => $alone->{password}{app});
for my $name (sort keys %setting)
{
	write_folder({ value => $setting{$name} }, $alone->{home});
	($exit, $out, $err) = client($alone, [ 'secret', 'put', $name, '--file', 'value', '--rotation', '90d', '--purpose', 'the shop' ], connect => 0, env => \%alone);
	is($exit, 0, "$name is stored") or diag($err);
}
($exit, $out, $err) = client($alone, [ 'secret', 'rotate' ], connect => 0, env => \%alone);
is($exit, 0, 'secrets that are in no set') or diag($err);
isnt(in_force($alone, \%alone, 'DB_PASSWORD')->{DB_PASSWORD}, $setting{DB_PASSWORD}, 'there is a new password');
is(logs_in($alone, \%alone), $alone->{app}, 'which works');
($exit, $out, $err) = client($alone, [ 'secret', 'list' ], connect => 0, env => \%alone);
like($out, qr/^ALONE_DB_PASSWORD +secret +0 days +in (?:89|90) days +the shop/m, 'it is due when the old one was');

# A change that the server has not ended when nobody waits for it any more, as its standby is away

sql($node, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
$node->reload;
$had = sql($node, $verifier)->{out};
$first = start_rotate(0);
wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = '$place->{app}' AND wait_event = 'SyncRep'", 'the server waits for its standby');
$first->{run}->kill_kill;
is(sql($node, $verifier)->{out}, $had, 'the role has its old password');
($exit, $out, $err) = rotate();
is($exit, 7, 'another one') or diag($err);
like($err, qr/is being changed by another slipway/, 'does not take that for the end of it');
sql($node, 'ALTER SYSTEM RESET synchronous_standby_names');
$node->reload;
wait_until($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = '$place->{app}'", 'the server does not wait any more');
isnt(sql($node, $verifier)->{out}, $had, 'the role has the new one');
($exit, $out, $err) = rotate('--json');
is($exit, 0, 'the next one') or diag($err);
is_deeply(json_lines($out), [ { event => 'secret_rotation_settled', outcome => 'finished' } ], '--json');
like($err, qr/^an interrupted change of the password was brought to its end$/m, 'finds it in the store');
is(logs_in($place, $env[0]), $place->{app}, 'and it works');
store_is_clean($cloud, 'a server that waits');

$node->stop;
done_testing();
