# slipway check: what is looked at before a deploy, each check with something wrong and put right.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayPooler;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use SlipwayTls;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('check');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 2\nmax_worker_processes = 4\nmax_connections = 30\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION pg_slipway');
my $superuser = sql($node, 'SELECT current_user')->{out};
sql($node, "CREATE ROLE $_ LOGIN") for qw(deploy app backup stranger);

my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE a (id integer PRIMARY KEY, name text);\n", '0002_b.sql' => "CREATE TABLE b (id integer);\n" });
my $db = $place->{db};
my $app = $node->connstr($db) . ' user=app';

# Runs it with these arguments; returns the outcome of each check as "check" => [outcome, text, hint], and the exit code.
sub check
{
	my ($args, %option) = @_;
	my %env = (DB_CONN_STRING => $app, %{ delete $option{env} // {} });
	my ($exit, $out, $err) = client($place, [ 'check', '--json', @$args ], env => \%env, %option);
	my $lines = json_fits($out, ['check'], join(' ', 'check', @$args));
	my %found;

	push @{ $found{ $_->{check} } }, $_ for @$lines;
	return (\%found, $exit, $err);
}

sub check_is
{
	my ($args, $check, $outcome, $text, $name, %option) = @_;
	my ($found, $exit) = check($args, %option);
	my ($match) = grep { $_->{outcome} eq $outcome && $_->{text} =~ $text } @{ $found->{$check} // [] };

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($match, $name) or diag(map { "$_->{outcome}: $_->{text}\n" } @{ $found->{$check} // [] });
	is($exit, (grep { $_->{outcome} eq 'failed' } map { @$_ } values %$found) ? 1 : 0, "$name: exit code");
	return $found;
}

# All is well

my ($found, $exit, $err) = check([]);
is_deeply([ grep { $found->{$_}[0]{outcome} ne 'ok' } sort keys %$found ], [], 'all is well') or diag(explain($found));
is($exit, 0, 'exit code');
is_deeply([ sort keys %$found ],
	[qw(activity application direct extension indexes locks migrations project replication restricted rights schemas search_path server tls workers writable)],
	'all checks');
like($found->{migrations}[0]{text}, qr/^0 applied, 2 pending$/, 'what is pending');
like($err, qr/^17 ok, 0 warnings, 0 failed, 0 skipped$/m, 'and a summary');
my (undef, $out) = client($place, ['check'], env => { DB_CONN_STRING => $app, COLUMNS => 80 });
like($out, qr/^OUTCOME  CHECK        WHAT WAS FOUND\nok       server       PostgreSQL \d/, 'for people');
is_deeply([ grep { length > 80 } split /\n/, $out ], [], 'in 80 columns');

# The server, and the way to it

($found, $exit) = check([ '-d', 'host=/nowhere dbname=x user=x password=geheim' ], connect => 0);
is("$exit $found->{server}[0]{outcome}", '1 failed', 'a server that is not there');
is(scalar keys %$found, 1, 'then nothing else is looked at');
unlike($found->{server}[0]{text}, qr/geheim/, 'and no password is shown');
my $bare = new_place($node, {}, bare => 1);
{
	local $place->{db} = $bare->{db};
	check_is([], 'extension', 'failed', qr/^the database does not have pg_slipway; the server offers \d/, 'no extension', env => { DB_CONN_STRING => '' });
}
check_is([ '-P', 'nowhere' ], 'project', 'failed', qr/^project "nowhere" does not exist/, 'no such project');
sql($node, "ALTER ROLE $superuser IN DATABASE $db SET default_transaction_read_only = on");
check_is([], 'writable', 'failed', qr/read-only by default/, 'read-only');
sql($node, "ALTER ROLE $superuser IN DATABASE $db RESET default_transaction_read_only");

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
check_is([], 'replication', 'ok', qr/^1 standby, not 10 s behind/, 'a standby that keeps up');
{
	local $place->{node} = $standby;
	check_is([], 'writable', 'failed', qr/standby/, 'on a standby');
}
check_is([], 'restricted', 'skipped', qr/^(\d+) of \1 things that role "app" must not do could not be tried: cannot set transaction read-write mode during recovery$/,
	'an application that reads from a standby', env => { DB_CONN_STRING => $standby->connstr($db) . ' user=app' });
# it says every second where it is, and not every ten
$standby->append_conf('postgresql.conf', "recovery_min_apply_delay = '1h'\nwal_receiver_status_interval = 1s\n");
$standby->restart;
sql($node, 'CREATE TABLE delayed (); DROP TABLE delayed', db => $db);
wait_until($node, q{SELECT bool_and(replay_lag > interval '10.5 s') AND count(*) = 1 FROM pg_stat_replication}, 'a standby is behind', seconds => 60);
check_is([], 'replication', 'warning', qr/^standbys are behind: standby \(\d+ s\)$/, 'a standby that is behind');
check_is([ '-U', 'deploy' ], 'replication', 'skipped', qr/may not see/, 'which not everybody may see');
$standby->stop;

SKIP:
{
	skip('needs PgBouncer', 4) unless defined pooler_program();
	with_pooler($node, $superuser, "pool_mode = transaction\n", sub {
		my ($folder) = @_;
		my @uri = ('-d', "host=$folder port=6432 dbname=$db user=$superuser");

		check_is(\@uri, 'direct', 'warning', qr/pooler/, 'through a pooler', connect => 0);
		check_is([ @uri, '--require-direct' ], 'direct', 'failed', qr/pooler/, 'which may be forbidden', connect => 0);
	});
}

SKIP:
{
	skip('needs openssl', 6) unless has_openssl();
	make_certificate($node->data_dir, 'server', 'localhost');
	$node->append_conf('postgresql.conf', "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\nlisten_addresses = '127.0.0.1'\n");
	$node->append_conf('pg_hba.conf', "host all all 127.0.0.1/32 trust\n");
	$node->restart;
	my $tcp = "host=127.0.0.1 port=${\ $node->port } dbname=$db user=$superuser";
	check_is([ '-d', "$tcp sslmode=disable" ], 'tls', 'warning', qr/not encrypted/, 'without TLS', connect => 0);
	check_is([ '-d', "$tcp sslmode=require" ], 'tls', 'ok', qr/^TLSv1.*nobody checks the server's certificate/, 'with TLS', connect => 0);
	check_is([ '-d', "$tcp sslmode=require sslrootcert=${\ $node->data_dir }/server.crt" ], 'tls', 'ok', qr/; the server's certificate is checked, but not whose it is$/,
		'with a certificate to compare with', connect => 0);
}

# Rights

sql($node, q{SELECT slipway.grant_role('deploy', 'uploader', 'default'); GRANT USAGE ON SCHEMA public TO deploy}, db => $db);
check_is([ '-U', 'stranger' ], 'project', 'failed', qr/or the role may not see it/, 'a role without rights');
check_is([ '-U', 'deploy' ], 'project', 'failed', qr/^the role may not deploy/, 'one that may only upload');
sql($node, q{SELECT slipway.grant_role('deploy', 'deployer', 'default')}, db => $db);
$found = check_is([ '-U', 'deploy' ], 'rights', 'failed', qr/role "deploy", which may not create objects in public/, 'one that cannot create');
is($found->{project}[0]{outcome}, 'ok', 'but deploy');
is($found->{rights}[0]{hint}, 'GRANT CREATE, USAGE ON SCHEMA public TO "deploy"', 'with what to do');
sql($node, 'GRANT CREATE ON SCHEMA public TO deploy', db => $db);
check_is([ '-U', 'deploy' ], 'rights', 'ok', qr/./, 'put right');
check_is([ '--backup-role', 'backup' ], 'backup', 'failed', qr/cannot read in schema slipway: .*history/, 'a backup role that cannot read');
sql($node, 'GRANT pg_read_all_data TO backup');
check_is([ '--backup-role', 'backup' ], 'backup', 'ok', qr/can read/, 'one that can');
check_is([ '--backup-role', 'nobody at all' ], 'backup', 'failed', qr/does not exist/, 'one that is not there');

sql($node, q{SELECT slipway.create_project('odd', '{"odd one",public}', 'deploy')}, db => $db);
sql($node, q{GRANT CREATE ON DATABASE } . $db . q{ TO deploy});
check_is([ '-P', 'odd' ], 'schemas', 'failed', qr/^missing: "odd one"$/, 'a schema is missing');
check_is([ '-P', 'odd', '--create-schemas' ], 'schemas', 'ok', qr/^created "odd one"$/, 'and is created');
query_is($node, q{SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'odd one'}, 'deploy', 'for the owner of the project', db => $db);
check_is([ '-P', 'odd' ], 'rights', 'ok', qr/^scripts run as role "deploy"/, 'whose rights count');
sql($node, q{SELECT slipway.create_project('no_owner', '{"Its own"}')});
sql($node, q{SELECT slipway.create_project('no_owner', '{"Its own"}')}, db => $db);
check_is([ '-P', 'no_owner' ], 'schemas', 'failed', qr/^missing: "Its own"$/, 'a schema of a project without an owner role is missing');
check_is([ '-P', 'no_owner', '--create-schemas' ], 'schemas', 'ok', qr/^created "Its own"$/, 'and is created');
check_is([ '--schemas', ' "x" , y' ], 'schemas', 'failed', qr/^missing: """x""", y$/, 'blanks beside names do not count');
check_is([], 'search_path', 'warning', qr/none of it exists/, 'a search_path of nothing', env => { PGOPTIONS => '-c search_path=gone' });

# What is to be done

client($place, ['migrate']);
put_files($place, { '0002_b.sql' => "CREATE TABLE b (id bigint);\n" });
check_is([], 'migrations', 'failed', qr/^1 changed/, 'a changed script');
put_files($place, { '0002_b.sql' => "CREATE TABLE b (id integer);\n", '0003_c.sql' => "SELECT 1/0;\n" });
client($place, ['migrate']);
check_is([], 'migrations', 'warning', qr/^2 applied, 1 pending, of which 1 failed/, 'one that failed');
check_is([ '--dir', '/nowhere' ], 'migrations', 'skipped', qr/no folder/, 'no folder');
remove_files($place, '0003_c.sql');
put_files($place, { '0000_early.sql' => "SELECT 1;\n" });
check_is([], 'migrations', 'failed', qr/^0 changed, 0 missing, 1 out of order/, 'one that is out of order');
check_is(['--allow-out-of-order'], 'migrations', 'ok', qr/^2 applied, 1 pending$/, 'which may be allowed');
check_is([], 'migrations', 'ok', qr/^2 applied, 1 pending$/, 'or be the policy', env => { SLIPWAY_OUT_OF_ORDER => 'warn' });
check_is([], 'migrations', 'ok', qr/^2 applied, 1 pending$/, 'of the server too', env => { PGOPTIONS => '-c slipway.out_of_order=allow' });
remove_files($place, '0000_early.sql');
put_files($place, { 'R__view.sql' => "SELECT 1;\n" });
client($place, ['migrate']);
remove_files($place, 'R__view.sql');
check_is([], 'migrations', 'ok', qr/^2 applied, 0 pending$/, 'a repeatable script that is gone');

# What is in its way

my $session = start_sql($node, "BEGIN; INSERT INTO a VALUES (1, 'x'); SELECT pg_sleep(60);", db => $db, application => 'sleeper');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'sleeper' AND wait_event = 'PgSleep' AND xact_start < now() - interval '2.2 s'},
	'somebody has a lock for long');
check_is([], 'locks', 'warning', qr/^locked for more than 2 s: a by pid \d+ \($superuser\)$/, 'a lock');
check_is([], 'activity', 'ok', qr/./, 'which is not that long');
# a role that the server shows nothing of other sessions
check_is([ '-U', 'deploy' ], 'locks', 'warning', qr/^locked, nobody but pg_monitor may see for how long: a by pid \d+ \($superuser\)$/, 'as somebody else sees it');
check_is([ '-U', 'deploy' ], 'activity', 'skipped', qr/^the role may not see how long 1 transaction of others has lasted$/, 'who sees no more');
check_is([ '-U', 'deploy' ], 'workers', 'skipped', qr/^the role may not see/, 'nor workers');
sql($node, 'GRANT pg_monitor TO deploy');
check_is([ '-U', 'deploy', '--long-transaction', '2s' ], 'activity', 'warning', qr/^long transactions: /, 'but with the right role');
sql($node, 'REVOKE pg_monitor FROM deploy');
check_is([ '--long-transaction', '2s' ], 'activity', 'warning', qr/^long transactions: pid \d+ \($superuser, sleeper\), \d+ s$/, 'for some it is');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sleeper'});
finish_sql($session);
sql($node, "BEGIN; SELECT 1; PREPARE TRANSACTION 'left over'", db => $db);
sql($node, "SELECT pg_sleep(0.01)");
check_is([ '--long-transaction', '1ms' ], 'activity', 'warning', qr/prepared transaction left over \($superuser\)/, 'a prepared transaction');
sql($node, "ROLLBACK PREPARED 'left over'", db => $db);
sql($node, q{INSERT INTO a VALUES (1, 'x'), (2, 'x')}, db => $db);
sql($node, 'CREATE UNIQUE INDEX CONCURRENTLY broken ON a (name)', db => $db);
check_is([], 'indexes', 'warning', qr/: broken$/, 'an INVALID index');
sql($node, 'DROP INDEX broken', db => $db);
my $holder = start_sql($node, "BEGIN; INSERT INTO a VALUES (3, 'y'); SELECT pg_sleep(60);", db => $db, application => 'holder');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'}, 'somebody has written');
my $builder = start_sql($node, 'CREATE INDEX CONCURRENTLY growing ON a (name)', db => $db, application => 'builder');
wait_until($node, q{SELECT count(*) = 1 FROM pg_index WHERE indexrelid = to_regclass('growing') AND NOT indisvalid}, 'an index is being built', db => $db);
check_is([@$_], 'indexes', 'ok', qr/^no INVALID index$/, "an index that is being built, as @$_") for [], [ '-U', 'deploy' ];
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name IN ('holder', 'builder')});
finish_sql($_) for $holder, $builder;
sql($node, 'DROP INDEX growing', db => $db);

# A connection that is lost in between is no warning.

my $locker = start_sql($node, "BEGIN; LOCK TABLE slipway.project; SELECT pg_sleep(60);", db => $db, application => 'locker');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'locker' AND wait_event = 'PgSleep'}, 'a table is locked');
my $lost = start_client($place, [qw(check --json)], env => { DB_CONN_STRING => '' });
wait_until($node, q{SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity WHERE application_name <> 'locker' AND wait_event_type = 'Lock'}, 'the check waits and is ended');
($exit, my $said) = finish_client($lost);
is($exit, 1, 'a lost connection: exit code');
my @lost = grep { $_->{text} =~ /the connection was lost/ } @{ json_lines($said) };
is(join(' ', map { $_->{check} } grep { $_->{outcome} eq 'failed' } @lost), 'project search_path schemas schemas rights activity locks indexes', 'what could not be looked at has failed');
is(scalar(grep { $_->{outcome} ne 'failed' } @lost), 0, 'all of it');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'locker'});
finish_sql($locker);

# The application

check_is([], 'application', 'skipped', qr/nothing says/, 'no connection of the application', env => { DB_CONN_STRING => '' });
check_is([], 'application', 'failed', qr/role "gone" does not exist/, 'one that fails', env => { DB_CONN_STRING => $node->connstr($db) . ' user=gone' });
# exec takes that from the application, so it must not be what makes it work here
check_is([], 'application', 'failed', qr/could not connect /, 'one that would work with the variables of the administrator only',
	env => { DB_CONN_STRING => 'user=app dbname=' . $db, PGHOST => $node->host, PGPORT => $node->port });
for my $case (
	[ 'ALTER ROLE app CREATEDB', 'ALTER ROLE app NOCREATEDB', qr/may create databases/ ],
	[ 'ALTER ROLE app BYPASSRLS', 'ALTER ROLE app NOBYPASSRLS', qr/bypasses row-level security/ ],
	[ 'GRANT CREATE ON SCHEMA public TO app', 'REVOKE CREATE ON SCHEMA public FROM app', qr/may create objects in schema public/ ],
	[ "GRANT CREATE ON DATABASE $db TO PUBLIC", "REVOKE CREATE ON DATABASE $db FROM PUBLIC", qr/may create schemas/ ],
	[ 'ALTER TABLE a OWNER TO app', "ALTER TABLE a OWNER TO $superuser", qr/owns 1 relations, as a/ ],
	[ 'ALTER TABLE a OWNER TO backup; GRANT backup TO app', "ALTER TABLE a OWNER TO $superuser; REVOKE backup FROM app", qr/may act as backup, which owns 1 relations, as a/ ],
	[ 'CREATE ROLE boss SUPERUSER; ALTER ROLE app NOINHERIT; GRANT boss TO app', 'REVOKE boss FROM app', qr/^role "app" may act as boss, which is a superuser$/ ],
	[ 'CREATE ROLE maker; GRANT CREATE ON SCHEMA public TO maker; GRANT maker TO app', 'REVOKE maker FROM app', qr/^role "app" may act as maker, which may create objects in schema public$/ ],
	[ 'GRANT pg_execute_server_program TO app', 'REVOKE pg_execute_server_program FROM app; ALTER ROLE app INHERIT', qr/may act as pg_execute_server_program, which runs programs on the server$/ ],
	[ q{SELECT slipway.grant_role('app', 'deployer', 'default')}, q{SELECT slipway.revoke_role('app', 'deployer', 'default')}, qr/^role "app" has rights in project "default": deployer$/ ],
	[ 'GRANT UPDATE (outcome) ON slipway.history TO app', 'REVOKE UPDATE (outcome) ON slipway.history FROM app', qr/may write slipway.history/ ],
	[ 'GRANT INSERT ON slipway.history TO app', 'REVOKE INSERT ON slipway.history FROM app', qr/may write slipway.history/ ])
{
	my ($wrong, $right, $text) = @$case;
	sql($node, $wrong, db => $db);
	check_is([], 'restricted', 'failed', $text, $wrong);
	sql($node, $right, db => $db);
}
check_is([], 'restricted', 'ok', qr/^role "app" was refused in all of \d\d tries/, 'a restricted role');
check_is([], 'restricted', 'ok', qr/^role "app" was refused in all of \d\d tries/, 'one that is read-only unless it says otherwise',
	env => { DB_CONN_STRING => "$app options='-c default_transaction_read_only=on'" });

# Under load

my $baseline = "$place->{home}/baseline.json";
my @generous = ('--acquire-limit', '1min', '--query-limit', '1min');
$found = check_is([ '--load', 4, '--duration', '500ms', '--save-baseline', $baseline, @generous ], 'load', 'ok',
	qr/^4 connections at a time, \d+ in all, none failed$/, 'four connections at a time');
like($found->{acquire}[0]{text}, qr/^to get a connection: p50 [\d.]+ ms, p95 [\d.]+ ms, p99 [\d.]+ ms/, 'figures');
my $saved = JSON::PP::decode_json(slurp_file($baseline));
ok($saved->{count} > 0 && $saved->{acquire_ms}{p50} > 0 && $saved->{acquire_ms}{p50} <= $saved->{acquire_ms}{p95}
	  && $saved->{acquire_ms}{p95} <= $saved->{acquire_ms}{p99}, 'and a baseline');
check_is([ '--load', 4, '--duration', '300ms', '--acquire-limit', '0', '--query-limit', '1min' ], 'acquire', 'failed', qr/limit of p95: 0 ms/, 'a limit that is exceeded');
for my $change ([ 100, 'ok' ], [ 0.01, 'failed' ])
{
	my ($factor, $outcome) = @$change;
	my %other = (%$saved, map { my $key = $_; $key => { map { $_ => $saved->{$key}{$_} * $factor } keys %{ $saved->{$key} } } } qw(acquire_ms query_ms));
	write_folder({ 'other.json' => JSON::PP::encode_json(\%other) }, $place->{home});
	check_is([ '--load', 4, '--duration', '300ms', '--compare', "$place->{home}/other.json", @generous ], 'baseline', $outcome,
		$outcome eq 'ok' ? qr/no figure/ : qr/^p95 of connections: [\d.]+ ms, it was [\d.]+ ms \(\+\d+ %\)/, "compared with $factor times that: $outcome");
}
check_is([ '--load', 2, '--duration', '100ms', '--compare', $baseline, @generous ], 'baseline', 'failed', qr/is of 4 connections, not 2/, 'another number');
$found = check_is([ '--load', 60, '--duration', '4s', '--save-baseline', "$place->{home}/bad.json", @generous ], 'load', 'failed', qr/too many clients|connection slots/, 'more than the server has');
is($found->{baseline}[0]{text}, 'not saved, as connections failed', 'which is no baseline');
ok(!-e "$place->{home}/bad.json", 'really not');

# Tenants

sql($node, q{
	CREATE TABLE orders (id serial, org integer, note text);
	INSERT INTO orders (org, note) SELECT i % 3, 'x' FROM generate_series(1, 30) i;
	GRANT SELECT ON orders TO app}, db => $db);
my @tenant = ('--tenant-column', 'org');
my @setting = (@tenant, '--tenant-setting', 'app.org');
check_is([ '--tenant-column', 'organization_id' ], 'tenants', 'failed', qr/no table has/, 'no such column');
check_is(\@tenant, 'tenants', 'failed', qr/^public\.orders: row-level security is not enabled/, 'not enabled');
sql($node, 'ALTER TABLE orders ENABLE ROW LEVEL SECURITY', db => $db);
check_is(\@tenant, 'tenants', 'failed', qr/^public\.orders: row-level security is not forced/, 'not forced');
sql($node, 'ALTER TABLE orders FORCE ROW LEVEL SECURITY', db => $db);
check_is(\@tenant, 'tenants', 'failed', qr/^public\.orders: there is no policy/, 'no policy');
sql($node, q{CREATE POLICY p ON orders USING (true)}, db => $db);
check_is(\@tenant, 'tenants', 'ok', qr/^1 tables .* 0 of them were tried/, 'a policy, whatever it says');
check_is(\@setting, 'tenants', 'failed', qr/^public\.orders: with app.org set to one tenant, 20 rows of others are seen/, 'one that lets all through');
sql($node, q{ALTER POLICY p ON orders USING (org = nullif(current_setting('app.org', true), '')::integer OR current_setting('app.org', true) IS NULL)}, db => $db);
check_is(\@setting, 'tenants', 'failed', qr/^public\.orders: without app.org, 30 rows are seen/, 'one that fails open');
sql($node, q{ALTER POLICY p ON orders USING (org = nullif(current_setting('app.org', true), '')::integer)}, db => $db);
check_is(\@setting, 'tenants', 'ok', qr/^1 tables with column "org" are protected, 1 of them were tried/, 'one that keeps them apart');
sql($node, q{ALTER POLICY p ON orders USING (org = current_setting('app.org')::integer)}, db => $db);
check_is(\@setting, 'tenants', 'ok', qr/1 of them were tried/, 'one that raises an error instead');

sql($node, 'REVOKE SELECT ON orders FROM app', db => $db);
check_is(\@setting, 'tenants', 'ok', qr/1 of them were tried/, 'a table that the application may not read');
sql($node, q{GRANT SELECT ON orders TO app; ALTER POLICY p ON orders USING (org = current_setting('app.org')::integer / 0)}, db => $db);
check_is(\@setting, 'tenants', 'failed', qr/^public\.orders: with app\.org set to one tenant, it cannot be read: division by zero$/, 'a policy that always fails');
sql($node, q{ALTER POLICY p ON orders USING (org = nullif(current_setting('app.org', true), '')::integer OR pg_sleep(31) IS NULL)}, db => $db);
check_is([ @tenant, '--tenant-setting', 'nothing' ], 'tenants', 'failed', qr/^public\.orders: .*, nothing could be tried: unrecognized configuration parameter "nothing"$/,
	'a setting that there is not', env => { DB_CONN_STRING => "$app options='-c row_security=off'" });
sql($node, q{ALTER POLICY p ON orders USING (org > 0)}, db => $db);
check_is([ '-U', 'deploy', @setting ], 'tenants', 'failed', qr/^public\.orders: without app\.org, 20 rows are seen$/, 'as one that does not bypass policies');
sql($node, q{ALTER POLICY p ON orders USING (current_setting('app.org', true) <> '')}, db => $db);
sql($node, 'GRANT SELECT ON orders TO deploy', db => $db);
check_is([ '-U', 'deploy', @setting ], 'tenants', 'skipped', qr/^public\.orders: it is not known whose rows it has: query would be affected by row-level security/, 'who knows nobody whom to try');
sql($node, 'CREATE SCHEMA aside; ALTER TABLE orders SET SCHEMA aside; GRANT USAGE ON SCHEMA aside TO app; CREATE TABLE orders (note text); GRANT SELECT ON orders TO app', db => $db);
check_is(\@setting, 'tenants', 'failed', qr/^aside\.orders: with app.org set to one tenant, 20 rows of others are seen/,
	'a table of that name elsewhere is another one', env => { PGOPTIONS => '-c search_path=aside,public' });

# All connections fail: they are forbidden once the check is at the table.

$locker = start_sql($node, 'BEGIN; LOCK TABLE aside.orders; SELECT pg_sleep(60);', db => $db, application => 'locker');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'locker' AND wait_event = 'PgSleep'}, 'a table is locked');
my $refused = start_client($place, [ qw(check --json --load 2 --duration 100ms), @setting ], env => { DB_CONN_STRING => $app });
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'app' AND wait_event_type = 'Lock'}, 'the check waits');
sql($node, q{ALTER ROLE app NOLOGIN; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'locker'});
($exit, $said) = finish_client($refused);
finish_sql($locker);
is($exit, 1, 'no connection at all: exit code');
like($said, qr/"(\d+) of \1 connections failed: .*role \\"app\\" is not permitted to log in"/, 'says so');
unlike($said, qr/"acquire"|"query"/, 'and has no figures');

# Limits in slipway.conf or in variables are for when there is a load.

write_folder({ 'slipway.conf' => "[prod]\nurl = ${\ $node->connstr($db) }\nduration = 1s\nquery_limit = 1s\ncompare = none.json\n" }, $place->{home});
my ($status) = client($place, [qw(-e prod check -q)], connect => 0, env => { SLIPWAY_ACQUIRE_LIMIT => '80ms' });
is($status, 0, 'defaults of options that need --load');
client_is($place, [qw(-e prod check -q --load 1)], { exit => 2, err => qr/could not read "none\.json"/ }, 'and with it', connect => 0);

# Misuse

for my $case (
	[ [ '--duration', '1s' ], 'option "--duration" needs "--load"' ],
	[ [ '--compare', 'x' ], 'option "--compare" needs "--load"' ],
	[ [ '--tenant-setting', 'x' ], 'option "--tenant-setting" needs "--tenant-column"' ],
	[ [ '--load', '0' ], '--load takes a number from 1 to 10000' ],
	[ [ '--load', '1', '--duration', '10ms', '--compare', '/nowhere' ], 'could not read "/nowhere": unable to open /nowhere: No such file or directory' ])
{
	my ($args, $message) = @$case;
	client_is($place, [ 'check', '-q', @$args ], { exit => 2, err => qr/^slipway: error: \Q$message\E$/m }, "check @$args", env => { DB_CONN_STRING => $app });
}

$node->stop;
done_testing();
