# Hooks and mode all, as users of the client see them; and backends that die in a hook.

use strict;
use warnings FATAL => 'all';

use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('hook', conf => "max_worker_processes = 4\n");
my $TABLE = 'CREATE TABLE seen (n serial, hook text, at text)';
my $INSERT = q{INSERT INTO seen (hook, at) SELECT '%s', current_setting('slipway.migration');};

sub hook
{
	my ($name) = @_;

	return sprintf "$INSERT\n", $name;
}

sub in_place
{
	my ($place, $query, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return query_is($place->{node}, $query, $expected, $name, db => $place->{db});
}

sub seen_is
{
	my ($place, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return in_place($place, q{WITH gone AS (DELETE FROM seen RETURNING *)
		SELECT string_agg(concat_ws(':', hook, nullif(at, '')), ' ' ORDER BY n) FROM gone}, $expected, $name);
}

sub test_hooks
{
	my $place = new_place($node, {
			'before_migrate.sql' => hook('first'), 'after_migrate.up.sql' => hook('last'),
			'before_each.sql' => hook('before'), 'after_each.sql' => hook('after'), 'after_error.sql' => hook('error'),
			'0001_a.sql' => "CREATE TABLE a ();\n", '0002_b.sql' => "CREATE TABLE b ();\n" });

	sql($node, $TABLE, db => $place->{db});
	my ($out, $err) = client_is($place, ['plan'], {
			out => qr/\AMIGRATION .*\n0001_a .*\n0002_b .*\n\z/,
			err => "hooks: after_each, after_error, after_migrate, before_each, before_migrate\n2 migrations to apply to project default\n" },
		'plan says which hooks will run');
	($out) = client_is($place, [ 'plan', '--json' ], { out => qr/\A\{/, err => qr/./ }, 'plan --json');
	json_fits($out, [ 'step', 'hooks' ], 'is as documented');
	client_is($place, [ 'validate' ], { err => "2 migrations, all valid\n" }, 'validate does not count them');
	(undef, $out, $err) = client($place, [ 'migrate', '-v' ]);
	is(join(' ', hide_chances($err) =~ /^(hook \S+(?: of \S+)?(?=:)|\S+  applied)/mg),
		'hook before_migrate hook before_each of 0001_a 0001_a  applied hook after_each of 0001_a '
		  . 'hook before_each of 0002_b 0002_b  applied hook after_each of 0002_b hook after_migrate',
		'migrate -v names each as it is done');
	seen_is($place, 'first before:0001_a after:0001_a before:0002_b after:0002_b last', 'and so they ran');
	client_is($place, ['migrate'], { err => "nothing to do\n" }, 'with nothing to do none runs');
	seen_is($place, '', 'none');
	client_is($place, ['plan'], { err => "nothing to do\n" }, 'and plan names none');

	# the folder of the last release and one more
	put_files($place, { '0003_c.sql' => "CREATE TABLE c ();\n" });
	($out) = client_is($place, [ 'migrate', '--json' ], { out => qr/\A\{/ }, 'one more, with --json');
	json_fits($out, [ 'start', 'hook', 'applied', 'done' ], 'its events are as documented');
	seen_is($place, 'first before:0003_c after:0003_c last', 'hooks run again');
	applied_is($place, '0001_a 0002_b 0003_c', 'they are no migrations');
	client_is($place, ['status'], { out => qr/\A.*\n0001_a.*\n0002_b.*\n0003_c.*\n\z/, err => "project default: 3 applied\n" }, 'status does not have them');
	($out) = client_is($place, [ 'log', '--limit', '4' ], { out => qr/\A.*\n/ }, 'log has them');
	is(join(' ', $out =~ /^\S+ \S+ +\d+  (\S+ +\S+ +succeeded)/mg) =~ s/ +/ /gr,
		'before_migrate hook succeeded before_each hook succeeded 0003_c apply succeeded after_each hook succeeded after_migrate hook succeeded'
		  =~ s/^before_migrate hook succeeded //r, 'with their action');

	client_is($place, [ 'migrate', '--to', 'before_each' ], { exit => 2, err => qr/has no migration "before_each"/ }, '--to a hook');
	return $place;
}

sub test_failures
{
	my ($place) = @_;

	put_files($place, { 'after_each.sql' => "SELECT 1;\nSELECT missing;\n", '0004_d.sql' => "CREATE TABLE d ();\n", '0005_e.sql' => "CREATE TABLE e ();\n" });
	client_is($place, ['migrate'], {
			exit => 5,
			err => "migrations/after_each.sql:2:8: ERROR: column \"missing\" does not exist (42703)\n"
			  . "    2 | SELECT missing;\n      |        ^\nafter_each: rolled back\n" },
		'an error in a hook has its file');
	seen_is($place, 'first error:0004_d', 'after_error knows of the migration');
	applied_is($place, '0001_a 0002_b 0003_c', 'which went with it');
	put_files($place, { 'after_each.sql' => hook('after'), 'after_error.sql' => "SELECT 1 / 0;\n", '0005_e.sql' => "SELECT nothing;\n" });
	my ($out, $err) = client_is($place, ['migrate'], {
			exit => 5, err => qr/^0004_d  applied  .*\nWARNING: hook "after_error" failed: division by zero\nmigrations\/0005_e\.sql:1:8: ERROR: /},
		'an error in after_error is a warning');
	seen_is($place, 'first before:0004_d after:0004_d', 'what it did is gone');
	put_files($place, { 'before_each.sql' => "VACUUM;\n", 'after_error.sql' => "SELEC 1;\n" });
	for my $command ('migrate', 'plan', 'validate')
	{
		client_is($place, [$command], { exit => 4, out => qr//, err => qr/^migrations\/before_each\.sql: ERROR: hook "before_each" cannot commit in several steps \(SW007\)$/m }, "$command finds mistakes in hooks");
	}
	put_files($place, { 'before_each.down.sql' => "SELECT 1;\n" });
	client_is($place, ['migrate'], {
			exit => 4,
			err => "slipway: error: \"migrations/before_each.down.sql\": a hook has no down or verify script\nhint: Remove the file.\n" },
		'a down script for a hook');
	return;
}

sub test_mode
{
	my $place = new_place($node, {
			'0001_a.sql' => "CREATE TABLE a ();\n", '0002_b.sql' => "CREATE TABLE b ();\n", '0003_c.sql' => "SELECT nothing;\n" });
	my $failure = "migrations/0003_c.sql:1:8: ERROR: column \"nothing\" does not exist (42703)\n"
	  . "    1 | SELECT nothing;\n      |        ^\n"
	  . "detail: In mode \"all\" nothing was applied: all 3 migrations were rolled back.\n0003_c: rolled back\n";

	client_is($place, [ 'migrate', '--mode', 'all' ], { exit => 5, err => $failure }, 'mode all that fails');
	applied_is($place, '', 'leaves nothing');
	client_is($place, ['migrate'], { exit => 5, err => $failure }, 'from the environment', env => { SLIPWAY_MODE => 'all' });
	put_files($place, { '0003_c.sql' => "CREATE TABLE c ();\n" });
	my ($out) = client_is($place, [ 'migrate', '--mode', 'all', '--json' ], { out => qr/\A\{/ }, 'mode all that succeeds');
	my $events = json_fits($out, [ 'start', 'begin', 'applied', 'done' ], 'its events are as documented');
	is(join(' ', map { $_->{migration} } grep { $_->{event} eq 'begin' } @$events), '0002_b 0003_c', 'each but the first begins');
	is(join(' ', map { "$_->{migration}:$_->{done}/$_->{total}" } grep { $_->{event} eq 'applied' } @$events),
		'0001_a:1/3 0002_b:2/3 0003_c:3/3', 'all are applied');
	in_place($place, "SELECT count(DISTINCT xmin::text) FROM slipway.history WHERE outcome = 'succeeded'", '1', 'in one transaction');

	put_files($place, { '0004_d.sql' => "CREATE TABLE d (id integer);\n", '0005_e.sql' => "-- why\nCREATE INDEX CONCURRENTLY ON d (id);\n" });
	my $problem = qr/^migrations\/0005_e\.sql: ERROR: .*cannot share a transaction with others \(SW007\)\ndetail: The cause is CREATE INDEX CONCURRENTLY on line 2\.\n/;
	client_is($place, [ 'migrate', '--mode=all' ], { exit => 4, err => $problem }, 'what no transaction can hold');
	client_is($place, [ 'migrate', '--mode=all', '-n' ], { exit => 4, err => $problem }, 'plan says so, too');
	client_is($place, [ 'plan', '--mode=all', '--to', '0004_d' ], { out => qr/0004_d/, err => qr/^1 migration / }, 'but not of what is beyond the target');
	client_is($place, [ 'migrate', '-q', '--mode', 'each' ], {}, 'mode each');
	applied_is($place, '0001_a 0002_b 0003_c 0004_d 0005_e', 'applies them');
	client_is($place, [ 'migrate', '--mode', 'some' ], {
			exit => 2, err => "slipway: error: invalid value \"some\" of option \"--mode\"\nhint: It is one of each|all.\n" }, '--mode some');
	return;
}

# A worker, and who watches.
sub test_detached
{
	my $place = new_place($node, { 'before_migrate.sql' => hook('first'), 'before_each.sql' => hook('before'),
			'0001_a.sql' => "CREATE TABLE a ();\n", '0002_b.sql' => "CREATE TABLE b ();\n" });

	sql($node, $TABLE, db => $place->{db});
	my ($exit, $out, $err) = client($place, [ 'migrate', '--detach', '--json', '--mode', 'all', '--label', 'release=2' ]);
	is($exit, 0, 'a detached deploy with hooks');
	my $events = json_fits($out, [ 'detached', 'hook', 'applied', 'done' ], 'its objects are as documented');
	is($events->[-1]{applied}, 2, 'it counts migrations only');
	in_place($place, 'SELECT outcome, applied FROM slipway.detached', 'succeeded|2', 'so does the view');
	in_place($place, 'SELECT labels FROM slipway.run', '{"release": "2"}', 'and it has its labels');
	seen_is($place, 'first before:0001_a before:0002_b', 'the hooks ran');
	return;
}

# Who watches sees what who migrates sees.
sub test_watch
{
	my $place = new_place($node, {
			'before_migrate.sql' => "SELECT 1;\n", 'after_error.sql' => "SELECT 1 / 0;\n",
			'0001_a.sql' => "CREATE TABLE a ();\n", '0002_gate.sql' => "SET lock_timeout = 0;\nSELECT pg_advisory_xact_lock(42);\nVACUUM;\nSELECT missing;\n" });
	my $gate = close_gate($place);
	my $migrate = start_client($place, ['migrate']);

	is_at_gate($place);
	my $watch = start_client($place, [ 'watch', '-v' ]);
	wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name <> 'gate' AND query LIKE '%slipway.log%' AND query NOT LIKE '%stat_activity%'},
		'the watcher looks', db => $place->{db});
	open_gate($gate);
	my ($exit, undef, $err) = finish_client($watch);
	is($exit, 6, 'watch exits as migrate does');
	like($err, qr/^hook before_migrate: done in .*\n(?s:.*)^migrations\/0002_gate\.sql:4:8: ERROR: (?s:.*)^0002_gate: stopped at unit 3 of 3; 1 applied before it stays applied\nWARNING: hook "after_error" failed: division by zero\n/m,
		'and tells of the hooks');
	($exit) = finish_client($migrate);
	is($exit, 6, 'migrate');
	in_place($place, "SELECT migration, stopped_unit, units FROM slipway.log WHERE outcome = 'failed' ORDER BY entry", "0002_gate|3|3\nafter_error||", 'and log');
	return;
}

# The next run says what the one before was at.
sub test_dead
{
	my $asleep = "SELECT pg_sleep(60) WHERE NOT EXISTS (SELECT FROM gate);\n";

	for my $hook ('before_migrate', 'before_each', 'after_migrate')
	{
		my $place = new_place($node, { "$hook.sql" => $asleep, '0001_a.sql' => "CREATE TABLE a ();\n" });
		sql($node, 'CREATE TABLE gate ()', db => $place->{db});
		my $client = start_client($place, ['migrate']);
		my $expected = $hook eq 'before_each' ? '0001_a|apply|interrupted' : "$hook|hook|interrupted";

		wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '$place->{db}'", "$hook sleeps");
		sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = '$place->{db}'");
		my ($exit) = finish_client($client);
		is($exit, 8, "$hook: the backend dies");
		sql($node, 'INSERT INTO gate DEFAULT VALUES', db => $place->{db});
		put_files($place, { '0002_b.sql' => "CREATE TABLE b ();\n" });
		client_is($place, [ 'migrate', '-q' ], { err => qr/^WARNING: run 1 of project "default" was interrupted at migration / }, "$hook: the next run");
		in_place($place, "SELECT migration, action, outcome FROM slipway.history WHERE run = 1 AND outcome <> 'succeeded'", $expected, "$hook: says at what it was");
		applied_is($place, '0001_a 0002_b', "$hook: and applies what is left");
		in_place($place, 'SELECT * FROM slipway.verify_history()', '', "$hook: the chain is whole");
	}
	return;
}

my $place = test_hooks();
test_failures($place);
test_mode();
test_detached();
test_watch();
test_dead();
done_testing();
