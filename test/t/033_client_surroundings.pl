# What a client meets before any migration runs: command lines, connections,
# folders and files as they are found in the world.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('surroundings');
my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });

# Command lines

sub usage
{
	my ($args, $message, $hint, %option) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return client_is($place, $args, {
			exit => 2, err => "slipway: error: $message\n" . (defined $hint ? "hint: $hint\n" : '') },
		"slipway @$args", %option);
}

usage(['frobnicate'], 'unknown command "frobnicate"', 'See "slipway --help".');
usage(['migrat'], 'unknown command "migrat"', 'Perhaps you meant "migrate".');
usage([ 'help', 'statsu' ], 'unknown command "statsu"', 'Perhaps you meant "status".');
usage([ 'migrate', '--lock-wiat', '3s' ], 'unknown option "--lock-wiat"', 'Perhaps you meant "--lock-wait".');
usage([ '--lock-wiat=3s', 'migrate' ], 'unknown option "--lock-wiat"', 'Perhaps you meant "--lock-wait".');
usage([ 'migrate', '--frobnicate' ], 'unknown option "--frobnicate"', 'See "slipway --help".');
usage([ 'migrate', '-x' ], 'unknown option "-x"', 'See "slipway --help".');
usage([ 'migrate', '-qx' ], 'unknown option "-x"', 'See "slipway --help".');
usage([ 'migrate', '--lock-wait', 'soon' ], 'invalid value "soon" of option "--lock-wait"',
	'It is a number of milliseconds, or has a unit: us, ms, s, min, h or d.');
usage([ 'migrate', '--retries=-1' ], 'invalid value "-1" of option "--retries"',
	'It is a whole number from 0 to 2147483647.');
usage([ 'plan', '--order', 'reverse' ], 'invalid value "reverse" of option "--order"', 'It is one of auto|name|number.');
usage([ 'plan', '--to', '' ], 'invalid value "" of option "--to"', 'It must not be empty.');
usage([ 'migrate', '--to' ], 'option "--to" needs a value', 'Write --to NAME.');
usage([ 'status', '--to', '0001_a' ], 'command "status" has no option "--to"', 'See "slipway help status".');
usage([ 'migrate', 'now' ], 'superfluous argument "now"', 'Write slipway migrate.');
usage(['new'], 'command "new" needs an argument', 'Write slipway new NAME.');
usage([ 'new', 'a', 'b' ], 'superfluous argument "b"', 'Write slipway new NAME.');
usage([ 'status', '--url', 'x' ], 'options "--url" and "--dbname" are both given', 'They mean the same.');
usage(['migrate'], 'invalid value "never" of environment variable SLIPWAY_LOCK_WAIT',
	'It is a number of milliseconds, or has a unit: us, ms, s, min, h or d.', env => { SLIPWAY_LOCK_WAIT => 'never' });
usage(['status'], 'invalid value "perhaps" of environment variable SLIPWAY_JSON',
	'It is 1 or 0, true or false, yes or no, on or off.', env => { SLIPWAY_JSON => 'perhaps' });

my ($help) = client_is($place, ['help'], { out => qr/\Aslipway applies SQL migrations / }, 'help');
is(join(' ', $help =~ /^  ([a-z-]+)(?:  |$)/mg), 'init new migrate rollback redo plan rehearse status validate verify baseline repair approve pending-approval diff log watch cancel check metrics wait exec secret credential config completion help version', 'lists the commands');
is((client($place, ['--help']))[1], $help, '--help is the same');
client_is($place, [], { exit => 2, err => qr/\Aslipway applies SQL migrations / }, 'no command');
for my $command ($help =~ /^  ([a-z]+)  /mg)
{
	my ($text) = client_is($place, [ 'help', $command ], {
			out => qr/\Aslipway $command: .*\n\nUsage: slipway $command(?: COMMAND)? \[OPTION\]\.\.\./ }, "help $command");
	is((client($place, [ $command, '--help' ]))[1], $text, "$command --help is the same");
	is(scalar(grep { length > 80 } split /\n/, $text), 0, 'and fits into 80 columns');
}
my ($version) = client_is($place, ['version'], { out => qr/\Aslipway \d+\.\d+\.\d+\n\z/ }, 'version');
is((client($place, ['--version']))[1], $version, '--version is the same');
client_is($place, [ 'version', '--json' ], { out => qr/\A\{"version":"\d+\.\d+\.\d+"\}\n\z/ }, 'version --json');

SKIP:
{
	skip 'no /dev/full', 2 unless -w '/dev/full';
	is(system('slipway version >/dev/full 2>/dev/null') >> 8, 1, 'a full disk behind stdout is an error');
	is(system('slipway help >/dev/full 2>/dev/null') >> 8, 1, 'for help too');
}

# A file that may not grow any more ends nobody, and what was begun does not stay: it would be a migration.
{
	my ($out, $err) = run_command([ 'sh', '-c', 'cd "$1" && ulimit -f 0 && slipway new short --dir short; echo "exit $?" >&2', 'sh', $place->{home} ]);
	my ($exit) = $err =~ /^exit (\d+)$/m;

	is($exit, 1, 'a limit of the size of files: exit code');
	like($err, qr/could not write "short\/\d+_short\.sql": File too large/, 'a limit of the size of files: it is said');
	is_deeply([ glob "$place->{home}/short/*" ], [], 'a limit of the size of files: nothing stays');
	rmdir "$place->{home}/short";
}

# Connections

my $port = $node->port;
my $host = $node->host;

client_is($place, [ $_, '-d', 'dbname=x host=/nonexistent' ], {
		exit => 8, err => qr/\Aslipway: error: could not connect \(options\): .*"\/nonexistent\/\.s\.PGSQL\.\d+" failed: No such file or directory\n/ },
	"$_ without a server", connect => 0)
  for qw(status migrate);
client_is($place, [ 'migrate', '-d', 'dbname=no_such_database' ], {
		exit => 8, err => qr/\Aslipway: error: could not connect \(options\): .*database "no_such_database" does not exist\n\z/s },
	'no such database', connect => 0, env => { PGHOST => $host, PGPORT => $port });
client_is($place, ['status'], {
		exit => 8,
		err => qr/\Aslipway: error: could not connect \(DATABASE_URL\): .*\n/ },
	'no server at DATABASE_URL', connect => 0, env => { DATABASE_URL => 'postgresql:///x?host=/nonexistent' });
client_is($place, ['status'], { exit => 2,
		err => "slipway: error: SLIPWAY_URL is not a connection string of PostgreSQL\n"
		  . "hint: It looks like postgresql://role\@host/database.\n" },
	'a variable that is no connection string', connect => 0, env => { SLIPWAY_URL => 'mysql-ish' });
client_is($place, ['status'], { out => qr/^0001_a +pending$/m, err => "project default: 1 pending\n" },
	'SLIPWAY_URL', connect => 0,
	env => { SLIPWAY_URL => "postgresql:///$place->{db}?host=$host&port=$port", DATABASE_URL => 'postgresql:///nothing' });
client_is($place, ['status'], { out => qr/^0001_a +pending$/m, err => "project default: 1 pending\n" },
	'DB_HOST and its like', connect => 0, env => { DB_HOST => $host, DB_PORT => $port, DB_NAME => $place->{db} });
client_is($place, [ 'status', '-h', $host, '-p', $port, '-d', $place->{db} ],
	{ out => qr/^0001_a +pending$/m, err => "project default: 1 pending\n" }, 'the options of psql', connect => 0);

my $bare = new_place($node, { '0001_a.sql' => 'SELECT 1' }, bare => 1);
for my $command (qw(migrate plan status validate log))
{
	client_is($bare, [$command], {
			exit => 1,
			err => "slipway: error: database \"$bare->{db}\" has no pg_slipway extension\n"
			  . "hint: Run \"slipway init\" as a superuser.\n" },
		"$command without the extension");
}

# Passwords

my $secret = "S3cret/pass:w\@rd";
my $escaped = 'S3cret%2Fpass%3Aw%40rd';
sql($node, "CREATE ROLE alice LOGIN PASSWORD '$secret'; SELECT slipway.grant_role('alice', 'reader');", db => $place->{db});
my $hba = $node->data_dir . '/pg_hba.conf';
my $old = slurp_file($hba);
unlink $hba;
append_to_file($hba, "local all alice scram-sha-256\n$old");
$node->reload;

client_is($place, [ 'status', '--url', "postgresql://alice:$escaped\@/$place->{db}?host=$host&port=$port" ],
	{ out => qr/pending/, err => "project default: 1 pending\n" }, 'the right password', connect => 0);
client_is($place, [ '-v', 'status' ], { out => qr/pending/, err => qr/as "alice" \(from SLIPWAY_URL\)/ },
	'and from the environment', connect => 0,
	env => { SLIPWAY_URL => "postgresql://alice:$escaped\@/$place->{db}?host=$host&port=$port" });

for my $try (
	[ 'a wrong password in a URI', 8, "postgresql://alice:Wr0ng%2F$escaped\@/$place->{db}?host=$host&port=$port" ],
	[ 'as a parameter of one', 8, "postgresql:///$place->{db}?user=alice&password=Wr0ng$escaped&host=$host&port=$port" ],
	[ 'in a keyword string', 8, "dbname=$place->{db} user=alice password='Wr0ng $secret' host=$host port=$port" ],
	[ 'not quoted in a keyword string', 2, "dbname=$place->{db} user=alice password=Wr0ng $secret host=$host port=$port" ],
	[ 'not escaped in a URI', 2, "postgresql://alice:Wr0ng$secret\@localhost/$place->{db}" ],
	[ 'in a URI that is malformed', 2, "postgresql://alice:Wr0ng$escaped\@[bad/$place->{db}" ])
{
	my ($name, $expected, $url) = @$try;

	for my $way ([ [ '-v', '--url', $url ], {} ], [ ['-v'], { DATABASE_URL => $url } ])
	{
		my ($exit, $out, $err) = client($place, [ @{ $way->[0] }, '-w', 'status' ], connect => 0, env => $way->[1]);
		is($exit, $expected, $name) or diag($err);
		like($err, qr/^slipway: error: /m, 'says that it is wrong');
		unlike($out . $err, qr/Wr0ng|S3cret|pass:w|pass%3Aw|w\@rd|w%40rd/, 'is not echoed');
	}
}
{
	my ($exit, $out, $err) = client($place, [ '-v', '-U', 'alice', '-w', 'status' ], env => { PGPASSWORD => 'Wr0ng' });
	is($exit, 8, 'a wrong PGPASSWORD');
	like($err, qr/password authentication failed for user "alice"/, 'is what the message is about');
	unlike($out . $err, qr/Wr0ng/, 'is not echoed');
}
unlike(slurp_file($node->logfile), qr/Wr0ng/, 'nor does any of them reach the log of the server');

# Folders

sub broken_folder
{
	my ($files, $exit, $message, $hint, $name, %option) = @_;
	my $folder = write_folder($files);

	$option{prepare}->($folder) if $option{prepare};
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	for my $command (qw(migrate status))
	{
		my ($code, $out, $err) = client($place, [ $command, '--dir', $folder ]);
		$err =~ s/\Q$folder\E/DIR/g;
		is($code, $exit, "$name, $command: exit code");
		is("$out$err", "slipway: error: $message\n" . (defined $hint ? "hint: $hint\n" : ''), "$name, $command: message");
	}
	applied_is($place, '', 'nothing is applied');
	return;
}

client_is({ %$place, home => PostgreSQL::Test::Utils::tempdir }, [$_], {
		exit => 2,
		err => "slipway: error: could not read folder \"./migrations\": No such file or directory\n"
		  . "hint: Name the folder with --dir or MIGRATIONS_PATH.\n" },
	"$_ without a folder")
  for qw(migrate plan status validate);
client_is($place, [ 'status', '--dir', 'migrations/0001_a.sql' ], {
		exit => 2,
		err => "slipway: error: could not read folder \"migrations/0001_a.sql\": Not a directory\n"
		  . "hint: Name the folder with --dir or MIGRATIONS_PATH.\n" },
	'a file as the folder');
for my $way ([ 'status', '--dir', 'migrations/' ], [ 'status', '--dir', './migrations' ])
{
	client_is($place, $way, { out => qr/pending/, err => "project default: 1 pending\n" }, "@$way");
}
client_is({ %$place, home => '/' }, ['status'], { out => qr/pending/, err => "project default: 1 pending\n" },
	'MIGRATIONS_PATH', env => { MIGRATIONS_PATH => "$place->{home}/migrations" });

SKIP:
{
	skip 'root may read everything', 5 if $> == 0;
	broken_folder({ '0001_a.sql' => 'SELECT 1', '0002_b.sql' => 'SELECT 2' }, 1,
		'could not read "DIR/0002_b.sql": Permission denied', undef, 'an unreadable file',
		prepare => sub { chmod 0, "$_[0]/0002_b.sql" or die "chmod: $!\n"; });
}
broken_folder({}, 1, '"DIR/x.sql" is a directory, not a script', 'Rename it, or move it out of the folder.',
	'a directory', prepare => sub { mkdir "$_[0]/x.sql" or die "mkdir: $!\n"; });
broken_folder({}, 1, '"DIR/x.sql" is a symbolic link to "nowhere", which does not exist',
	'Restore what it names, or remove the link.',
	'a dangling link', prepare => sub { symlink 'nowhere', "$_[0]/x.sql" or die "symlink: $!\n"; });
broken_folder({}, 1, '"DIR/x.sql" is not a file', 'Move it out of the folder.',
	'a named pipe', prepare => sub { system('mkfifo', "$_[0]/x.sql") == 0 or die "mkfifo failed\n"; });
broken_folder({ "0001_a\nb.sql" => 'SELECT 1' }, 4,
	'a migration\'s name has a control character (byte 0x0a) in folder "DIR"', 'Rename the file.', 'a line feed in a name');
broken_folder({ "0001_\xff.sql" => 'SELECT 1' }, 4,
	"the name of \"DIR/0001_\\xff.sql\" is not UTF-8", 'Rename the file.', 'a name that is no UTF-8');

# Files

broken_folder({ '0001_a.sql' => "SELECT 1;\nSELECT '\0';\n" }, 4,
	'DIR/0001_a.sql:2:9: NUL byte at byte offset 18', 'Scripts are UTF-8 text.', 'a NUL byte');
broken_folder({ '0001_a.sql' => "SELECT 1;\n-- \xc3\xa9 \xe9\n" }, 4,
	'DIR/0001_a.sql:2:6: invalid UTF-8 at byte offset 16', 'Scripts are UTF-8 text.', 'invalid UTF-8');
broken_folder({ '0001_a.sql' => "\xef\xbb\xbf-- \xe9\n" }, 4,
	'DIR/0001_a.sql:1:4: invalid UTF-8 at byte offset 6', 'Scripts are UTF-8 text.', 'invalid UTF-8 behind a byte order mark');
broken_folder({ '0001_a.sql' => "-- \xed\xa0\x80\n" }, 4,
	'DIR/0001_a.sql:1:4: invalid UTF-8 at byte offset 3', 'Scripts are UTF-8 text.', 'a surrogate');
broken_folder({ '0001_a.sql' => "-- \xe2\x82" }, 4,
	'DIR/0001_a.sql:1:4: invalid UTF-8 at byte offset 3', 'Scripts are UTF-8 text.', 'a character that is cut off');
broken_folder({ '0001_a.sql' => "\xff\xfeS\0E\0L\0" }, 4,
	'DIR/0001_a.sql:1:1: invalid UTF-8 at byte offset 0', 'It looks like UTF-16; save it as UTF-8.', 'UTF-16');
broken_folder({ '0001_a.up.sql' => 'SELECT 1', '0001_a.down.sql' => "\0" }, 4,
	'DIR/0001_a.down.sql:1:1: NUL byte at byte offset 0', 'Scripts are UTF-8 text.', 'a companion is checked too');

# Line ends: each checkout has its own, and all are the same migration.

{
	my $text = "CREATE TABLE lines (t text);\nINSERT INTO lines VALUES ('a\nb');\n";
	my $crlf = $text =~ s/\n/\r\n/gr;
	my $lines = new_place($node, { '0001_lines.sql' => $crlf });

	client_is($lines, ['migrate'], { err => "0001_lines  applied  TIME\n1 migration applied to project default in TIME\n" },
		'a file with CRLF');
	query_is($node, 'SELECT length(t) FROM lines', '3', 'the server gets LF', db => $lines->{db});
	for my $form ($text, $crlf, "\xef\xbb\xbf$text", "\xef\xbb\xbf$crlf", "\xef\xbb\xbf\xef\xbb\xbf$text", $crlf =~ s/\r/\r\r/gr)
	{
		put_files($lines, { '0001_lines.sql' => $form });
		client_is($lines, ['validate'], { err => "1 migration, all valid\n" }, 'the same with other line ends');
		client_is($lines, ['status'], { out => qr/^0001_lines  applied/m, err => "project default: 1 applied\n" }, 'is applied');
	}
	for my $form ("-\xef\xbb\xbf$text", $text =~ s/\n/\r/gr, "$text\n")
	{
		put_files($lines, { '0001_lines.sql' => $form });
		client_is($lines, ['status'], { out => qr/^0001_lines  changed/m, err => "project default: 1 changed\n" },
			'another text is changed');
	}
}

# Names

{
	my @names = (
		'0001_with blank', "0002_it's", '0003_say "hi"', '0004_a;b', '0005_', "0006_\xc3\xbcber \xe6\x97\xa5",
		'0007_$1 %s \\ *', '0008_", line 3, column 4', '0009.dots.in.it', '0010_' . 'x' x 246);
	my $names = new_place($node, { map { ("$_.sql" => "SELECT 1;\n") } @names });

	client_is($names, ['migrate'], {
			err => join('', map { "$_  applied  TIME\n" } @names) . "10 migrations applied to project default in TIME\n" },
		'odd names');
	query_is($node, 'SELECT name FROM slipway.schema_migrations ORDER BY name COLLATE "C"', join("\n", @names),
		'are recorded as they are', db => $names->{db});
	client_is($names, ['validate'], { err => "10 migrations, all valid\n" }, 'and found again');
	my ($out) = client_is($names, [ 'status', '--json', '--no-drift' ], { out => qr/\A\{/, err => qr/10 applied/ }, 'as JSON');
	is_deeply(
		[ map { my $name = $_->{migration}; utf8::encode($name); $name } @{ json_lines($out) } ],
		\@names, 'too');
	for my $name ("0011_it's \"odd\"; \xc3\xbc", '0011_", line 3, column 4', '0011_x", line 3')
	{
		put_files($names, { "$name.sql" => "SELECT 1;\nSELECT nothing;\n" });
		client_is($names, ['migrate'], {
				exit => 5,
				err => "migrations/$name.sql:2:8: ERROR: column \"nothing\" does not exist (42703)\n"
				  . "    2 | SELECT nothing;\n      |        ^\n$name: rolled back\n" },
			"an error in $name");
		client_is($names, [ 'plan', '--to', $name ], { out => qr/^\Q$name\E  /m, err => qr/\A1 migration to apply/ }, 'it can be named');
		remove_files($names, "$name.sql");
	}
	history_is_sound($node, 'odd names', db => $names->{db});
}

#
# Errors of the server that come without a hint get one
#
{
	my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });

	$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN');
	client_is($place, [ 'migrate', '-U', 'stranger' ], {
			exit => 1,
			err => "slipway: error: permission denied for schema slipway (42501)\n"
			  . "hint: An administrator grants reader, uploader or deployer with slipway.grant_role().\n" },
		'a role without rights is told who gives them');
	local $ENV{PGOPTIONS} = '-c default_transaction_read_only=on';
	client_is($place, ['migrate'], {
			exit => 1,
			err => qr/\(25006\)\nhint: Connect to the primary, and without default_transaction_read_only\.\n\z/ },
		'a read-only session is told where to go');
}

$node->stop;
done_testing();
