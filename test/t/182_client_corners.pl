# What commands say where something is missing, malformed or too much: options, files of settings and secrets, tables of projects,
# batches, orphans. Each case is [name, arguments, exit code, what is said]; nothing else may come of it.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayCredential;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_credential_node('corners');
my $place = new_credential_place($node, 'file');
my $home = $place->{home};
my $shared = $place->{shared};
my ($exit, $out, $err);

sub write_file
{
	my ($name, $text, $mode) = @_;

	unlink "$home/$name";
	write_folder({ $name => $text }, $home);
	chmod $mode // 0644, "$home/$name";
	return "$home/$name";
}

# Of a command: exit code and what is said, with all that differs taken out.
sub said
{
	my ($args, %env) = @_;
	my ($code, $stdout, $stderr) = client($place, $args, connect => $args->[0] ne 'secret', env => { %{ $place->{env} }, %env });

	return "$code\n" . ("$stdout$stderr" =~ s{\Q$home\E}{HOME}gr =~ s/\b\d+(?:\.\d+)? m?s\b/TIME/gr);
}

sub said_is
{
	my ($name, $args, $code, $text, %env) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is(said($args, %env), "$code\n$text", $name);
}

sub said_like
{
	my ($name, $args, $code, $pattern, %env) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return like(said($args, %env), qr/\A$code\n(?s:.*)$pattern/, $name);
}

# Help
said_is('help of a command, and more', ['help', 'migrate', 'more'], 2, "slipway: error: superfluous argument \"more\"\nhint: Write slipway help [COMMAND].\n");

# Files of secrets
my %bad = (SLIPWAY_SECRETS => "file:$home/bad.env");
write_file('bad.env', "X='1\n", 0600);
said_like('a quote without its end', ['secret', 'list'], 1, qr/slipway: error: HOME\/bad\.env:1: malformed file of secrets: /m, %bad);
write_file('bad.env', "X=\"\$(date)\"\nDB_PASSWORD=\"\$Y\"\n", 0600);
said_like('a value that needs a shell', ['secret', 'get', 'X'], 1, qr/slipway: error: HOME\/bad\.env:1: secret "X" .*\nhint: Write what is meant, in single quotes\.$/m, %bad);
write_file('bad.env', '#' x (16 * 1024 * 1024 + 2), 0600);
said_like('too long', ['secret', 'list'], 1, qr/slipway: error: the file of secrets "HOME\/bad\.env" is too long$/m, %bad);
mkdir "$home/folder";
said_like('a folder', ['secret', 'list'], 1, qr/slipway: error: "HOME\/folder" is not a regular file: secrets are not read from it$/m, SLIPWAY_SECRETS => "file:$home/folder");
write_file('bad.env', "ONE='1'\n", 0600);
chmod 0500, $home;
SKIP:
{
	skip 'root may write everywhere', 2 if $> == 0;
	said_like('a folder that cannot be written', ['secret', 'generate', 'TWO'], 1,
		qr/slipway: error: could not write the file of secrets "HOME\/bad\.env": Permission denied$/m, %bad);
	is(slurp_file("$home/bad.env"), "ONE='1'\n", 'the file is as it was');
}
chmod 0755, $home;
write_file('zero', "a\0b");
said_like('a NUL', ['secret', 'put', 'TWO', '--file', 'zero'], 2, qr/slipway: error: a file of secrets holds text only$/m, %bad);
write_file('long', 'x' x (1024 * 1024));
said_like('a long secret', ['secret', 'put', 'TWO', '--file', 'long'], 2, qr/slipway: error: a secret has at most 20000 bytes$/m, %bad);
said_like('a purpose that is too long', ['secret', 'generate', 'TWO', '--purpose', 'p' x 201], 2,
	qr/slipway: error: the value of option "--purpose" is longer than 200 bytes$/m, %bad);
said_like('a purpose that is no UTF-8', ['secret', 'generate', 'TWO', '--purpose', "\xff"], 2, qr/slipway: error: the value of option "--purpose" is not UTF-8$/m, %bad);
said_like('--json of a removal', ['secret', 'delete', 'ONE', '--yes', '--json'], 0, qr/^\{"event":"secret_deleted","name":"ONE",/m, %bad);

# What stores cannot do
my %environment = (SLIPWAY_SECRETS => 'environment', SLIPWAY_URL => undef, DB_PASSWORD => 'x', T_ONE => '1');
said_like('put into the environment', ['secret', 'put', 'TWO', '--file', 'map'], 2, qr/slipway: error: .*environment.* cannot be written to$/m, %environment) if write_file('map', 'x');
said_like('a certificate that is none', ['secret', 'put-certificate', '--root', 'map'], 2, qr/slipway: error: "map" has no certificate in PEM$/m, %bad);
said_like('rotate in the environment', ['secret', 'rotate'], 2, qr/slipway: error: passwords in "environment" cannot be changed by slipway$/m, %environment);
like((client($place, ['secret', 'list'], connect => 0, env => { %environment }))[1], qr/^DB_PASSWORD\b/m, 'what the environment has');
like((client($place, ['--secret-prefix', 'T_', 'secret', 'list'], connect => 0, env => { %environment }))[1], qr/^T_ONE\b/m, 'with a prefix');
said_like('a test of the environment', ['secret', 'test'], '\d', qr/read the environment: \d+ variables?/m, %environment);
write_file('empty.pem', '');
said_like('a certificate without anything', ['secret', 'put-certificate', '--root', 'empty.pem'], 2, qr/slipway: error: "empty\.pem" is empty$/m, %bad);

# No store, and texts that are no UTF-8
my %nothing = (SLIPWAY_SECRETS => undef);
said_like('import without a store', ['secret', 'import', '.env'], 2, qr/^hint: Write --secrets barbican, or secrets = barbican in a section of slipway\.conf\.$/m, %nothing);
said_like('rotate without a store', ['secret', 'rotate'], 2, qr/^hint: Write --secrets barbican, or secrets = barbican in a section of slipway\.conf\.$/m, %nothing);
said_like('Barbican without an address', ['secret', 'list'], 2, qr/^slipway: error: there is no address of Keystone$/m, SLIPWAY_SECRETS => 'barbican');
said_like('a variable', ['migrate', '--var', "a=\xff"], 2, qr/^slipway: error: the value of variable "a" is not UTF-8$/m);
said_like('two at once', ['diff', '--save', 'a', '--with', 'b'], 2, qr/^slipway: error: options "--\w+" and "--\w+" exclude each other$/m);

# Files of settings
my %cloud = (SLIPWAY_SECRETS => 'barbican', OS_AUTH_URL => 'http://127.0.0.1:9/v3', OS_APPLICATION_CREDENTIAL_ID => 'a', OS_APPLICATION_CREDENTIAL_SECRET => 'b');
my $import = ['secret', 'import', '.env'];
said_like('a store that is no store', $import, 2, qr/slipway: error: .*\nhint: .*--secrets barbican/m, SLIPWAY_SECRETS => 'environment');
said_like('no file of settings', $import, 2, qr/slipway: error: could not read "\.env": No such file or directory$/m, %cloud);
write_file('.env', '#' x (1024 * 1024 + 1));
said_like('one that is too long', $import, 2, qr/slipway: error: "\.env" is too long for a file of settings$/m, %cloud);
mkdir "$home/.env.d";
said_like('a folder', ['secret', 'import', '.env.d'], 2, qr/slipway: error: "\.env\.d" is not a regular file$/m, %cloud);
rmdir "$home/.env.d";
write_file('.env', "DB_HOST=h\nDB_NAME=d\nDB_USERNAME=u\nDB_PASSWORD=p\n");
link "$home/.env", "$home/other";
said_like('one with two names', $import, 2, qr/slipway: error: "\.env" has several names \(hard links\)\nhint: The other names would keep the old content\.$/m, %cloud);
unlink "$home/other";
for my $journal ('', '{', '{"set": "x"}', '{"set": "x", "secrets": "y", "secret_prefix": "z", "backup": "b", "rewriting": true}')
{
	write_file('.env.slipway-import', $journal);
	said_like("a journal of an import: $journal", $import, 1, qr/slipway: error: .*\.env\.slipway-import.*it is not what slipway has written\nhint: It says what an interrupted import was doing\./m, %cloud);
}
unlink "$home/.env.slipway-import";
SKIP:
{
	skip 'root may write everywhere', 2 if $> == 0;
	write_file('.env.slipway-import', '{}', 0);
	said_like('one that cannot be read', $import, 1, qr/slipway: error: .*\.env\.slipway-import.*Permission denied$/m, %cloud);
	unlink "$home/.env.slipway-import";
	chmod 0500, $home;
	said_like('a folder that cannot be written', $import, 2, qr/slipway: error: could not write "\.env": Permission denied\nhint: It is replaced by a new file/m, %cloud);
	chmod 0755, $home;
}
is(slurp_file("$home/.env"), "DB_HOST=h\nDB_NAME=d\nDB_USERNAME=u\nDB_PASSWORD=p\n", 'the file is as it was');
unlink "$home/.env";

# Tables of projects
add_project($place, $_, unregistered => 1) for qw(shop blog);
my $input = ['credential', 'register', '--input'];
said_is('no file', [@$input, 'nowhere.csv'], 2, "slipway: error: could not read \"nowhere.csv\": No such file or directory\n");
said_is('a folder', [@$input, 'folder'], 2, "slipway: error: could not read \"folder\": Is a directory\n");
truncate write_file('long.csv', "project\n"), 64 * 1024 * 1024 + 1;
said_is('a file that is too long', [@$input, 'long.csv'], 2, "slipway: error: \"long.csv\" has more than 64 MB\n");
unlink "$home/long.csv";
write_file('twins.csv', "project,role,project\nshop,a,blog\n");
said_is('two columns of a name', [@$input, 'twins.csv'], 2, "slipway: error: twins.csv:1: there are two columns \"project\"\n");
write_file('bad.csv', "project\n\xff\n");
said_like('no UTF-8', [@$input, 'bad.csv'], 2, qr/slipway: error: bad\.csv:2: text that is not UTF-8/m);
said_is('two sources', [@$input, 'bad.csv', '--query', 'SELECT 1'], 2,
	"slipway: error: options \"--query\" and \"--input\" contradict each other\nhint: Give one of them.\n");
said_is('a file, and a name', [@$input, 'bad.csv', 'shop'], 2,
	"slipway: error: with --input no project is named on the command line\nhint: Name projects there or here.\n");
said_is('one role for two', ['credential', 'register', 'shop', 'blog', '--login', 'x'], 2,
	"slipway: error: --login is for one project\nhint: Give --prefix, or a column \"role\".\n");
said_is('a mapping in no file', ['credential', 'register', 'shop', '--mapping', '@nowhere'], 2,
	"slipway: error: could not read \"nowhere\": No such file or directory\n");
truncate write_file('map.json', '{'), 64 * 1024 * 1024 + 1;
said_like('a mapping that is too long', ['credential', 'register', 'shop', '--mapping', '@map.json'], 2, qr/slipway: error: "map\.json" is too long$/m);
sql($node, 'CREATE TABLE tenant (ref text, login text); INSERT INTO tenant VALUES (\'shop\')', db => $place->{db});
write_file('map.json', '{"table": "tenant", "project": "ref", "role": "login"}');
write_file('good.csv', "project,previous_role\nshop,$shared\nblog,$shared\n");
said_like('a mapping in a file, and a limit', [@$input, 'good.csv', '--mapping', '@map.json', '--connection-limit', '3', '--prefix', 'corner_', '--json'], 0,
	qr/"project":"shop","role":"corner_shop","outcome":"registered"/m);
query_is($node, q{SELECT DISTINCT connection_limit, mapping->>'table' FROM slipway.project_credential WHERE role IS NOT NULL}, '3|public.tenant', 'are registered', db => $place->{db});

# Options of credentials
said_like('no URL', ['credential', 'migrate', 'shop', '--health-url', 'ftp://x'], 2, qr/slipway: error: --health-url takes a URL of http or https, not "ftp:\/\/x"$/m);
said_like('reassign to nobody', ['credential', 'cleanup', '--owned', 'reassign'], 2, qr/slipway: error: options "--owned reassign" and "--heir" need each other$/m);
said_like('a health URL with the name of a project', ['credential', 'migrate', 'shop', '-n', '--health-url', 'http://127.0.0.1/%p?%', '--secret-prefix', 'p_%p_'], 0,
	qr/^-- GET http:\/\/127\.0\.0\.1\/shop\?%$/m);
said_like('a prefix with the name of a project', ['credential', 'migrate', 'shop', '-n', '--secret-prefix', 'p_%p_'], 0, qr/store p_shop_DB_USERNAME = corner_shop/m);
for my $step (qw(generate create update validate))
{
	said_like("credential $step -n", ['credential', $step, 'shop', '-n'], 0, $step eq 'generate' ? qr/store SHOP_DB_USERNAME = corner_shop/m : qr/slipway\.${step}_credential/m);
}
is(state_of($place, 'shop'), 'missing|f|f', 'nothing is done');

# Batches
said_is('no batch', ['credential', 'batch', 'list'], 0, "there is no batch\n");
said_is('no HTML', ['credential', 'batch', 'list', '--format', 'html'], 2, "slipway: error: a list of batches is a table, csv or json\n");
said_is('a batch that is called as a number', ['credential', 'batch', 'create', '--missing', '--name', '12'], 2,
	"slipway: error: the name of a batch must not look like the number of one: \"12\"\n");
said_like('made', ['credential', 'batch', 'create', '--input', 'good.csv', '--name', 'first', '--json'], 0, qr/^\{"event":"batch_created","batch":1,"name":"first","items":2\}$/m);
said_like('listed', ['credential', 'batch', 'list', '--json'], 0, qr/^\{"batch":1,"name":"first","state":"\w+","items":2,"waiting":2,"running":0,"interrupted":0,"succeeded":0,/m);
sql($node, 'CREATE ROLE corner_blog LOGIN', db => $place->{db});
said_like('one fails', ['credential', 'batch', 'run', '1', '--json'], 5, qr/"project":"blog","outcome":"(?:failed|rolled_back)"/m);
said_like('which is found', ['credential', 'batch', 'validate', '1', '--json'], 4, qr/^\{"event":"validation","ok":false,"project":"blog",/m);
said_like('and seen by who looks on', ['credential', 'batch', 'watch', '1'], 5, qr/^batch 1: 1 succeeded, 1 rolled back$/m);

# What is left behind
sql($node, 'DROP ROLE corner_blog', db => $place->{db});
said_like('without a store', ['credential', 'orphans'], 0, qr/^no store of secrets is given: what nobody knows of there was not looked for$/m, SLIPWAY_SECRETS => undef);
said_is('nothing', ['credential', 'cleanup', '--yes'], 0, "nothing is left behind\n");
said_like('with projects, and -n', ['credential', 'cleanup', 'shop', '-n'], 2, qr/slipway: error: with projects there is no --dry-run$/m);
is((credential($place, 'rollback', 'shop'))[0], 0, 'one goes back, and its secret stays');
said_like('that is removed', ['credential', 'cleanup', '--yes'], 0, qr/shop/m);
no_traces_left($place, 'cleanup');

is((credential($place, 'migrate', 'shop'))[0], 0, 'moved again');
sql($node, 'DROP OWNED BY corner_shop; DROP ROLE corner_shop', db => $place->{db});
said_like('a role that is gone', ['credential', 'orphans'], 0, qr/^lost +corner_shop +shop/m);
said_like('cannot be cleaned up', ['credential', 'cleanup', '--yes'], 0, qr/^shop: its role is gone: "slipway credential repair" makes it again$/m);
is((credential($place, 'repair', 'shop'))[0], 0, 'but repaired');
is(log_in($place, 'shop'), 'corner_shop', 'the application logs in');

# Schedules
said_like('a schedule', ['credential', 'schedule', 'set', 'night', '--cron', '0 2 * * *', '--email', 'a@example.org', '--email', 'b@example.org', '--only-plan', '--size', '5'], 0, qr/night/m);
said_like('is listed', ['credential', 'schedule', 'list'], 0, qr/^night +0 2 \* \* \* +UTC +5 .*yes/m);
said_like('and shown', ['credential', 'schedule', 'show', 'night'], 0, qr/^report to     a\@example\.org,b\@example\.org$/m);
add_project($place, 'late');
said_like('only planned', ['credential', 'schedule', 'run', 'night', '--json'], 0, qr/"event":"planned"/m, SLIPWAY_SMTP_URL => 'smtp://127.0.0.1:9');

said_like('a report from nobody', ['credential', 'batch', 'report', '1', '--email', 'a@example.org', '--email-from', 'nonsense'], 2,
	qr/^slipway: error: "nonsense" is no address of electronic mail$/m, SLIPWAY_SMTP_URL => 'smtp://127.0.0.1:9');
said_like('a timer for a file that is not there', ['--secrets', "file:$home/nowhere.env", 'credential', 'schedule', 'print', 'night', '--systemd'], 2,
	qr/^slipway: error: could not find "HOME\/nowhere\.env": No such file or directory$/m);

# A log that is followed
my $client = start_client($place, ['log', '--follow', '--json'], env => $place->{env});
my $found = 0;
sql($node, q{SELECT slipway.create_project('default')}, db => $place->{db});
put_files($place, { '0001_one.sql' => "SELECT 1;\n" });
is((client($place, ['migrate']))[0], 0, 'a run');
for my $try (1 .. 200)
{
	$client->{run}->pump_nb;
	last if $found = $client->{out} =~ /"migration":"0001_one"/;
	select undef, undef, undef, 0.05;
}
ok($found, 'log --follow says so');
$client->{run}->signal('TERM');
eval { finish_client($client) };

$node->stop;
done_testing();
