# What a run tells while it goes on: INFO messages, with a JSON object each.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('progress');
my $HEX = qr/\A[0-9a-f]{64}\z/;

sub kinds
{
	my ($answer) = @_;

	return join ' ', map { $_->{event} } @{ $answer->{event} };
}

sub add_project
{
	my ($project, @migrations) = @_;

	$node->safe_psql('postgres', 'SELECT slipway.create_project(' . literal($project) . ')')
	  if $project ne 'default';
	add_migrations($node, \@migrations, project => $project);
	return (project => $project);
}

#
# A run that works
#
my $odd = qq{0002 "quote" \\ \xc3\xa9; 100%s};
add_project('default', [ '0001_first', 'CREATE TABLE first ()' ],
	[ $odd, 'SELECT 1' ], [ '0003_third', 'SELECT pg_sleep(0.05)' ]);
my $answer = migrate($node);
is($answer->{exit}, 0, 'a run that works') or diag($answer->{err});
is(kinds($answer), 'start applied applied applied done', 'its events');
my ($start, @applied) = @{ $answer->{event} };
my $done = pop @applied;
is_deeply([ @$start{ 'run', 'pending' } ], [ 1, 3 ], 'start: run and number of what is pending');
my $decoded = $odd;
utf8::decode($decoded);
is_deeply([ map { $_->{migration} } @applied ],
	[ '0001_first', $decoded, '0003_third' ], 'applied: the names, as they are');
is_deeply([ map { "$_->{done}/$_->{total}" } @applied ], [ '1/3', '2/3', '3/3' ], 'applied: how far it is');
cmp_ok($applied[2]{duration_ms}, '>=', 50, 'applied: how long it took');
cmp_ok($applied[2]{duration_ms}, '<', 20000, 'applied: in milliseconds');
is_deeply([ @$done{ 'run', 'applied' } ], [ 1, 3 ], 'done: run and number of what was applied');
ok(!exists $done->{future}, 'done: no future');
is($done->{head},
	sql($node, q{SELECT encode(entry_hash, 'hex') FROM slipway.history ORDER BY entry DESC LIMIT 1})->{out},
	'done: the newest entry of the history');
for my $event (@{ $answer->{event} })
{
	unlike($event->{text}, qr/[{}]/, "$event->{event}: the message is for people");
	unlike(JSON::PP->new->canonical->encode({%$event}), qr/null/, "$event->{event}: nothing is null");
}
like($applied[0]{text}, qr/0001_first/, 'the message names the migration');
like($applied[1]{text}, qr/\Q$odd\E/, 'even an odd one');

# Nothing to do
$answer = migrate($node);
is(kinds($answer), 'done', 'nothing to do: one event');
is($answer->{event}[0]{applied}, 0, 'done: 0 applied');
ok(!exists $answer->{event}[0]{run}, 'done: without a run');
like($answer->{event}[0]{head}, $HEX, 'done: the head is there all the same');
like($answer->{event}[0]{text}, qr/nothing to do/, 'the message says so');

# Nothing at all
add_project('empty');
$answer = migrate($node, project => 'empty');
is(kinds($answer), 'done', 'a project to which nothing was ever uploaded: nothing to do')
  or diag($answer->{err});
ok(!exists $answer->{event}[0]{head}, 'done: without a head of its history');

# An older manifest
my $older = sql($node, q{SELECT encode(hash, 'hex') FROM slipway.manifest
	WHERE project = 'default' ORDER BY cardinality(members) LIMIT 1})->{out};
$answer = migrate($node, with => { manifest => $older });
is(kinds($answer), 'done', 'an older manifest: one event');
is_deeply($answer->{event}[0]{future}, [ $decoded, '0003_third' ], 'done: names what it lacks')
  or diag(explain $answer->{event}[0]);
is(scalar(@{ $answer->{warning} }), 0, 'which is no warning');

#
# A run that fails
#
my @fails = add_project('fails', [ '0001_first', 'SELECT 1' ], [ '0002_fails', 'SELECT 1 / 0' ], [ '0003_third', 'SELECT 1' ]);
$answer = migrate($node, @fails);
is($answer->{sqlstate}, '22012', 'a run that fails');
is(kinds($answer), 'start applied', 'what was applied is said, and no end');
is_deeply([ @{ $answer->{event}[1] }{qw(migration done total)} ], [ '0001_first', 1, 3 ], 'applied: out of what was pending');
like($answer->{err}, qr/\nCONTEXT:  migration "0002_fails", line 1, column \d+\n/, 'the context says where');

# A run of a part
my @part = add_project('part', map { [ "000$_", 'SELECT 1' ] } 1 .. 5);
$answer = migrate($node, @part, with => { to => '0002' });
is(kinds($answer), 'start applied applied done', 'a run to a target');
is($answer->{event}[0]{pending}, 2, 'start: what the run will do');
is($answer->{event}[2]{total}, 2, 'applied: out of that');
$answer = migrate($node, @part);
is_deeply([ map { "$_->{done}/$_->{total}" } of_kind($answer, 'applied') ], [ '1/3', '2/3', '3/3' ], 'and then the rest');

#
# Waiting
#
my @queue = add_project(q{it's "mine"}, [ '0001', 'SELECT 1' ]);
my $holder = $node->background_psql('postgres');
my $pid = answer_of($holder, 'SELECT pg_backend_pid()');
$holder->query_safe('SET application_name = $$the holder$$');
$holder->query_safe(q{SELECT pg_advisory_lock(slipway.lock_key('it''s "mine"')) /* we froze it */});
my $deploy = start_migrate($node, @queue);
wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted", 'it waits');
like(slurp_file($deploy->{err}), qr/"event":"waiting"/, 'the message about waiting comes before the wait');
$answer = migrate($node, @queue, with => { lock_wait => 50 });
is($answer->{sqlstate}, 'SW006', 'one that gives up');
is(kinds($answer), 'waiting', 'has only waited');
like($answer->{error}, qr/it's "mine"/, 'its error names the project');
like($answer->{err}, qr/\nDETAIL:  .*\bpid $pid\b.*the holder/, 'and the holder');
$holder->quit;
$deploy = finish_sql($deploy);
is(kinds($deploy), 'waiting start applied done', 'the other goes on');
my $waiting = $deploy->{event}[0];
is($waiting->{project}, q{it's "mine"}, 'waiting: for which project');
is($waiting->{pid}, $pid, 'waiting: who holds the lock') or diag(explain $waiting);
like($waiting->{text}, qr/\b$pid\b/, 'the message says it, too');
like($waiting->{text}, qr/the holder/, 'with the application');
like($waiting->{text}, qr/we froze it|lock_key/, 'and what it does');

#
# Retrying
#
$node->safe_psql('postgres', 'CREATE TABLE busy ()');
my @busy = add_project('busy', [ '0001', 'SELECT 1' ], [ '0002_busy', 'ALTER TABLE busy ADD COLUMN id integer' ]);
$holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE busy');
$answer = migrate($node, @busy, with => { lock_timeout => 20, retries => 2 });
is($answer->{sqlstate}, '55P03', 'a migration that cannot get a lock');
is(kinds($answer), 'start applied blocked retry blocked retry blocked', 'each retry is an event');
my ($first, $second) = of_kind($answer, 'retry');
is($first->{migration}, '0002_busy', 'retry: of which migration');
is($first->{sqlstate}, '55P03', 'retry: why');
cmp_ok($second->{attempt}, '>', $first->{attempt}, 'retry: for the how manieth time');
like($first->{text}, qr/0002_busy.*rolled back/, 'the message says that it was rolled back');
$deploy = start_migrate($node, @busy, with => { lock_timeout => 50, retries => 100 });
wait_until($node, "SELECT count(*) = 1 FROM pg_locks WHERE relation = 'busy'::regclass AND NOT granted", 'it tries');
until (slurp_file($deploy->{err}) =~ /"event":"retry"/) { select undef, undef, undef, 0.02 }
$holder->quit;
$answer = finish_sql($deploy);
like(kinds($answer), qr/^start (?:(?:blocked )?retry )+(?:blocked )?applied done$/, 'and goes on when the lock is free');
is($answer->{event}[-1]{applied}, 1, 'applied once');

#
# What scripts can do to messages
#
my @mute = add_project(
	'mute',
	[ '0001_mute', "SET client_min_messages = error" ],
	[ '0002_local', "SET LOCAL client_min_messages = error; SELECT 1" ],
	[ '0003_config', "SELECT set_config('client_min_messages', 'error', false)" ],
	[ '0004_ours', "SET slipway.report_progress = off" ],
	[ '0005_last', 'SELECT 1' ]);
$answer = migrate($node, @mute, before => 'SET client_min_messages = error;');
is($answer->{exit}, 0, 'scripts that would like quiet') or diag($answer->{err});
is(kinds($answer), 'start applied applied applied applied applied done', 'do not mute the progress messages');
$answer = migrate($node, add_project('off', [ '0001', 'SELECT 1' ]), before => 'SET slipway.report_progress = off;');
is($answer->{exit}, 0, 'the caller may');
is(kinds($answer), '', 'with slipway.report_progress');

# A script's own messages come as they are.
$answer = migrate($node,
	add_project('speaks', [ '0001_speaks', q{DO $$BEGIN RAISE NOTICE 'a notice'; RAISE WARNING USING MESSAGE = 'a warning', ERRCODE = '01007';
		RAISE INFO 'an info'; END$$} ]));
like($answer->{err}, qr/NOTICE:  00000: a notice\n/, 'a NOTICE of a script');
is_deeply($answer->{warning}, [ [ '01007', 'a warning' ] ], 'a WARNING');
like($answer->{err}, qr/INFO:  00000: an info\n/, 'an INFO');
is(kinds($answer), 'start applied done', 'between the events');

# Scripts that are empty are applied, with a warning that names them.
$answer = migrate($node, add_project('empties', [ '0001_empty', '' ], [ '0002_comment', "-- nothing\n/* yet */\n" ], [ '0003_semicolon', ' ; ;; ' ]));
is(kinds($answer), 'start applied applied applied done', 'empty scripts are applied');
is(scalar(@{ $answer->{warning} }), 3, 'with a warning each');
for my $i (0 .. 2)
{
	my ($sqlstate, $text) = @{ $answer->{warning}[$i] };
	my $name = ('0001_empty', '0002_comment', '0003_semicolon')[$i];

	like($text, qr/"$name"/, "the warning names $name");
	like($sqlstate, qr/^(SW...|01000)$/, 'and has a code of its own');
}

history_is_sound($node, 'in the end');
no_locks_left($node, 'in the end');
#
# Long commands, seen by another session while the transaction is open
#
sub long_is
{
	my ($condition, $name) = @_;

	return wait_until($node, "SELECT EXISTS (SELECT FROM slipway.progress WHERE project = 'long' AND outcome = 'running' AND $condition)", $name);
}

$node->safe_psql('postgres', q{
	CREATE FUNCTION slow(i integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(0.002); RETURN i; END';
	CREATE FUNCTION slow_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.05); RETURN new; END';
	CREATE TABLE slow_item (id integer, c text) WITH (fillfactor = 10);
	INSERT INTO slow_item SELECT i, repeat('x', 100) FROM generate_series(1, 2000) i;
	CREATE TABLE slow_row (id integer);
	CREATE TRIGGER slow BEFORE INSERT ON slow_row FOR EACH ROW EXECUTE FUNCTION slow_row()});
add_project('long', [ '0001_index', 'CREATE INDEX slow_i ON slow_item (slow(id))' ],
	[ '0002_steps', "SELECT 1;\nCREATE INDEX CONCURRENTLY slow_c ON slow_item (c)" ],
	[ '0003_copy', "COPY slow_row FROM stdin;\n" . join('', map { "$_\n" } 1 .. 60) . "\\.\n" ]);
my $old = $node->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
$old->query_safe('SELECT count(*) FROM pg_class');
my $long = start_migrate($node, project => 'long');
long_is("migration = '0001_index' AND phase LIKE 'building index%' AND percent BETWEEN 1 AND 99 AND units_done IS NULL",
	'a build of an index, and how much of it is done');
long_is("migration = '0002_steps' AND phase LIKE 'waiting for old snapshots%' AND units_done = 1 AND statement LIKE 'CREATE INDEX CONCURRENTLY%'",
	'one that waits, in the second unit of its migration');
$old->quit;
long_is("migration = '0003_copy' AND phase ~ '^[1-9]\\d* rows copied'", 'COPY, and how many rows are there');
is(finish_sql($long)->{exit}, 0, 'and all of it succeeds');

#
# Mode all: nothing is applied before the end, but people see how far it is
#
add_project('together', map { [ "000$_", "SELECT pg_advisory_xact_lock_shared(4, $_)" ] } 1 .. 3);
$node->safe_psql('postgres', q{SELECT slipway.add_migration('0004', 'SELECT 1', verify => 'SELECT 1', project => 'together')});
my $gate = $node->background_psql('postgres');
$gate->query_safe("SELECT pg_advisory_lock(4, $_)") for 2, 3;
my $together = start_migrate($node, project => 'together', with => { mode => 'all', lock_timeout => 0, verify => JSON::PP::true });
for my $n (2, 3)
{
	wait_until($node, "SELECT EXISTS (SELECT FROM slipway.progress WHERE project = 'together' AND migration = '000$n' AND applied = 0 AND wait_event = 'advisory')", "migration $n");
	$gate->query_safe("SELECT pg_advisory_unlock(4, $n)");
}
$gate->quit;
$answer = finish_sql($together);
is(kinds($answer), 'start begin begin begin applied applied applied verify applied done', 'what was verified is told when it was committed');
no_locks_left($node, 'in mode all');
add_migrations($node, [ [ '0005', 'SELECT 1' ], [ '0006', 'SELECT 1 / 0' ] ], project => 'together');
migrate($node, project => 'together', with => { mode => 'all' });
query_is($node, q{SELECT outcome, migration, applied FROM slipway.progress WHERE project = 'together'}, 'failed|0006|0', 'and which one has failed');

# The longest name that there may be arrives whole.
my $longest = '0001_' . ("\xc3\xa9" x 509) . 'x';
add_project('long_name', [ $longest, 'SELECT 1' ]);
$answer = migrate($node, project => 'long_name');
my $whole = $longest;
utf8::decode($whole);
is(join(' ', map { $_->{migration} } of_kind($answer, 'applied')), $whole, 'a name of 1024 bytes');

$node->stop;
done_testing();
