# secret import: files that make no sense, settings that disagree, and stores and databases that fail half way. Nothing is lost,
# and nothing is left behind.

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
use Time::HiRes ();

my $why = why_no_openstack();
plan(skip_all => $why) if defined $why;

my $node = new_secret_node('import_faults');
my $cloud = new_cloud();
my $faults = new_faults($cloud);
my %env = (cloud_env($cloud, via => $faults), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'F_');
my $place = new_secret_place($node);
my ($host, $port) = ($node->host, $node->port);
my $secrets = secrets($place, 'Oth3rS3cret');
my $shown = '';

sub import_file
{
	my ($file, @args) = @_;
	my %more = ref $args[-1] ? %{ pop @args } : ();
	my ($exit, $out, $err) = client($place, [ 'secret', 'import', $file, @args ], connect => 0, env => { %env, %more });

	$shown .= $out . $err;
	return ($exit, $out, $err);
}

# An import that fails, and leaves no trace.
sub fails_cleanly
{
	my ($file, $expected, $text, $name, @args) = @_;
	my $before = read_env($place, $file);
	my $files = env_files($place);
	my ($exit, $out, $err) = import_file($file, @args);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	set_faults($faults);
	is($exit, $expected, "$name: exit code") or diag($err);
	like($err, $text, "$name: why");
	is(read_env($place, $file), $before, "$name: the file is as it was");
	is_deeply(env_files($place), $files, "$name: there are no other files");
	return is(scalar(barbican_secrets($cloud)) + scalar(barbican_containers($cloud)), 0, "$name: the store is empty");
}

# Files

my $url = "postgresql://$place->{app}:" . url_escape($place->{password}{app}) . '@' . url_escape($host) . ":$port/$place->{db}";
for my $case (
	[ "DB_HOST=a\nDB_PASSWORD=\"x\n", qr/^slipway: error: \.env:2: a quote is not closed$/m, 'an open quote' ],
	[ "DB_HOST=a\nwhatever it is\n", qr/^slipway: error: \.env:2: this is neither NAME=VALUE nor a comment$/m, 'a line that is nothing' ],
	[ "DB_HOST=a\0b\n", qr/^slipway: error: \.env:1: this is not text$/m, 'a file that is not text' ],
	[ "DB_HOST=a\nDB_PASSWORD=\xff\xfe\n", qr/^slipway: error: \.env:2: DB_PASSWORD is not UTF-8$/m, 'a password that is not text' ],
	[ "DB_PASSWORD=\${SECRET}\n", qr/^slipway: error: \.env:1: DB_PASSWORD has a variable in it which the file does not set\nhint: .*single quotes/m, 'a variable' ],
	[ "DB_PASSWORD=\$(pass show db)\n", qr/^slipway: error: \.env:1: DB_PASSWORD has a command in it/m, 'a command' ],
	[ "DATABASE_URL=postgresql://u:Oth3rS3cret\@x/y\@h/d\n", qr/^slipway: error: \.env:1: DATABASE_URL is not a connection string that/m, 'a URL that is not encoded' ],
	[ "DATABASE_URL=mysql://u:Oth3rS3cret\@h/d\n", qr/^slipway: error: \.env:1: DATABASE_URL is not a connection string that/m, 'a URL of something else' ],
	[ "DATABASE_URL=postgresql://u:Oth3rS3cret\@h/d?pool=5\n", qr/^slipway: error: \.env:1: DATABASE_URL is not a connection string that/m, 'a parameter that nobody knows' ],
	[ "DB_USERNAME=a\nDB_USER=b\n", qr/^slipway: error: \.env:2: DB_USER is not the same as DB_USERNAME in line 1$/m, 'two roles' ])
{
	my ($text, $expected, $name) = @$case;

	write_folder({ '.env' => $text }, $place->{home});
	fails_cleanly('.env', 2, $expected, $name);
}
my ($exit, $out, $err) = import_file('nothing.env');
is("$exit $err", qq(2 slipway: error: could not read "nothing.env": No such file or directory\n), 'no file');
mkdir "$place->{home}/folder.env";
($exit, $out, $err) = import_file('folder.env');
is("$exit $err", qq(2 slipway: error: "folder.env" is not a regular file\n), 'a folder');
write_folder({ '.env' => "DATABASE_POOL_MIN=2\nDB_PASSWORD=\n" }, $place->{home});
($exit, $out, $err) = import_file('.env');
is($exit, 0, 'a file without settings of a database');
like($err, qr/nothing to move/, 'has nothing to move');
link "$place->{home}/.env", "$place->{home}/other" or die "link: $!\n";
write_env($place, '.env', 'parameters');
fails_cleanly('.env', 2, qr/".env" has several names \(hard links\)/, 'a file with two names');
unlink "$place->{home}/other";

# All that a file may look like

my $quoted = $place->{password}{app} =~ s/(["\\\$`])/\\$1/gr;
my $half = int(length($quoted) / 2);
my $text = "\xEF\xBB\xBF# a comment, DB_HOST=x\r\n  export DB_HOST = '$host' # there\r\nDB_PORT=1\r\nDB_PORT=$port\r\nDB_NAME=\"$place->{db}\"\r\n"
  . "DB_USER=$place->{app}\r\n\r\nDB_PASSWORD=\"$quoted\"\r\nDATABASE_URL=\"postgresql://\${DB_USER}:${\ url_escape($place->{password}{app}) }\@${\ url_escape($host) }:\${DB_PORT}/\${DB_NAME}\"\r\n"
  . "PEM=\"-----BEGIN\r\nDB_NAME=no\r\n-----END\"\r\nDATABASE_POOL_MIN=2";
write_folder({ '.env' => $text }, $place->{home});
symlink '.env', "$place->{home}/linked.env" or die "symlink: $!\n";
($exit, $out, $err) = import_file('linked.env');
is($exit, 0, 'quotes, comments, export, CR LF, a name twice, variables, several lines, a link') or diag($err);
like(read_env($place, '.env'), qr/\A\xEF\xBB\xBF# a comment, DB_HOST=x\r\n# The settings of .*\r\nexport SLIPWAY_SECRETS=barbican\r\n(?:export \w+=.*\r\n){5}\r\nPEM="-----BEGIN\r\nDB_NAME=no\r\n-----END"\r\nDATABASE_POOL_MIN=2\z/,
	'is rewritten in its own way');
ok(-l "$place->{home}/linked.env", 'the link is one still');
is_deeply(in_force($place, \%env, qw(DB_PORT DATABASE_URL DB_PASSWORD)), { DB_PORT => $port, DATABASE_URL => $url, DB_PASSWORD => $place->{password}{app} }, 'the values are right');
is(logs_in($place, \%env), $place->{app}, 'and work');
unlink glob "$place->{home}/.env*";
unlink "$place->{home}/linked.env";

# Nothing is stored from here on

sub empty_store
{
	ask_barbican($cloud, 'creator', 'DELETE', $_->{container_ref}) for barbican_containers($cloud);
	ask_barbican($cloud, 'creator', 'DELETE', $_->{secret_ref}) for barbican_secrets($cloud);
	return;
}
empty_store();

# URL and parameters that disagree

my $other = "postgresql://other:Oth3rS3cret\@db.invalid:5433/elsewhere";
write_env($place, '.env', 'parameters', { more => "DATABASE_URL=$other\n" });
fails_cleanly('.env', 2, qr/^\.env: DATABASE_URL and the single parameters disagree
  host: db\.invalid in DATABASE_URL, \Q$host\E in the parameter
  port: 5433 in DATABASE_URL, $port in the parameter
  database: elsewhere in DATABASE_URL, $place->{db} in the parameter
  role: other in DATABASE_URL, $place->{app} in the parameter
  password: not the same
slipway: error: \.env: which settings count is not clear
hint: Say with --prefer url or --prefer parameters which of them counts\.$/m, 'disagreement');
($exit, $out, $err) = import_file('.env', '-n', '--prefer', 'url', '--json');
is_deeply([ map { "$_->{setting}:" . ($_->{secret} // $_->{note}) } @{ json_lines($out) } ],
	[ (map { "$_:only taken out: the other one counts" } qw(DB_HOST DB_PORT DB_NAME DB_USERNAME DB_PASSWORD)), 'DATABASE_URL:F_DATABASE_URL' ], '--prefer url');
SKIP:
{
	skip('needs the Perl module IO::Pty', 1) unless eval { require SlipwayScreen; 1 };
	my $screen = SlipwayScreen::start_screen({ home => $place->{home} }, [ 'secret', 'import', '.env' ], env => \%env);
	SlipwayScreen::read_until($screen, qr/Which counts: DATABASE_URL \(u\) or the parameters \(p\)\?/, "which counts");
	SlipwayScreen::type_keys($screen, "u\n");
	SlipwayScreen::read_until($screen, qr/stored in barbican: 1 settings/, "the URL is stored");
	my ($status) = SlipwayScreen::finish_screen($screen);
	is($status, 8, 'on a terminal it asks, and does as it is told');
	$shown .= $screen->{raw};
}
($exit, $out, $err) = import_file('.env', '--prefer', 'parameters');
is($exit, 0, '--prefer parameters') or diag($err);
is(in_force($place, \%env, 'DATABASE_URL')->{DATABASE_URL}, undef, 'what does not count is not stored');
is(logs_in($place, \%env), $place->{app}, 'what counts is');
unlike(read_env($place, '.env'), qr/$secrets/, 'and both are out of the file');
unlink glob "$place->{home}/.env*";
empty_store();

# Stores

write_env($place, '.env', 'parameters', 'admin', 'url');
for my $case (
	[ 'Keystone is down', 8, qr/Keystone .* does not answer/, {}, { OS_AUTH_URL => 'http://127.0.0.1:1/v3' } ],
	[ 'wrong password', 1, qr/Keystone refuses user/, {}, { OS_PASSWORD => 'Oth3rS3cret' } ],
	[ 'forbidden project', 1, qr/does not allow this/, {}, { cloud_env($cloud, user => 'guest', via => $faults) } ],
	[ 'who may only read', 1, qr/does not allow this/, {}, { cloud_env($cloud, user => 'observer', via => $faults) } ],
	[ 'Barbican answers 500 half way', 8, qr/500/, { method => 'POST', path => '/secrets', after => 4, do => 'status', status => 500 } ],
	[ 'Barbican gives no answer half way', 8, qr/Barbican/, { method => 'POST', path => '/secrets', after => 4, do => 'cut' } ],
	[ 'what is stored cannot be read', 8, qr/503/, { method => 'GET', path => '/payload', do => 'status', status => 503 } ],
	[ 'something else is read', 1, qr/otherwise than it was stored/, { method => 'GET', path => '/payload', do => 'status', status => 200, headers => { 'Content-Type' => 'text/plain' }, body => 'x' } ],
	[ 'the set is not made', 8, qr/500/, { method => 'POST', path => '/containers', do => 'status', status => 500 } ],
	[ 'the set may not be made', 1, qr/does not allow this/, { method => 'POST', path => '/containers', do => 'status', status => 403 } ])
{
	my ($name, $expected, $text_of_it, $rule, $more) = @$case;

	set_faults($faults, %$rule ? $rule : ());
	fails_cleanly('.env', $expected, $text_of_it, $name, $more // {});
}

# Databases

sql($node, "ALTER ROLE $place->{app} NOLOGIN");
fails_cleanly('.env', 8, qr/could not connect as the application with what is stored: .*not permitted to log in/, 'the application cannot log in');
sql($node, "ALTER ROLE $place->{app} LOGIN; ALTER ROLE $place->{admin} NOLOGIN");
fails_cleanly('.env', 8, qr/could not connect as the administrator with what is stored: .*not permitted to log in/, 'the administrator cannot');
sql($node, "ALTER ROLE $place->{admin} LOGIN");
my $written = write_env($place, '.env', 'parameters');
write_folder({ '.env' => $written =~ s/^DB_PASSWORD=\K.*/Oth3rS3cret/mr }, $place->{home});
fails_cleanly('.env', 8, qr/password authentication failed/, 'a wrong password');

# When even what was stored cannot be removed, the next call does it

write_env($place, '.env', 'parameters');
set_faults($faults, { method => 'POST', path => '/containers', do => 'die' });
($exit, $out, $err) = import_file('.env');
$shown .= $err;
is($exit, 8, 'Barbican goes down for good');
like($err, qr/^slipway: warning: what was stored could not be removed: .*\nhint: Call "slipway secret import" again/m, 'what was stored is still there');
ok(-e "$place->{home}/.env.slipway-import", 'and a journal says so');
set_faults($faults);
start_faults($faults);
($exit, $out, $err) = import_file('.env', { SLIPWAY_SECRET_PREFIX => 'G_' });
is($exit, 2, 'with another prefix');
like($err, qr/an import of "\.env" was interrupted, which has to be undone in its store first\nhint: Write --secrets barbican --secret-prefix F_\.$/m, 'it cannot be removed');
($exit, $out, $err) = import_file('.env');
is($exit, 0, 'the next call') or diag($err);
like($err, qr/^\.env: an interrupted import was undone$/m, 'removes it, and does what it is to do');
store_is_clean($cloud, 'the next call');
is(logs_in($place, \%env), $place->{app}, 'a connection');
is_deeply(env_files($place), { '.env' => '0644', '.env.backup-STAMP' => '0600' }, 'the files');

# Two at the same time

write_env($place, '.env', 'parameters');
set_faults($faults, { method => 'POST', path => '/secrets', times => 1, do => 'delay', seconds => 3 });
my $first = start_client($place, [ 'secret', 'import', '.env' ], connect => 0, env => \%env);
for (1 .. 200)
{
	last if -e "$place->{home}/.env.slipway-import";
	Time::HiRes::sleep(0.05);
}
($exit, $out, $err) = import_file('.env');
is($exit, 7, 'while another one runs');
like($err, qr/error: another slipway changes settings in folder/, 'it is refused');
($exit, $out, $err) = finish_client($first);
is($exit, 0, 'the other one ends') or diag($err);
set_faults($faults);

# An interruption is undone

unlink glob "$place->{home}/.env.backup-*";
$text = write_env($place, '.env', 'parameters');
my $in_force = in_force($place, \%env, 'DB_PASSWORD');
set_faults($faults, { method => 'GET', path => '/payload', do => 'delay', seconds => 1 });
$first = start_client($place, [ 'secret', 'import', '.env' ], connect => 0, env => \%env);
$first->{run}->pump until $first->{err} =~ /stored in/;
$first->{run}->signal('TERM');
($exit, $out, $err) = finish_client($first);
set_faults($faults);
is($exit, 1, 'SIGTERM') or diag($err);
like($err, qr/error: interrupted; "\.env" is as it was$/m, 'is said');
is(read_env($place, '.env'), $text, 'the file is as it was');
is_deeply(env_files($place), { '.env' => '0644' }, 'and nothing beside it');
store_is_clean($cloud, 'SIGTERM');
is_deeply(in_force($place, \%env, 'DB_PASSWORD'), $in_force, 'the set before is in force');

# So is an import of a file that somebody edits meanwhile

set_faults($faults, { method => 'GET', path => '/payload', do => 'delay', seconds => 1 });
$first = start_client($place, [ 'secret', 'import', '.env' ], connect => 0, env => \%env);
$first->{run}->pump until $first->{err} =~ /stored in/;
append_to_file("$place->{home}/.env", "NEW=1\n");
($exit, $out, $err) = finish_client($first);
set_faults($faults);
is($exit, 1, 'an edit meanwhile') or diag($err);
like($err, qr/error: "\.env" was changed by somebody else meanwhile$/m, 'is said');
is(read_env($place, '.env'), "${text}NEW=1\n", 'and not lost');
is_deeply(env_files($place), { '.env' => '0644' }, 'nothing is beside it');
store_is_clean($cloud, 'an edit meanwhile');

unlike($shown, qr/$secrets/, 'no secret was shown');
unlike(slurp_file($node->logfile), qr/$secrets/, 'nor is one in the log of the server');

$node->stop;
done_testing();
