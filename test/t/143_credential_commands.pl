# The commands about credentials that look, register, repair and clean up, and what steps and rollbacks would do.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayCredential;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $node = new_credential_node('credential_commands');
my $place = new_credential_place($node, 'file');
my $shared = $place->{shared};
my ($exit, $out, $err);

# Registering
add_project($place, $_, unregistered => 1) for qw(shop blog wiki);
($exit, $out, $err) = credential($place, 'register', 'shop', '--login', 'shop_login', '--previous-role', $shared, '--preset', 'read-only', '--connection-limit', '7');
is($exit, 0, 'register') or diag($err);
is($err, "shop: role \"shop_login\": registered\n", 'says so');
($exit, $out, $err) = credential($place, 'register', 'shop', '--login', 'shop_login', '--previous-role', $shared, '--preset', 'read-write', '--json');
is_deeply(json_lines($out), [ { event => 'credential_registered', project => 'shop', role => 'shop_login', outcome => 'changed' } ], 'once more, otherwise');
query_is($node, q{SELECT preset, connection_limit, previous_role FROM slipway.project_credential WHERE project = 'shop'}, "read-write|-1|$shared", 'as was said', db => $place->{db});
append_to_file("$place->{home}/good.csv",
	"\xef\xbb\xbfproject_ref,database_user,previous_role,schemas\r\nblog,\"blog, \"\"own\"\"\",$shared,\r\n\"wiki\",,$shared,\r\nnew,,$shared,\"new_a, new_b\"\r\n");
($exit, $out, $err) = credential($place, 'register', '--input', 'good.csv', '--prefix', 'own_', '--format', 'csv');
is($exit, 0, 'register from a file') or diag($err);
is($out, "project,role,outcome\r\nblog,\"blog, \"\"own\"\"\",registered\r\nnew,own_new,registered\r\nwiki,own_wiki,registered\r\n", 'all of it');
query_is($node, q{SELECT schemas FROM slipway.registered_project WHERE project = 'new'}, '{new_a,new_b}', 'a project was made', db => $place->{db});
for my $case (
	[ 'no column', "name,role\nblog,x\n", qr/bad\.csv:1: there is no column "project"\nhint: There is "name", "role"\./ ],
	[ 'a project twice', "project\nblog\n\"wi\nki\"\nblog\n", qr/bad\.csv:5: project "blog" is in line 2 too/ ],
	[ 'no such project', "project\nblog\nnowhere\n", qr/bad\.csv:3: there is no project "nowhere"/ ],
	[ 'a quote without end', "project\n\"blog\n", qr/bad\.csv:2: / ],
	[ 'no name', "project,role\nblog,x\n,y\n", qr/bad\.csv:3: the project is not named/ ],
	[ 'too many fields', "project\nblog,x\n", qr/bad\.csv:2: 2 fields, where the first line names 1 columns/ ],
	[ 'too few fields', "project,role\nblog\n", qr/bad\.csv:2: 1 fields, where the first line names 2 columns/ ],
	[ 'nothing', '', qr/bad\.csv:1: there is nothing in it/ ])
{
	my ($name, $text, $message) = @$case;

	unlink "$place->{home}/bad.csv";
	append_to_file("$place->{home}/bad.csv", $text);
	($exit, $out, $err) = credential($place, 'register', '--input', 'bad.csv', '--prefix', 'bad_');
	is($exit, 2, $name);
	like($err, $message, "$name: line and reason");
}
query_is($node, q{SELECT count(*) FROM slipway.project_credential WHERE role ~ '^bad_'}, '0', 'none was registered', db => $place->{db});
($exit, $out, $err) = credential($place, 'register', '--query', "SELECT 'wiki' AS project, 'wiki_login' AS role", '--previous-role', $shared, '--preset', 'owner');
is($exit, 0, 'register from a query') or diag($err);
like($out, qr/^wiki +wiki_login +changed$/m, 'is shown');
($exit, $out, $err) = credential($place, 'register', '--query', 'DELETE FROM pg_class');
is($exit, 2, 'a query that writes');
like($err, qr/the query must be one statement that returns rows and changes nothing/, 'is refused');
($exit, $out, $err) = credential($place, 'register', 'shop', '--mapping', '[1]');
is($exit, 2, 'a mapping that is no object');
($exit, $out, $err) = credential($place, 'register', 'shop', '--login', 'x' x 64);
is($exit, 4, 'a name of 64 bytes');
like($err, qr/cannot be the name of a role/, 'is refused');
($exit, $out, $err) = credential($place, 'register', 'shop', '--login', 'pg_shop');
like($err, qr/"pg_shop" cannot be the name of a role/, 'a reserved name, too');

# Lists
($exit, $out, $err) = credential($place, 'list', '--format', 'csv');
is((split /\r\n/, $out)[0], 'project,status,role,preset,previous_role,created_at,validated_at,reference', 'list: columns');
like($out, qr/^shop,missing,shop_login,read-write,$shared,[\dT:.Z-]+,,\r$/m, 'a project');
is((credential($place, 'migrate', 'shop'))[0], 0, 'one is moved');
($exit, $out, $err) = credential($place, 'list', '--missing', '--format', 'csv');
is(join(' ', $out =~ /^(\w+),/mg), 'project blog default new wiki', '--missing');
($exit, $out, $err) = credential($place, 'list', '--status', 'active', '--json');
my ($rows) = json_lines($out);
is(join(' ', map { "$_->{event} $_->{project} $_->{role}" } @$rows), 'credential shop shop_login', '--status, --json');
like($rows->[0]{reference}, qr/^file:.*:SHOP_\@[0-9a-f]{32}$/, 'the reference');
is((credential($place, 'list', '--created-before', '2001-01-01', '--format', 'csv'))[1] =~ tr/\n//, 1, '--created-before');
($exit, $out, $err) = credential($place, 'list', '--created-before', 'sometime');
is($exit, 2, 'no date');
like($err, qr/--created-before: "sometime" is no date/, 'is said');
sql($node, "GRANT TRUNCATE ON blog.item TO $shared", db => $place->{db});
($exit, $out, $err) = credential($place, 'list', '--detailed', '--json', '--status', 'missing');
($rows) = json_lines($out);
my ($blog) = grep { $_->{project} eq 'blog' } @$rows;
is($blog->{risk}, 'medium', '--detailed: the shared role has rights there');
is($blog->{custom_grants}, 1, 'as numbers');
($exit, $out, $err) = credential($place, 'list', '--format', 'html');
is($exit, 2, 'no HTML');

# Estimate and check
($exit, $out, $err) = credential($place, 'estimate');
is($exit, 0, 'estimate') or diag($err);
like($err, qr/^4 roles are to make\n|^4 roles are to make$/m, 'how many');
like($err, qr/^each takes [\d.]+ m?s, all one after the other [\d.]+ m?s$/m, 'how long');
($exit, $out, $err) = credential($place, 'check');
is($exit, 1, 'check finds something') or diag($out);
like($out, qr/^ok +rights +this role may make roles/m, 'rights');
like($out, qr/^failed +schemas +new: the project has no schema that is its own$/m, 'a project without schemas');
like($out, qr/^warning +registered +default: it has no credential$/m, 'one that is not registered');
like($out, qr/^ok +store +file:\S+ can be written to$/m, 'the store');
sql($node, 'CREATE SCHEMA new_a; CREATE SCHEMA new_b; CREATE SCHEMA public_of_default', db => $place->{db});
($exit, $out, $err) = credential($place, 'check', '--json');
is($exit, 0, 'then it does not') or diag($out);
chmod 0400, $place->{file};
chmod 0644, $place->{file};
($exit, $out, $err) = credential($place, 'check');
is($exit, 1, 'a store that cannot be used');
like($out, qr/^failed +store +the file of secrets ".*" can be read by others/m, 'is found');
chmod 0600, $place->{file};

# What would be done
($exit, $out, $err) = credential($place, 'migrate', 'blog', '-n', '--health-url', 'http://127.0.0.1/%p');
is($exit, 0, '-n') or diag($err);
is($out =~ s/@\.\.\.'/\@SET'/r =~ s/file:\S+?secrets\.env/STORE/gr =~ s/^(?:ALTER DEFAULT PRIVILEGES FOR ROLE $place->{owner} IN SCHEMA blog )?GRANT [^\n]*/GRANT ...;/gmr =~ s/(GRANT \.\.\.;\n)+/$1/r, <<"END", 'every statement');
SELECT slipway.generate_credential('STORE:BLOG_\@SET', 'blog');
-- STORE: store BLOG_DB_USERNAME = blog, "own" and DB_PASSWORD = ***, not in force
-- slipway.create_credential(***, ...) by the function call protocol, which does the same as
CREATE ROLE "blog, ""own""" LOGIN CONNECTION LIMIT -1 PASSWORD '***';
COMMENT ON ROLE "blog, ""own""" IS 'slipway: credential of project ''blog'' in database ''$place->{db}''';
GRANT ...;
SELECT slipway.update_credential('blog');
-- STORE: put them in force, with what was in force kept
-- look at secret, role and rights; log in as blog, "own"; look for sessions of $shared
-- GET http://127.0.0.1/blog
SELECT slipway.validate_credential('blog');
END
is(state_of($place, 'blog'), 'missing|f|f', 'and nothing is done');
($exit, $out, $err) = credential($place, 'rollback', 'shop', '-n', '--cleanup', '--json');
($rows) = json_lines($out);
is(join('; ', map { "$_->{step} $_->{text}" } @$rows) =~ s/file:\S+?secrets\.env/STORE/gr,
	"rollback SELECT slipway.rollback_credential('shop'); rollback role shop_login is dropped; rollback SELECT slipway.clear_credential('shop'); "
	. 'rollback STORE: what was in force before is so again; the secret is removed', 'rollback -n --json');
is(log_in($place, 'shop'), 'shop_login', 'and nothing is done');

# Step by step, each of them twice
for my $step (qw(generate create update validate))
{
	for my $time (1, 2)
	{
		($exit, $out, $err) = credential($place, $step, 'blog');
		is($exit, 0, "$step, time $time") or diag($err);
	}
	is(log_in($place, 'blog'), $step =~ /^[gc]/ ? $shared : 'blog, "own"', "$step: as whom the application logs in");
}
is(scalar(my @sets = trace_of($place)), 2, 'there is one set of each');
($exit, $out, $err) = credential($place, 'update', 'wiki');
is($exit, 2, 'a step before its turn');
($exit, $out, $err) = credential($place, 'create', 'wiki');
is($exit, 1, 'another');
like($err, qr/the store has no password of role "wiki_login"\nhint: "slipway credential generate" makes one\./, 'is said');

# A rollback that keeps the secret, and goes back to it
my $password = stored($place, 'blog', 'DB_PASSWORD');
($exit, $out, $err) = credential($place, 'rollback', 'blog');
is($exit, 0, 'rollback') or diag($err);
is(state_of($place, 'blog'), 'rolled_back|f|t', 'the secret stays');
is(log_in($place, 'blog'), $shared, 'not in force');
($exit, $out, $err) = credential($place, 'orphans', '--json');
($rows) = json_lines($out);
is(join(' ', map { "$_->{kind} $_->{project}" } @$rows), 'secret blog', 'orphans shows it');
is((credential($place, 'migrate', 'blog'))[0], 0, 'migrate again');
is(stored($place, 'blog', 'DB_PASSWORD'), $password, 'with the same password');

# The fallback: as its own settings, as shared ones, and without its password
sql($node, "ALTER ROLE $shared NOLOGIN", db => $place->{db});
($exit, $out, $err) = credential($place, 'rollback', 'blog', '--cleanup');
is($exit, 4, 'the previous role does not work');
like($err, qr/it was rolled back, but the previous role "$shared" cannot log in: /, 'is said');
sql($node, "ALTER ROLE $shared LOGIN", db => $place->{db});
is((credential($place, 'migrate', 'wiki'))[0], 0, 'owner') or diag($err);
client($place, [ 'secret', 'delete', 'WIKI_DB_USERNAME', '--yes' ], connect => 0, env => $place->{env});
($exit, $out, $err) = credential($place, 'repair', 'wiki', '-n');
like($err, qr/wiki: would put the password in force that the store still has\n/, 'repair -n: a secret that was deleted');
($exit, $out, $err) = credential($place, 'repair', 'wiki');
is($exit, 0, 'repair') or diag($err);
is(log_in($place, 'wiki'), 'wiki_login', 'it is there again');
SlipwayCredential::store($place, 'SHARED_DB_USERNAME', $shared);
SlipwayCredential::store($place, 'SHARED_DB_PASSWORD', $place->{password});
($exit, $out, $err) = credential($place, 'cleanup', 'wiki', '--yes');
is($exit, 0, 'cleanup of a project') or diag($err);
is(scalar(grep { /SLIPWAY_OLD_/ && /WIKI/ } split /\n/, slurp_file($place->{file})), 0, 'what was before is gone');
($exit, $out, $err) = credential($place, 'rollback', 'wiki', '--cleanup', '--fallback-prefix', 'SHARED_');
is($exit, 0, 'rollback, with shared settings') or diag($err);
like($err, qr/logged in as the previous role "$shared", with SHARED_DB_PASSWORD/, 'are tried');
is(stored($place, 'wiki', 'DB_PASSWORD'), undef, 'nothing of the role is left');
is((credential($place, 'migrate', 'wiki'))[0], 0, 'once more');
($exit, $out, $err) = credential($place, 'rollback', 'wiki', '--cleanup');
is($exit, 0, 'rollback, without its password') or diag($err);
like($err, qr/the previous role "$shared" exists, may log in and use the schemas; its password is not known here, so that was not tried/, 'says what was not done');

# Repairs: rights, the role, the secret
sql($node, 'REVOKE INSERT ON shop.item FROM shop_login; GRANT TRUNCATE ON blog.item TO shop_login; GRANT UPDATE (name) ON wiki.item TO shop_login WITH GRANT OPTION;
	GRANT pg_monitor TO shop_login; ALTER ROLE shop_login CREATEDB CONNECTION LIMIT 1; GRANT SELECT ON shop.item TO shop_login WITH GRANT OPTION;
	ALTER DEFAULT PRIVILEGES IN SCHEMA blog GRANT SELECT ON TABLES TO shop_login', db => $place->{db});
($exit, $out, $err) = credential($place, 'repair', 'shop', '--dry-run');
is($exit, 0, 'repair -n') or diag($err);
is((credential($place, 'validate', 'shop'))[0], 4, 'changes nothing');
($exit, $out, $err) = credential($place, 'repair', 'shop');
is($exit, 0, 'repair') or diag($err);
like($err, qr/shop: putting right: missing right: TABLE shop\.item: INSERT\n/, 'what was missing');
like($err, qr/shop: REVOKE pg_monitor FROM shop_login\n/, 'a membership');
like($err, qr/shop: ALTER ROLE shop_login NOCREATEDB\n/, 'an attribute');
like($err, qr/shop: REVOKE GRANT OPTION FOR SELECT ON TABLE shop\.item FROM shop_login\n/, 'a grant option');
sql($node, 'REASSIGN OWNED BY shop_login TO CURRENT_USER; DROP OWNED BY shop_login; DROP ROLE shop_login', db => $place->{db});
($exit, $out, $err) = credential($place, 'orphans', '--format', 'csv');
like($out, qr/^lost,shop_login,shop,the role is gone\r$/m, 'a role that is gone');
($exit, $out, $err) = credential($place, 'repair', 'shop');
is($exit, 0, 'is made again') or diag($err);
is(log_in($place, 'shop'), 'shop_login', 'with the same password');
my $text = slurp_file($place->{file});
unlink $place->{file};
append_to_file($place->{file}, join '', grep { !/SHOP_/ } map { "$_\n" } split /\n/, $text);
chmod 0600, $place->{file};
($exit, $out, $err) = credential($place, 'repair', 'shop');
is($exit, 0, 'a secret that is lost') or diag($err);
like($err, qr/shop: make a new password\n/, 'gets a new password');
is(log_in($place, 'shop'), 'shop_login', 'which works');
($exit, $out, $err) = credential($place, 'repair', 'wiki');
is($exit, 1, 'what was not moved is not repaired');

# Orphans: a role and a set that nobody claims
is((credential($place, 'migrate', 'blog'))[0], 0, 'migrate');
sql($node, q{SET ROLE NONE; UPDATE slipway.credential SET made_at = NULL, updated_at = NULL, validated_at = NULL, generated_at = NULL, reference = NULL, status = 'missing' WHERE project = 'blog'}, db => $place->{db});
($exit, $out, $err) = credential($place, 'orphans', '--json');
($rows) = json_lines($out);
is(join(' ', sort map { $_->{kind} } @$rows), 'role set', 'as a restore of an old dump leaves them') or diag($out);
($exit, $out, $err) = credential($place, 'cleanup', '--dry-run');
is($exit, 0, 'cleanup -n');
($exit, $out, $err) = credential($place, 'cleanup');
is($exit, 2, 'nobody to ask');
like($err, qr/this would drop these roles and remove these secrets, and there is nobody to ask/, 'is said');
($exit, $out, $err) = credential($place, 'cleanup', '--yes');
is($exit, 0, 'cleanup') or diag($err);
is(log_in($place, 'blog'), $shared, 'what was in force before is so again');
($exit, $out, $err) = credential($place, 'orphans');
is($err, "0 found\n", 'nothing is left');

# Another database with the same store is left alone
my $other = new_credential_place($node, 'file');
@$other{qw(file env)} = @$place{qw(file env)};
($exit, $out, $err) = credential($other, 'orphans');
is($err, "0 found\n", 'another database takes none of them for its own');

# Who uses the previous role
my $session = do
{
	local $ENV{PGPASSWORD} = $place->{password};
	start_sql($node, 'SELECT pg_sleep(600)', db => $place->{db}, user => $shared, application => 'wiki');
};
wait_until($node, q{SELECT count(*) = 1 FROM slipway.credential_sessions('wiki')}, 'there is a session', db => $place->{db});
($exit, $out, $err) = credential($place, 'fallback-usage', '--json');
($rows) = json_lines($out);
is(join(' ', map { "$_->{project} $_->{role} $_->{application_name} $_->{evidence} $_->{looks} $_->{sessions}" } @$rows), "wiki $shared wiki application_name 1 1", 'fallback-usage');
my $follower = start_client($place, [ 'credential', 'fallback-usage', 'wiki', '--follow', '--interval', '100ms', '--json' ], env => $place->{env});
wait_until($node, 'SELECT max(looks) > 3 FROM slipway.role_usage', 'it looks again and again', db => $place->{db});
sql($node, q{SELECT pg_terminate_backend(pid) FROM slipway.credential_sessions('wiki')}, db => $place->{db});
finish_sql($session);
Time::HiRes::sleep(0.5);
$follower->{run}->signal('INT');
($exit, $out, $err) = finish_client($follower);
is($exit, 0, '--follow ends') or diag($err);
($rows) = json_lines($out);
is(join(' ', map { "$_->{event} $_->{project} $_->{sessions}" } @$rows), 'role_in_use wiki 1', 'shows what changes');
like($err, qr/no session of a previous role serves a project\n\z/, 'and that it ended');

# Settings that are connection strings
add_project($place, 'urls');
SlipwayCredential::store($place, 'URLS_DATABASE_URL', "postgresql://$shared:secret@" . SlipwayCredential::escape($node->host) . ':' . $node->port . "/$place->{db}?user=x&sslmode=disable");
SlipwayCredential::store($place, 'URLS_DB_USER', $shared);
SlipwayCredential::store($place, 'URLS_DB_CONN_STRING', "dbname=$place->{db} password='secret' user=$shared");
my $role = "app_urls_$place->{number}";
($exit, $out, $err) = credential($place, 'migrate', 'urls');
is($exit, 0, 'connection strings') or diag($err);
$password = stored($place, 'urls', 'DB_PASSWORD');
is(stored($place, 'urls', 'DATABASE_URL'), "postgresql://$role:$password@" . SlipwayCredential::escape($node->host) . ':' . $node->port . "/$place->{db}?sslmode=disable", 'a URL');
is(stored($place, 'urls', 'DB_CONN_STRING'), "dbname=$place->{db} password=$password user=$shared user='$role'", 'a string');
is(stored($place, 'urls', 'DB_USER'), $role, 'the other name');
($exit, $out, $err) = credential($place, 'rollback', 'urls', '--cleanup');
is($exit, 0, 'and back') or diag($err);
is(stored($place, 'urls', 'DB_USER'), $shared, 'all of it');
log_is_clean($place, 'all that');

$node->stop;
done_testing();
