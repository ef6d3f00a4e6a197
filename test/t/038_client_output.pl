# What programs read: JSON of every command, as documented, and output that
# cannot be written. And misuse of the command line, with exact messages.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('output');

# Runs a command with --json and checks its objects; returns them.
sub json_of
{
	my ($place, $args, $exit_code, $names, %option) = @_;
	my ($exit, $out) = client($place, [ '--json', @$args ], %option);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, $exit_code, "@$args --json: exit code") or diag($out);
	return json_fits($out, $names, "@$args --json: objects");
}

# JSON

my $place = new_place($node, {}, bare => 1);
json_of($place, ['version'], 0, ['version']);
json_of($place, ['status'], 1, ['error']);
json_of($place, [ 'init', '-n' ], 0, ['part']);
sql($node, 'CREATE ROLE keeper; CREATE ROLE alice LOGIN');
json_of($place, [ 'init', '--owner', 'keeper', '--grant', 'alice=reader' ], 0, ['part']);
my $files = json_of($place, [ 'new', 'x', '--down' ], 0, ['file']);
is(scalar @$files, 2, 'one for each file');
remove_files($place, map { $_->{path} =~ s/.*\///r } @$files);
put_files($place, {
		'0001_a.sql' => "CREATE TABLE a (id integer);\n",
		'0002_talk.sql' => "DO \$\$ BEGIN RAISE WARNING 'careful' USING DETAIL = 'D', HINT = 'H'; END \$\$;\n",
		'0003_bad.sql' => "SELECT f();\n",
		'0004_d.sql' => "SELECT 4;\n" });
json_of($place, ['plan'], 0, ['step']);
json_of($place, [ 'migrate', '-n', '--to', '0001_a' ], 0, ['step']);
json_of($place, ['validate'], 0, ['valid']);
json_of($place, ['migrate'], 5, [qw(start applied notice error)]);
json_of($place, ['status'], 0, [qw(state drift)]);
json_of($place, ['log'], 0, ['entry']);
put_files($place, { '0003_bad.sql' => "SELEC 1;\n", '0001_a.sql' => "CREATE TABLE a (id bigint);\n" });
json_of($place, [$_], 4, ['problem']) for qw(plan validate);
json_of($place, ['migrate'], 4, ['error']);
json_of($place, ['status'], 0, [qw(state drift)]);
put_files($place, { '0003_bad.sql' => "SELECT 3;\n", '0001_a.sql' => "CREATE TABLE a (id integer);\n" });
json_of($place, ['migrate'], 0, [qw(start applied done)]);
json_of($place, ['migrate'], 0, ['done']);
remove_files($place, '0004_d.sql');
is_deeply(json_of($place, ['migrate'], 0, ['done'])->[0]{future}, ['0004_d'], 'what is beyond this folder has a name');
json_of($place, [$_], 0, ['run']) for qw(watch cancel);
json_of($place, ['wait'], 0, ['ready']);
my $release = hold_lock($place);
put_files($place, { '0004_d.sql' => "SELECT 4;\n", '0005_e.sql' => "SELECT 5;\n" });
json_of($place, [ 'migrate', '--lock-wait', '50ms' ], 7, [qw(waiting_for_lock error)]);
$release->();
put_files($place, { '0005_e.sql' => "LOCK a;\n" });
my $holder = start_sql($node, "BEGIN; LOCK a; SELECT pg_sleep(60);", db => $place->{db}, application => 'holder');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'}, 'the table is locked');
json_of($place, [ 'migrate', '--lock-timeout', '10ms', '--retries', '1' ], 5, [qw(start blocked retry error)]);
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'});
finish_sql($holder);

# Errors that are no errors of the server are objects too; standard error has them for people

is_deeply(json_of($place, [ 'status', '--dir', 'nowhere' ], 2, ['error'])->[0]{exit_code}, 2, 'a folder that is not there');
json_of($place, ['status'], 8, ['error'], connect => 0, env => { PGHOST => '/nowhere' });
my ($exit, $out, $err) = client($place, [ 'status', 'extra', '--json' ]);
is($out, qq({"event":"error","severity":"ERROR","message":"superfluous argument \\"extra\\"","exit_code":2,"hint":"Write slipway status."}\n),
	'a superfluous argument');
is($err, "slipway: error: superfluous argument \"extra\"\nhint: Write slipway status.\n", 'for people');
($exit, $out) = client($place, [ 'status', '--json', '--nonsense' ]);
is("$exit$out", '2', 'but not what cannot be understood');

# Output that cannot be written

sub broken_is
{
	my ($args, $expected, $name) = @_;
	my $command = join ' ', map { "'$_'" } 'slipway', '-d', $node->connstr($place->{db}), @$args;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $home = $place->{home};
	# one reader that goes away before anything is written, and a disk that is full
	my $pipe = "cd $home; exec 3>&1; { sleep 0.1; $command 2>&3; echo exit \$? >&3; } | :";
	is(scalar(`$pipe`), "${expected}slipway: error: could not write to standard output: Broken pipe\nexit 1\n", "$name into a closed pipe");
	SKIP:
	{
		skip 'no /dev/full', 1 unless -w '/dev/full';
		my $full = "cd $home; $command 2>&1 >/dev/full; echo exit \$?";
		is(scalar(`$full`), "${expected}slipway: error: could not write to standard output: No space left on device\nexit 1\n",
			"$name onto a full disk");
	}
	return;
}

broken_is([ 'status', '-q' ], '', 'status');
broken_is([ 'log', '--json' ], '', 'log --json');
broken_is([ 'log', '--follow' ], '', 'log --follow');
broken_is(['help'], '', 'help');
broken_is([ 'completion', 'zsh' ], '', 'more than a buffer of it');
broken_is([ 'wait', '--json' ], '', 'wait --json');
put_files($place, { '0005_e.sql' => "SELECT 5;\n" });
broken_is([ 'migrate', '--json' ], '', 'migrate --json');
applied_is($place, '0001_a 0002_talk 0003_bad 0004_d 0005_e', 'it has migrated all the same');
my $first = "slipway -d '" . $node->connstr($place->{db}) . "' --dir $place->{home}/migrations status -q | head -1";
like(scalar(`$first`), qr/\AMIGRATION .*\n\z/, 'status | head -1');

# Misuse: exit code 2, a message, and what to do

sub misuse_is
{
	my ($args, $message, $hint, %option) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	client_is($place, $args, { exit => 2, err => "slipway: error: $message\nhint: $hint\n" }, "@$args", connect => 0, %option);
	return;
}

misuse_is([ 'status', '-q', '-v' ], 'options "--quiet" and "--verbose" contradict each other', 'Give one of them.');
misuse_is([ '-w', 'status', '-W' ], 'options "--no-password" and "--password" contradict each other', 'Give one of them.');
misuse_is(['status'], 'options "--quiet" (SLIPWAY_QUIET) and "--verbose" (SLIPWAY_VERBOSE) contradict each other', 'Give one of them.',
	env => { SLIPWAY_QUIET => 1, SLIPWAY_VERBOSE => 1 });
client_is($place, [ 'version', '-v' ], { out => qr/^slipway / }, 'an option wins over a variable that contradicts it',
	connect => 0, env => { SLIPWAY_QUIET => 1 });
for my $port ('0', '65536', 'x', '', '5432,', '-1', '5432 ')
{
	misuse_is([ 'status', "--port=$port" ], "invalid value \"$port\" of option \"--port\"", 'It is a number from 1 to 65535.');
}
misuse_is([ 'log', '--limit', '-1' ], 'invalid value "-1" of option "--limit"', 'It is a whole number from 0 to 2147483647.');
misuse_is([ 'log', '--limit', '2147483648' ], 'invalid value "2147483648" of option "--limit"', 'It is a whole number from 0 to 2147483647.');
misuse_is([ 'migrate', '--lock-wait', '25d' ], 'invalid value "25d" of option "--lock-wait"', 'It is at most 24 days.');
misuse_is([ 'migrate', '--statement-timeout', '2147483648' ], 'invalid value "2147483648" of option "--statement-timeout"', 'It is at most 24 days.');
misuse_is([ 'new', '--down' ], 'command "new" needs an argument', 'Write slipway new NAME.');
misuse_is([ 'new', 'a', 'b' ], 'superfluous argument "b"', 'Write slipway new NAME.');
misuse_is(['completion'], 'command "completion" needs an argument', 'Write slipway completion SHELL.');
misuse_is([ 'completion', 'Bash' ], 'invalid argument "Bash" of command "completion"', 'It is one of bash|zsh|fish|migrations.');
misuse_is(['wacht'], 'unknown command "wacht"', 'Perhaps you meant "watch".');
misuse_is(['cancle'], 'unknown command "cancle"', 'Perhaps you meant "cancel".');
misuse_is([ 'help', 'migrat' ], 'unknown command "migrat"', 'Perhaps you meant "migrate".');
misuse_is([ 'log', '--folow' ], 'unknown option "--folow"', 'Perhaps you meant "--follow".');
misuse_is([ 'watch', '--timeout', '1s' ], 'command "watch" has no option "--timeout"', 'See "slipway help watch".');
misuse_is([ 'status', '-n' ], 'command "status" has no option "--dry-run"', 'See "slipway help status".');
misuse_is([ 'cancel', '-y' ], 'command "cancel" has no option "--yes"', 'See "slipway help cancel".');
misuse_is([ 'cancel', '-x' ], 'unknown option "-x"', 'See "slipway --help".');
misuse_is([ 'cancel', '3' ], 'superfluous argument "3"', 'Write slipway cancel.');
misuse_is([ 'watch', 'x' ], 'superfluous argument "x"', 'Write slipway watch.');
misuse_is([ 'wait', 'x' ], 'superfluous argument "x"', 'Write slipway wait.');

# What a script raises does not draw on the terminal of who deploys it.
{
	my $drawn = new_place($node, { '0001_draw.sql' => q{DO $$BEGIN RAISE WARNING E'\x1b[2Jgone\rdone' USING DETAIL = E'a\tb\n\x07'; RAISE E'\u202Eeno'; END$$;} });
	my ($exit, $out, $err) = client($drawn, ['migrate']);

	is($exit, 5, 'a script that draws: exit code');
	like($err, qr/WARNING: \\x1b\[2Jgone\\x0ddone\ndetail: a\tb\n\\x07\n/, 'a script that draws: its warning is shown as it is');
	like($err, qr/ERROR: \\u202eeno /, 'a script that draws: so is its error');
	unlike($out . $err, qr/[\x00-\x08\x0b-\x1f\x7f]/, 'a script that draws: nothing of it reaches the terminal');
}

history_is_sound($node, 'in the end', db => $place->{db});
$node->stop;
done_testing();
