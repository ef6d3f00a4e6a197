# What has changed in the schema: slipway diff, the drift of status, and the
# snapshots that runs leave, or do not.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('diff');
my $when = qr/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/;

my $place = new_place($node, {
		'0001_a.up.sql' => "CREATE TABLE a (id integer, name text);\nCREATE FUNCTION f() RETURNS integer LANGUAGE sql AS \$\$\nSELECT 1\n\$\$;\n",
		'0001_a.down.sql' => "DROP FUNCTION f();\nDROP TABLE a;\n" });

sub by_hand
{
	my ($sql, $where) = @_;

	is(sql($node, $sql, db => ($where // $place)->{db})->{err}, '', 'by hand');
	return;
}

sub drift_is
{
	my ($objects, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return query_is($node, "SELECT coalesce(slipway.drift()::text, 'unknown')", $objects, $name, db => $place->{db});
}

# Against what the last run has left

my $me = sql($node, 'SELECT current_user')->{out};
my $none = qr/\Aslipway: error: no run of project "default" has stored a snapshot \(SW033\)\ndetail: .*\nhint: "slipway diff --accept" takes .*\n\z/;
client_is($place, ['diff'], { exit => 1, err => $none }, 'diff before anything has run');
client_is($place, [ 'migrate', '-q' ], {}, 'migrate');
client_is($place, ['diff'], { err => qr/\Aproject default: nothing differs from the last run \(run 1, $when\)\n\z/ }, 'no difference');
client_is($place, ['status'], { out => qr/0001_a/, err => "project default: 1 applied\n" }, 'status without drift');
by_hand(q{ALTER TABLE a ADD COLUMN "b ""c" numeric(5,2) NOT NULL DEFAULT 1; DROP FUNCTION f(); COMMENT ON TABLE a IS 'x'});
client_is($place, ['diff'], {
		exit => 10,
		out => qr/\A\+ column public\.a\."b ""c"\n    \+ type: numeric\(5,2\)\n    \+ not null: yes\n    \+ default: 1\n- function public\.f\(\)\n    - owner: $me\n(?:    - \w.*\n)*    - body:\n    - \n    - SELECT 1\n~ table public\.a\n      owner: $me\n      columns: id, name, "b ""c"\n    \+ comment: x\n\z/,
		err => qr/\Aproject default: 3 objects differ from the last run \(run 1, $when\): 1 added, 1 dropped, 1 changed\n\z/ },
	'each difference');
client_is($place, ['status'], {
		out => qr/0001_a/, err => "project default: 1 applied\ndrift: 3 objects differ from the last run; see \"slipway diff\"\n" },
	'status with drift');
client_is($place, [ 'status', '--no-drift' ], { out => qr/0001_a/, err => "project default: 1 applied\n" }, 'status that does not look');
client_is($place, [ 'diff', '-q' ], { exit => 10, out => qr/^\+ column/ }, 'diff --quiet');
my ($out) = client_is($place, [ 'diff', '--json' ], { exit => 10, out => qr/./, err => qr/3 objects/ }, 'diff --json');
my $objects = json_fits($out, [qw(difference compared)], 'has what is documented');
is_deeply([ map { "$_->{kind} $_->{change}" } @$objects[ 0 .. 2 ] ], [ 'column added', 'function dropped', 'table changed' ], 'in order');
is($objects->[0]{before}, undef, 'null is what was not there');
is($objects->[2]{after}, $objects->[2]{before} . "\ncomment: x", 'whole definitions');
is_deeply([ @{ $objects->[3] }{qw(added dropped changed)} ], [ 1, 1, 1 ], 'and how many');
($out) = client_is($place, [ 'status', '--json' ], { out => qr/./, err => qr/1 applied/ }, 'status --json');
is(json_fits($out, [qw(state drift)], 'has what is documented')->[-1]{objects}, 3, 'drift');

# What does not matter

client_is($place, [ 'diff', '--ignore', 'public.a', '--ignore', 'kind:function' ],
	{ err => qr/nothing differs/ }, '--ignore: a table with its columns, and a kind');
client_is($place, ['diff'], { err => qr/nothing differs/ }, 'SLIPWAY_IGNORE', env => { SLIPWAY_IGNORE => 'public.a, kind:function' });
client_is($place, [ 'status', '--ignore', 'schema:public' ], { out => qr/0001_a/, err => "project default: 1 applied\n" }, 'status --ignore');
client_is($place, ['diff'], { exit => 10, out => qr/\A- function .*\n(?: .*\n)*\z/, err => qr/1 object differs/ }, 'the setting',
	env => { PGOPTIONS => '-c slipway.ignore=public.a' });
client_is($place, [ 'diff', '--ignore', 'kind:' ], {
		exit => 2, err => qr/\Aslipway: error: "kind:" is no pattern of what to ignore \(22023\)\nhint: .*\n\z/ }, 'a pattern that is none');
append_to_file("$place->{home}/slipway.conf", "[here]\nignore = public.*\nsnapshot = off\n");
client_is($place, [ '-e', 'here', 'diff' ], { err => qr/nothing differs/ }, 'slipway.conf');
client_is($place, [ '-e', 'here', 'diff', '--ignore', 'kind:policy' ], { exit => 10, out => qr/./, err => qr/3 objects/ }, 'an option counts more');

# As a page

client_is($place, [ 'diff', '--html', 'nowhere/x.html' ], { exit => 2, err => qr/nowhere/ }, '--html where nothing can be written');
by_hand(q{COMMENT ON TABLE a IS '<script>alert(1)</script>'});
client_is($place, [ 'diff', '--html', 'drift.html', '-q' ], { exit => 10, out => qr/^~ table/m }, '--html');
my $page = slurp_file("$place->{home}/drift.html");
like($page, qr/<span class="added">\+ comment: &lt;script&gt;alert\(1\)&lt;\/script&gt;\n/, 'has the difference');
unlike($page, qr/<script/, 'escaped');
like($page, qr/public\.a\.(?:&quot;|&#34;)b (?:&quot;|&#34;){2}c/, 'has the names');
by_hand(q{CREATE FUNCTION ends() RETURNS integer LANGUAGE sql AS 'SELECT 1'; SELECT slipway.save_snapshot(); CREATE OR REPLACE FUNCTION ends() RETURNS integer LANGUAGE sql AS E'SELECT 1\n'});
client_is($place, [ 'diff', '--html', 'drift.html', '-q' ], { exit => 10, out => "~ function public.ends()\n    ... only the end of line behind the last one differs\n" }, 'an end of line');
like(slurp_file("$place->{home}/drift.html"), qr/only the end of line behind the last one differs/, 'as a page');
by_hand('DROP FUNCTION ends(); SELECT slipway.save_snapshot()');
client_is($place, [ 'diff', '--html', 'drift.html', '-q' ], {}, '--html without a difference');
like(slurp_file("$place->{home}/drift.html"), qr/Nothing differs/, 'says so');

# Saved snapshots

client_is($place, [ 'diff', '--save', 'one' ], { err => "project default: snapshot one saved\n" }, '--save');
by_hand('CREATE TABLE b ()');
client_is($place, [ 'diff', '--against', 'one' ], {
		exit => 10, out => qr/\A\+ table public\.b\n/, err => qr/1 object differs from snapshot one \($when\): 1 added\n\z/ }, '--against');
client_is($place, [ 'diff', '--against', 'two' ], {
		exit => 1, err => qr/\Aslipway: error: project "default" has no snapshot "two" \(42704\)\nhint: / }, 'an unknown name');
client_is($place, ['diff', '--accept' ], { err => "project default: the schema as it is counts as what the last run has left\n" }, '--accept');
client_is($place, ['diff'], { err => qr/nothing differs/ }, 'has been accepted');
json_fits((client_is($place, [ 'diff', '--json', @$_ ], { out => qr/./ }, "@$_ --json"))[0], ['saved'], 'has what is documented')
  for [ '--save', 'one' ], ['--accept'];
client_is($place, [ 'diff', @$_ ], { exit => 2, err => qr/\Aslipway: error: options "--\w+" and "--\w+" exclude each other\n/ }, "diff @$_")
  for [ '--save', 'x', '--against', 'y' ], [ '--with', 'x', '--against', 'y' ], [ '--accept', '--save', 'x' ], [ '--save', 'x', '--html', 'y' ],
  [ '--accept', '--html', 'y' ];
by_hand('UPDATE slipway.schema_snapshot SET server_version_num = 140001');
client_is($place, ['diff'], { exit => 1, err => qr/\Aslipway: error: the snapshot was taken by PostgreSQL 14, this is \d+ \(SW030\)\n/ },
	'after an upgrade');
client_is($place, ['status'], { out => qr/0001_a/, err => "project default: 1 applied\n" }, 'status does not know');
client_is($place, [ 'diff', '--accept', '-q' ], {}, 'until it is taken anew');

# Who may

sql($node, q{CREATE ROLE reader LOGIN; SELECT slipway.grant_role('reader', 'reader')}, db => $place->{db});
client_is($place, [ 'diff', '-U', 'reader' ], { err => qr/nothing differs/ }, 'a reader may look');
client_is($place, [ 'diff', '-U', 'reader', '--save', 'x' ], { exit => 1, err => qr/permission denied for function save_snapshot \(42501\)/ },
	'but not save');

# With another database

my $other = new_place($node, { '0001_a.sql' => "CREATE TABLE a (id bigint);\nCREATE TABLE only_there ();\n" });
my $url = sprintf 'host=%s port=%d dbname=%s', $node->host, $node->port, $other->{db};
client_is($other, [ 'migrate', '-q' ], {}, 'migrate the other one');
client_is($place, [ 'diff', '--with', $url ], {
		exit => 10,
		out => qr/\A\+ column public\.a\."b ""c"\n[^~]*~ column public\.a\.id\n    - type: bigint\n    \+ type: integer\n\+ column public\.a\.name\n(?: .*\n)*~ table public\.a\n(?: .*\n)*\+ table public\.b\n(?: .*\n)*- table public\.only_there\n/,
		err => qr/\Aproject default: \d objects differ from database $other->{db} on .*: 3 added, 1 dropped, 2 changed\n\z/ },
	'--with');
client_is($place, [ 'diff', '--with', $url, '--ignore', 'schema:public' ], { err => qr/nothing differs/ }, '--with --ignore');
client_is($place, [ 'diff', '--with', $place->{db}, '-h', $node->host, '-p', $node->port ], { err => qr/nothing differs/ }, 'with itself, by its name');
sql($node, 'CREATE DATABASE bare TEMPLATE template0', db => 'postgres');
client_is($place, [ 'diff', '--with', $url =~ s/dbname=.*/dbname=bare/r ], {
		exit => 12, err => qr/\Aslipway: error: the other database, "bare", has no pg_slipway extension\nhint: Run "slipway init" there/ },
	'one without the extension');
client_is($place, [ 'diff', '--with', $url, '-P', 'new' ], { exit => 1, err => qr/project "new" does not exist/ }, 'a project that is not there');
my (undef, $err) = client_is($place, [ 'diff', '--with', 'postgresql://me:secret@/nothing?host=/nowhere' ], {
		exit => 8, err => qr/\Aslipway: error: could not connect \(option --with\): / }, 'one that is not there');
unlike($err, qr/secret/, 'no password is shown');
client_is($place, [ 'diff', '--with', 'postgresql://me:sec%ret@/x' ], { exit => 2, err => qr/\Aslipway: error: option --with is not a connection string/ },
	'what is no connection string');

# Runs that leave none

put_files($place, { '0002_c.sql' => "CREATE TABLE c ();\n" });
client_is($place, [ 'migrate', '-q', '--snapshot', 'off' ], {}, 'migrate --snapshot off');
drift_is('unknown', 'nobody knows whether there is drift');
client_is($place, ['diff'], {
		exit => 1, err => qr/\Aslipway: error: the last run of project "default" has stored no snapshot \(SW033\)\ndetail: .*\nhint: "slipway diff --accept"/ },
	'diff says that');
($out) = client_is($place, [ 'status', '--json', '-q' ], { out => qr/./ }, 'status --json');
is(json_lines($out)->[-1]{objects}, undef, 'status says null');
put_files($place, { '0003_d.sql' => "CREATE TABLE d ();\n" });
client_is($place, [ '-e', 'here', 'migrate', '-q' ], {}, 'snapshot = off in slipway.conf');
drift_is('unknown', 'counts');
put_files($place, { '0004_e.up.sql' => "CREATE TABLE e ();\n", '0004_e.down.sql' => "DROP TABLE e;\n" });
client_is($place, [ '-e', 'here', 'migrate', '-q', '--snapshot', 'on' ], {}, 'an option counts more');
drift_is('0', 'now it is known');
client_is($place, [ 'rollback', '--steps', '1', '-y', '-q' ], {}, 'rollback');
drift_is('0', 'leaves one');
client_is($place, [ 'migrate', '-q', '--detach' ], {}, 'migrate --detach');
drift_is('0', 'leaves one');
client_is($place, [ 'redo', '-y', '-q', '--snapshot', 'off' ], {}, 'redo --snapshot off');
drift_is('unknown', 'leaves none');

# One that cannot be taken: views are read under locks

by_hand('CREATE TABLE base (x integer); CREATE VIEW over_base AS SELECT x FROM base');
put_files($place, { '0005_f.sql' => "CREATE TABLE f ();\n" });
my $locker = start_sql($node, "BEGIN; LOCK base;\nSELECT pg_sleep(120);", db => $place->{db}, application => 'locker');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'locker' AND wait_event = 'PgSleep'}, 'the table is locked');
my $exit;
($exit, $out, $err) = client($place, [ 'migrate', '--lock-timeout', '200ms' ]);
is($exit, 0, 'a run that cannot take one succeeds all the same');
like($err, qr/no snapshot of the schema was stored: canceling statement due to lock timeout/, 'with a warning');
like($err, qr/1 migration applied to project default/, 'and all else');
applied_is($place, '0001_a 0002_c 0003_d 0004_e 0005_f', 'it is applied');
put_files($place, { '0006_g.sql' => "CREATE TABLE g ();\n" });
($exit, $out, $err) = client($place, [ 'migrate', '--detach', '--lock-timeout', '200ms' ]);
is($exit, 0, 'so does one that is detached');
like($err, qr/no snapshot of the schema was stored: canceling statement due to lock timeout/, 'with the same warning');
# The lock is held until it is taken

my $waits = q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query = 'slipway: storing a snapshot of the schema' AND wait_event_type = 'Lock'};

put_files($place, { '0007_h.sql' => "CREATE TABLE h ();\n" });
my $first = start_client($place, [ 'migrate', '--lock-timeout', '1min' ]);
wait_until($node, $waits, 'a run waits for its snapshot');
put_files($place, { '0008_i.sql' => "CREATE TABLE i ();\n" });
client_is($place, [ 'migrate', '--lock-wait', '200ms' ], { exit => 7, err => qr/./ }, 'nobody else runs meanwhile');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'locker'});
finish_sql($locker);
is((finish_client($first))[0], 0, 'it ends');
drift_is('0', 'with a snapshot');

# Cancelled while it is taken: all is applied

$locker = start_sql($node, "BEGIN; LOCK base;\nSELECT pg_sleep(120);", db => $place->{db}, application => 'locker');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'locker' AND wait_event = 'PgSleep'}, 'the table is locked');
$first = start_client($place, [ 'migrate', '--lock-timeout', '1min' ]);
wait_until($node, $waits, 'a run waits for its snapshot');
$first->{run}->signal('INT');
($exit, $out, $err) = finish_client($first);
is($exit, 0, 'a run that is interrupted then has done what it was to do') or diag($err);
like($err, qr/no snapshot of the schema was stored: canceling statement due to user request/, 'but for the snapshot');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'locker'});
finish_sql($locker);
applied_is($place, '0001_a 0002_c 0003_d 0004_e 0005_f 0006_g 0007_h 0008_i', 'all is applied');
drift_is('unknown', 'and that there is none is known');

# Cancelled before: the second signal of the same cancel may come while it is taken. That of
# pg_cancel_backend() is one, that of a client two.

my $waiting = q{FROM pg_locks WHERE NOT granted AND relation = 'base'::regclass};

$locker = start_sql($node, "BEGIN; LOCK base;\nSELECT pg_sleep(120);", db => $place->{db}, application => 'locker');
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'locker' AND wait_event = 'PgSleep'}, 'the table is locked');
put_files($place, { '0009_j.sql' => "CREATE TABLE j ();\n", '0010_k.sql' => "SELECT pg_sleep(121);\n" });
$first = start_client($place, [ 'migrate', '--lock-timeout', '1min' ]);
wait_until($node, q{SELECT count(*) = 2 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}, 'a run is in a migration');
sql($node, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name <> 'locker'});
wait_until($node, $waits, 'it is cancelled, and takes the snapshot of what stays');
my $since = sql($node, "SELECT waitstart $waiting", db => $place->{db})->{out};
sql($node, "SELECT pg_cancel_backend(pid) $waiting", db => $place->{db});
wait_until($node, "SELECT waitstart > '$since' $waiting", 'a signal later it is taken again', db => $place->{db});
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'locker'});
finish_sql($locker);
($exit, $out, $err) = finish_client($first);
is($exit, 5, 'a cancel ends the run');
like($err, qr/0010_k: rolled back; 1 applied before it stays applied/, 'it says what stays');
unlike($err, qr/no snapshot/, 'with a snapshot');
drift_is('0', 'which is that of what stays');

done_testing();
