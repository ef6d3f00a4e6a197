# What an administrator says of migrations by hand: baseline and repair.

use strict;
use warnings FATAL => 'all';

use Digest::SHA ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('repair');

sub history_is
{
	my ($place, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return query_is($node,
		q{SELECT string_agg(concat_ws(' ', migration, action, outcome, quote_literal(reason)), ', ' ORDER BY entry) FROM slipway.log},
		$expected, $name, db => $place->{db});
}

# Baseline

my $place = new_place($node, {
		'0001_a.sql' => 'CREATE TABLE a ();', '0002_b.sql' => 'CREATE TABLE b ();', '0003_c.sql' => 'CREATE TABLE c ();',
		'views.sql' => "-- slipway: repeatable\nSELECT 1;", 'before_migrate.sql' => 'SELECT 1;' });
sql($node, 'CREATE TABLE a (); CREATE TABLE b ()', db => $place->{db});
client_is($place, ['baseline'], { exit => 2, err => qr/needs|argument/ }, 'baseline of nothing');
client_is($place, [ 'baseline', '0002' ], { exit => 2, err => qr/has no migration "0002"\n/ }, 'of an unknown one');
client_is($place, [ 'baseline', '0002_v' ], { exit => 2, err => qr/^hint: Perhaps you meant "0002_b"\.$/m }, 'of a misspelt one');
client_is($place, [ 'baseline', 'views' ], {
		exit => 2, err => "slipway: error: \"views\" is repeatable\nhint: A baseline ends with a versioned migration.\n" }, 'of a repeatable one');
client_is($place, [ 'baseline', 'before_migrate' ], { exit => 2, err => qr/has no migration "before_migrate"\n/ }, 'of a hook');
client_is($place, [ 'baseline', '0002_b', '-n' ], {
		err => "2 migrations up to 0002_b would be taken as applied in project default\n" }, 'baseline -n');
history_is($place, '', 'does nothing');
query_is($node, 'SELECT count(*) FROM slipway.manifest', '0', 'and stores nothing', db => $place->{db});
client_is($place, [ 'baseline', '0002_b', '--reason', 'by hand' ], {
		err => "2 migrations up to 0002_b are taken as applied in project default\n" }, 'baseline');
history_is($place, "0001_a baseline succeeded 'by hand', 0002_b baseline succeeded 'by hand'", 'is on record');
client_is($place, [ 'status', '--exit-code' ], { exit => 3, out => qr/^0002_b +applied .*\n0003_c +pending\nviews +pending\n/m, err => qr/./ },
	'status');
client_is($place, ['log'], { out => qr/^\S+ \S+ +0001_a +baseline +succeeded .*\n    by hand\n/m }, 'log gives the reason');
is(json_fits((client($place, [ 'log', '--json' ]))[1], ['entry'], 'log --json')->[0]{reason}, 'by hand', 'so does log --json');
is((client($place, ['migrate']))[0], 0, 'migrate goes on behind it');
query_is($node, q{SELECT to_regclass('c') IS NOT NULL}, 't', 'as it should', db => $place->{db});
for my $how ([], ['-n'])
{
	client_is($place, [ 'baseline', '0003_c', @$how ], { exit => 1, err => qr/project "?default"? has a history already/ },
		"baseline over a history (@$how)");
}
$place = new_place($node, { '0001_a.sql' => 'CREATE TABLE a ();' });
my $objects = json_fits((client($place, [ 'baseline', '0001_a', '-n', '--json' ]))[1], ['baseline'], 'baseline -n --json');
is("$objects->[0]{event} $objects->[0]{migrations}", 'would baseline 1', 'what it would do');
$objects = json_fits((client($place, [ 'baseline', '0001_a', '--json' ]))[1], ['baseline'], 'baseline --json');
is("$objects->[0]{event} $objects->[0]{migrations} $objects->[0]{migration}", 'baseline 1 0001_a', 'what it did');

# Repair: what can be said wrong

client_is($place, ['repair'], {
		exit => 2, err => "slipway: error: nothing to repair was given\n"
		  . "hint: Give --accept-checksum, --forget-failed, --mark-applied or --settle.\n" }, 'repair of nothing');
client_is($place, [ 'repair', '--mark-applied', 'a', '--forget-failed', 'b' ], {
		exit => 2, err => qr/options "--forget-failed" and "--mark-applied" do not go together/ }, 'two at once');
client_is($place, [ 'repair', '--mark-applied', '0001_a' ], {
		exit => 2, err => "slipway: error: a repair needs a reason\nhint: Say why with --reason TEXT; it is kept in the history.\n" }, 'no reason');
client_is($place, [ 'repair', '--settle', $_, '--reason', 'x' ], { exit => 2, err => qr/^hint: It is NAME=done or NAME=undone\.$/m }, "--settle $_")
  for '0001_a', '=done', '0001_a=perhaps';
client_is($place, [ 'repair', "--$_", '0001_b', '--reason', 'x' ], { exit => 2, err => qr/^hint: Perhaps you meant "0001_a"\.$/m }, "--$_ of a misspelt one")
  for 'accept-checksum', 'mark-applied';
client_is($place, [ 'repair', '--forget-failed', '0001_b', '--reason', 'x' ], { exit => 2, err => qr/^hint: Perhaps you mean "0001_a"\.$/m }, '--forget-failed of a misspelt one');
for my $how ([], ['-n'])
{
	client_is($place, [ 'repair', "--$_->[0]", '0001_a', '--reason', 'x', @$how ], { exit => 1, err => qr/migration "0001_a" $_->[1]/ }, "--$_->[0] of a healthy one (@$how)")
	  for [ 'accept-checksum', 'has not changed since it was applied' ], [ 'mark-applied', 'is applied already' ],
	  [ 'forget-failed', 'has neither failed nor stopped part way' ];
	client_is($place, [ 'repair', '--settle', '0001_a=done', '--reason', 'x', @$how ], { exit => 1, err => qr/has no statement whose outcome is open/ }, "--settle of a healthy one (@$how)");
}
history_is($place, '0001_a baseline succeeded', 'none of this is on record');

# Repair

put_files($place, { '0001_a.sql' => 'CREATE TABLE a (id integer);', '0002_b.sql' => 'SELECT 1 / 0', '0003_c.sql' => "-- slipway: no-transaction\nSELECT 1;\nSELECT 1 / 0" });
client_is($place, ['migrate'], { exit => 4, err => qr/has changed since it was applied/ }, 'a changed one stops migrate');
client_is($place, [ 'repair', '--accept-checksum', '0001_a', '--reason', 'as it is', '-n' ], {
		err => "0001_a would be taken as applied with the script that it has now\n" }, 'accept-checksum -n');
client_is($place, ['validate'], { exit => 4, err => qr/repair --accept-checksum/ }, 'does nothing; validate says what would');
client_is($place, [ 'repair', '--accept-checksum', '0001_a', '--reason', 'as it is' ], {
		err => "0001_a is taken as applied with the script that it has now\n" }, 'accept-checksum');
client_is($place, ['validate'], { err => "3 migrations, all valid\n" }, 'now it is valid');
is((client($place, ['migrate']))[0], 5, 'another one fails');
client_is($place, [ 'repair', '--forget-failed', '0002_b', '--reason', 'no matter', '-n' ], {
		err => "0002_b would be pending, as if it had never been tried\n" }, 'forget-failed -n');
client_is($place, ['status'], { out => qr/^0002_b +failed/m, err => qr/./ }, 'does nothing');
client_is($place, [ 'repair', '--forget-failed', '0002_b', '--reason', 'no matter' ], {
		err => "0002_b is pending, as if it had never been tried\n" }, 'forget-failed');
client_is($place, ['status'], { out => qr/^0002_b +pending/m, err => qr/./ }, 'it is');
client_is($place, [ 'repair', '--mark-applied', '0002_b', '--reason', 'by hand', '-n' ], {
		err => "0002_b would be taken as applied, without running it\n" }, 'mark-applied -n');
$objects = json_fits((client($place, [ 'repair', '--mark-applied', '0002_b', '--reason', 'by hand', '--json' ]))[1], ['repair'], 'mark-applied --json');
is("$objects->[0]{event} $objects->[0]{migration} $objects->[0]{action}", 'repair 0002_b mark_applied', 'says what it did');
is((client($place, ['migrate']))[0], 6, 'the next one stops part way');
my $hold = hold_lock($place);
client_is($place, [ 'repair', '--forget-failed', '0003_c', '--reason', 'anew', '-n' ], {
		err => "0003_c would be pending, as if it had never been tried\n" }, 'frozen deploys do not stop a repair');
$hold->();
client($place, [ 'repair', '--forget-failed', '0003_c', '--reason', 'anew' ]);
put_files($place, { '0003_c.sql' => 'CREATE TABLE c ();' });
is((client($place, ['migrate']))[0], 0, 'forgotten, it may have another script');
history_is($place, "0001_a baseline succeeded, 0001_a accept_checksum succeeded 'as it is', 0002_b apply failed, "
	  . "0002_b forget_failed succeeded 'no matter', 0002_b mark_applied succeeded 'by hand', 0003_c apply failed, "
	  . "0003_c forget_failed succeeded 'anew', 0003_c apply succeeded", 'all of that is on record');

# A dry run of what the history knows and the folder does not

my $gone = new_place($node, { '0001_a.sql' => 'CREATE TABLE a ();', '0002_b.sql' => 'CREATE TABLE b ();' });
client($gone, ['migrate']);
remove_files($gone, '0002_b.sql');
put_files($gone, { '0001_a.sql' => 'CREATE TABLE a (id integer);', 'after_error.sql' => 'SELECT 1' });
client_is($gone, [ 'repair', '--accept-checksum', '0001_a', '--reason', 'x', '-n' ], {
		err => "0001_a would be taken as applied with the script that it has now\n" }, '-n where a migration is missing');
client_is($gone, [ 'repair', '--mark-applied', '0001_a', '--reason', 'x', '-n' ], {
		exit => 1, err => qr/migration "0001_a" is applied already/ }, 'and of one that is applied');
client_is($gone, [ 'repair', '--mark-applied', 'after_error', '--reason', 'x', '-n' ], { exit => 2, err => qr/has no migration "after_error"/ }, 'nor of a hook');
query_is($node, 'SELECT count(*) FROM slipway.manifest', 1, 'a dry run stores nothing', db => $gone->{db});

# A rollback that stopped part way is not forgotten, but may be put back

my $undone = new_place($node, {
		'0001_a.up.sql' => "CREATE TABLE a (id integer);\nCREATE INDEX a_id ON a (id);", '0001_a.down.sql' => "DROP INDEX CONCURRENTLY a_id;\nSELECT 1 / 0;" });
client($undone, ['migrate']);
is((client($undone, [ 'rollback', '--all', '--yes' ]))[0], 6, 'a rollback stops part way');
client_is($undone, [ 'repair', '--forget-failed', '0001_a', '--reason', 'x' ], {
		exit => 4, err => "slipway: error: the rollback of migration \"0001_a\" has stopped part way (SW021)\n"
		  . "detail: What it has committed cannot be forgotten.\n"
		  . "hint: Finish it with \"slipway rollback\"; or put back by hand what is gone, and say so with \"slipway repair --mark-applied\".\n" }, 'it is not forgotten');
applied_is($undone, '', 'it is not applied');
client_is($undone, [ 'repair', '--mark-applied', '0001_a', '--reason', 'x' ], { err => "0001_a is taken as applied, without running it\n" }, 'it is put back');
applied_is($undone, '0001_a', 'then it is applied');

# Somebody else uploads behind us: here by a trigger, so that it is just then

my $raced = new_place($node, { '0001_a.sql' => 'SELECT 1', '0002_b.sql' => 'SELECT 2' });
client($raced, [ 'migrate', '--to', '0001_a' ]);
my $theirs = Digest::SHA::sha256_hex('SELECT 42');
sql($node, qq{SELECT slipway.add_script('SELECT 42');
	SELECT * FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\\n$theirs - - versioned 0001_a\\n$theirs - - versioned 0002_b\\n');
	CREATE TABLE theirs AS SELECT newest FROM slipway.project;
	CREATE FUNCTION swap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.newest := (SELECT newest FROM public.theirs); RETURN new; END';
	CREATE TRIGGER swap BEFORE UPDATE OF newest ON slipway.project FOR EACH ROW EXECUTE FUNCTION swap()}, db => $raced->{db})->{exit} == 0
  or die "could not prepare\n";
put_files($raced, { '0001_a.sql' => 'SELECT 11' });
my $other = "slipway: error: somebody else has uploaded other scripts to project default just now; nothing was changed\nhint: Run it again.\n";
client_is($raced, [ 'repair', '--accept-checksum', '0001_a', '--reason', 'x' ], { exit => 1, err => $other }, 'other scripts are not accepted');
client_is($raced, [ 'repair', '--mark-applied', '0002_b', '--reason', 'x' ], { exit => 1, err => $other }, 'nor taken as applied');
query_is($node, 'SELECT count(*) FROM slipway.history', '1', 'nothing is recorded', db => $raced->{db});
sql($node, qq{SELECT slipway.create_project('fresh');
	SELECT * FROM slipway.add_manifest(E'slipway-manifest 1 order=auto\\n$theirs - - versioned 0001_a\\n$theirs - - versioned 0002_b\\n', 'fresh')}, db => $raced->{db});
client_is($raced, [ 'baseline', '0002_b', '-P', 'fresh' ], { exit => 1, err => qr/somebody else has uploaded other scripts to project fresh just now; nothing was changed/ }, 'nor a baseline');
query_is($node, 'SELECT count(*) FROM slipway.history', '1', 'nothing is recorded of that, either', db => $raced->{db});
sql($node, 'DROP TRIGGER swap ON slipway.project', db => $raced->{db});
client_is($raced, [ 'repair', '--accept-checksum', '0001_a', '--reason', 'x' ], { err => qr/^0001_a is taken as applied/ }, 'one by oneself is');

# Not while a run goes on

put_files($place, { '0004_sleep.sql' => 'SELECT pg_sleep(60);' });
my $run = start_client($place, ['migrate']);
wait_until($node, q{SELECT count(*) = 1 FROM slipway.progress WHERE wait_event = 'PgSleep'}, 'a run goes on', db => $place->{db});
client_is($place, [ 'repair', '--mark-applied', '0004_sleep', '--reason', 'x' ], { exit => 7, err => qr/a run of project "default" goes on \(SW006\)/ }, 'repair meanwhile');
client($place, ['cancel']);
is((finish_client($run))[0], 5, 'the run was cancelled');

# A statement that was interrupted: the error names the way out

put_files($place, { '0004_sleep.sql' => "-- slipway: no-transaction\nDO \$\$ BEGIN COMMIT; PERFORM pg_sleep(60); END \$\$;" });
$run = start_client($place, ['migrate']);
wait_until($node, q{SELECT count(*) = 1 FROM slipway.progress WHERE wait_event = 'PgSleep'}, 'a statement that commits', db => $place->{db});
$node->stop('immediate');
finish_client($run);
$node->start;
client_is($place, ['migrate'], { exit => 6, err => qr/^hint: .*"slipway repair --settle NAME=done" or "NAME=undone"\.$/m }, 'what became of it is not known');
client_is($place, [ 'repair', '--settle', '0004_sleep=done', '--reason', 'it is over', '-n' ], {
		err => "0004_sleep would be settled: its next run knows what became of the open statement\n" }, 'settle -n');
is((client($place, ['migrate']))[0], 6, 'does nothing');
client($place, [ 'repair', '--settle', '0004_sleep=done', '--reason', 'it is over' ]);
is((client($place, ['migrate']))[0], 0, 'settled');
query_is($node, 'SELECT count(*) FROM slipway.verify_history()', '0', 'the history is sound', db => $place->{db});

done_testing();
