# Who may do what, with the logins of people and not with SET ROLE: a deployer
# without any rights of its own deploys to a project that has an owner role,
# and can neither leave that role nor touch the records.

use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(sha256_hex);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('logins');

$node->safe_psql(
	'postgres', q{
	CREATE ROLE keeper;
	CREATE ROLE shop_owner;
	CREATE ROLE alice LOGIN;	-- deployer
	CREATE ROLE bob LOGIN;		-- uploader
	CREATE ROLE carol LOGIN;	-- reader
	CREATE ROLE dave LOGIN;		-- nothing
	CREATE ROLE erin LOGIN;		-- admin
	CREATE ROLE team;			-- deployer and uploader, of frank
	CREATE ROLE frank LOGIN IN ROLE team;
	CREATE SCHEMA shop AUTHORIZATION shop_owner;
	REVOKE CREATE ON SCHEMA public FROM PUBLIC;
	SELECT slipway.set_owner('keeper');
	SELECT slipway.create_project('shop', '{shop}', 'shop_owner');
	SELECT slipway.create_project('other');
	SELECT slipway.grant_role('alice', 'deployer', 'shop');
	SELECT slipway.grant_role('bob', 'uploader', 'shop');
	SELECT slipway.grant_role('carol', 'reader', 'shop');
	SELECT slipway.grant_role('erin', 'admin', 'shop');
	SELECT slipway.grant_role('team', 'deployer', 'shop');
	SELECT slipway.grant_role('team', 'uploader', 'shop');});

sub as
{
	my ($user, $statement) = @_;

	return sql($node, $statement, user => $user);
}

sub refused
{
	my ($user, $statement, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is(as($user, $statement)->{sqlstate}, '42501', $name);
}

my $CALL = q{CALL slipway.migrate('shop')};
my $COUNT = q{SELECT count(*) FROM slipway.history};

# The usual deploy: bob uploads, alice deploys, carol looks.
as('bob', q{SELECT slipway.add_migration('0001_item', 'CREATE TABLE item (id integer); INSERT INTO item VALUES (1)', project => 'shop')});
refused('bob', $CALL, 'the uploader cannot deploy');
refused('carol', $CALL, 'nor can the reader');
refused('dave', $CALL, 'nor can anybody else');
query_is($node, $COUNT, '0', 'and nothing has happened');
refused('alice', 'CREATE TABLE shop.mine ()', 'the deployer cannot create anything in the schema');
refused('alice', 'CREATE TABLE public.mine ()', 'nor elsewhere');
my $answer = migrate($node, project => 'shop', user => 'alice');
is($answer->{exit}, 0, 'the deployer deploys') or diag($answer->{err});
query_is($node, q{SELECT tableowner FROM pg_tables WHERE schemaname = 'shop'},
	'shop_owner', 'what the script made belongs to the owner role');
query_is($node, 'SELECT migration, outcome, session_role, effective_role FROM slipway.history',
	'0001_item|succeeded|alice|shop_owner', 'the history has both roles');
query_is($node, 'SELECT session_role, effective_role, outcome FROM slipway.run',
	'alice|shop_owner|succeeded', 'and so has the run');
refused('alice', 'SELECT * FROM shop.item', 'the deployer cannot read what it has deployed');
refused('alice', 'DROP TABLE shop.item', 'nor drop it');
query_is($node, 'SELECT migration, state FROM slipway.status', '0001_item|applied', 'the reader sees the status', user => 'carol');
refused('dave', 'SELECT * FROM slipway.status', 'somebody else does not');
query_is($node, q{SELECT slipway.require('0001_item', 'shop')}, '', 'the reader can require a migration', user => 'carol');

# A failed one is recorded as well.
as('bob', q{SELECT slipway.add_migration('0002_fails', 'INSERT INTO item VALUES (1 / 0)', project => 'shop')});
$answer = migrate($node, project => 'shop', user => 'alice', go_on => 1, after => 'SELECT current_user, session_user; TABLE shop.item;');
is($answer->{sqlstate}, '22012', 'a deploy that fails');
is($answer->{out}, 'alice|alice', 'leaves the deployer as who it was');
like($answer->{err}, qr/42501: permission denied/, 'with the rights it had');
query_is($node, q{SELECT session_role, effective_role, sqlstate FROM slipway.history WHERE outcome = 'failed'},
	'alice|shop_owner|22012', 'and is recorded as its');

# Records cannot be forged, whoever you are. The owner of the tables has the
# rights to, and is stopped by the triggers.
my %forgery = (
	'insert' => q{INSERT INTO slipway.history (project, entry, action, outcome, started_at, finished_at,
		session_role, effective_role, entry_hash)
		VALUES ('shop', 99, 'apply', 'succeeded', now(), now(), 'x', 'x', '\x00')},
	'update' => q{UPDATE slipway.history SET outcome = 'succeeded'},
	'delete' => q{DELETE FROM slipway.history},
	'truncate' => q{TRUNCATE slipway.history},
	'run' => q{UPDATE slipway.run SET outcome = 'succeeded'},
	'script' => q{UPDATE slipway.script SET body = 'SELECT 1'},
	'migration' => q{INSERT INTO slipway.migration (project, name, up_hash) VALUES ('shop', 'x', '\x00')},
	'manifest' => q{DELETE FROM slipway.manifest},
	'role_grant' => q{INSERT INTO slipway.role_grant (role, kind) VALUES (current_user, 'admin')},
	'project' => q{UPDATE slipway.project SET owner = NULL},
	'body' => q{SELECT body FROM slipway.script},
	'trigger' => q{ALTER TABLE slipway.history DISABLE TRIGGER ALL},
	'grant' => q{SELECT slipway.grant_role(current_user::text, 'admin')},
	'owner' => q{SELECT slipway.set_owner(current_user::text)});
for my $user (qw(alice bob carol dave erin frank))
{
	my @let = grep { as($user, $forgery{$_})->{sqlstate} ne '42501' } sort keys %forgery;

	is("@let", '', "$user cannot write or read past the functions");
}
refused('erin', q{SELECT slipway.grant_role('erin', 'deployer', 'other')}, 'an admin of one project cannot make itself deployer of another');
refused('alice', q{CALL slipway.migrate('other')}, 'a deployer of one project cannot deploy another');
refused('bob', q{SELECT slipway.add_script('SELECT 1', 'other')}, 'an uploader of one cannot upload to another');
query_is($node, $COUNT, '2', 'no entry was made by any of this');

# Scripts of the project cannot do more than its owner role, nor leave it.
my %escape = (
	'reset role' => 'RESET ROLE; CREATE TABLE public.escaped ()',
	'set role' => 'SET ROLE alice',
	'set session authorization' => 'SET SESSION AUTHORIZATION postgres',
	'reset session authorization' => 'RESET SESSION AUTHORIZATION',
	'set_config' => q{SELECT set_config('role', 'alice', false)},
	'execute' => q{DO $$ BEGIN EXECUTE 'RESET ROLE'; END $$},
	'history' => q{DELETE FROM slipway.history},
	'history in a function' => q{CREATE FUNCTION shop.f() RETURNS void LANGUAGE sql AS 'DELETE FROM slipway.run'; SELECT shop.f()},
	'bodies' => q{SELECT body FROM slipway.script},
	'other schema' => 'CREATE TABLE public.escaped ()',
	'grant' => q{SELECT slipway.grant_role('shop_owner', 'admin')},
	'migrate' => q{CALL slipway.migrate('shop')});
for my $name (sort keys %escape)
{
	$node->safe_psql('postgres', "SELECT slipway.create_project('escape $name', '{shop}', 'shop_owner');
		SELECT slipway.grant_role('alice', 'deployer', 'escape $name');");
	add_migrations($node, [ [ '0001_escape', $escape{$name} ] ], project => "escape $name");
	$answer = migrate($node, project => "escape $name", user => 'alice');
	like($answer->{sqlstate}, qr/^(42501|SW007|SW017)$/, "a script cannot escape by $name")
	  or diag("$answer->{sqlstate} $answer->{error}");
}
query_is($node, q{SELECT count(*) FROM pg_class WHERE relname = 'escaped'}, '0', 'none of them did');
query_is($node, q{SELECT count(*) FROM slipway.history WHERE project = 'shop'}, '2', 'nor changed the records');

# A deployer that has to wait is told for whom, as far as it may know.
my $holder = $node->background_psql('postgres');
my $pid = answer_of($holder, 'SELECT pg_backend_pid()');
$holder->query_safe(q{SELECT pg_advisory_lock(slipway.lock_key('shop'))});
$answer = migrate($node, project => 'shop', user => 'alice', with => { lock_wait => 50 });
is($answer->{sqlstate}, 'SW006', 'a deployer that waits in vain') or diag($answer->{err});
like($answer->{err}, qr/\bpid $pid\b/, 'learns who holds the lock');
query_is($node, 'SELECT project, pid FROM slipway.lock_holder', "shop|$pid", 'and so can the reader', user => 'carol');
$holder->quit;

# Rights by membership; and what a right is worth once it is taken back.
my $sound = 'INSERT INTO item VALUES (2)';
my $first = 'CREATE TABLE item (id integer); INSERT INTO item VALUES (1)';
my $manifest = "slipway-manifest 1 order=auto\n" . sha256_hex($first) . " - - versioned 0001_item\n"
  . sha256_hex($sound) . " - - versioned 0002_repaired\n";
my $frank = as('frank', 'SELECT slipway.add_script(' . literal($sound) . ", 'shop') IS NOT NULL;
	SELECT * FROM slipway.add_manifest(" . literal($manifest) . ", 'shop'); $CALL;");
is($frank->{exit}, 0, 'a member of a role that may, may') or diag($frank->{err});
query_is($node, q{SELECT session_role, effective_role FROM slipway.history WHERE migration = '0002_repaired'},
	'frank|shop_owner', 'the history has the member');
$node->safe_psql('postgres', q{SELECT slipway.revoke_role('alice', 'deployer', 'shop')});
refused('alice', $CALL, 'a right taken back is gone');
query_is($node, q{SELECT * FROM slipway.verify_history('shop')}, '', 'the history verifies', user => 'carol');
history_is_sound($node, 'shop', project => 'shop');

# The bookkeeping is done as the owner of the tables, who needs nothing else.
query_is($node, q{SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'slipway'},
	'keeper', 'the tracking tables belong to the role that was chosen');
query_is($node, q{SELECT rolsuper FROM pg_roles WHERE rolname = 'keeper'}, 'f', 'which is no superuser');

no_locks_left($node, 'in the end');
$node->stop;
done_testing();
