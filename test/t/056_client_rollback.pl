# slipway rollback and redo: what they ask, say and exit with, and what comes of it.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayScreen;
use SlipwayServer;
use SlipwayTest;
use Test::More;

$ENV{PGAPPNAME} = 'slipway';

my $node = new_node('client_rollback');
my %files = (
	'0001_a.up.sql' => "CREATE TABLE a (id integer);\nINSERT INTO a SELECT generate_series(1, 1203);\n",
	'0001_a.down.sql' => "DROP TABLE a;\n",
	'0002_b.up.sql' => "CREATE TABLE b (id integer);\nALTER TABLE a ADD COLUMN note text;\n",
	'0002_b.down.sql' => "DROP TABLE b;\nALTER TABLE a DROP COLUMN note;\n",
	'0003_c.up.sql' => "CREATE TABLE c ();\n",
	'0003_c.down.sql' => "DROP TABLE c;\n");

sub migrated
{
	my ($files) = @_;
	my $place = new_place($node, $files);
	my ($exit, $out, $err) = client($place, ['migrate']);

	is($exit, 0, 'migrated') or diag($err);
	return $place;
}

# What cannot be meant

my $place = migrated(\%files);
my $say = "slipway: error: it is not said what to roll back\nhint: Give --steps N, --to NAME, --all or --script FILE.\n";
client_is($place, ['rollback'], { exit => 2, err => $say }, 'nothing said');
client_is($place, [ 'rollback', '--yes' ], { exit => 2, err => $say }, 'how far a deploy goes says nothing either', env => { SLIPWAY_TO => '0001_a' });
client_is($place, [ 'rollback', '--dry-run', @$_ ], { out => qr/^/ }, "@$_ with SLIPWAY_TO", env => { SLIPWAY_TO => 'nowhere' }) for [ '--to', '0001_a' ], [ '--steps', '1' ];
client_is($place, [ 'rollback', '--steps', '0', '--yes' ],
	{ exit => 2, err => "slipway: error: option \"--steps\" is 0\nhint: It takes a number from 1.\n" }, '--steps 0');
for my $pair ([ '--steps', '1', '--to', '0001_a' ], [ '--steps', '1', '--all' ], [ '--to', '0001_a', '--all' ])
{
	my ($one, $other) = grep { /^--/ } @$pair;

	client_is($place, [ 'rollback', @$pair ],
		{ exit => 2, err => "slipway: error: options \"$one\" and \"$other\" contradict each other\nhint: Give one of them.\n" }, "@$pair");
}
client_is($place, [ 'rollback', '--steps', '1' ],
	{ exit => 2, err => "slipway: error: rollback asks before it destroys anything, and this is no terminal\nhint: Look at it with --dry-run, then pass --yes.\n" },
	'without --yes');
client_is($place, ['redo'],
	{ exit => 2, err => "slipway: error: redo asks before it destroys anything, and this is no terminal\nhint: Look at it with --dry-run, then pass --yes.\n" },
	'redo without --yes');
client_is($place, [ 'rollback', '--to', '0002_bb', '--yes' ],
	{ exit => 2, err => "slipway: error: migration \"0002_bb\" is not applied (22023)\nhint: Perhaps you meant \"0002_b\".\n" }, 'unknown target');
client_is($place, [ 'rollback', '--script', 'none.sql', '--yes' ],
	{ exit => 1, err => qr/^slipway: error: could not read "none.sql"/ }, 'a script that is not there');
applied_is($place, '0001_a 0002_b 0003_c', 'nothing was rolled back');

# A look at it

client_is(
	$place, [ 'rollback', '--all', '-n' ],
	{
		out => "MIGRATION  KIND           UNITS  REASON\n"
		  . "0003_c     transactional      1\n    drop table public.c: 0 rows\n"
		  . "0002_b     transactional      1\n    drop table public.b: 0 rows\n    drop column public.a.note: 1203 rows\n"
		  . "0001_a     transactional      1\n    drop table public.a: 1203 rows\n"
	},
	'dry run');
my ($exit, $out, $err) = client($place, [ 'rollback', '--to', '0001_a', '-n', '--json' ]);
is($exit, 0, 'dry run with --json');
my $steps = json_fits($out, ['rollback_step'], 'its output is as documented');
is_deeply(
	$steps->[1]{losses},
	[
		{ action => 'drop table', relation => 'public.b', column => undef, rows => 0, exact => JSON::PP::true },
		{ action => 'drop column', relation => 'public.a', column => 'note', rows => 1203, exact => JSON::PP::true }
	],
	'what would be lost');
client_is($place, [ 'redo', '-n' ], { out => "MIGRATION  KIND           UNITS  REASON\n0003_c     transactional      1\n    drop table public.c: 0 rows\n" },
	'redo: dry run');
applied_is($place, '0001_a 0002_b 0003_c', 'nothing was rolled back');
sql($node, q{CREATE ROLE looker LOGIN; SELECT slipway.grant_role('looker', 'reader')}, db => $place->{db});
client_is($place, [ '-U', 'looker', 'rollback', '--steps', '1', '-n' ], { out => "MIGRATION  KIND           UNITS  REASON\n0003_c     transactional      1\n" },
	'who may only read is not told of rows');
client_is($place, [ '-U', 'looker', 'rollback', '--steps', '1', '--yes' ], { exit => 1, err => qr/^slipway: error: permission denied for procedure rollback \(42501\)\n/ },
	'nor may roll back');

# It happens

client_is($place, [ 'rollback', '--steps', '1', '--yes' ],
	{ err => "0003_c  rolled back  TIME\n1 migration rolled back in project default in TIME\n" }, 'one step');
client_is($place, [ 'status', '--exit-code' ], { exit => 3, out => qr/0003_c +pending/, err => qr/./ }, 'status');
client_is($place, ['migrate'], { err => "0003_c  applied  TIME\n1 migration applied to project default in TIME\n" }, 'up again');
client_is($place, [ 'rollback', '--steps', '1', '--yes', '-q', '--label', 'ticket=OPS-7', '--retries', '3' ], {}, 'with a label');
query_is($node, q{SELECT action, labels FROM slipway.run ORDER BY number DESC LIMIT 1}, 'rollback|{"ticket": "OPS-7"}', 'which is on record', db => $place->{db});
client_is($place, [ 'migrate', '-q' ], {}, 'up again');
for my $alias (qw(down undo revert))
{
	client_is($place, [ $alias, '--steps', '1', '--yes', '-q' ], {}, $alias);
	client_is($place, [ 'migrate', '-q' ], {}, 'and up');
}
($exit, $out, $err) = client($place, [ 'redo', '--yes', '--json' ]);
is("$exit $err", '0 ', 'redo with --json');
json_fits($out, [qw(start rolled_back applied done)], 'its output is as documented');
client_is($place, [ 'redo', '-y' ],
	{ err => "0003_c  rolled back  TIME\n0003_c  applied  TIME\n1 migration rolled back and applied again in project default in TIME\n" }, 'redo');
put_files($place, { '0003_c.up.sql' => "CREATE TABLE c (new integer);\n" });
client_is($place, ['migrate'], { exit => 4, err => qr/SW001/ }, 'it has changed');
client_is($place, [ 'redo', '-y', '-q' ], {}, 'redo takes the folder');
query_is($node, q{SELECT attname FROM pg_attribute WHERE attrelid = 'c'::regclass AND attnum > 0}, 'new', 'as it is now', db => $place->{db});
client_is($place, [ 'rollback', '--to', '0001_a', '--yes', '--delay', '1' ],
	{
		err => "to be rolled back in project default, last applied first:\n  0003_c\n      drop table public.c: 0 rows\n"
		  . "  0002_b\n      drop table public.b: 0 rows\n      drop column public.a.note: 1203 rows\nbegins in TIME; Ctrl-C leaves everything as it is\n"
		  . "0003_c  rolled back  TIME\n0002_b  rolled back  TIME\n2 migrations rolled back in project default in TIME\n"
	},
	'--to, --delay');
client_is($place, [ 'rollback', '--to', '0001_a', '--yes' ], { err => "nothing to roll back\n" }, 'nothing to do');
($exit, $out) = client($place, [ 'rollback', '--to', '0001_a', '--yes', '--json' ]);
is($exit, 0, 'nothing to do with --json');
json_fits($out, ['done'], 'its output is as documented');
client_is($place, ['log'], { out => qr/0003_c +rollback +succeeded/ }, 'log');
my $empty = new_place($node, {});
client_is($empty, [ 'rollback', '--all', '--yes' ], { err => "nothing to roll back\n" }, 'nothing was ever applied');

# Ctrl-C in the last moment

my $client = start_client($place, [ 'rollback', '--all', '--yes', '--delay', '60' ]);
$client->{run}->pump until $client->{err} =~ /begins in 60 s/;
$client->{run}->signal('INT');
($exit, $out, $err) = finish_client($client);
is($exit, 1, 'interrupted before it begins');
like($err, qr/^slipway: error: interrupted; nothing was changed\n\z/m, 'and says so');
applied_is($place, '0001_a', 'nothing was changed');

# The scripts are those as of when it was applied, wherever the folder is

remove_files($place, '0001_a.down.sql');
client_is($place, [ 'rollback', '--all', '--yes', '--down-scripts', 'newest' ],
	{ exit => 4, err => "slipway: error: 1 of the migrations to roll back has no down script (SW020)\ndetail: Without one: 0001_a.\n"
		  . "hint: Pass a script of your own with --script FILE, or take the down scripts of the folder with --down-scripts newest.\n" },
	'without down script in the folder');
client_is($place, [ 'rollback', '--all', '--yes', '--dir', '/nowhere' ], { err => "0001_a  rolled back  TIME\n1 migration rolled back in project default in TIME\n" },
	'without a folder');

# An error in a down script is shown in its file, if that is what was run

$place = migrated({
	%files,
	'0003_c.down.sql' => "DROP TABLE c;\n\n  SELECT totl FROM b;\n" });
my $error = "ERROR: column \"totl\" does not exist (42703)\n";
my $outcome = "0003_c: its rollback failed, it stays applied\n";
client_is($place, [ 'rollback', '--all', '--yes' ],
	{ exit => 5, err => "migrations/0003_c.down.sql:3:10: $error    3 |   SELECT totl FROM b;\n      |          ^\n$outcome" }, 'a down script that fails');
client_is($place, ['log'], { out => qr/0003_c +rollback +failed .*\n +migrations\/0003_c.down.sql:3:10: column/ }, 'log');
put_files($place, { '0003_c.down.sql' => "DROP TABLE c;\n" });
client_is($place, [ 'rollback', '--all', '--yes' ], { exit => 5, err => "0003_c.down.sql:3:10: $error$outcome" }, 'which is another one in the folder');
($exit, $out, $err) = client($place, [ 'rollback', '--all', '--yes', '--json' ]);
is($exit, 5, 'the same with --json');
my $events = json_fits($out, [qw(start error)], 'its output is as documented');
is("$events->[1]{migration} $events->[1]{script}", '0003_c down', 'it says which script');
client_is($place, [ 'rollback', '--steps', '1', '--yes', '--down-scripts', 'newest' ],
	{ err => "0003_c  rolled back  TIME\n1 migration rolled back in project default in TIME\n" }, 'the one of the folder is better');
put_files($place, { '0003_c.down.sql' => "DROP TABEL c;\n" });
client($place, ['migrate']);
client_is($place, [ 'rollback', '--all', '--yes' ],
	{ exit => 4, err => "migrations/0003_c.down.sql:1:6: ERROR: syntax error at or near \"TABEL\" (42601)\n    1 | DROP TABEL c;\n      |      ^\n" },
	'one that is no SQL');
client_is($place, [ 'rollback', '--all', '-n' ], { exit => 4, err => qr/^    1 \| DROP TABEL c;\n/m }, 'which a dry run says, too');
put_files($place, { '0003_c.down.sql' => "DROP TABLE c;\n" });
client_is($place, [ 'rollback', '--all', '--yes' ], { exit => 4, err => "0003_c.down.sql:1:6: ERROR: syntax error at or near \"TABEL\" (42601)\n" },
	'and is another one in the folder by now');

# A dry run sees what is in the folder, and stores nothing

my $counts = 'SELECT (SELECT count(*) FROM slipway.script), (SELECT count(*) FROM slipway.manifest)';
my $stored = sql($node, $counts, db => $place->{db})->{out};
my $shown = "MIGRATION  KIND           UNITS  REASON\n0003_c     transactional      1\n    drop table public.c: 0 rows\n";
write_folder({ 'look.sql' => "DROP TABLE c;\n-- not stored\n" }, $place->{home});
client_is($place, [ 'rollback', '--steps', '1', '-n', '--down-scripts', 'newest' ], { out => $shown }, '-n --down-scripts newest');
client_is($place, [ 'redo', '-n', '--down-scripts', 'newest' ], { out => $shown }, 'redo -n');
client_is($place, [ 'rollback', '--script', 'look.sql', '-n' ], { out => $shown }, '-n --script');
is(sql($node, $counts, db => $place->{db})->{out}, $stored, 'nothing was stored');

# A script of one's own

write_folder({ 'fix.sql' => "DROP TABEL c;\n" }, $place->{home});
client_is($place, [ 'rollback', '--script', 'fix.sql', '--yes' ], { exit => 4, err => "fix.sql:1:6: ERROR: syntax error at or near \"TABEL\" (42601)\n    1 | DROP TABEL c;\n      |      ^\n" }, '--script that is no SQL');
write_folder({ 'fix.sql' => "DROP TABLE c;\nDROP TABLE none;\n" }, $place->{home});
client_is($place, [ 'rollback', '--script', 'fix.sql', '--yes' ],
	{ exit => 5, err => "fix.sql:2:1: ERROR: table \"none\" does not exist (42P01)\n    2 | DROP TABLE none;\n      | ^\n$outcome" }, '--script that fails');
write_folder({ 'fix.sql' => "DROP TABLE c, b;\n" }, $place->{home});
client_is($place, [ 'rollback', '--script', 'fix.sql', '--steps', '2', '--yes' ],
	{ err => "0003_c  rolled back  TIME\n0002_b  rolled back  TIME\n2 migrations rolled back in project default in TIME\n" }, '--script for two');
applied_is($place, '0001_a', 'both are gone');
query_is($node, q{SELECT count(DISTINCT script_hash), count(*) FROM slipway.history WHERE action = 'rollback' AND outcome = 'succeeded' AND run = (SELECT max(number) FROM slipway.run)},
	'1|2', 'recorded for both', db => $place->{db});

# Stepwise: it stops part way, and goes on

$place = migrated({
	'0001_s.up.sql' => "CREATE TABLE s (id integer);\nCREATE INDEX s_id ON s (id);\n",
	'0001_s.down.sql' => "DROP INDEX CONCURRENTLY s_id;\nDROP TABLE gate;\nDROP TABLE s;\n" });
client_is($place, [ 'rollback', '--all', '--yes' ],
	{
		exit => 6,
		err => "migrations/0001_s.down.sql:2:1: ERROR: table \"gate\" does not exist (42P01)\n    2 | DROP TABLE gate;\n      | ^\n"
		  . "detail: The rollback of migration \"0001_s\" has stopped part way: what it has committed stays, and the next rollback goes on behind that.\n"
		  . "0001_s: its rollback stopped at unit 2 of 2\n"
	},
	'stops part way');
client_is($place, ['status'], { out => qr/0001_s +rolled back in part, 1 unit done/, err => qr/./ }, 'status');
client_is($place, [ 'status', '--exit-code', '-q' ], { exit => 6, out => qr/rolled back in part/ }, 'and by its exit code');
client_is($place, ['migrate'], { exit => 4, err => qr/the rollback of migration "0001_s" has stopped part way \(SW021\)/ }, 'migrate refuses');
client_is($place, ['validate'], { exit => 4, err => qr/stopped part way \(SW021\)/ }, 'validate says so');
client_is($place, ['plan'], { exit => 4, err => qr/stopped part way \(SW021\)/ }, 'plan, too');
sql($node, 'CREATE TABLE gate ()', db => $place->{db});
client_is($place, [ 'rollback', '--steps', '1', '--yes' ], { err => "0001_s  rolled back  TIME\n1 migration rolled back in project default in TIME\n" }, 'goes on');
client_is($place, ['migrate'], { err => "0001_s  applied  TIME\n1 migration applied to project default in TIME\n" }, 'and up again');

# Two at once, watched, cancelled, while another run goes on

my %gate = (%files, '0002_gate.up.sql' => "SELECT 1;\n", '0002_gate.down.sql' => "SELECT pg_advisory_xact_lock(42);\n");
delete @gate{ grep { /^0002_b/ } keys %gate };
$place = migrated(\%gate);
my $gate = close_gate($place);
my $first = start_client($place, [ 'rollback', '--to', '0001_a', '--yes' ]);
is_at_gate($place);
my $watcher = start_client($place, ['watch']);
$watcher->{run}->pump until $watcher->{err} =~ /0003_c  rolled back/;
my $second = start_client($place, [ 'rollback', '--steps', '1', '--yes', '--lock-wait', '60s' ]);
$second->{run}->pump until $second->{err} =~ /waiting for the lock/;
client_is($place, [ 'rollback', '--steps', '1', '--yes', '--lock-wait', '10ms' ], { exit => 7, err => qr/SW006/ }, 'while another one runs');
open_gate($gate);
($exit, $out, $err) = finish_client($first);
is($exit, 0, 'the first one ends') or diag($err);
($exit, $out, $err) = finish_client($watcher);
is($exit, 0, 'the watcher sees that');
like($err, qr/0003_c  rolled back  .*\n(?s:.*)0002_gate  rolled back  .*\nrun 2 succeeded: 2 migrations rolled back in project default\n\z/, 'as what it is');
($exit, $out, $err) = finish_client($second);
is($exit, 1, 'the second one was decided on when more was there');
like($err, qr/the history of project "default" has grown in the meantime \(55000\)/, 'and says so');
applied_is($place, '0001_a', 'what it did not see stays');

client($place, ['migrate']);
$gate = close_gate($place);
$first = start_client($place, [ 'rollback', '--to', '0001_a', '--yes' ]);
is_at_gate($place);
client_is($place, ['cancel'], { err => qr/^run 4 of project default cancelled at 0002_gate; 1 rolled back before it\n\z/ }, 'cancel');
($exit, $out, $err) = finish_client($first);
open_gate($gate);
is($exit, 5, 'who is cancelled exits with 5') or diag($err);
like($err, qr/0002_gate: its rollback failed, it stays applied; 1 rolled back before it\n\z/, 'and says what stays');
applied_is($place, '0001_a 0002_gate', 'what was rolled back before is');
client_is($place, ['watch'], { err => "nothing runs in project default; its last run, 4, failed with 1 migration rolled back\n" }, 'watch afterwards');

# While a stepwise deploy goes on, which has not stopped

put_files($place, { '0004_long.up.sql' => "VACUUM a;\nSELECT pg_sleep(60);\n" });
$first = start_client($place, ['migrate']);
wait_until($node, q{SELECT count(*) = 1 FROM slipway.progress WHERE wait_event = 'PgSleep' AND units_done = 1}, 'a unit is committed', db => $place->{db});
client_is($place, [ 'rollback', '--steps', '1', '--yes' ],
	{ exit => 7, err => "slipway: error: a run of project \"default\" goes on (SW006)\ndetail: It is in the middle of migration \"0004_long\".\nhint: Wait for its end.\n" },
	'rollback meanwhile');
client($place, ['cancel']);
is((finish_client($first))[0], 6, 'now it has');
client_is($place, [ 'rollback', '--steps', '1', '--yes' ],
	{ exit => 4, err => qr/has stopped part way \(SW021\)\n(?s:.*)^hint: Finish it with "slipway migrate"; or put it right by hand, and say so with "slipway repair --forget-failed"\.\n/m }, 'and rollback says so');

# A backend that dies in the middle of a redo, behind something repeatable that was finished first

$place = migrated({
	'0001_a.up.sql' => "CREATE TABLE a ();\n",
	'0001_a.down.sql' => "SELECT pg_sleep(60);\nDROP TABLE a;\n",
	'views.up.sql' => "-- slipway: repeatable\nCREATE OR REPLACE VIEW v AS SELECT 1 AS n;\n",
	'views.down.sql' => "VACUUM;\nDROP TABLE gate;\nDROP VIEW v;\n" });
is((client($place, [ 'rollback', '--all', '--yes' ]))[0], 6, 'the rollback of a repeatable one stops part way');
sql($node, 'CREATE TABLE gate ()', db => $place->{db});
$first = start_client($place, [ 'redo', '--yes' ]);
wait_until($node, q{SELECT count(*) = 1 FROM slipway.progress WHERE wait_event = 'PgSleep'}, 'redo has finished that', db => $place->{db});
sql($node, 'SELECT pg_terminate_backend(pid) FROM slipway.lock_holder', db => $place->{db});
($exit, $out, $err) = finish_client($first);
is($exit, 8, 'its backend was terminated');
like($err, qr/^0001_a: its rollback was interrupted; 1 rolled back before it$/m, 'which is all that it knows');
client($place, ['migrate']);
query_is($node, q{SELECT migration, action FROM slipway.history WHERE outcome = 'interrupted'}, '0001_a|rollback', 'what it was at is on record', db => $place->{db});

# On a terminal

$place = migrated(\%files);
my $screen = start_screen($place, [ 'rollback', '--to', '0001_a' ]);
read_until($screen, qr/^Roll back 2 migrations\? \[y\/N\]/, 'it asks');
my @lines = screen_lines($screen);
is_deeply(
	[ @lines[ 0 .. 5 ] ],
	[
		'to be rolled back in project default, last applied first:', '  0003_c', '      drop table public.c: 0 rows', '  0002_b',
		'      drop table public.b: 0 rows', '      drop column public.a.note: 1203 rows'
	],
	'what it says before');
type_keys($screen, "n\n");
($exit, @lines) = finish_screen($screen);
is($exit, 1, 'no is no');
is((grep { length } @lines)[-1], 'slipway: error: nothing was changed', 'and says so');
applied_is($place, '0001_a 0002_b 0003_c', 'nothing was rolled back');
$screen = start_screen($place, [ 'rollback', '--to', '0001_a' ]);
read_until($screen, qr/^Roll back 2 migrations\? \[y\/N\]/, 'it asks again');
type_keys($screen, "yes\n");
($exit, @lines) = finish_screen($screen);
is($exit, 0, 'yes is yes');
applied_is($place, '0001_a', 'it is rolled back');
# What happens meanwhile is not what was decided on.
$screen = start_screen($place, [ 'rollback', '--steps', '1' ]);
read_until($screen, qr/^Roll back 1 migration\? \[y\/N\]/, 'it asks a third time');
client($place, ['migrate']);
type_keys($screen, "y\n");
($exit, @lines) = finish_screen($screen);
is($exit, 1, 'a deploy came in between');
applied_is($place, '0001_a 0002_b 0003_c', 'and stays');

$node->stop;
done_testing();
