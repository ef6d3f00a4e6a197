# A rehearsal tells what each statement does to a table of a million rows, and leaves
# nothing behind, however it ends.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('rehearse', conf => "fsync = off\nmax_wal_size = 4GB\nautovacuum = off");

$node->safe_psql(
	'postgres', q{
	CREATE TABLE big (id integer PRIMARY KEY, ref integer, name text, n integer);
	INSERT INTO big SELECT i, i % 1000 + 1, 'name ' || i, i FROM generate_series(1, 1000000) i;
	CREATE TABLE ref (id integer PRIMARY KEY);
	INSERT INTO ref SELECT generate_series(1, 1000);
	CREATE TABLE tiny (id integer);
	VACUUM ANALYZE;
	CREATE FUNCTION slow(integer) RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT $1 FROM pg_sleep(0.05)';});

# Contents, files, records and the whole schema.
sub state_of
{
	my ($schema, $errors);

	IPC::Run::run([ 'pg_dump', '--no-sync', '-s', '-d', $node->connstr('postgres') ], '>', \$schema, '2>', \$errors)
	  or die $errors;
	$schema =~ s/^\\(un)?restrict .*$//mg;
	return $schema . sql(
		$node, q{
		SELECT count(*), sum(hashtext(b::text)::bigint) FROM big b;
		SELECT count(*), sum(hashtext(b::text)::bigint) FROM ref b;
		SELECT relname, relfilenode, relhasindex, reltuples FROM pg_class WHERE oid >= 16384 ORDER BY relname;
		SELECT count(*) FROM slipway.history; SELECT count(*) FROM slipway.run; SELECT count(*) FROM slipway.journal;})->{out};
}

my $before = state_of();

sub nothing_differs
{
	my ($name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(state_of(), $before, "$name: nothing differs");
	no_locks_left($node, $name);
	query_is($node, "SELECT relation::regclass, mode FROM pg_locks WHERE relation >= 16384 AND pid <> pg_backend_pid()",
		'', "$name: nor a lock on a table");
	return;
}

my $longest = { lock_hold => 0, statement_timeout => 0 };

sub locks
{
	my ($of) = @_;

	# What the planner of the check of a foreign key looks at is its business.
	return join(' ', map { "$_->{relation}:$_->{mode}" } grep { $_->{kind} eq 'table' || $_->{mode} ne 'AccessShareLock' } @{ $of->{locks} });
}

# statement, locks, rewrites, scans, code of the finding
my @cases = (
	[ 'constant default', 'ALTER TABLE big ADD COLUMN extra integer DEFAULT 7',
		'public.big:AccessExclusiveLock', '', '', '' ],
	[ 'volatile default', 'ALTER TABLE big ADD COLUMN extra double precision DEFAULT random()',
		'public.big:AccessExclusiveLock public.big_pkey:AccessExclusiveLock', 'public.big public.big_pkey', 'public.big', 'add-column-rewrite' ],
	[ 'another type', 'ALTER TABLE big ALTER COLUMN n TYPE bigint',
		'public.big:AccessExclusiveLock public.big_pkey:AccessExclusiveLock', 'public.big public.big_pkey', 'public.big', 'alter-type-rewrite' ],
	[ 'not null', 'ALTER TABLE big ALTER COLUMN name SET NOT NULL',
		'public.big:AccessExclusiveLock', '', 'public.big', 'set-not-null-scan' ],
	[ 'foreign key', 'ALTER TABLE big ADD CONSTRAINT big_ref FOREIGN KEY (ref) REFERENCES ref (id)',
		'public.big:ShareRowExclusiveLock public.ref:ShareRowExclusiveLock', '', 'public.big public.ref', 'add-foreign-key-scan' ],
	[ 'check', 'ALTER TABLE big ADD CONSTRAINT big_n CHECK (n > 0)',
		'public.big:AccessExclusiveLock', '', 'public.big', 'add-check-scan' ],
	[ 'index', 'CREATE INDEX big_name ON big (name)',
		'public.big:ShareLock', '', 'public.big', 'create-index-lock' ],
	# and what is safe
	[ 'check, not valid', 'ALTER TABLE big ADD CONSTRAINT big_n CHECK (n > 0) NOT VALID',
		'public.big:AccessExclusiveLock', '', '', '' ],
	[ 'a name', 'COMMENT ON TABLE big IS \'large\'', 'public.big:ShareUpdateExclusiveLock', '', '', '' ],
	[ 'one row', 'UPDATE big SET n = 0 WHERE id = 4711', 'public.big:RowExclusiveLock public.big_pkey:RowExclusiveLock', '', '', '' ],
	[ 'drop', 'DROP TABLE tiny', 'public.tiny:AccessExclusiveLock', '', '', '' ],
);

for my $case (@cases)
{
	my ($name, $statement, $locks, $rewrites, $scans, $code) = @$case;
	my $answer = rehearse($node, add_one($node, $statement), with => $longest);
	my ($seen) = of_kind($answer, 'rehearsed');

	is($answer->{exit}, 0, "$name: rehearsed") or diag($answer->{err});
	is($seen->{outcome}, 'ok', "$name: it ran");
	is($seen->{statement}, $statement, "$name: it is that statement");
	is(locks($seen), $locks, "$name: locks");
	is(join(' ', @{ $seen->{rewrites} }), $rewrites, "$name: rewrites");
	is(join(' ', @{ $seen->{scans} }), $scans, "$name: scans");
	is(join(' ', map { $_->{code} } of_kind($answer, 'finding')), $code, "$name: finding");
	my ($big) = grep { $_->{relation} eq 'public.big' } @{ $seen->{locks} };
	if ($big)
	{
		is($big->{rows}, 1000000, "$name: rows of the table");
		cmp_ok(abs($big->{size_bytes} - sql($node, q{SELECT pg_relation_size('big')})->{out}), '<', 100000, "$name: its size before");
		is($big->{kind}, 'table', "$name: its kind");
	}
	my ($migration) = of_kind($answer, 'rehearsed_migration');
	is(locks($migration), $locks, "$name: locks of the migration");
	my ($done) = of_kind($answer, 'done');
	is("$done->{rehearsed} $done->{statements} $done->{not_rehearsed}", '1 1 0', "$name: done");
	is($done->{warning} + $done->{danger}, $code eq '' ? 0 : 1, "$name: severity") or diag($answer->{err});
}
nothing_differs('after all of them');

# Cancelled in mid-statement: by somebody, by its own time-outs, because it held a lock for too long.
my @slow = ('ALTER TABLE ref ADD COLUMN m integer', 'ALTER TABLE big ADD COLUMN m integer DEFAULT slow(1)');
my @leftovers = ("SET work_mem = '77MB'", 'PREPARE stays AS SELECT 1', 'DECLARE stays CURSOR WITH HOLD FOR SELECT 1', 'LISTEN stays', 'CREATE TEMP TABLE stays ()', 'SELECT pg_advisory_lock(4711)');
my $after = q{SELECT current_setting('work_mem') = '77MB', (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors WHERE name = 'stays'), (SELECT count(*) FROM pg_listening_channels()), to_regclass('pg_temp.stays'), (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND (relation >= 16384 OR locktype = 'advisory'));};
my %project = add_one($node, @leftovers, @slow);

sub in_mid_statement
{
	my ($name, %option) = @_;
	my $session = start_rehearse($node, %project, go_on => 1, after => $after, application => 'rehearsal', %option);

	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'rehearsal' AND query LIKE 'ALTER TABLE big%' AND wait_event = 'PgSleep'}, "$name: it is in mid-statement");
	return $session;
}

my $session = in_mid_statement('cancelled', with => $longest);
sql($node, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'rehearsal'});
my $answer = finish_sql($session);
is($answer->{sqlstate}, '57014', 'cancelled: the error');
is((of_kind($answer, 'rehearsed'))[-1]{outcome}, 'failed', 'cancelled: the statement');
is(scalar(of_kind($answer, 'rehearsed')), 8, 'cancelled: those before it are told');
like($answer->{err}, qr/migration "0001_it", line 8, column 1/, 'cancelled: it says where');
is((split /\n/, $answer->{out})[-1], 'f|0|0|0||0', 'cancelled: the session is as before');
nothing_differs('cancelled');

$answer = finish_sql(in_mid_statement('statement_timeout', with => { lock_hold => 0, statement_timeout => '700ms' }));
is($answer->{sqlstate}, '57014', 'statement_timeout: the error');
is((split /\n/, $answer->{out})[-1], 'f|0|0|0||0', 'statement_timeout: the session is as before');
nothing_differs('statement_timeout');

$answer = finish_sql(in_mid_statement('lock_hold'));
is($answer->{sqlstate}, 'SW031', 'lock_hold: the error');
is($answer->{error}, 'rehearsal stopped: it has held AccessExclusiveLock on public.ref for 1 s', 'lock_hold: its message');
like($answer->{err}, qr/HINT:  Raise option lock_hold/, 'lock_hold: its hint');
is((of_kind($answer, 'rehearsed'))[-1]{outcome}, 'stopped', 'lock_hold: the statement');
is(join(' ', map { "$_->{code} $_->{severity}" } of_kind($answer, 'finding')), 'lock-hold danger', 'lock_hold: the finding');
is((split /\n/, $answer->{out})[-1], 'f|0|0|0||0', 'lock_hold: the session is as before');
nothing_differs('lock_hold');

# The client vanishes: the server notices when it has something to say.
$session = in_mid_statement('vanished');
$session->{run}->kill_kill(grace => 0);
wait_until($node, q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'rehearsal'}, 'vanished: its backend ends');
nothing_differs('vanished');

# The backend is ended.
$session = in_mid_statement('terminated', with => $longest);
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rehearsal'});
$answer = finish_sql($session);
like($answer->{err}, qr/57P01/, 'terminated: the error');
wait_until($node, q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'rehearsal'}, 'terminated: it ends');
nothing_differs('terminated');

# All the same when it goes well.
%project = add_one($node, @leftovers, 'ALTER TABLE ref ADD COLUMN m integer');
$answer = rehearse($node, %project, after => $after);
is($answer->{exit}, 0, 'to its end') or diag($answer->{err});
is((split /\n/, $answer->{out})[-1], 'f|0|0|0||0', 'to its end: the session is as before');
nothing_differs('to its end');

done_testing();
