# What migrate and watch draw on a terminal while a run goes on, and that they
# leave it tidy, however they end.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayScreen;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes qw(time);

$ENV{PGAPPNAME} = 'slipway';

my $node = new_node('terminal');
my $long = "SELECT pg_sleep(60),\n       'x' AS a_column_with_a_name_that_makes_it_long, 'y' AS and_another_one_that_does_so_too";
my %files = (
	'0001_a.sql' => "CREATE TABLE a (id integer);\n",
	'0002_b.sql' => "CREATE TABLE b (id integer);\n",
	'0003_slow.sql' => "$long;\n",
	'0004_d.sql' => "SELECT 4;\n");
my $seconds = qr/\d+\.\d s/;
my $statement = qr/^SELECT pg_sleep\(60\), 'x' AS a_column/;

sub end_sleep
{
	my ($place) = @_;

	sql($node, q{SELECT pg_cancel_backend(pid) FROM slipway.progress}, db => $place->{db});
	return;
}

sub hide_times
{
	return map { s/\b\d+(?:\.\d+)? (?:ms|s)\b/TIME/gr } @_;
}

# Drawn, cancelled elsewhere

my $place = new_place($node, \%files);
my $began = time;
my $screen = start_screen($place, ['migrate']);
read_until($screen, qr/^\[==========>         \] 2\/4  0003_slow  $seconds \($seconds in all\)$/, 'how far it is');
read_until($screen, $statement, 'what the server does');
my @lines = screen_lines($screen);
is(scalar @lines, 4, 'two lines are live');
is_deeply([ hide_times(@lines[ 0, 1 ]) ], [ '0001_a  applied  TIME', '0002_b  applied  TIME' ], 'above them is what was done');
is(scalar(grep { length > 77 } @lines), 0, 'none is as wide as the terminal');
like($lines[3], qr/\.\.\.$/, 'the statement is cut');
query_is($node, q{SELECT count(*) FROM pg_stat_activity WHERE application_name = 'slipway'}, '2', 'it took a second connection');
end_sleep($place);
my ($exit, @end) = finish_screen($screen);
is($exit, 5, 'it fails');
is_deeply(
	[ hide_times(@end) ],
	[
		'0001_a  applied  TIME', '0002_b  applied  TIME',
		'migrations/0003_slow.sql:1:1: ERROR: canceling statement due to user request (57',
		'014)', '    1 | SELECT pg_sleep(60),', '      | ^',
		'0003_slow: rolled back; 2 applied before it stay applied', ''
	],
	'nothing of the live lines is left');
my $drawn = () = $screen->{raw} =~ /2\/4 /g;
cmp_ok($drawn, '>', 2, 'they were drawn again');
cmp_ok($drawn, '<=', 1 + 10 * (time - $began), 'at most ten times a second');
unlike($screen->{raw}, qr/\e\[\?/, 'the terminal was not switched to anything');

# Ctrl-C

$screen = start_screen($place, ['migrate']);
read_until($screen, $statement, 'it runs again');
like((screen_lines($screen))[0], qr/^\[>                   \] 0\/2  0003_slow  /, 'with two to do');
type_keys($screen, "\cC");
($exit, @end) = finish_screen($screen);
is($exit, 1, 'Ctrl-C: exit code');
is_deeply(
	\@end,
	[
		'slipway: interrupted, cancelling (interrupt again to leave at once)',
		'migrations/0003_slow.sql:1:1: ERROR: canceling statement due to user request (57',
		'014)', '    1 | SELECT pg_sleep(60),', '      | ^',
		'hint: Run "slipway migrate" again to go on.', '0003_slow: rolled back', ''
	],
	'the screen is tidy');

# The window becomes narrower and wider

$screen = start_screen($place, ['migrate'], columns => 100);
read_until($screen, $statement, 'in 100 columns');
for my $columns (60, 40, 25, 80)
{
	resize_screen($screen, $columns);
	my $first = $columns > 72 ? qr/^\[>.* 0\/2  / : qr/^0\/2  /;
	read_until($screen,
		sub { @_ == 2 && $_[0] =~ $first && $_[1] =~ /^SELECT pg_sleep.*\.\.\.$/ && !grep { length >= $columns } @_ },
		"resized to $columns columns it is drawn anew, and nothing is left of how it was before");
}
type_keys($screen, "\cC");
is((finish_screen($screen))[0], 1, 'it is cancelled');

# Wide characters, and a name that is too long

my $japan = "\xe6\x97\xa5\xe6\x9c\xac";
my $wide = "0001_" . $japan x 20;
$place = new_place($node, { "$wide.sql" => "SELECT pg_sleep(60), '" . $japan x 40 . "';\n" });
$screen = start_screen($place, ['migrate']);
read_until($screen, qr/^\[> {19}\] 0\/1  0001_(?:$japan)+.*\.\.\.  $seconds \($seconds in all\)$/, 'a long name of wide characters');
read_until($screen, qr/^SELECT pg_sleep\(60\), '$japan/, 'a statement of such');
is(scalar(screen_lines($screen)), 2, 'in two lines');
type_keys($screen, "\cC");
is((finish_screen($screen))[0], 1, 'it is cancelled');

# What a script says scrolls above

$place = new_place($node, {
		'0001_talk.sql' => "DO \$\$ BEGIN PERFORM pg_sleep(0.4); RAISE NOTICE 'half way'; PERFORM pg_sleep(0.4); END \$\$;\n" });
$screen = start_screen($place, ['migrate']);
read_until($screen, qr/0\/1  0001_talk/, 'a script that talks');
($exit, @end) = finish_screen($screen);
is_deeply([ $exit, hide_times(@end) ],
	[ 0, 'NOTICE: half way', '0001_talk  applied  TIME', '1 migration applied to project default in TIME', '' ], 'is heard');

# A short run draws nothing

$place = new_place($node, { '0001_a.sql' => 'SELECT 1', '0002_b.sql' => 'SELECT 2' });
$screen = start_screen($place, ['migrate']);
($exit, @end) = finish_screen($screen);
is_deeply([ $exit, hide_times(@end) ],
	[ 0, '0001_a  applied  TIME', '0002_b  applied  TIME', '2 migrations applied to project default in TIME', '' ], 'a short run');
unlike($screen->{raw}, qr/\e\[[AJK]/, 'without any drawing');

# Where nothing is to be drawn

my $number = 10;
for my $plain ([ 'TERM=dumb', [], TERM => 'dumb' ], [ '--quiet', ['-q'] ], [ '--json', ['--json'] ])
{
	my ($name, $args, %env) = @$plain;
	put_files($place, { '00' . $number++ . '_plain.sql' => 'SELECT pg_sleep(1.3)' });
	$screen = start_screen($place, [ 'migrate', @$args ], env => \%env);
	is((finish_screen($screen))[0], 0, "$name: exit code");
	unlike($screen->{raw}, qr/\e/, "$name: nothing is drawn");
}
put_files($place, { '0020_color.sql' => 'SELECT pg_sleep(1.3)' });
$screen = start_screen($place, [ 'migrate', '--no-color' ], env => { NO_COLOR => 1 });
read_until($screen, qr/0\/1  0020_color/, 'NO_COLOR is about colour');
is((finish_screen($screen))[0], 0, 'only');
unlike($screen->{raw}, qr/\e\[[\d;]*m/, 'of which there is none');

# No second connection to be had: no statement, and nothing else changes

sql($node, 'CREATE ROLE single LOGIN CONNECTION LIMIT 1', db => $place->{db});
client($place, [ 'init', '-q', '--grant', 'single=deployer', '--grant', 'single=uploader' ]);
put_files($place, { '0021_alone.sql' => 'SELECT pg_sleep(3)' });
$screen = start_screen($place, [ 'migrate', '-d', $node->connstr($place->{db}) . ' user=single' ]);
read_until($screen, qr/0\/1  0021_alone  2\.\d s/, 'a role that may connect once');
is(scalar(screen_lines($screen)), 1, 'has no line for the statement');
($exit, @end) = finish_screen($screen);
is_deeply([ $exit, hide_times(@end) ], [ 0, '0021_alone  applied  TIME', '1 migration applied to project default in TIME', '' ],
	'but all the rest');

# A lock that is waited for is named

put_files($place, { '0022_lock.sql' => 'ALTER TABLE held ADD COLUMN x integer' });
sql($node, 'CREATE TABLE held ()', db => $place->{db});
my $holder = start_sql($node, "BEGIN; LOCK held; SELECT pg_sleep(60);", db => $place->{db}, application => 'holder');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'}, 'the table is locked');
my $pid = sql($node, q{SELECT pid FROM pg_stat_activity WHERE application_name = 'holder'})->{out};
$screen = start_screen($place, [ 'migrate', '--lock-timeout', '1min' ]);
my $blocker = qr/^pid $pid \(\w+, holder\): AccessExclusiveLock, active, \d+\.\d+ s$/;
read_until($screen, qr/^waits for a lock: ALTER TABLE held ADD COLUMN x integer$/, 'a lock that is waited for');
read_until($screen, $blocker, 'and who is in the way');
read_until($screen, qr/^    SELECT pg_sleep\(60\);$/, 'what that does is said');
read_until($screen, sub { @_ == 6 }, 'above three live lines');
my @said = screen_lines($screen);
like($said[0], qr/^0022_lock:1: waits for AccessExclusiveLock on relation \d+$/, 'which is also said once');
like($said[1], qr/^  pid $pid \(\w+, holder\): AccessExclusiveLock, active, \d.*s$/, 'with who');
is($said[2], '    SELECT pg_sleep(60);', 'and what it does');
my $watch = start_screen($place, ['watch']);
read_until($watch, qr/^\[> {19}\] 0\/1  0022_lock  $seconds \($seconds in all\)$/, 'watch shows the same');
read_until($watch, qr/^waits for a lock: ALTER TABLE held ADD COLUMN x integer$/, 'with the statement');
read_until($watch, $blocker, 'and with who is in the way');
read_until($watch, sub { @_ > 6 && $_[-6] eq '0022_lock: waits for AccessExclusiveLock on relation public.held' },
	'which is also said once, below whose run it is');
sql($node, "SELECT pg_terminate_backend($pid)");
finish_sql($holder);
is((finish_screen($screen))[0], 0, 'migrate goes on');
($exit, @end) = finish_screen($watch);
is($exit, 0, 'watch ends');
is_deeply([ (hide_times(@end))[ -3 .. -1 ] ],
	[ '0022_lock  applied  TIME', 'run 7 succeeded: 1 migration applied to project default', '' ], 'and is tidy');

# Ctrl-C in watch

put_files($place, { '0023_slow.sql' => 'SELECT pg_sleep(60)' });
my $run = start_client($place, ['migrate']);
wait_until($node, q{SELECT count(*) = 1 FROM slipway.progress WHERE migration = '0023_slow' AND wait_event = 'PgSleep'}, 'it sleeps', db => $place->{db});
$watch = start_screen($place, ['watch']);
read_until($watch, qr/^SELECT pg_sleep\(60\)$/, 'watch');
type_keys($watch, "\cC");
($exit, @end) = finish_screen($watch);
is($exit, 1, 'Ctrl-C in watch: exit code');
is_deeply([ @end[ -3 .. -1 ] ],
	[
		'slipway: error: left, while run 8 goes on',
		'hint: Run "slipway watch" to watch it again, "slipway cancel" to cancel it.', ''
	],
	'tidy') or diag(join "\n", @end);
end_sleep($place);
is((finish_client($run))[0], 5, 'the run went on');

$node->stop;
done_testing();
