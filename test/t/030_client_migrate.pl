# Preparing a database, writing scripts and deploying them: init, new, migrate
# and plan, as their users see them.

use strict;
use warnings FATAL => 'all';

use POSIX qw(strftime);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $DEPLOYERS = 8;
my $MIGRATIONS = 20;

my $node = new_node('migrate', conf => "log_statement = 'all'\n");

sub in_place
{
	my ($place, $query, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return query_is($place->{node}, $query, $expected, $name, db => $place->{db});
}

# init

sub test_init
{
	my $place = new_place($node, {}, bare => 1);
	my ($version) = (client($place, ['--version']))[1] =~ /^slipway (\S+)$/;

	sql($node, 'CREATE ROLE builder; CREATE ROLE keeper; CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN');
	client_is($place, [ 'init', '-n', '--owner', 'keeper', '--grant', 'alice=deployer' ], {
			err => "extension pg_slipway $version: would be created\nproject default: would be created\n"
			  . "owner keeper: would own the tracking tables\nrole alice: would be deployer of project default\n" },
		'init -n of a fresh database');
	in_place($place, q{SELECT count(*) FROM pg_extension WHERE extname = 'pg_slipway'}, '0', 'creates nothing');
	client_is($place, ['init'], {
			err => "extension pg_slipway $version: created\nproject default: created\n" },
		'init of a fresh database');
	client_is($place, ['init'], {
			err => "extension pg_slipway $version: already there\nproject default: already there\n" },
		'init again');
	client_is($place, [ 'init', '-q' ], {}, 'init -q says nothing');
	client_is(
		$place,
		[ 'init', '--schemas', 'app, Odd"one', '--project-owner', 'builder', '--grant', 'alice=deployer', '--grant=bob=reader' ],
		{ err => "extension pg_slipway $version: already there\nproject default: changed\n"
			  . "role alice: is now deployer of project default\nrole bob: is now reader of project default\n" },
		'init with rights');
	in_place($place, q{SELECT schemas, owner FROM slipway.project WHERE name = 'default'},
		'{app,"Odd\"one"}|builder', 'search_path and owner are set');
	in_place($place, 'SELECT role, kind, project FROM slipway.role_grant ORDER BY role',
		"alice|deployer|default\nbob|reader|default", 'the rights are given');
	client_is($place, [ 'init', '-n', '--schemas', 'other', '--owner', 'keeper', '--grant', 'alice=deployer', '--grant', 'bob=admin' ], {
			err => "extension pg_slipway $version: already there\nproject default: would be changed\n"
			  . "owner keeper: would own the tracking tables\nrole alice: already is deployer of project default\n"
			  . "role bob: would be admin of project default\n" },
		'init -n with rights');
	in_place($place, q{SELECT schemas FROM slipway.project WHERE name = 'default'}, '{app,"Odd\"one"}', 'changes nothing');
	in_place($place, 'SELECT role, kind FROM slipway.role_grant ORDER BY role', "alice|deployer\nbob|reader", 'and grants nothing');
	client_is($place, [ 'init', '--grant', 'alice=deployer' ], {
			err => "extension pg_slipway $version: already there\nproject default: already there\n"
			  . "role alice: already is deployer of project default\n" },
		'what was not given stays');
	in_place($place, q{SELECT schemas, owner FROM slipway.project WHERE name = 'default'},
		'{app,"Odd\"one"}|builder', 'search_path and owner are still set');
	client_is($place, [ 'init', '-P', 'billing' ], {
			err => "extension pg_slipway $version: already there\nproject billing: created\n" },
		'init of a second project');
	client_is($place, [ 'migrate', '-P', 'shipping' ], {
			exit => 1,
			err => "folder migrations has no scripts\nslipway: error: project \"shipping\" does not exist (SW012)\n"
			  . "hint: Register it with slipway.create_project() or \"slipway init\".\n" },
		'a project that nobody registered');
	my ($out) = client_is($place, [ 'init', '--json' ], { out => qr/^\{/, err => '' }, 'init --json');
	is_deeply(
		json_lines($out),
		[
			{ event => 'extension', name => "pg_slipway $version", action => 'already there' },
			{ event => 'project', name => 'default', action => 'already there' }
		],
		'one object per line');

	client_is($place, [ 'init', '--owner', 'keeper' ], {
			err => "extension pg_slipway $version: already there\nproject default: already there\n"
			  . "owner keeper: owns the tracking tables now\n" },
		'init --owner');
	client_is($place, [ 'init', '--owner', 'keeper' ], {
			err => "extension pg_slipway $version: already there\nproject default: already there\n"
			  . "owner keeper: already owns the tracking tables\n" },
		'init --owner again');
	in_place($place, q{SELECT relowner::regrole FROM pg_class WHERE oid = 'slipway.history'::regclass}, 'keeper',
		'the tables have their owner');

	client_is($place, [ 'init', '--grant', 'nobody_here=reader' ], {
			exit => 1, err => qr/^slipway: error: role "nobody_here" does not exist \(42704\)$/m },
		'a role that does not exist');
	client_is($place, [ 'init', '--project-owner', 'nobody_here' ], {
			exit => 1, err => qr/^slipway: error: role "nobody_here" does not exist \(42704\)$/m },
		'an owner that does not exist');
	for my $grant ('alice', 'alice=king', '=reader')
	{
		client_is($place, [ 'init', '--grant', $grant ], {
				exit => 2,
				err => "slipway: error: invalid value \"$grant\" of option \"--grant\"\n"
				  . "hint: It is ROLE=KIND, with KIND one of reader, uploader, approver, deployer, admin.\n" },
			"--grant $grant");
	}
	client_is($place, [ 'init', '--schemas', 'a,,b' ], {
			exit => 2,
			err => "slipway: error: an empty name in the value of option \"--schemas\"\n"
			  . "hint: It is a list of schemas, as in app,public.\n" },
		'an empty schema');

	my $other = new_place($node, {}, bare => 1);
	client_is($other, [ 'init', '-U', 'alice', '-d', $node->connstr($other->{db}) . ' user=alice' ], {
			exit => 1, err => qr/\Aslipway: error: permission denied to create extension "pg_slipway" \(42501\)\n/ },
		'init without the right to');
	in_place($other, q{SELECT count(*) FROM pg_extension WHERE extname = 'pg_slipway'}, '0', 'and nothing is created');
	return;
}

# new

sub test_new
{
	my $place = new_place($node, {});
	my $stamp = qr/20\d{12}/;
	my ($out) = client_is($place, [ 'new', 'Add Users, & more!' ], {
			out => qr/\Amigrations\/${stamp}_add_users_more\.sql\n\z/ }, 'new');
	chomp $out;
	my ($name) = $out =~ m{/(.*)\.sql};
	is(slurp_file("$place->{home}/$out"), "-- $name\n", 'the script is empty but for its name');

	($out) = client_is($place, [ 'new', '--down', '--verify', 'orders' ], {
			out => qr/\Amigrations\/(${stamp}_orders)\.up\.sql\nmigrations\/\1\.down\.sql\nmigrations\/\1\.verify\.sql\n\z/ },
		'new with companions');
	($name) = $out =~ m{/(\w+)\.up\.sql};
	is_deeply(
		[ map { slurp_file("$place->{home}/migrations/$name.$_.sql") } qw(up down verify) ],
		[ "-- $name\n", "-- undoes $name\n", "-- verifies $name\n" ],
		'their text says what each is for');
	($out) = client_is($place, [ 'new', '--json', '--down', 'json' ], { out => qr/^\{/ }, 'new --json');
	like(json_lines($out)->[1]{path}, qr/\Amigrations\/${stamp}_json\.down\.sql\z/, 'with the paths');

	# names for now and for the next seconds are taken
	my %taken = map { (strftime('%Y%m%d%H%M%S', gmtime(time + $_)) . '_taken.sql' => "-- mine\n") } 0 .. 30;
	put_files($place, \%taken);
	client_is($place, [ 'new', 'taken' ], {
			exit => 1, err => qr/\Aslipway: error: migration "${stamp}_taken" exists\n\z/ },
		'new with a name that is taken');
	client_is($place, [ 'new', '--down', 'taken' ], {
			exit => 1, err => qr/\Aslipway: error: migration "${stamp}_taken" exists\n\z/ },
		'new --down with a name that is taken');
	is(scalar(grep { slurp_file("$place->{home}/migrations/$_") ne "-- mine\n" } sort keys %taken),
		0, 'nothing is overwritten');
	is_deeply([ glob "$place->{home}/migrations/*_taken.{up,down}.sql" ], [], 'nor left behind half done');

	client_is($place, [ 'new', '--dir', 'fresh', 'x' ], {
			out => qr/\Afresh\/${stamp}_x\.sql\n\z/, err => "created folder fresh\n" }, 'new makes the folder');
	client_is($place, [ 'new', '--dir', 'no/such', 'x' ], {
			exit => 2,
			err => "slipway: error: could not create folder \"no/such\": No such file or directory\n"
			  . "hint: Name the folder with --dir or MIGRATIONS_PATH.\n" },
		'but not its parents');
	client_is($place, [ 'new', '-n', '--dir', 'later', '--verify', 'x' ], {
			out => qr/\Alater\/(${stamp}_x)\.up\.sql\nlater\/\1\.verify\.sql\n\z/, err => "would create folder later\n" },
		'new -n says what it would write');
	ok(!-e "$place->{home}/later", 'and writes nothing');
	client_is($place, [ 'new', '-n', 'taken' ], {
			exit => 1, err => qr/\Aslipway: error: migration "${stamp}_taken" exists\n\z/ },
		'new -n with a name that is taken');
	($out) = client_is($place, [ 'new', 'more words  here' ], { out => qr/_more_words_here\.sql\n\z/ }, 'blanks become underscores');
	client_is($place, [ 'new', '***' ], {
			exit => 2,
			err => "slipway: error: \"***\" gives no file name\nhint: Names are made of letters a to z and digits.\n" },
		'a name without letters');
	client_is($place, [ 'new', 'n' x 300 ], {
			exit => 2, err => "slipway: error: the name is longer than 200 characters\n" },
		'a name of 300 bytes');
	return;
}

# migrate

sub bodies_since
{
	my ($offset) = @_;
	my $log = slurp_file($node->logfile, $offset);
	my @statements = $log =~ /execute <unnamed>: SELECT slipway\.add_scripts\(.*?DETAIL:  [Pp]arameters: \$1 = '(.*?)', \$2 = /gs;
	my $count = () = "@statements" =~ /_marker/g;

	return ($count, $log);
}

sub test_migrate
{
	my %files = (
		'0001_city.sql' => "CREATE TABLE city (id integer PRIMARY KEY); -- first_marker\n",
		'0002_road.sql' => "CREATE TABLE road (id integer); -- second_marker\n",
		'0002_road.txt' => "not a script\n",
		'.gitkeep' => "not one either\n");
	my $place = new_place($node, \%files);
	my $offset = -s $node->logfile;

	client_is($place, [ 'migrate', '-n' ], {
			out => "MIGRATION  KIND           UNITS  REASON\n"
			  . "0001_city  transactional      1\n0002_road  transactional      1\n",
			err => "2 migrations to apply to project default\n" },
		'migrate -n shows the plan');
	my @plan = client($place, ['plan']);
	is_deeply(\@plan, [ client($place, [ 'migrate', '--dry-run' ]) ], 'which is what plan shows');
	in_place($place,
		'SELECT (SELECT count(*) FROM slipway.history), (SELECT count(*) FROM slipway.manifest), (SELECT count(*) FROM slipway.script)',
		'0|0|0', 'and stores nothing');
	my ($out) = client_is($place, [ 'plan', '--json', '--to', '0001_city' ], { out => qr/^\{/, err => qr/^1 migration to apply/ },
		'plan --json --to');
	my $steps = json_lines($out);
	is(scalar @$steps, 1, 'one step');
	is("@{$steps->[0]}{qw(migration kind units)}", '0001_city transactional 1', 'with its units');
	is((bodies_since($offset))[0], 0, 'no body was uploaded so far');

	client_is($place, ['migrate'], {
			err => "0001_city  applied  TIME\n0002_road  applied  TIME\n"
			  . "2 migrations applied to project default in TIME\n" },
		'migrate');
	is((bodies_since($offset))[0], 2, 'two bodies were uploaded');
	applied_is($place, '0001_city 0002_road', 'both are applied');

	$offset = -s $node->logfile;
	client_is($place, ['migrate'], { err => "nothing to do\n" }, 'migrate again');
	is((bodies_since($offset))[0], 0, 'no body travels when nothing is new');
	client_is($place, [ 'migrate', '-n' ], { err => "nothing to do\n" }, 'the plan is empty');
	client_is($place, [ 'migrate', '-q' ], {}, 'a quiet migrate says nothing');

	$offset = -s $node->logfile;
	put_files($place, { '0003_bridge.sql' => "CREATE TABLE bridge (id integer); -- third_marker\n" });
	client_is($place, ['deploy'], {
			err => "0003_bridge  applied  TIME\n1 migration applied to project default in TIME\n" },
		'one new migration');
	my ($count, $log) = bodies_since($offset);
	is($count, 1, 'one body travels');
	like($log, qr/[Pp]arameters: .*third_marker/, 'that of the new one');
	unlike($log, qr/first_marker|second_marker/, 'and none of the others');
	like($log, qr/extend_manifest\(/, 'of the manifest goes what is new');
	unlike($log, qr/0001_city|add_manifest\(/, 'and nothing else');

	put_files($place, { '0004_a.sql' => 'SELECT 4', '0005_b.sql' => 'SELECT 5', '0006_c.sql' => 'SELECT 6' });
	client_is($place, [ 'migrate', '--to', '0004_a', '-q' ], {}, 'migrate --to -q');
	applied_is($place, '0001_city 0002_road 0003_bridge 0004_a', 'stops after the named one');
	client_is($place, [ 'migrate', '--to', '0002_road' ], {
			err => qr/^NOTICE: migration "0002_road" is applied, and so are later ones\ndetail: migrate does not go back\.\nnothing to do\n\z/ },
		'--to an applied one');
	client_is($place, [ 'migrate', '--to', '0005_bb' ], {
			exit => 2,
			err => "slipway: error: folder \"migrations\" has no migration \"0005_bb\"\n"
			  . "hint: Perhaps you meant \"0005_b\".\n" },
		'--to an unknown one');

	($out) = client_is($place, [ 'migrate', '--json' ], { out => qr/^\{/, err => '' }, 'migrate --json');
	my $events = json_lines($out);
	is(join(' ', map { $_->{event} } @$events), 'start applied applied done', 'one object for each event');
	is("$events->[0]{pending} $events->[1]{migration} $events->[1]{done}/$events->[1]{total} $events->[2]{migration} $events->[2]{done}/$events->[2]{total} $events->[3]{applied}",
		'2 0005_b 1/2 0006_c 2/2 2', 'which say what was done');
	like($events->[3]{head}, qr/\A[0-9a-f]{64}\z/, 'and the head of the history');
	is($events->[3]{run}, $events->[0]{run}, 'with the number of the run');
	(undef, $out) = client($place, [ 'migrate', '--json' ]);
	$events = json_lines($out);
	is(join(' ', map { "$_->{event} $_->{applied}" } @$events), 'done 0', 'nothing to do, as JSON');

	remove_files($place, '0006_c.sql', '0005_b.sql');
	client_is($place, ['up'], {
			err => "2 migrations are not in this folder, which is older than the history\nnothing to do\n" },
		'a folder older than the history');

	($out) = client_is($place, [ 'apply', '-v' ], { err => qr/^nothing to do$/m }, 'migrate -v');
	my $err = (client($place, [ 'apply', '-v' ]))[2];
	like($err, qr/^folder migrations: 4 migrations, manifest [0-9a-f]{64}$/m, 'says what the folder is');
	like($err, qr/^connected to database "$place->{db}" on "\S+" port \d+ as "\w+" \(from options\)$/m, 'where it is connected');
	like($err, qr/^0 scripts uploaded$/m, 'and what it uploads');

	# What comes before others that are applied: there is nothing to go on from.
	put_files($place, { '0002_a.sql' => 'SELECT 2' });
	$offset = -s $node->logfile;
	client_is($place, [ 'migrate', '--allow-out-of-order', '-q' ], {}, 'one in the middle');
	(undef, $log) = bodies_since($offset);
	like($log, qr/add_manifest\(.*0001_city/s, 'the whole manifest goes');
	unlike($log, qr/extend_manifest\(/, 'as it does not go on from another one');
	applied_is($place, '0001_city 0002_a 0002_road 0003_bridge 0004_a 0005_b 0006_c', 'and it is applied');
	return;
}

# Who may only run what others have uploaded.
sub test_deployer_only
{
	my $place = new_place($node, { '0001_a.sql' => 'CREATE TABLE a ()', '0002_b.sql' => 'CREATE TABLE b ()' });
	my @as_deployer = ('migrate', '-d', $node->connstr($place->{db}) . ' user=deployer');

	sql($node, 'CREATE ROLE deployer LOGIN; GRANT CREATE ON SCHEMA public TO deployer', db => $place->{db});
	client($place, [ 'init', '-q', '--grant', 'deployer=deployer' ]);
	client_is($place, [ 'migrate', '--to', '0001_a', '-q' ], {}, 'an uploader uploads two and applies one');
	client_is($place, \@as_deployer, { err => "0002_b  applied  TIME\n1 migration applied to project default in TIME\n" },
		'a deployer applies the other');
	client_is($place, \@as_deployer, { err => "nothing to do\n" }, 'and has nothing more to do');
	put_files($place, { '0003_c.sql' => 'CREATE TABLE c ()' });
	client_is($place, \@as_deployer, { exit => 1, err => qr/^slipway: error: permission denied for function \w+ \(42501\)\nhint: An administrator grants/ },
		'what nobody has uploaded it cannot');
	in_place($place, 'SELECT slipway.add_script(\'CREATE TABLE c ()\') IS NOT NULL', 't', 'an uploader brings the script');
	client($place, ['migrate', '-q', '--to', '0002_b']);
	client_is($place, \@as_deployer, { err => "0003_c  applied  TIME\n1 migration applied to project default in TIME\n" },
		'and the manifest');
	return;
}

sub test_order
{
	my $place = new_place($node, { '10_b.sql' => 'SELECT 10', '9_a.sql' => 'SELECT 9', '9_z.sql' => 'SELECT 99' });
	my $ambiguous = {
		exit => 4,
		err => "slipway: error: the order of migrations is ambiguous: \"10_b\" comes before \"9_a\" by name, after it by number\n"
		  . "hint: Pass --order name or --order number, or pad the numbers with zeros.\n" };

	client_is($place, [$_], $ambiguous, "$_ of ambiguous names") for qw(migrate plan status validate);
	in_place($place, 'SELECT count(*) FROM slipway.manifest', '0', 'nothing is stored');
	my (undef, $out) = client($place, [ 'plan', '--order', 'number' ]);
	is(join(' ', $out =~ /^(\d+_\w)/mg), '9_a 9_z 10_b', 'order by number');
	client_is($place, [ 'migrate', '--order', 'name' ], {
			err => "10_b  applied  TIME\n9_a  applied  TIME\n9_z  applied  TIME\n3 migrations applied to project default in TIME\n" },
		'order by name');
	client_is($place, ['migrate'], { err => "nothing to do\n" }, 'and from the environment',
		env => { SLIPWAY_ORDER => 'name' });

	$place = new_place($node, { '0001_a.sql' => 'SELECT 1', '0003_c.sql' => 'SELECT 3' });
	client($place, ['migrate']);
	put_files($place, { '0002_b.sql' => "SELECT 2;\n" });
	client_is($place, ['migrate'], {
			exit => 4,
			err => "migrations/0002_b.sql: ERROR: migration \"0002_b\" is pending below one that is applied (SW003)\n"
			  . "hint: Rename it so that it comes last, or pass --allow-out-of-order.\n"
			  . "0002_b: refused; nothing was applied\n" },
		'a migration out of order');
	client_is($place, ['plan'], {
			exit => 4,
			err => "migrations/0002_b.sql: ERROR: the migration is pending, but sorts before one that is applied (SW003)\n"
			  . "hint: Rename it, or pass --allow-out-of-order.\n" },
		'plan says so too');
	client_is($place, [ 'plan', '--allow-out-of-order' ], {
			out => "MIGRATION  KIND           UNITS  REASON\n0002_b     transactional      1\n",
			err => "1 migration to apply to project default\n" },
		'plan --allow-out-of-order');
	client_is($place, [ 'migrate', '--allow-out-of-order' ], {
			err => "0002_b  applied  TIME\n1 migration applied to project default in TIME\n" },
		'migrate --allow-out-of-order');
	applied_is($place, '0001_a 0002_b 0003_c', 'all are applied');
	return;
}

sub test_lock
{
	my $place = new_place($node, { '0001_a.sql' => 'SELECT 1' });
	my $release = hold_lock($place);
	my (undef, $err) = client_is($place, [ 'migrate', '--lock-wait', '100ms' ], {
			exit => 7,
			err => qr/^slipway: error: could not obtain the lock of project "default" within 100 ms \(SW006\)\ndetail: It is held by .*\nhint: Nothing was changed\. /m },
		'the lock is not obtained in time');
	like($err, qr/\Awaiting for the lock of project "default", held by .*freezer/, 'it says whom it waits for');
	client_is($place, [ 'migrate', '-q', '--lock-wait', '50' ], {
			exit => 7, err => qr/\Aslipway: error: could not obtain the lock .* within 50 ms/ },
		'a number is milliseconds');
	my ($exit, $out) = client($place, [ 'migrate', '--json', '--lock-wait', '0.1s' ]);
	is($exit, 7, 'as JSON');
	my $events = json_lines($out);
	is(join(' ', map { $_->{event} } @$events), 'waiting error', 'the events');
	is("@{$events->[1]}{qw(sqlstate exit_code applied)}", 'SW006 7 0', 'the error');
	applied_is($place, '', 'nothing is applied');

	my $waiting = start_client($place, [ 'migrate', '--lock-wait', '1min' ]);
	wait_until($node, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'advisory'}, 'the client waits');
	$release->();
	($exit, undef, $err) = finish_client($waiting);
	is($exit, 0, 'it goes on when the lock is free') or diag($err);
	applied_is($place, '0001_a', 'and applies what is pending');
	return;
}

sub test_eight
{
	my %files = ('0001_trace.sql' => 'CREATE TABLE trace (name text)');
	$files{ sprintf '%04d_step.sql', $_ } = "CREATE TABLE step_$_ (id integer);\nINSERT INTO trace VALUES ($_);\n"
	  for 2 .. $MIGRATIONS;
	my $place = new_place($node, \%files);
	my @clients = map { start_client($place, ['migrate']) } 1 .. $DEPLOYERS;
	my $applied = 0;

	for my $client (@clients)
	{
		my ($exit, undef, $err) = finish_client($client);
		is($exit, 0, 'each of the clients succeeds') or diag($err);
		$applied += () = $err =~ /^\d+_\w+  applied  /mg;
	}
	is($applied, $MIGRATIONS, 'together they apply each migration once');
	in_place($place, 'SELECT count(*), count(DISTINCT name) FROM trace', '19|19', 'each script ran once');
	history_is_sound($node, 'eight clients', db => $place->{db});
	return;
}

sub test_interrupt
{
	my $place = new_place($node, {
			'0001_a.sql' => "CREATE TABLE a (id integer);\n",
			'0002_slow.sql' => "CREATE TABLE slow (id integer);\n  SELECT pg_sleep(60);\n" });
	for my $signal ([ INT => '0001_a  applied  TIME' . "\n" ], [ TERM => '' ])
	{
		my ($name, $before) = @$signal;
		my $client = start_client($place, ['migrate']);

		wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}, 'the migration runs');
		# the client, too, has to have come that far
		$client->{run}->pump until $before eq '' || $client->{err} =~ /applied/;
		$client->{run}->signal($name);
		my ($exit, $out, $err) = finish_client($client);
		$err =~ s/\b\d+(?:\.\d+)? (?:ms|s)\b/TIME/g;
		is($exit, 1, "SIG$name in a migration: exit code");
		is($err,
			$before
			  . "slipway: interrupted, cancelling (interrupt again to leave at once)\n"
			  . "migrations/0002_slow.sql:2:3: ERROR: canceling statement due to user request (57014)\n"
			  . "    2 |   SELECT pg_sleep(60);\n      |   ^\n"
			  . "hint: Run \"slipway migrate\" again to go on.\n"
			  . '0002_slow: rolled back' . ($before ne '' ? '; 1 applied before it stays applied' : '') . "\n",
			'it says what was cancelled and what stays');
		applied_is($place, '0001_a', 'what was applied before stays');
		in_place($place, q{SELECT to_regclass('slow')}, '', 'the migration is rolled back');
	}
	put_files($place, { '0002_slow.sql' => 'CREATE TABLE slow (id integer)' });
	client_is($place, ['migrate'], {
			err => "0002_slow  applied  TIME\n1 migration applied to project default in TIME\n" },
		'the next migrate works');
	history_is_sound($node, 'interrupted', db => $place->{db});

	put_files($place, { '0003_c.sql' => 'SELECT 3' });
	my $release = hold_lock($place);
	my $client = start_client($place, ['migrate']);
	wait_until($node, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'advisory'}, 'the client waits');
	$client->{run}->signal('INT');
	my ($exit, undef, $err) = finish_client($client);
	is($exit, 1, 'SIGINT while it waits for the lock: exit code');
	like($err,
		qr/\Awaiting for the lock .*\nslipway: interrupted, cancelling .*\nslipway: error: canceling statement due to user request \(57014\)\nhint: Nothing was applied\. Run "slipway migrate" again to go on\.\n\z/,
		'it says that it was cancelled');
	$release->();
	client_is($place, ['migrate'], { err => qr/^0003_c  applied  /m }, 'the next migrate works');
	no_locks_left($node, 'interrupted', db => $place->{db});
	return;
}

# A server that does not answer cannot hold the client: a second signal ends it.
sub test_interrupt_twice
{
	my $place = new_place($node, { '0001_slow.sql' => 'SELECT pg_sleep(60)' });
	my $client = start_client($place, ['migrate']);

	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}, 'the migration runs');
	my $pid = sql($node, q{SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'})->{out};
	kill 'STOP', $pid or die "could not stop $pid: $!\n";
	$client->{run}->signal('INT');
	$client->{run}->pump until $client->{err} =~ /interrupted/;
	$client->{run}->signal('INT');
	my ($exit, undef, $err) = finish_client($client);
	kill 'CONT', $pid;
	is($exit, 1, 'a second SIGINT: exit code');
	is($err,
		"slipway: interrupted, cancelling (interrupt again to leave at once)\n"
		  . "slipway: error: left before the server answered\n"
		  . "hint: Run \"slipway status\" to see the state of things.\n",
		'it says that nobody knows yet');
	# whether the first one got so far as to cancel it is open
	sql($node, "SELECT pg_terminate_backend($pid)");
	wait_until($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid", 'the run ends');
	applied_is($place, '', 'nothing was applied');
	return;
}

# Somebody or something ends the backend.
sub test_lost
{
	my $place = new_place($node, {
			'0001_a.sql' => "CREATE TABLE a (id integer);\n",
			'0002_slow.sql' => "CREATE TABLE slow (id integer);\nSELECT pg_sleep(60);\n" });
	my $client = start_client($place, ['migrate']);

	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'}, 'the migration runs');
	sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
	my ($exit, undef, $err) = finish_client($client);
	is($exit, 8, 'a lost connection: exit code');
	like($err, qr/^0001_a  applied  .*terminating connection due to administrator command \(57P01\)\n/ms, 'it says why');
	like($err, qr/^hint: Run "slipway status" to see which migrations were applied\.\n/m, 'and what to do');
	applied_is($place, '0001_a', 'what was applied before stays');
	put_files($place, { '0002_slow.sql' => 'CREATE TABLE slow (id integer)' });
	client_is($place, ['migrate'], { err => qr/^0002_slow  applied  /m }, 'the next migrate works');
	applied_is($place, '0001_a 0002_slow', 'and applies the rest');
	history_is_sound($node, 'lost', db => $place->{db});
	return;
}

test_init();
test_new();
test_migrate();
test_deployer_only();
test_order();
test_lock();
test_eight();
test_interrupt();
test_interrupt_twice();
test_lost();
$node->stop;
done_testing();
