# secret import and rollback: settings of a database go from a file into Barbican, and back.

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

my $node = new_secret_node('import');
my $cloud = new_cloud();
my %env = (cloud_env($cloud), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'PROD_');
my $shown = '';

# Runs a command on a place, and keeps what it shows.
sub run
{
	my ($place, @args) = @_;
	my %more = ref $args[-1] ? %{ pop @args } : ();
	my ($exit, $out, $err) = client($place, [@args], connect => 0, env => { %env, %more });

	$shown .= $out . $err;
	return ($exit, $out, $err);
}

my $block = "# The settings of the database are in a store of secrets: see \"slipway help secret\".\nSLIPWAY_SECRETS=barbican\n"
  . "SLIPWAY_SECRET_PREFIX=PROD_\nKEYSTONE_ENDPOINT=$cloud->{keystone}\nBARBICAN_ENDPOINT=$cloud->{barbican}\n"
  . "BARBICAN_PROJECT_ID=$cloud->{project_id}\nSECRETS_CACHE_TTL=300\n";

# All of it, once

my $place = new_secret_place($node);
my $before = "# Settings of the shop\nexport APP_NAME=\"shop\"  # its name\n\n";
my $more = "\nDATABASE_POOL_MIN=2\nDATABASE_POOL_MAX='10'\nDB_SSLMODE=prefer\n# DB_PASSWORD=an-old-one\nREDIS_TOKEN=abc\nMOTD='two\nlines'\n";
my $text = write_env($place, '.env', 'parameters', 'admin', 'url', { before => $before, more => $more });
my $secrets = secrets($place);
write_folder({ '.env.example' => "APP_NAME=shop\r\nDB_HOST=localhost\r\nDB_PASSWORD=\r\nDATABASE_POOL_MIN=2\r\n" }, $place->{home});
chmod 0640, "$place->{home}/.env";

my ($exit, $out, $err) = run($place, 'secret', 'import', '.env', '-n');
is($exit, 0, '-n') or diag($err);
is($out, <<"END", 'shows what would move');
line  setting            secret                  value
   4  DB_HOST            PROD_DB_HOST            ***
   5  DB_PORT            PROD_DB_PORT            ***
   6  DB_NAME            PROD_DB_NAME            ***
   7  DB_USERNAME        PROD_DB_USERNAME        ***
   8  DB_PASSWORD        PROD_DB_PASSWORD        ***
   9  DB_ADMIN_USERNAME  PROD_DB_ADMIN_USERNAME  ***
  10  DB_ADMIN_PASSWORD  PROD_DB_ADMIN_PASSWORD  ***
  11  DATABASE_URL       PROD_DATABASE_URL       ***
  16  DB_PASSWORD                                commented out: only taken out
END
is(read_env($place, '.env'), $text, 'and changes nothing');
is(scalar(barbican_secrets($cloud)), 0, 'in the store neither');

($exit, $out, $err) = run($place, 'secret', 'import', '.env');
is($exit, 0, 'import') or diag($err);
is(read_env($place, '.env'), $before . $block . $more =~ s/# DB_PASSWORD.*\n//r, 'the file has the store instead of the settings, and all else as it was');
is_deeply(env_files($place), { '.env' => '0640', '.env.backup-STAMP' => '0600', '.env.example' => '0644', '.env.example.backup-STAMP' => '0600' },
	'its mode is as it was, and that of the backup for its owner only');
is(read_env($place, '.env.example'), "APP_NAME=shop\r\n" . $block =~ s/=http.*|(?<=_ID)=.*/=/mgr =~ s/\n/\r\n/gr . "DATABASE_POOL_MIN=2\r\n",
	'the example says what is to be set, but not to what');
is(slurp_file((glob "$place->{home}/.env.backup-*")[0]), $text, 'the backup is what it was');
like($err, qr/^connects as $place->{app} to $place->{db} on .* \(PostgreSQL \d+/m, 'a connection was made as the application');
like($err, qr/^connects as $place->{admin} to /m, 'and as the administrator');
like($err, qr/^slipway: warning: \.env:17: REDIS_TOKEN looks like a secret, and stays$/m, 'what else looks like a secret is said');
like($err, qr/warning: other users could read the passwords in ".env"\nhint: Change the passwords/, 'and that others could read it');
is_deeply(in_force($place, \%env, qw(DB_PASSWORD DB_ADMIN_PASSWORD DB_NAME DB_USERNAME)),
	{ DB_PASSWORD => $place->{password}{app}, DB_ADMIN_PASSWORD => $place->{password}{admin}, DB_NAME => $place->{db}, DB_USERNAME => $place->{app} },
	'the store has them');
store_is_clean($cloud, 'import');
is(logs_in($place, \%env), $place->{app}, 'an application starts from there');
my %from_file = map { /^(\w+)=(.*)/ ? ($1 => $2) : () } split /\n/, read_env($place, '.env');
is(logs_in($place, { cloud_env($cloud, others => { OS_AUTH_URL => undef, OS_PROJECT_NAME => undef, OS_PROJECT_DOMAIN_NAME => undef, OS_REGION_NAME => undef }), %from_file }), $place->{app},
	'with nothing but the file, and who logs in');

($exit, $out, $err) = run($place, 'secret', 'import', '.env');
is("$exit $out", '0 ', 'import again');
like($err, qr/^\.env: there is nothing to move/, 'has nothing to do');

# And back

($exit, $out, $err) = run($place, 'secret', 'rollback', '.env', '-n');
is($exit, 0, 'rollback -n');
like($err, qr/^\.env: would be restored from \S+backup-\d{8}T\d{6}Z$/m, 'says from what');
my $rewritten = read_env($place, '.env') . "# an edit since\n";
append_to_file("$place->{home}/.env", "# an edit since\n");
($exit, $out, $err) = run($place, 'secret', 'rollback', '.env');
is($exit, 0, 'rollback') or diag($err);
is(read_env($place, '.env'), $text, 'the file is as it was');
is(read_env($place, '.env.before-rollback'), $rewritten, 'and what it had is kept');
is(read_env($place, '.env.example'), "APP_NAME=shop\r\nDB_HOST=localhost\r\nDB_PASSWORD=\r\nDATABASE_POOL_MIN=2\r\n", 'the example too');
is_deeply(env_files($place), { '.env' => '0640', '.env.before-rollback' => '0600', '.env.example' => '0644', '.env.example.before-rollback' => '0600' }, 'the backups are gone');
like($err, qr/^connects as $place->{app} .*\nconnects as $place->{admin} /m, 'after connections with what it says');
is(logs_in($place, \%env), $place->{app}, 'the store is as it was');
($exit, $out, $err) = run($place, 'secret', 'rollback', '.env');
is($exit, 2, 'rollback again');
is($err, "slipway: error: there is no backup of \".env\"\nhint: \"slipway secret import\" makes one beside the file.\n", 'has nothing to restore');

# An import again is a set of its own, and the one before is gone

($exit, $out, $err) = run($place, 'secret', 'import', '.env', '--json');
is($exit, 0, 'import --json') or diag($err);
my @events = @{ json_lines($out) };
is_deeply($events[0], { event => 'secret_moved', file => '.env', line => 4, setting => 'DB_HOST', secret => 'PROD_DB_HOST', note => undef }, 'says what has moved');
is(scalar(@events), 9, 'one event for each');
store_is_clean($cloud, 'import again');

# Barbican is not needed to go back, nor is the database if it must be

my %down = (OS_AUTH_URL => 'http://127.0.0.1:1/v3');
sql($node, "ALTER ROLE $place->{app} NOLOGIN");
($exit, $out, $err) = run($place, 'secret', 'rollback', '.env', \%down);
is($exit, 8, 'a rollback to what does not connect');
like($err, qr/could not connect as the application with what is stored: .*is not permitted to log in/, 'is refused');
unlike(read_env($place, '.env'), qr/$secrets/, 'the file is as it was');
sql($node, "ALTER ROLE $place->{app} LOGIN");
($exit, $out, $err) = run($place, 'secret', 'rollback', '.env', '--no-test', \%down);
is($exit, 0, 'rollback without any server') or diag($err);
is(read_env($place, '.env'), $text, 'the file is as it was');

unlike($shown, qr/$secrets/, 'no secret was shown');
my $log = slurp_file($node->logfile);
unlike($log, qr/$secrets/, 'nor is one in the log of the server');

$node->stop;
done_testing();
