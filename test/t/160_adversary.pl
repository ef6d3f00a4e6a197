# Hostile scripts: each is run, and what must hold whatever a script does is looked at
# after each. The table is in test/adversary/; SlipwayAdversary.pm says how it is read.

use strict;
use warnings FATAL => 'all';

use SlipwayAdversary;
use SlipwayServer;
use Test::More;

my $node = new_arena('adversary', conf => "fsync = off\nautovacuum = off\nmax_locks_per_transaction = 10\nmax_connections = 20\nmax_stack_depth = 1MB\nsession_preload_libraries = pg_slipway\nwal_level = replica\nmax_wal_senders = 2");
my $only = $ENV{ADVERSARY} // '';
my @cases = grep { index($_->{name}, $only) >= 0 } map { read_cases($_) } sort glob 'adversary/*.sql';

run_cases($node, @cases);

# What slipway itself changes in the catalogs, as a script that writes there calls for it, is no attack.
sql($node, "CREATE TABLE t (a varchar(10))");
my $answer = migrate(
	$node,
	add_one(
		$node,
		"UPDATE pg_attribute SET atttypmod = 24 WHERE attrelid = 't'::regclass AND attname = 'a'",
		"SELECT slipway.grant_role('adv_other', 'reader', 'alive')",
		"SELECT slipway.grant_role('adv_other', 'uploader', 'alive')",
		"SELECT slipway.revoke_role('adv_other', 'uploader', 'alive')",
		"UPDATE pg_attribute SET atttypmod = 34 WHERE attrelid = 't'::regclass AND attname = 'a'"));
is($answer->{sqlstate}, '', 'rights that slipway gives, between writes into catalogs') or diag($answer->{err});
query_is($node, "SELECT atttypmod, has_schema_privilege('adv_other', 'slipway', 'USAGE') FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a'", '34|t', 'both are there');

# An event trigger of a superuser, who means no harm, fires while slipway grants as a superuser: it calls slipway there.
sql($node, q{
	CREATE ROLE adv_admin LOGIN;
	SELECT slipway.grant_role('adv_admin', 'admin', 'alive');
	CREATE FUNCTION audit() RETURNS event_trigger LANGUAGE plpgsql AS
		$$BEGIN PERFORM count(*) FROM slipway.verify_history('alive'); EXCEPTION WHEN object_not_in_prerequisite_state THEN RAISE WARNING 'refused'; END$$;
	CREATE EVENT TRIGGER audit ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION audit()});
$answer = sql($node, "BEGIN; SELECT slipway.grant_role('adv_other', 'uploader', 'alive'); SELECT 'user', current_user; COMMIT", user => 'adv_admin');
is($answer->{sqlstate}, '', 'an event trigger that calls slipway while it grants, and catches the error') or diag($answer->{err});
like($answer->{err}, qr/refused/, 'the call is refused');
like($answer->{out}, qr/^user\|adv_admin$/m, 'who grants is who he was');
sql($node, "DROP EVENT TRIGGER audit; SELECT slipway.grant_role('adv_admin', 'admin')");

# What somebody asks himself, within one call of slipway, may call it again, and fail there.
$answer = sql($node, q{
	BEGIN;
	DO $$BEGIN
		PERFORM slipway.register_credentials('SELECT name AS project, (1 / (slipway.lock_key(name) * 0))::text AS role FROM slipway.project', '{"prefix": "adv_"}');
	EXCEPTION WHEN division_by_zero THEN RAISE WARNING 'caught'; END$$;
	SELECT 'outcome', outcome, current_user FROM slipway.register_credentials($q$SELECT name AS project, NULL AS role FROM slipway.project WHERE name = 'alive' AND slipway.lock_key(name) <> 0$q$, '{"prefix": "adv_"}');
	SELECT 'user', current_user;
	COMMIT}, user => 'adv_admin');
is($answer->{sqlstate}, '', 'calls within a query that is handed over') or diag($answer->{err});
like($answer->{err}, qr/caught/, 'an error in one is caught');
like($answer->{out}, qr/^outcome\|registered\|adv_admin\nuser\|adv_admin$/m, 'and then it is done, by who has called');

# What is stored of an error is enough, and not more; whoever called has all of it.
$answer = migrate($node, add_one($node, q{DO $$BEGIN RAISE '%', repeat('é', 200000) USING DETAIL = repeat('y', 262145); END$$}));
is(length($answer->{error}), 400000, 'an error of 400000 bytes: the caller gets all of it');
query_is($node, q{SELECT right(message, 30), right(detail, 26) FROM slipway.history WHERE outcome = 'failed' ORDER BY finished_at DESC LIMIT 1},
	'ééééé... (400000 bytes in all)|y... (262145 bytes in all)', 'the history has the beginning');
cmp_ok(scalar(grep { !$_->{control} } @cases), '>=', 100, 'there are a hundred attacks') if $only eq '';
done_testing();
