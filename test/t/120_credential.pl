# Credentials on a real server: what its log shows of a password, logins, sessions of the previous role,
# workers side by side, and a dump.

use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(hmac_sha256 sha256);
use IO::Socket::UNIX;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $libraries = `pg_config --pkglibdir`;
chomp $libraries;
my @preload = grep { -e "$libraries/$_.so" } qw(pg_stat_statements auto_explain pgaudit passwordcheck);
my $node = new_node('credentials', extension => 0, conf => join("\n",
	"shared_preload_libraries = '" . join(',', @preload) . "'",
	"log_statement = 'all'", 'log_min_duration_statement = 0', 'log_parameter_max_length = -1',
	'log_parameter_max_length_on_error = -1', "log_min_messages = 'debug2'", "log_min_error_statement = 'debug1'",
	'debug_print_parse = on', 'debug_print_rewritten = on', 'debug_print_plan = on', 'max_connections = 40',
	(grep { $_ eq 'auto_explain' } @preload) ? ('auto_explain.log_min_duration = 0', 'auto_explain.log_nested_statements = on') : (),
	(grep { $_ eq 'pg_stat_statements' } @preload) ? ("pg_stat_statements.track = 'all'") : (),
	(grep { $_ eq 'pgaudit' } @preload) ? ("pgaudit.log = 'all'", 'pgaudit.log_parameter = on') : ()) . "\n");

$node->safe_psql('postgres', 'CREATE EXTENSION pg_slipway');
$node->safe_psql('postgres', 'CREATE EXTENSION pg_stat_statements') if grep { $_ eq 'pg_stat_statements' } @preload;

# The verifier of a password, as libpq makes it.
sub verifier
{
	my ($password, $salt) = @_;
	my $salted = my $block = hmac_sha256($salt . pack('N', 1), $password);

	for (2 .. 4096)
	{
		$block = hmac_sha256($block, $password);
		$salted ^= $block;
	}
	return sprintf 'SCRAM-SHA-256$4096:%s$%s:%s', encode_base64($salt, ''),
	  encode_base64(sha256(hmac_sha256('Client Key', $salted)), ''),
	  encode_base64(hmac_sha256('Server Key', $salted), '');
}

# Calls a function with arguments of type text, as PQfn() does; undef is NULL. Returns its result, or the SQLSTATE.
sub call_function
{
	my ($oid, @arguments) = @_;
	my $socket = IO::Socket::UNIX->new($node->host . '/.s.PGSQL.' . $node->port) or die "no connection: $!";
	my $startup = pack('N', 196608) . join('', map { "$_\0" } 'user', 'postgres', 'database', 'postgres') . "\0";
	my $call = pack('NnnnA0', $oid, 1, 1, scalar @arguments, '');
	my $answer;

	$call .= defined $_ ? pack('N', length $_) . $_ : pack('N', 0xffffffff) for @arguments;
	$call .= pack('n', 1);
	print {$socket} pack('N', length($startup) + 4) . $startup;
	$socket->flush;
	for (my $ready = 0; $ready < 2;)
	{
		read($socket, my $head, 5) == 5 or die 'the server has closed the connection';
		my ($type, $length) = unpack 'aN', $head;
		my $body = '';

		read($socket, $body, $length - 4) if $length > 4;
		$answer = substr($body, 4) if $type eq 'V';
		$answer = $1 if $type eq 'E' && $body =~ /\0C(\w{5})\0/;
		next unless $type eq 'Z';
		print {$socket} 'F' . pack('N', length($call) + 4) . $call if $ready++ == 0;
		$socket->flush;
	}
	print {$socket} 'X' . pack('N', 4);
	return $answer;
}

my @projects = qw(alpha beta gamma);
my %password = map { $_ => "the pass-word of $_" } @projects;
my %verifier = map { $_ => verifier($password{$_}, "salt of $_ " . 'x' x 8) } @projects;

$node->safe_psql('postgres', 'CREATE ROLE shared LOGIN; CREATE ROLE owner');
$node->safe_psql('postgres', qq{
	CREATE SCHEMA $_ AUTHORIZATION owner;
	SET ROLE owner;
	CREATE TABLE $_.item (id serial, name text);
	INSERT INTO $_.item (name) VALUES ('of $_');
	CREATE FUNCTION $_.f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
	GRANT USAGE ON SCHEMA $_ TO shared;
	GRANT SELECT ON $_.item TO shared;
	RESET ROLE;
	SELECT slipway.create_project('$_', '{$_}', 'owner');
	SELECT slipway.register_credential('$_', 'app_$_', previous_role => 'shared', application => '$_-%');
	SELECT slipway.generate_credential('store:$_', '$_');}) for @projects;

# Before: nobody could log in with a password.
is($node->safe_psql('postgres', q{SELECT count(*) FROM slipway.check_credentials() WHERE finding = 'authentication'}), 3,
	'no rule of pg_hba.conf asks for a password');
my $hba = $node->data_dir . '/pg_hba.conf';
my $rules = slurp_file($hba);
unlink $hba;
append_to_file($hba, "local all app_alpha,app_beta,app_gamma scram-sha-256\n$rules");
$node->reload;
wait_until($node, q{SELECT count(*) = 0 FROM slipway.check_credentials() WHERE finding = 'authentication'}, 'now there is one');

# The verifiers come by the function call protocol.
my $create = $node->safe_psql('postgres', q{SELECT 'slipway.create_credential(text, text, boolean)'::regprocedure::oid});
for my $project (@projects)
{
	is(call_function($create, $verifier{$project}, $project, "\0"), 'created', "the role of $project is made");
	is(call_function($create, $verifier{$project}, $project, "\0"), 'created', 'once more, which changes nothing');
}
is(call_function($create, 'the pass-word itself', 'alpha', "\0"), '22023', 'a password as such is refused');
is(call_function($create, $verifier{alpha}, 'nowhere', "\0"), 'SW012', 'an unknown project');
$node->safe_psql('postgres', q{SELECT slipway.create_project('taken', '{taken}'); CREATE ROLE app_taken;
	CREATE SCHEMA taken;
	SELECT slipway.register_credential('taken', 'app_taken'); SELECT slipway.generate_credential('store', 'taken')});
is(call_function($create, $verifier{alpha}, 'taken', "\0"), 'SW042', 'a role that exists');
is(call_function($create, $verifier{alpha}, 'taken', "\1"), 'created', 'which is adopted');
$node->safe_psql('postgres', q{SELECT slipway.rollback_credential('taken'); DROP ROLE app_taken});

# As the role: its own schema, no other's.
sub as_role
{
	my ($project, $statement) = @_;

	local $ENV{PGPASSWORD} = $password{$project};
	return sql($node, $statement, user => "app_$project", application => "$project-web");
}

for my $one (@projects)
{
	is(as_role($one, "SELECT name FROM $one.item")->{out}, "of $one", "$one: a login with the password, and its own table");
	is(as_role($one, "INSERT INTO $one.item (name) VALUES ('new'); SELECT $one.f()")->{out}, '1', 'which it writes');
	for my $other (grep { $_ ne $one } @projects)
	{
		is(as_role($one, $_)->{sqlstate}, '42501', "$one: refused: $_")
		  for "SELECT FROM $other.item", "INSERT INTO $other.item (name) VALUES ('x')", "UPDATE $other.item SET name = 'x'",
		  "DELETE FROM $other.item", "TRUNCATE $other.item", "BEGIN; LOCK TABLE $other.item IN ACCESS SHARE MODE",
		  "SELECT nextval('$other.item_id_seq')", "SELECT $other.f()", "CREATE TABLE $other.mine ()",
		  "ALTER TABLE $other.item ADD COLUMN x text", "DROP TABLE $other.item", "COMMENT ON TABLE $other.item IS 'x'",
		  "SET ROLE app_$other", 'SET ROLE owner', 'SELECT * FROM slipway.credential';
	}
}
{
	local $ENV{PGPASSWORD} = 'wrong';
	isnt(sql($node, 'SELECT 1', user => 'app_alpha')->{exit}, 0, 'not with another password');
}

# Sessions of the role that all shared: by their name, or by what they have locked.
$node->safe_psql('postgres', "SELECT slipway.update_credential('$_')") for @projects;
my $named = $node->background_psql('postgres', extra_params => [ '-U', 'shared' ]);
$named->query_safe("SET application_name = 'alpha-worker'");
my $locking = $node->background_psql('postgres', extra_params => [ '-U', 'shared' ]);
$locking->query_safe("SET application_name = 'nobody knows'");
$locking->query_safe('BEGIN');
$locking->query_safe('SELECT count(*) FROM beta.item');
my $sessions = q{SELECT string_agg(concat_ws(' ', role, application_name, evidence), ', ') FROM slipway.credential_sessions('%s')};
is($node->safe_psql('postgres', sprintf $sessions, 'alpha'), 'shared alpha-worker application_name', 'a session known by its name');
is($node->safe_psql('postgres', sprintf $sessions, 'beta'), 'shared nobody knows lock', 'and one by a lock');
is($node->safe_psql('postgres', sprintf $sessions, 'gamma'), '', 'the third project has none');
is($node->safe_psql('postgres', q{SELECT slipway.record_usage('alpha'), slipway.record_usage('alpha'), slipway.record_usage('beta'), slipway.record_usage('gamma')}),
	'1|1|1|0', 'they are noted');
is($node->safe_psql('postgres', q{SELECT project, role, application_name, evidence, looks, sessions FROM slipway.role_usage ORDER BY project}),
	"alpha|shared|alpha-worker|application_name|2|1\nbeta|shared|nobody knows|lock|1|1", 'and stay known');
is($node->safe_psql('postgres', q{SELECT string_agg(risk || ' ' || sessions || ' ' || custom_grants, ', ' ORDER BY p)
	  FROM unnest('{alpha,beta,gamma}'::text[]) p, slipway.credential_risk(p)}), 'medium 1 0, medium 1 0, low 0 0', 'who is used is riskier');
is(sql($node, "SELECT slipway.validate_credential('alpha')")->{sqlstate}, 'SW044', 'while there is one, all is not well');
is($node->safe_psql('postgres', q{SELECT finding FROM slipway.check_credential('beta')}), 'previous role', 'which is the finding');
is($node->safe_psql('postgres', q{SELECT slipway.validate_credential('gamma') IS NOT NULL}), 't', 'the third is well');
$_->quit for $named, $locking;
wait_until($node, q{SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = 'shared'}, 'they are gone');
is($node->safe_psql('postgres', q{SELECT slipway.validate_credential('alpha') IS NOT NULL AND slipway.validate_credential('beta') IS NOT NULL}), 't',
	'then the others are well, too');
$node->safe_psql('postgres', 'GRANT DELETE, TRUNCATE ON gamma.item TO shared; CREATE POLICY p ON gamma.item TO shared USING (true)');
is($node->safe_psql('postgres', q{SELECT risk, custom_grants, policies, owned FROM slipway.credential_risk('gamma')}), 'medium|1|1|0',
	'what binds a project to the role makes it riskier');

# Schema public belongs to a role as which nobody makes anything.
$node->safe_psql('postgres', q{SELECT slipway.create_project('pub', '{public}'), slipway.register_credential('pub', 'app_pub')});
is($node->safe_psql('postgres', q{SELECT count(*) FROM slipway.credential_statements('pub') s WHERE s LIKE 'ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA public%'}), 3,
	'default privileges there are those of the owner of the database');
$node->safe_psql('postgres', q{SELECT slipway.create_project('pub', '{}')});

# A dump into another database: the roles are those of the first.
$node->safe_psql('postgres', 'CREATE DATABASE copy');
command_ok([ 'pg_dump', '-d', $node->connstr('postgres'), '-f', $node->basedir . '/dump.sql' ], 'a dump');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('copy'), '-f', $node->basedir . '/dump.sql' ], 'restored elsewhere');
my $all = q{SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM (SELECT row(c.*) FROM slipway.credential c UNION ALL SELECT row(u.*) FROM slipway.credential_usage u) t};
is($node->safe_psql('copy', $all), $node->safe_psql('postgres', $all), 'has the same credentials');
is($node->safe_psql('copy', q{SELECT finding, object FROM slipway.check_credential('alpha')}), "foreign role|app_alpha\nsuperfluous right|DATABASE postgres",
	'whose roles belong to another database');
is($node->safe_psql('copy', q{SELECT slipway.rollback_credential('alpha')}), 'rolled_back', 'a rollback there');
is(as_role('alpha', 'SELECT 1')->{out}, '1', 'leaves the role alone');
is($node->safe_psql('postgres', q{SELECT object, detail FROM slipway.check_credential('beta') WHERE finding = 'superfluous right'}), 'DATABASE copy|rights or objects in it',
	'what a role has in another database is too much');
is(sql($node, "SELECT slipway.rollback_credential('beta')")->{sqlstate}, 'SW043', 'and keeps it from being dropped');
is($node->safe_psql('postgres', q{SELECT database, kind FROM slipway.credential_objects('beta')}), 'copy|rights', 'which is listed');
$node->safe_psql('postgres', 'DROP DATABASE copy');

# Workers side by side, where nobody but those who are told may connect.
$node->safe_psql('postgres', q{REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
	DO $$BEGIN FOR n IN 1 .. 24 LOOP
		EXECUTE format('CREATE SCHEMA side%s AUTHORIZATION owner', n);
		PERFORM slipway.create_project('side' || n, ARRAY['side' || n], 'owner'), slipway.register_credential('side' || n, 'app_side' || n);
	END LOOP; END$$;
	SELECT slipway.create_batch(array_agg('side' || n ORDER BY n)) FROM generate_series(1, 24) n});
my $work = join '', map { "SELECT item, project, attempt FROM slipway.claim_item(1)\n\\gset\n"
	  . "SELECT slipway.generate_credential('store', :'project');\n"
	  . "SELECT slipway.create_credential(" . literal(verifier('side', 'the salt of all')) . ", :'project');\n"
	  . "SELECT slipway.update_credential(:'project');\nSELECT slipway.validate_credential(:'project');\n"
	  . "SELECT slipway.finish_item(1, :item, :attempt, 'succeeded');\n" } 1 .. 6;
my @workers = map { start_sql($node, $work) } 1 .. 4;
is(finish_sql($_)->{error}, '', 'a worker has no error') for @workers;
is($node->safe_psql('postgres', 'SELECT items, succeeded FROM slipway.batch'), '24|24', 'each item is done');
is($node->safe_psql('postgres', q{SELECT count(*), count(DISTINCT project), max(attempt), count(DISTINCT pid) > 1 FROM slipway.batch_item}), '24|24|1|t', 'once');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_roles WHERE rolname LIKE 'app\_side%' AND has_database_privilege(oid, 'postgres', 'CONNECT')}), 24, 'all may connect');
@workers = map { my $n = $_; start_sql($node, join '', map { "SELECT slipway.rollback_credential('side" . ($n * 6 + $_) . "');\n" } 1 .. 6) } 0 .. 3;
is(finish_sql($_)->{error}, '', 'and back without an error') for @workers;
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_roles WHERE rolname LIKE 'app\_side%'}), 0, 'no role is left');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_database, aclexplode(datacl) WHERE datname = 'postgres' AND grantee = 0 AND privilege_type = 'CONNECT'}), 0,
	'and PUBLIC may still not connect');
is($node->safe_psql('postgres', 'SELECT count(*) FROM slipway.project p, slipway.verify_history(p.name)'), 0, 'the history is sound');

# An error of the server while the role is made.
if (grep { $_ eq 'passwordcheck' } @preload)
{
	my $weak = verifier('app_weak', 'salt of a weak one');

	$node->safe_psql('postgres', q{CREATE SCHEMA weak; SELECT slipway.create_project('weak', '{weak}'); SELECT slipway.register_credential('weak', 'app_weak');
		SELECT slipway.generate_credential('store', 'weak')});
	is(call_function($create, $weak, 'weak', "\0"), '22023', 'the module that looks at passwords is asked');
	is($node->safe_psql('postgres', q{SELECT count(*) FROM slipway.check_credentials() WHERE finding = 'password policy'}), 1, 'and its presence said');
	$verifier{weak} = $weak;
}

# Where statements are kept. That of the workers above had a verifier in its text, as none should.
my $log = slurp_file($node->logfile);
my ($shown) = verifier('side', 'the salt of all') =~ /\$([^\$:]+):[^:]+$/;
cmp_ok(index($log, $shown), '>', 0, 'what stands in a statement is in the log');
for my $project (sort keys %verifier)
{
	my ($stored, $server) = $verifier{$project} =~ /\$([^\$:]+):([^:]+)$/;

	is(index($log, $stored), -1, "the log has nothing of the verifier of $project");
	is(index($log, $server), -1, 'and nothing of its other half');
	is(index($log, $password{$project}), -1, 'nor of the password') if $password{$project};
}
like($log, qr/fastpath function call: "create_credential"/, 'but the calls');
like($log, qr/GRANT USAGE ON SCHEMA beta TO app_beta/, 'and what they did');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_statements WHERE query LIKE '%SCRAM-SHA-256%' AND query LIKE '%app\_%'}), 0, 'nor do statistics')
  if grep { $_ eq 'pg_stat_statements' } @preload;
$node->stop;

done_testing();
