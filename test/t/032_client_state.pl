# Looking at a database and a folder: status, validate and log, for people on
# terminals of any width and for programs.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('state');

# [migration, state] of each line of a table.
sub states
{
	my ($out) = @_;

	return join "\n", map { /^(\S+)  +(applied|pending|failed|changed|missing|future|out of order)\b/ ? "$1 $2" : () }
	  split /\n/, $out;
}

# Every state

my $place = new_place($node, {
		map { ("$_.sql" => "SELECT '$_';\n") } qw(0001_a 0002_b 0003_c 0004_d) });

client_is($place, ['status'], {
		out => "MIGRATION  STATE    APPLIED AT (UTC)  DURATION  BY\n"
		  . join('', map { "$_     pending\n" } qw(0001_a 0002_b 0003_c 0004_d)),
		err => "project default: 4 pending\n" },
	'status of a fresh project');
client_is($place, [ 'status', '--exit-code' ], { exit => 3, out => qr/pending/, err => "project default: 4 pending\n" },
	'status --exit-code when something is pending');
put_files($place, { '0010_bad.sql' => "SELECT 1;\nSELECT nothing;\n" });
is((client($place, ['migrate']))[0], 5, 'four are applied, one fails');

my ($out) = client_is($place, ['info'], { out => qr/\A.+\z/s, err => "project default: 4 applied, 1 failed\n" }, 'status');
my $user = sql($node, 'SELECT current_user')->{out};
like($out, qr/^MIGRATION +STATE +APPLIED AT \(UTC\) +DURATION +BY\n/, 'it has a head');
like($out, qr/^0001_a     applied  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d[\d.]* ms  $user\n/m, 'when, how long, and by whom');
like($out, qr/^0010_bad   failed\n/m, 'and none of that for what is not applied');
is((client($place, [ 'status', '--exit-code' ]))[0], 3, 'what failed is still to be done');

put_files($place, {
		'0002_b.sql' => "SELECT 'B';\n", '0003_early.sql' => 'SELECT 3', '0011_new.sql' => 'SELECT 11',
		'0012_bad.sql' => "SELECT 1;\nSELEC 2;\n", '0001_a.sql' => "\xef\xbb\xbfSELECT '0001_a';\r\n" });
remove_files($place, '0003_c.sql');
($out) = client_is($place, ['status'], {
		out => qr/\A.+\z/s, err => "project default: 2 applied, 2 pending, 1 failed, 1 changed, 1 missing, 1 out of order\n" },
	'status of everything');
is(states($out),
	"0001_a applied\n0002_b changed\n0003_c missing\n0003_early out of order\n0004_d applied\n"
	  . "0010_bad failed\n0011_new pending\n0012_bad pending",
	'has every state, in order');
($out) = client_is($place, [ 'status', '--json', '-q', '--no-drift' ], { out => qr/\A\{/, err => '' }, 'status --json');
my %state = map { ($_->{migration} => $_) } @{ json_lines($out) };
is(join(' ', map { "$_ $state{$_}{state}" } sort keys %state),
	'0001_a applied 0002_b changed 0003_c missing 0003_early out of order 0004_d applied 0010_bad failed 0011_new pending 0012_bad pending',
	'says the same');
like($state{'0001_a'}{applied_at}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\z/, 'with the time in ISO 8601');
is($state{'0001_a'}{applied_hash}, $state{'0001_a'}{script_hash}, 'other line ends are the same script');
isnt($state{'0002_b'}{applied_hash}, $state{'0002_b'}{script_hash}, 'a changed script has another hash');
is($state{'0011_new'}{applied_at}, undef, 'null is null');
is($state{'0003_c'}{script_hash}, undef, 'also for a script that is missing');
is($state{'0004_d'}{applied_by}, $user, 'and who did it');

# validate: every problem at once

($out, my $err) = client_is($place, ['validate'], { exit => 4, err => qr/^4 problems found\n\z/m }, 'validate');
$err =~ s/[0-9a-f]{64}/HASH/g;
is($err,
	"migrations/0002_b.sql: ERROR: the script changed after it was applied (SW001)\n"
	  . "detail: applied: HASH, now: HASH\n"
	  . "hint: Restore the file, and put the change into a new migration; or \"slipway repair --accept-checksum\".\n"
	  . "0003_c: ERROR: the migration was applied, but is not in the folder (SW002)\n"
	  . "hint: Restore its file.\n"
	  . "migrations/0003_early.sql: ERROR: the migration is pending, but sorts before one that is applied (SW003)\n"
	  . "hint: Rename it, or pass --allow-out-of-order.\n"
	  . "migrations/0012_bad.sql:2:1: ERROR: syntax error at or near \"SELEC\" (42601)\n"
	  . "    2 | SELEC 2;\n      | ^\n4 problems found\n",
	'prints every problem');
(undef, $out) = client($place, [ 'validate', '--json' ]);
is(join(' ', map { "$_->{event} $_->{migration} $_->{sqlstate}" } @{ json_lines($out) }),
	'problem 0002_b SW001 problem 0003_c SW002 problem 0003_early SW003 problem 0012_bad 42601',
	'and as JSON');
like((client($place, [ 'validate', '--allow-out-of-order' ]))[2], qr/^3 problems found$/m, 'out of order is none if allowed');
query_is($node, 'SELECT count(*) FROM slipway.manifest', '1', 'all of this stores nothing', db => $place->{db});

# log

my $history = qr/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d    1  0001_a     apply   succeeded +\d[\d.]* ms  $user\n/m;
($out) = client_is($place, ['log'], { out => qr/\AWHEN \(UTC\) +RUN  MIGRATION +ACTION +OUTCOME +DURATION  BY\n/ }, 'log');
like($out, $history, 'has what was applied');
like($out,
	qr/^.* 0010_bad   apply   failed .*\n    migrations\/0010_bad\.sql:2:8: column "nothing" does not exist \(42703\)\n\z/m,
	'and, last, what failed and why');
($out) = client_is($place, [ 'log', '--limit', '1' ], { out => qr/\A.*\n.*0010_bad.*\n    .*\n\z/ }, 'log --limit 1');
($out) = client_is($place, [ 'log', '--json' ], { out => qr/\A\{/ }, 'log --json');
my $log = json_lines($out);
is(join(' ', map { "$_->{entry} $_->{migration} $_->{action} $_->{outcome}" } @$log),
	'1 0001_a apply succeeded 2 0002_b apply succeeded 3 0003_c apply succeeded 4 0004_d apply succeeded 5 0010_bad apply failed',
	'has the entries in order');
is("@{$log->[4]}{qw(sqlstate message line column run)}", '42703 column "nothing" does not exist 2 8 1', 'with what went wrong');
isnt($log->[0]{entry_hash}, $log->[1]{entry_hash}, 'and the hashes of the chain');

# A clean folder, one that is older, and a history that somebody changed

$place = new_place($node, { map { ("$_.sql" => "SELECT '$_';\n") } qw(0001_a 0002_b 0003_c) });
client_is($place, ['log'], { err => "project default has no history\n" }, 'log of a fresh project');
client_is($place, ['validate'], { err => "3 migrations, all valid\n" }, 'validate of a fresh project');
client($place, ['migrate']);
client_is($place, ['validate'], { err => "3 migrations, all valid\n" }, 'and once all is applied');
client_is($place, [ 'validate', '--json' ], { out => "{\"event\":\"valid\",\"migrations\":3}\n" }, 'as JSON');
client_is($place, [ 'status', '--exit-code' ], { out => qr/0003_c  +applied/, err => "project default: 3 applied\n" },
	'status --exit-code when nothing is pending');
remove_files($place, '0003_c.sql');
($out) = client_is($place, [ 'status', '--exit-code' ], { out => qr/\A./, err => "project default: 2 applied, 1 future\n" },
	'status of a folder older than the history');
is(states($out), "0001_a applied\n0002_b applied\n0003_c future", 'says what is future');
client_is($place, ['validate'], { err => "2 migrations, all valid\n" }, 'which is no problem');

sql($node, q{
	ALTER TABLE slipway.history DISABLE TRIGGER append_only;
	UPDATE slipway.history SET session_role = 'mallory' WHERE entry = 2;
	ALTER TABLE slipway.history ENABLE ALWAYS TRIGGER append_only;}, db => $place->{db});
client_is($place, ['validate'], {
		exit => 4, err => qr/\Aslipway: error: history entry 2: .+ \(SW014\)\n1 problem found\n\z/ },
	'a history that somebody changed');

# Down and verify scripts of what is pending

my %down = ('0001_a.up.sql' => "CREATE TABLE a ();\n", '0001_a.down.sql' => "DROP TABLE a;\nDROP TABEL b;\n", '0001_a.verify.sql' => "TABLE a;\nVACUUM;\n",
	'0002_b.up.sql' => "CREATE TABLE b ();\n", '0002_b.down.sql' => "-- slipway: variables later\nDROP TABLE \${later};\n", '0002_b.verify.sql' => "-- slipway: repeatable\nTABLE b;\n");
$place = new_place($node, \%down);
client_is($place, ['validate'], {
		exit => 4,
		err => "migrations/0001_a.down.sql:2:6: ERROR: syntax error at or near \"TABEL\" (42601)\n    2 | DROP TABEL b;\n      |      ^\n"
		  . "migrations/0001_a.verify.sql: ERROR: a verify script cannot be more than one transaction: VACUUM on line 2 (SW007)\nhint: Whatever it does is rolled back.\n"
		  . "migrations/0002_b.verify.sql:1:1: ERROR: directive \"repeatable\" is not for verify scripts (SW007)\n    1 | -- slipway: repeatable\n      | ^\n"
		  . "hint: It belongs into the script that applies the migration.\n3 problems found\n" },
	'validate of down and verify scripts');
json_fits((client($place, [ 'validate', '--json' ]))[1], ['problem'], 'the same as JSON');
client_is($place, ['plan'], { out => qr/0002_b/, err => qr/\A2 migrations to apply/ }, 'which plan does not look at');
put_files($place, { map { ($_ => "SELECT 1;\n") } qw(0001_a.down.sql 0001_a.verify.sql 0002_b.verify.sql) });
client_is($place, ['validate'], { err => "2 migrations, all valid\n" }, 'a variable may get its value later');

# An empty folder

$place = new_place($node, {});
client_is($place, ['status'], { err => "folder migrations has no scripts\nproject default: no migrations\n" }, 'status of an empty folder');
client_is($place, ['validate'], { err => "folder migrations has no scripts\n0 migrations, all valid\n" }, 'validate of an empty folder');
client_is($place, ['migrate'], { err => "folder migrations has no scripts\nnothing to do\n" }, 'migrate of an empty folder');

# Narrow terminals. Names of 300 bytes come with SQL; files have at most 255.

my $long = '0001_' . 'abcdefghij' x 24 . 'z';
my $longest = '0002_' . '0123456789' x 29 . 'xxxxx';
my $wide = "0003_\xe6\x97\xa5" . "\xe6\x9c\xac" x 40;
$place = new_place($node, { "$long.sql" => 'SELECT 1' });
client_is($place, ['migrate'], { err => "$long  applied  TIME\n1 migration applied to project default in TIME\n" },
	'a file name of 250 bytes');
add_migrations($node, [ [ $longest, 'SELECT 2' ], [ $wide, 'SELECT 3' ] ], db => $place->{db});
is(migrate($node, db => $place->{db})->{exit}, 0, 'a name of 300 bytes');
for my $columns (80, 132, 60)
{
	($out) = client_is($place, ['status'], { out => qr/\A./, err => "project default: 1 applied, 2 future\n" },
		"status in $columns columns", env => { COLUMNS => $columns });
	utf8::decode($out);
	# two of the characters take two columns each
	$out =~ s/([\x{65e5}\x{672c}])/$1\0/g;
	my ($head, @lines) = split /\n/, $out;

	is(scalar(grep { length $_ > $columns } $head, @lines), 0, 'no line is longer');
	my $width = length(($head =~ /^(MIGRATION +)/)[0]);
	my $names = join '', map { substr($_, 0, $width) =~ s/[\0 ]//gr } @lines;
	utf8::encode($names);
	is($names, $long . $longest . $wide, 'and the names are there to the last character');
}
(undef, $out) = client($place, ['status']);
like($out, qr/^\Q$longest\E  future/m, 'without a terminal nothing is wrapped');

# Colours

my $script = (grep { -x "$_/script" } split /:/, $ENV{PATH})[0];
my $broken = new_place($node, { '0001_a.sql' => 'SELECT 1', '0002_b.sql' => 'SELECT nothing' });
my $escape = qr/\x1b/;
for my $command (qw(migrate status validate log plan help))
{
	my (undef, $stdout, $stderr) = client($broken, [$command], env => { TERM => 'xterm' });
	unlike($stdout . $stderr, $escape, "$command: no escape sequences in pipes");
}
SKIP:
{
	skip 'no program "script" to make a terminal', 5 unless defined $script;
	my $connection = $node->connstr($broken->{db});
	my $on_terminal = sub {
		my ($options, %env) = @_;
		my ($stdout, $stderr) = ('', '');

		local %ENV = (%ENV, TERM => 'xterm', %env);
		IPC::Run::run(
			[ 'script', '-qec', "slipway -d \"$connection\" --dir $broken->{home}/migrations $options", '/dev/null' ],
			'<', \undef, '>', \$stdout, '2>', \$stderr, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
		return $stdout;
	};
	like($on_terminal->('status'), qr/\x1b\[32mapplied\x1b\[0m/, 'a terminal gets colours');
	like($on_terminal->('migrate'), qr/\x1b\[1;31mERROR:\x1b\[0m/, 'also for errors');
	unlike($on_terminal->('status', NO_COLOR => 1), $escape, 'not with NO_COLOR');
	unlike($on_terminal->('migrate --no-color'), $escape, 'nor with --no-color');
	unlike($on_terminal->('status', TERM => 'dumb'), $escape, 'nor on a dumb terminal');
}

$node->stop;
done_testing();
