# Roles of projects side by side: for every pair of them, nothing that one has in its schemas is read, written, made, changed or
# locked by the other's, whatever PUBLIC may there and whichever way it is named. That something is there is no secret:
# catalogs are for everybody.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('isolation');
my $verifier = 'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$' . 'A' x 43 . '=:' . 'A' x 43 . '=';

# With an owner and without, in all presets, with names that need quotes.
my %project = (
	alpha => { role => 'app_alpha', schema => 'alpha', preset => 'read-write', owner => 'owner' },
	beta => { role => 'App "beta"', schema => q{It's "beta"}, preset => 'owner', owner => 'owner' },
	gamma => { role => 'app_gamma', schema => 'gamma', preset => 'read-only' },
	delta => { role => "app_\x{c3}\x{a4}", schema => 'delta x', preset => 'owner' });

sub quoted
{
	my ($name) = @_;

	return '"' . $name =~ s/"/""/gr . '"';
}

$node->safe_psql('postgres', 'CREATE ROLE owner; CREATE ROLE shared LOGIN; GRANT CREATE ON DATABASE postgres TO owner; CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;
	GRANT USAGE ON FOREIGN SERVER nowhere TO PUBLIC');

# One of each kind; and all of it is PUBLIC's, who has no way there.
sub make_project
{
	my ($name, $it) = @_;
	my $schema = quoted($it->{schema});
	my $as = $it->{owner} ? "SET ROLE $it->{owner};" : '';

	$node->safe_psql('postgres', qq{
		$as
		CREATE SCHEMA $schema;
		SET search_path = $schema;
		CREATE TABLE item (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text DEFAULT 'of $name');
		INSERT INTO item DEFAULT VALUES;
		CREATE TABLE part (id integer PRIMARY KEY) PARTITION BY RANGE (id);
		CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
		CREATE FOREIGN TABLE far (id integer) SERVER nowhere;
		CREATE VIEW shown AS SELECT * FROM item;
		CREATE MATERIALIZED VIEW kept AS SELECT * FROM item;
		CREATE SEQUENCE counter;
		CREATE TYPE mood AS ENUM ('good');
		CREATE DOMAIN short AS text;
		CREATE TYPE pair AS (a integer, b integer);
		CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT 2 * \$1';
		CREATE FUNCTION names() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER BEGIN ATOMIC SELECT name FROM $schema.item; END;
		CREATE PROCEDURE work() LANGUAGE sql AS '';
		CREATE AGGREGATE total(integer) (sfunc = int4pl, stype = integer);
		CREATE OPERATOR <+> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = pg_catalog.int4pl);
		CREATE COLLATION ours FROM "C";
		CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.simple);
		GRANT ALL ON ALL TABLES IN SCHEMA $schema TO PUBLIC;
		GRANT ALL ON item TO shared;
		RESET ROLE;
		RESET search_path;});
	$node->safe_psql('postgres', 'SELECT slipway.create_project(' . literal($name) . ', ARRAY[' . literal($it->{schema}) . '], '
		  . ($it->{owner} ? literal($it->{owner}) : 'NULL') . ')');
	$node->safe_psql('postgres', 'SELECT slipway.register_credential(' . join(', ', map { literal($_) } $name, @$it{qw(role preset)}) . ", 'shared');"
		  . "SELECT slipway.generate_credential('store', '$name'), slipway.create_credential('$verifier', '$name'), slipway.update_credential('$name'), slipway.validate_credential('$name')");
	return;
}

make_project($_, $project{$_}) for sort keys %project;

# Whatever one could do to the schema of a project: names of what there is are in the catalogs.
sub attempts
{
	my ($it) = @_;
	my $schema = quoted($it->{schema});
	my $role = quoted($it->{role});
	my @by_oid = split /\n/, $node->safe_psql('postgres', "SELECT format('SELECT setval(%s::oid::regclass, 1)', c.oid) FROM pg_class c WHERE c.relnamespace = "
		  . literal($schema) . "::regnamespace AND c.relkind = 'S' AND NOT c.relacl::text LIKE '%,=%'");

	return (
		(map { ("SELECT * FROM $schema.$_", "SELECT count(*) FROM $schema.$_", "SELECT * FROM $schema.$_ FOR SHARE", "LOCK TABLE $schema.$_ IN ACCESS SHARE MODE",
				"INSERT INTO $schema.$_ DEFAULT VALUES", "UPDATE $schema.$_ SET id = id", "DELETE FROM $schema.$_", "MERGE INTO $schema.$_ USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
				"ALTER TABLE $schema.$_ ADD COLUMN more text", "COMMENT ON COLUMN $schema.$_.id IS 'x'", "GRANT SELECT ON $schema.$_ TO PUBLIC", "SELECT pg_relation_size(" . literal("$schema.$_") . ")",
				"CREATE TEMP TABLE copy AS SELECT * FROM $schema.$_", "CREATE TEMP TABLE copy (LIKE $schema.$_)", "CREATE TEMP VIEW copy AS SELECT * FROM $schema.$_") }
			  qw(item part part_1 far shown kept)),
		(map { ("TRUNCATE $schema.$_", "DROP TABLE $schema.$_", "CREATE INDEX ON $schema.$_ (id)", "CREATE TEMP TABLE child () INHERITS ($schema.$_)",
				"CREATE TRIGGER t BEFORE INSERT ON $schema.$_ EXECUTE FUNCTION suppress_redundant_updates_trigger()", "CREATE POLICY p ON $schema.$_",
				"CREATE RULE r AS ON INSERT TO $schema.$_ DO INSTEAD NOTHING") } qw(item part part_1)),
		"CREATE TEMP TABLE refers (id integer REFERENCES $schema.item)",
		"REFRESH MATERIALIZED VIEW $schema.kept",
		"SELECT nextval(" . literal("$schema.counter") . ")", "SELECT setval(" . literal("$schema.item_id_seq") . ", 7)", "SELECT last_value FROM $schema.counter", "ALTER SEQUENCE $schema.counter RESTART",
		@by_oid,
		"SELECT $schema.twice(2)", "SELECT * FROM $schema.names()", "CALL $schema.work()", "SELECT $schema.total(1)", "SELECT 1 OPERATOR($schema.<+>) 2",
		"CREATE FUNCTION $schema.more() RETURNS integer LANGUAGE sql AS 'SELECT 1'", "CREATE OR REPLACE FUNCTION $schema.twice(integer) RETURNS integer LANGUAGE sql AS 'SELECT 3'",
		"CREATE AGGREGATE pg_temp.other(integer) (sfunc = $schema.twice, stype = integer)",
		"SELECT 'good'::$schema.mood", "SELECT 'x'::$schema.short", "SELECT (1, 2)::$schema.pair", "CREATE TEMP TABLE typed (x $schema.mood)", "ALTER TYPE $schema.mood ADD VALUE 'bad'",
		"SELECT 'a' COLLATE $schema.ours", "SELECT to_tsvector(" . literal("$schema.words") . ", 'a')",
		"CREATE TABLE $schema.mine ()", "CREATE VIEW $schema.mine AS SELECT 1", "CREATE SEQUENCE $schema.mine", "CREATE TYPE $schema.mine AS ENUM ()",
		"DROP SCHEMA $schema CASCADE", "ALTER SCHEMA $schema RENAME TO taken", "GRANT USAGE ON SCHEMA $schema TO PUBLIC", "ALTER TABLE $schema.item SET SCHEMA pg_temp",
		"ALTER DEFAULT PRIVILEGES FOR ROLE $role IN SCHEMA $schema GRANT SELECT ON TABLES TO PUBLIC",
		"SET ROLE $role", "SET SESSION AUTHORIZATION $role", "GRANT $role TO CURRENT_USER", "ALTER ROLE $role PASSWORD 'x'", "DROP ROLE $role", "COMMENT ON ROLE $role IS 'mine'", "REASSIGN OWNED BY $role TO CURRENT_USER",
		'SET ROLE owner', 'SET ROLE shared', 'SELECT * FROM slipway.credential', "SELECT slipway.rollback_credential('alpha')", 'SELECT * FROM slipway.project_credential');
}

# As which a session is started, in a connection string.
sub user
{
	my ($name) = @_;

	return "'$project{$name}{role}'";
}

# Tries all as the role of a project; returns those that ended otherwise than for want of a right.
sub not_refused
{
	my ($name, @attempts) = @_;
	my $answer = sql($node, 'DO $do$ DECLARE s text; outcome text; BEGIN FOREACH s IN ARRAY ARRAY[' . join(', ', map { literal($_) } @attempts) . q{] LOOP
		BEGIN
			EXECUTE s;
			RAISE EXCEPTION USING errcode = '00001';
		EXCEPTION WHEN OTHERS THEN
			outcome := sqlstate;
		END;
		IF outcome <> '42501' THEN
			RAISE WARNING '% by %', outcome, s;
		END IF;
	END LOOP; END $do$}, user => user($name));

	diag $answer->{err} if $answer->{exit} != 0;
	return $answer->{exit} == 0 ? map { $_->[1] } @{ $answer->{warning} } : ('the session failed');
}

# The same in its own schema: enough of them go through, so that it is not the tests which are refused.
for my $one (sort keys %project)
{
	my @allowed = grep { /^00001/ } not_refused($one, attempts($project{$one}));
	my %least = ('read-only' => 15, 'read-write' => 25, owner => 40);

	cmp_ok(scalar @allowed, '>=', $least{ $project{$one}{preset} }, "$one: the role does in its own schema what it may");
	for my $other (grep { $_ ne $one } sort keys %project)
	{
		is(join("\n", not_refused($one, attempts($project{$other}))), '', "$one: nothing in the schema of $other");
		is(sql($node, 'SET search_path = ' . quoted($project{$other}{schema}) . '; SELECT * FROM item', user => user($one))->{sqlstate}, '42P01', "$one: nor with the search_path of $other");
	}
}

# Sessions of another role: what they do is not shown, and they are not ended.
my $busy = $node->background_psql('postgres', extra_params => [ '-U', $project{alpha}{role} ]);
my $pid = answer_of($busy, 'SELECT pg_backend_pid()');
is(sql($node, "SELECT query FROM pg_stat_activity WHERE pid = $pid", user => user('gamma'))->{out}, '<insufficient privilege>', 'what another one does is not shown');
is(sql($node, "SELECT $_($pid)", user => user('gamma'))->{sqlstate}, '42501', "no $_()") for qw(pg_terminate_backend pg_cancel_backend);
$busy->quit;
{
	local $ENV{PGUSER} = $project{gamma}{role};
	command_fails_like([ 'pg_dump', '-d', $node->connstr('postgres'), '-n', 'alpha' ], qr/permission denied/, 'nor dumped');
}

# A way for PUBLIC is found, in the projects which it leads to and from which it does.
is($node->safe_psql('postgres', q{SELECT count(*) FROM slipway.project p, slipway.check_credential(p.name)}), 0, 'all is well with all of them');
$node->safe_psql('postgres', 'GRANT USAGE ON SCHEMA gamma TO PUBLIC');
is(join(' ', grep { /gamma\.item/ } not_refused('alpha', 'SELECT * FROM gamma.item')), '00001 by SELECT * FROM gamma.item', 'with USAGE for PUBLIC there would be one');
is($node->safe_psql('postgres', q{SELECT string_agg(p.name || ': ' || c.finding || ' ' || c.object, ', ' ORDER BY p.name) FROM slipway.project p, slipway.check_credential(p.name) c}),
	'alpha: public right SCHEMA gamma, beta: public right SCHEMA gamma, delta: public right SCHEMA gamma', 'which is found');
is(sql($node, "SELECT slipway.validate_credential('alpha')")->{sqlstate}, 'SW044', 'and is not well');
$node->safe_psql('postgres', 'REVOKE USAGE ON SCHEMA gamma FROM PUBLIC');

my $counter = $node->safe_psql('postgres', q{GRANT USAGE ON SEQUENCE gamma.counter TO PUBLIC; SELECT 'gamma.counter'::regclass::oid});
is(sql($node, "SELECT nextval(${counter}::oid::regclass)", user => user('alpha'))->{out}, 1, 'a sequence needs no schema, if one knows its OID');
is($node->safe_psql('postgres', q{SELECT finding, object, detail FROM slipway.check_credential('alpha')}), 'public right|SEQUENCE gamma.counter|USAGE', 'which is found, too');
is($node->safe_psql('postgres', q{SELECT kind, object, privilege FROM slipway.credential_rights('alpha') WHERE state = 'public'}), 'SEQUENCE|gamma.counter|USAGE', 'among rights');
is($node->safe_psql('postgres', q{SELECT count(*) FROM slipway.check_credential('gamma')}), 0, 'but for the project itself');

# And back: what the roles have made themselves is all that keeps them.
for my $one (sort keys %project)
{
	is($node->safe_psql('postgres', "SELECT slipway.rollback_credential('$one')"), 'rolled_back', "$one: rolled back");
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_roles WHERE rolname ILIKE 'app%'}), 0, 'no role is left');
$node->stop;

done_testing();
