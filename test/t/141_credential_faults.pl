# credential migrate when a step fails: all is as it was before, and what was tried is on record.

use strict;
use warnings FATAL => 'all';

use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayCredential;
use SlipwayOpenStack;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_credential_node('credential_faults');
my $why = why_no_openstack();

# A port at which nobody listens.
my $closed = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
my $port = $closed->sockport;
close $closed;

# Everything is as it was before; rest: what is said of it.
sub is_undone
{
	my ($place, $project, $name, %option) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(state_of($place, $project), ($option{status} // 'rolled_back') . '|f|f', "$name: no role, and no secret");
	is(log_in($place, $project), $place->{shared}, "$name: the application uses the shared role");
	no_traces_left($place, $name);
	return;
}

sub is_recorded
{
	my ($place, $project, $step, $message, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return like(sql($place->{node}, "SELECT message FROM slipway.log WHERE project = '$project' AND action = 'credential_$step' AND outcome = 'failed' ORDER BY entry DESC LIMIT 1",
		db => $place->{db})->{out}, $message, "$name: on record");
}

# All that has to do with the server; of what does not depend on the store only what is needed, where it is a slow one.
sub run_faults
{
	my ($place, $is_slow) = @_;
	my $shared = $place->{shared};
	my ($exit, $out, $err);

	sql($node, "CREATE TABLE projects (ref text, login text, status text, kept text); INSERT INTO projects VALUES ('mapped', '$shared', 'old', 'nowhere')", db => $place->{db});
	add_project($place, 'shop');
	add_project($place, 'taken');
	add_project($place, 'mapped', mapping => literal('{"table": "public.projects", "project": "ref", "role": "login", "status": "status", "reference": "kept"}'));
	add_project($place, 'bare', unregistered => 1);
	my $before = 'SELECT * FROM projects';

	# at first
	($exit, $out, $err) = credential($place, 'migrate', 'nowhere');
	is($exit, 1, 'no such project');
	like($err, qr/there is no project "nowhere"/, 'is said');
	($exit, $out, $err) = credential($place, 'migrate', 'bare');
	is($exit, 1, 'not registered');
	like($err, qr/project "bare" has no credential\nhint: Say with "slipway credential register"/, 'is said');
	($exit, $out, $err) = credential($place, 'migrate');
	is($exit, 2, 'no project at all');

	# validate: a health URL, with the mapping to be put back
	($exit, $out, $err) = credential($place, 'migrate', 'mapped', '--health-url', "http://127.0.0.1:$port/up/%p", '--health-timeout', '600ms');
	is($exit, 5, 'validate: nobody answers');
	like($err, qr{mapped: validate: 1 fault was found\ndetail: health: http://127.0.0.1:$port/\*\*\*: }, 'is said');
	like($err, qr/rolled back: what the application uses, the rights, the role and the secret are as they were before/, 'and what was put back');
	is_undone($place, 'mapped', 'validate');
	query_is($node, $before, "mapped|$shared|old|nowhere", 'the table of its own too', db => $place->{db});

	# create: the role is there already
	sql($node, "CREATE ROLE app_taken_$place->{number}", db => $place->{db});
	($exit, $out, $err) = credential($place, 'migrate', 'taken', '--json');
	is($exit, 5, 'a role that exists');
	my ($event) = json_lines($out);
	is(join(' ', @{ $event->[0] }{qw(outcome step sqlstate)}), 'rolled_back create SW042', '--json');
	like($err, qr/taken: create: role "app_taken_$place->{number}" exists already\n/, 'is said');
	is(state_of($place, 'taken'), 'rolled_back|t|f', 'no secret is left, and the role stays');
	is(log_in($place, 'taken'), $shared, 'the application uses the shared role');
	is_recorded($place, 'taken', 'create', qr/exists already/, 'a role that exists');
	($exit, $out, $err) = credential($place, 'migrate', 'taken', '--adopt');
	is($exit, 0, 'it is adopted') or diag($err);
	is(log_in($place, 'taken'), "app_taken_$place->{number}", 'and works');
	($exit, $out, $err) = credential($place, 'rollback', 'taken', '--cleanup');
	is($exit, 0, 'and given back') or diag($err);
	like($err, qr/logged in as the previous role "$shared", with TAKEN_DB_PASSWORD/, 'the previous role works');
	query_is($node, "SELECT rolcanlogin, (SELECT rolpassword IS NULL FROM pg_authid a WHERE a.oid = r.oid) FROM pg_roles r WHERE rolname = 'app_taken_$place->{number}'", 'f|t',
		'the role is as it was', db => $place->{db});

	return if $is_slow;
	# create: who may not make roles
	sql($node, "SET log_statement = none; CREATE ROLE weak_$place->{number} LOGIN PASSWORD 'weak'; SELECT slipway.grant_role('weak_$place->{number}', 'admin')", db => $place->{db});
	($exit, $out, $err) = credential($place, 'migrate', 'shop', '-U', "weak_$place->{number}", { PGPASSWORD => 'weak' });
	is($exit, 5, 'no CREATEROLE');
	like($err, qr/shop: create: /, 'is said');
	is_undone($place, 'shop', 'no CREATEROLE');

	# update: the mapping's table lacks the project, or is gone
	sql($node, 'ALTER TABLE projects RENAME TO others', db => $place->{db});
	($exit, $out, $err) = credential($place, 'migrate', 'mapped');
	is($exit, 5, 'update: the mapped table is gone');
	like($err, qr/mapped: update: this is no mapping to a table\n/, 'is said');
	is_undone($place, 'mapped', 'update');
	is_recorded($place, 'mapped', 'update', qr/^this is no mapping to a table$/, 'update');
	sql($node, 'ALTER TABLE others RENAME TO projects', db => $place->{db});

	# validate: sessions of the shared role
	my $session = do
	{
		local $ENV{PGPASSWORD} = $place->{password};
		start_sql($node, 'SELECT pg_sleep(600)', db => $place->{db}, user => $shared, application => 'mapped');
	};
	wait_until($node, "SELECT count(*) = 1 FROM slipway.credential_sessions('mapped')", 'there is a session', db => $place->{db});
	($exit, $out, $err) = credential($place, 'migrate', 'mapped');
	is($exit, 5, 'a session of the shared role');
	like($err, qr/detail: previous role: pid \d+ is a session of "$shared" that serves the project: application "mapped"/, 'is said');
	is_undone($place, 'mapped', 'sessions');
	my $waiting = start_client($place, [ 'credential', 'migrate', 'mapped', '--grace', '5min' ], env => $place->{env});
	wait_until($node, "SELECT status = 'active' FROM slipway.project_credential WHERE project = 'mapped'", 'it waits', db => $place->{db});
	sql($node, "SELECT pg_terminate_backend(pid) FROM slipway.credential_sessions('mapped')", db => $place->{db});
	finish_sql($session);
	($exit, $out, $err) = finish_client($waiting);
	is($exit, 0, '--grace waits') or diag($err);
	like($err, qr/waiting for 1 session of role "$shared" to end/, 'and says so');
	query_is($node, "SELECT login, status, kept ~ '^(barbican|file:)' FROM projects", "app_mapped_$place->{number}|active|t", 'the mapped table knows', db => $place->{db});

	# what was active and validated stays
	($exit, $out, $err) = credential($place, 'migrate', 'mapped', '--health-url', "http://127.0.0.1:$port/", '--health-timeout', '100ms');
	is($exit, 4, 'what was validated before is not undone');
	is(log_in($place, 'mapped'), "app_mapped_$place->{number}", 'the application goes on');
	sql($node, "GRANT CREATE ON SCHEMA shop TO app_mapped_$place->{number}", db => $place->{db});
	($exit, $out, $err) = credential($place, 'validate', 'mapped');
	is($exit, 4, 'a right too many');
	like($err, qr/superfluous right: SCHEMA shop: CREATE/, 'is found');
	($exit, $out, $err) = credential($place, 'repair', 'mapped');
	is($exit, 0, 'repair') or diag($err);
	like($err, qr/mapped: REVOKE CREATE ON SCHEMA shop FROM app_mapped_$place->{number}\n/, 'says what it does');
	($exit, $out, $err) = credential($place, 'rollback', 'mapped', '--cleanup');
	is($exit, 0, 'rollback') or diag($err);
	is_undone($place, 'mapped', 'rollback');
	query_is($node, $before, "mapped|$shared|old|nowhere", 'the mapped table again', db => $place->{db});

	# a role that owns something blocks the way back
	is((credential($place, 'migrate', 'shop'))[0], 0, 'migrate') or diag($err);
	sql($node, "CREATE TABLE shop.owned (); ALTER TABLE shop.owned OWNER TO app_shop_$place->{number}", db => $place->{db});
	($exit, $out, $err) = credential($place, 'rollback', 'shop', '--cleanup');
	is($exit, 1, 'the role owns something');
	like($err, qr/detail: .*shop\.owned/s, 'is listed');
	is(log_in($place, 'shop'), "app_shop_$place->{number}", 'and the application goes on');
	($exit, $out, $err) = credential($place, 'rollback', 'shop', '--cleanup', '--owned', 'drop');
	is($exit, 2, 'to drop it is asked for');
	like($err, qr/this would drop all that the roles own, and there is nobody to ask/, 'is said');
	($exit, $out, $err) = credential($place, 'rollback', 'shop', '--cleanup', '--owned', 'reassign', '--heir', $place->{owner});
	is($exit, 0, 'it gets an heir') or diag($err);
	is_undone($place, 'shop', 'reassigned');
	query_is($node, "SELECT tableowner FROM pg_tables WHERE tablename = 'owned'", $place->{owner}, 'it is there', db => $place->{db});

	# somebody else
	my $lock = start_sql($node, "SELECT pg_advisory_lock(hashtext('slipway credential'), hashtext('shop')), pg_sleep(60)", db => $place->{db});
	wait_until($node, "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2", 'it is locked', db => $place->{db});
	($exit, $out, $err) = credential($place, 'migrate', 'shop');
	is($exit, 7, 'somebody else works on it');
	like($err, qr/the credential of the project is being worked on by another slipway/, 'is said');
	sql($node, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2", db => $place->{db});
	finish_sql($lock);
	return;
}

subtest file => sub {
	my $place = new_credential_place($node, 'file');

	run_faults($place);

	# a store that cannot be used
	chmod 0644, $place->{file};
	my ($exit, $out, $err) = credential($place, 'migrate', 'shop');
	is($exit, 1, 'a file that others can read');
	like($err, qr/shop: generate: the file of secrets ".*" can be read by others/, 'is said');
	chmod 0600, $place->{file};
	is_undone($place, 'shop', 'a file that others can read', status => 'failed');
	($exit, $out, $err) = credential($place, 'migrate', 'shop', { SLIPWAY_SECRETS => 'environment' });
	is($exit, 2, 'the environment cannot be written to');
	($exit, $out, $err) = credential($place, 'migrate', 'shop', { SLIPWAY_SECRETS => '' });
	is($exit, 2, 'no store');
	($exit, $out, $err) = credential($place, 'migrate', 'shop');
	is($exit, 0, 'now it goes') or diag($err);
	($exit, $out, $err) = credential($place, 'generate', 'shop', { SLIPWAY_SECRET_PREFIX => 'OTHER_' });
	is($exit, 2, 'another prefix');
	like($err, qr/the password of its role is kept elsewhere: file:.*:SHOP_\@[0-9a-f]{32}/, 'is said');

	# two projects of one prefix
	add_project($place, 'a-b', stored => 0);
	add_project($place, 'a.b', stored => 0);
	($exit, $out, $err) = credential($place, 'migrate', 'a-b');
	is($exit, 2, 'two projects with the same prefix');
	like($err, qr/projects "a-b" and "a\.b" would have the same secrets, A_B_\.\.\./, 'are refused');

	is(slurp_file($place->{file}) =~ /\A# kept\n/, 1, 'what else is in the file stays');
	log_is_clean($place, 'file');
};

subtest barbican => sub {
	plan(skip_all => $why) if defined $why;
	my $cloud = new_cloud();
	my $faults = new_faults($cloud);
	my $place = new_credential_place($node, 'barbican', cloud => $cloud, via => $faults);

	run_faults($place, 1);

	my @down = ({ service => 'barbican', do => 'status', status => 503, body => 'down' });

	set_faults($faults, @down);
	my ($exit, $out, $err) = credential($place, 'migrate', 'shop');
	is($exit, 8, 'no store');
	set_faults($faults);
	is_undone($place, 'shop', 'no store', status => 'failed');
	for my $case (
		[ 'generate: nothing can be stored', 'generate', { method => 'POST', path => '/secrets', do => 'status', status => 503 } ],
		[ 'generate: what was stored cannot be read', 'generate', { method => 'GET', path => '/payload', after => 2, do => 'status', status => 500 } ],
		[ 'update: the set cannot be put in force', 'update', { method => 'POST', path => '/containers', do => 'status', status => 403, body => 'no' } ])
	{
		my ($name, $step, $rule) = @$case;

		set_faults($faults, { service => 'barbican', %$rule });
		($exit, $out, $err) = credential($place, 'migrate', 'shop');
		is($exit, 5, $name) or diag($err);
		like($err, qr/shop: $step: /, "$name: is said");
		set_faults($faults);
		is_undone($place, 'shop', $name);
	}

	# a step by itself
	set_faults($faults, { service => 'barbican', method => 'POST', path => '/secrets', after => 1, do => 'status', status => 403, body => 'no' });
	($exit, $out, $err) = credential($place, 'generate', 'shop');
	is($exit, 1, 'generate by itself: one can be stored only') or diag($err);
	set_faults($faults);
	is_undone($place, 'shop', 'generate by itself', status => 'failed');

	# the store dies before a way back: the database waits
	set_faults($faults, { service => 'barbican', method => 'POST', path => '/containers', do => 'status', status => 403, body => 'no' },
		{ service => 'barbican', method => 'DELETE', do => 'status', status => 503, body => 'down' });
	($exit, $out, $err) = credential($place, 'migrate', 'shop');
	is($exit, 1, 'nor can it be undone');
	like($err, qr/shop: it could not be undone, and stays as it is until the next call: /, 'is said');
	is(state_of($place, 'shop'), 'failed|t|t', 'the database knows of role and secret');
	set_faults($faults);
	no_traces_left($place, 'nor can it be undone');
	($exit, $out, $err) = credential($place, 'migrate', 'shop');
	is($exit, 0, 'the next call finishes it') or diag($err);
	is(log_in($place, 'shop'), "app_shop_$place->{number}", 'and it works');
	no_traces_left($place, 'the next call');
	log_is_clean($place, 'barbican');
};

$node->stop;
done_testing();
