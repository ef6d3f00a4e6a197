# Anchors: the head of the history in a file outside of the database shows what the chain
# alone does not: an end that was cut off, and a history that was written anew.

use strict;
use warnings FATAL => 'all';

use File::Basename;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('anchor');
my $place = new_place($node, { '0001_a.up.sql' => "CREATE TABLE a (id integer);\n", '0001_a.down.sql' => "DROP TABLE a;\n" });
my $file = "$place->{home}/anchors.json";
my @anchored = ('--anchor', 'anchors.json');

sub content { return JSON::PP::decode_json(PostgreSQL::Test::Utils::slurp_file($file)) }
sub anchors { return join ' ', map { "$_->{database}/$_->{project}:$_->{entry}" } @{ content()->{anchors} } }

# By somebody who may: the superuser.
sub tamper
{
	my ($statement) = @_;
	my $answer = sql($node, "ALTER TABLE slipway.history DISABLE TRIGGER append_only;\n$statement;\nALTER TABLE slipway.history ENABLE ALWAYS TRIGGER append_only",
		db => $place->{db});

	die $answer->{err} if $answer->{exit};
	return;
}

sub nothing_ran
{
	my ($args, $expected, $name) = @_;
	my $before = PostgreSQL::Test::Utils::slurp_file($file);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	client_is($place, [ @$args, @anchored ], { exit => 4, err => qr/\Aslipway: error: $expected; nothing was run\nhint: Somebody has changed it or cut off its end/ }, $name);
	is(PostgreSQL::Test::Utils::slurp_file($file), $before, "$name: the file stays");
	return;
}

# The file is written by deploys, and no other way.
client_is($place, [ 'validate', @anchored ], { exit => 4, err => qr/slipway: error: "anchors.json" has no anchor of project default in this database \(SW014\)\n/ }, 'validate: none yet');
ok(!-e $file, 'validate writes none');
client_is($place, [ 'migrate', '-q', @anchored ], {}, 'migrate writes it');
is(anchors(), "$place->{db}/default:1", 'the newest entry');
query_is($node, 'SELECT encode(entry_hash, \'hex\') FROM slipway.history', content()->{anchors}[0]{head}, 'with its hash', db => $place->{db});
query_is($node, 'SELECT system_identifier FROM pg_control_system()', content()->{anchors}[0]{system}, 'and the cluster', db => $place->{db});
client_is($place, [ 'validate', @anchored ], { err => "1 migration, all valid\n" }, 'validate');
my $inode = (stat $file)[1];
client_is($place, [ 'migrate', '-q', @anchored ], {}, 'nothing to do');
is((stat $file)[1], $inode, 'and nothing to write');

# What goes on without it is no difference; rollback and redo take it along; so does a failure.
put_files($place, { '0002_b.sql' => "CREATE TABLE b (id integer);\n" });
client_is($place, [ 'migrate', '-q' ], {}, 'a deploy without it');
client_is($place, [ 'validate', @anchored ], { err => "2 migrations, all valid\n" }, 'the history has only grown');
is(anchors(), "$place->{db}/default:1", 'validate does not write');
put_files($place, { '0003_c.up.sql' => "CREATE TABLE c (id integer);\n", '0003_c.down.sql' => "DROP TABLE c;\n" });
client_is($place, [ 'migrate', '-q', @anchored ], {}, 'migrate');
is(anchors(), "$place->{db}/default:3", 'it is the newest again');
client_is($place, [ 'rollback', '--steps', '1', '-n', @anchored ], { out => qr/0003_c/ }, 'rollback -n');
is(anchors(), "$place->{db}/default:3", 'writes nothing');
client_is($place, [ 'rollback', '--steps', '1', '--yes', '-q', @anchored ], {}, 'rollback');
is(anchors(), "$place->{db}/default:4", 'has an entry');
client_is($place, [ 'migrate', '-q', '--detach', @anchored ], {}, 'a detached deploy');
is(anchors(), "$place->{db}/default:5", 'has one, too');
client_is($place, [ 'redo', '--yes', '-q', @anchored ], {}, 'redo');
is(anchors(), "$place->{db}/default:7", 'has two');
put_files($place, { '0004_d.sql' => "SELECT 1/0;\n" });
client_is($place, [ 'migrate', '-q', @anchored ], { exit => 5, err => qr/division by zero/ }, 'one that fails');
is(anchors(), "$place->{db}/default:8", 'has one');
put_files($place, { '0004_d.sql' => "SELECT 1;\n" });

# Cut off: nothing runs, whatever is asked for.
tamper('CREATE TABLE kept AS SELECT * FROM slipway.history; DELETE FROM slipway.history WHERE entry > 6');
query_is($node, 'SELECT count(*) FROM slipway.verify_history()', '0', 'the chain alone does not show it', db => $place->{db});
nothing_ran([ 'migrate' ], 'the history of project default lacks entry 8, which "anchors.json" has', 'migrate, cut off');
nothing_ran([ 'migrate', '--detach' ], 'the history of project default lacks entry 8, which "anchors.json" has', 'detached');
nothing_ran([ 'rollback', '--all', '--yes' ], 'the history of project default lacks entry 8, which "anchors.json" has', 'rollback');
nothing_ran([ 'redo', '--yes' ], 'the history of project default lacks entry 8, which "anchors.json" has', 'redo');
client_is($place, [ 'validate', @anchored ], { exit => 4, err => qr/slipway: error: the history of project default lacks entry 8, which "anchors.json" has \(SW014\)\nhint: .*\n1 problem found\n\z/ }, 'validate');
query_is($node, 'SELECT count(*) FROM slipway.history', '6', 'the history has nothing more', db => $place->{db});

# Written anew from some entry on, with a chain that holds: as a deploy writes it.
client_is($place, [ 'migrate', '-q' ], { exit => 5, err => qr/"c" already exists/ }, 'another end is made') for 1, 2;
query_is($node, 'SELECT count(*) FROM slipway.verify_history()', '0', 'the chain holds', db => $place->{db});
query_is($node, 'SELECT max(entry) >= 8 FROM slipway.history', 't', 'and is as long', db => $place->{db});
nothing_ran([ 'migrate' ], 'entry 8 of the history of project default is not the one that "anchors.json" has', 'written anew');

# As it was; then changed in the middle with the last entry left as it is.
tamper('DELETE FROM slipway.history; INSERT INTO slipway.history SELECT * FROM kept');
client_is($place, [ 'validate', '-q', @anchored ], { err => qr// }, 'as it was') ;
tamper(q{UPDATE slipway.history SET session_role = 'nobody' WHERE entry = 2});
nothing_ran([ 'migrate' ], 'history entry 2: was changed after it was written', 'changed in the middle');
tamper('DELETE FROM slipway.history; INSERT INTO slipway.history SELECT * FROM kept');

# Dropped and made anew.
my $kept = PostgreSQL::Test::Utils::slurp_file($file);
sql($node, 'DROP EXTENSION pg_slipway; CREATE EXTENSION pg_slipway; DROP TABLE a, b, c', db => $place->{db});
nothing_ran([ 'migrate' ], 'the history of project default lacks entry 8, which "anchors.json" has', 'a new extension');
query_is($node, 'SELECT count(*) FROM slipway.history', '0', 'nothing ran', db => $place->{db});

# Several projects, databases in one file; what is new in it is said.
my $first = $place;
$place = new_place($node, { '0001_x.sql' => "CREATE TABLE x (id integer);\n" });
$place->{home} = $first->{home};
PostgreSQL::Test::Utils::system_or_bail('rm', '-rf', "$first->{home}/migrations");
mkdir "$first->{home}/migrations" or die;
put_files($place, { '0001_x.sql' => "CREATE TABLE IF NOT EXISTS x (id integer);\n" });
client_is($place, [ 'migrate', '-q', @anchored ], { err => qr/\Aslipway: warning: "anchors.json" has no anchor of project default in this database\n/ }, 'another database');
is(anchors(), "$first->{db}/default:8 $place->{db}/default:1", 'has a line of its own');
sql($node, q{SELECT slipway.create_project('other')}, db => $place->{db});
client_is($place, [ 'migrate', '-q', '-P', 'other', @anchored ], { err => qr/warning/ }, 'another project');
is(anchors(), "$first->{db}/default:8 $place->{db}/default:1 $place->{db}/other:1", 'has one, too');
client_is($place, [ 'validate', '-P', 'other', @anchored ], { err => "1 migration, all valid\n" }, 'which is looked at');

# At the same time: none is lost.
my @projects = map { "p$_" } 1 .. 6;
sql($node, join('', map { "SELECT slipway.create_project('$_');\n" } @projects), db => $place->{db});
my @clients = map { start_client($place, [ 'migrate', '-q', '-P', $_, @anchored ]) } @projects;
is((finish_client($_))[0], 0, 'one of several') for @clients;
is(join(' ', sort map { $_->{project} } grep { $_->{project} =~ /^p/ } @{ content()->{anchors} }), "@projects", 'all are there');

# Files that are none.
for my $bad ('', '{}', '[1]', '{"slipway-anchors": 2, "anchors": []}', '{"slipway-anchors": 1, "anchors": [{}]}', '{"slipway-anchors": 1, "anchors": [', 'x' x 100)
{
	PostgreSQL::Test::Utils::append_to_file("$first->{home}/bad.json", '');
	open my $handle, '>', "$first->{home}/bad.json" or die;
	print $handle $bad;
	close $handle;
	next if $bad eq '';
	client_is($place, [ 'migrate', '--anchor', 'bad.json' ], { exit => 2, err => qr/\Aslipway: error: .*"bad\.json"/ }, "not an anchor: $bad");
}
client_is($place, [ 'migrate', '--anchor', 'nowhere/anchors.json' ], { exit => 2, err => qr/nowhere/ }, 'a folder that there is not');
client_is($place, [ 'migrate', '--anchor', '.' ], { exit => 2, err => qr/./ }, 'a folder');
client_is($place, [ 'migrate', '--detach', '--no-wait', @anchored ], { exit => 2, err => qr/do not go together/ }, 'nobody would know the head');
PostgreSQL::Test::Utils::system_or_bail('sh', '-c', "> '$first->{home}/empty.json'");
client_is($place, [ 'migrate', '-q', '--anchor', 'empty.json' ], {}, 'an empty file has none');

# What could not be written at the end ends it before anything is run: by then the deploy would be done.
put_files($place, { '0002_y.sql' => "CREATE TABLE y (id integer);\n" });
PostgreSQL::Test::Utils::system_or_bail('sh', '-c', "cd '$first->{home}' && mkfifo pipe.json && ln -s nowhere/anchors.json dangling.json"
	  . ' && ln -s loop.json loop.json && cp anchors.json fixed.json && chmod 0444 fixed.json && ln -s new.json link.json');
client_is($place, [ 'migrate', '--anchor', 'pipe.json' ], { exit => 2, err => qr/\Aslipway: error: could not write "pipe\.json": it is no regular file\n\z/ }, 'a pipe');
client_is($place, [ 'migrate', '--anchor', '/dev/null' ], { exit => 2, err => qr/no regular file/ }, 'a device');
client_is($place, [ 'migrate', '--anchor', 'dangling.json' ], { exit => 2, err => qr/could not write "\.\/nowhere\/anchors\.json": No such file/ }, 'a link into nowhere');
client_is($place, [ 'migrate', '--anchor', 'loop.json' ], { exit => 2, err => qr/"loop\.json": Too many levels/ }, 'a link to itself');
SKIP:
{
	skip 'root may write anything', 1 if $> == 0;
	client_is($place, [ 'migrate', '--anchor', 'fixed.json' ], { exit => 2, err => qr/could not write "fixed\.json": Permission denied/ }, 'a file that is not to be written');
}
query_is($node, q{SELECT string_agg(name, ' ') FROM slipway.schema_migrations WHERE project = 'default'}, '0001_x', 'nothing was run', db => $place->{db});
client_is($place, [ 'migrate', '-q', '--anchor', 'link.json' ], {}, 'a link to a file that is not there yet');
ok(-l "$first->{home}/link.json" && -s "$first->{home}/new.json", 'which is written');
query_is($node, q{SELECT string_agg(name, ' ' ORDER BY name) FROM slipway.schema_migrations WHERE project = 'default'}, '0001_x 0002_y', 'then it was', db => $place->{db});

# Two anchors of one history, in a file that was put together of two: both must hold.
my $twice = JSON::PP::decode_json(PostgreSQL::Test::Utils::slurp_file("$first->{home}/new.json"));
push @{ $twice->{anchors} }, { %{ $twice->{anchors}[0] }, entry => 1, head => '0' x 64 };
PostgreSQL::Test::Utils::append_to_file("$first->{home}/twice.json", JSON::PP::encode_json($twice));
client_is($place, [ 'migrate', '--anchor', 'twice.json' ], { exit => 4, err => qr/entry 1 of the history of project default is not the one/ }, 'two of one history');

# Written anew while a deploy goes on, by its own script for one, so that it is long enough at the end: also that is found, and
# the file keeps what shows it, whether the run ends well or not.
for my $end ('SELECT 1;', 'SELECT 1/0;')
{
	my $good = $end eq 'SELECT 1;';
	my $other = $place;

	$place = new_place($node, { '0001_x.sql' => "SELECT 1;\n" });
	client_is($place, [ 'migrate', '-q', @anchored ], {}, 'an anchor');
	my $before = PostgreSQL::Test::Utils::slurp_file("$place->{home}/anchors.json");
	my $gate = close_gate($place);
	put_files($place, { '0002_gate.sql' => "SELECT pg_advisory_xact_lock(42);\n", '0003_z.sql' => "$end\n" });
	my $deploy = start_client($place, [ 'migrate', '-q', @anchored ]);
	is_at_gate($place);
	tamper('DELETE FROM slipway.history');
	open_gate($gate);
	my ($exit, undef, $err) = finish_client($deploy);
	is($exit, $good ? 4 : 5, 'written anew meanwhile: the exit code');
	like($err, qr/^slipway: error: entry 1 of the history of project default is not the one that "anchors\.json" has; that came about while this ran, and the file was left as it is\nhint: Somebody has changed it/m, 'it is said');
	query_is($node, 'SELECT count(*) FROM slipway.history', '2', 'the history is longer than the anchor', db => $place->{db});
	query_is($node, 'SELECT count(*) FROM slipway.verify_history()', '0', 'and holds by itself', db => $place->{db});
	is(PostgreSQL::Test::Utils::slurp_file("$place->{home}/anchors.json"), $before, 'the anchor stays');
	client_is($place, [ 'migrate', @anchored ], { exit => 4, err => qr/entry 1 of the history of project default is not the one/ }, 'and holds up the next deploy');
	$place = $other;
}

# A database whose name is not UTF-8 is found again, and no other one is taken for it.
{
	my $other = $place;
	my @odd = map { +{ %$place, db => "odd_$_" } } "\xe9", "\xe8";
	my $odd = "$first->{home}/odd.json";

	sql($node, q{CREATE DATABASE bytes TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C'}, db => 'template1');
	for (@odd)
	{
		sql($node, "SET client_encoding = SQL_ASCII;\nCREATE DATABASE \"$_->{db}\" TEMPLATE postgres", db => 'bytes');
		client_is($_, [ 'migrate', '-q', '--anchor', 'odd.json' ], { err => qr/\A(?:slipway: warning: .* has no anchor .*\nhint: .*\n)?\z/ }, 'a name that is not UTF-8');
	}
	is(join(' ', map { "$_->{database}:$_->{entry}" } @{ JSON::PP::decode_json(PostgreSQL::Test::Utils::slurp_file($odd))->{anchors} }),
		'odd_\xE9:2 odd_\xE8:2', 'each has its own anchor');
	client_is($_, [ 'migrate', '-q', '--anchor', 'odd.json' ], {}, 'which is found') for @odd;
	$place = $odd[0];
	tamper('DELETE FROM slipway.history');
	client_is($place, [ 'migrate', '--anchor', 'odd.json' ], { exit => 4, err => qr/lacks entry 2, which "odd\.json" has; nothing was run/ }, 'and looked at');
	$place = $other;
}

# Killed anywhere, also between the deploy and the file: that has what it had or what is new, both of which hold, and the next
# deploy goes on.
SKIP:
{
	my $library = PostgreSQL::Test::Utils::tempdir . '/kill_at.so';

	# a client that is watched has libraries of its own
	skip 'no client that something can be preloaded into', 1
	  if $ENV{INSTRUMENT} || $ENV{ASAN_OPTIONS} || system('command -v cc >/dev/null') != 0;
	PostgreSQL::Test::Utils::system_or_bail('cc', '-shared', '-fPIC', '-D_GNU_SOURCE', '-o', $library, dirname(__FILE__) . '/../fixture/kill_at.c', '-ldl');

	my $killed = 0;
	my ($stale, $written) = (0, 0);
	for my $n (1 .. 40)
	{
		put_files($place, { sprintf('0003_%02d.sql', $n) => "SELECT $n;\n" });
		my $before = PostgreSQL::Test::Utils::slurp_file($file);
		my ($exit) = finish_client(start_client($place, [ 'migrate', '-q', @anchored ],
				env => { LD_PRELOAD => $library, KILL_AT => int(($n + 1) / 2), KILL_WHEN => $n % 2 ? 'before' : 'after' }));
		last if $exit == 0;
		$killed++;
		my $after = PostgreSQL::Test::Utils::slurp_file($file);
		my $applied = sql($node, sprintf(q{SELECT count(*) FROM slipway.schema_migrations WHERE name = '0003_%02d'}, $n), db => $place->{db})->{out};
		$after eq $before ? ($stale += $applied) : $written++;
		client_is($place, [ 'validate', '-q', @anchored ], { err => qr// }, "killed $n: the file holds");
		client_is($place, [ 'migrate', '-q', @anchored ], {}, "killed $n: the next deploy goes on");
	}
	cmp_ok($killed, '>', 5, "killed $killed times");
	cmp_ok($stale, '>', 0, 'also between the deploy and the file');
	cmp_ok($written, '>', 0, 'and behind it');
	query_is($node, 'SELECT max(entry) FROM slipway.history WHERE project = \'default\'', (grep { $_->{database} eq $place->{db} && $_->{project} eq 'default' } @{ content()->{anchors} })[0]{entry}, 'in the end it has the newest entry', db => $place->{db});
}

{
	local $ENV{SLIPWAY_ANCHOR} = 'anchors.json';
	client_is($place, ['validate'], { err => qr/ migrations, all valid\n\z/ }, 'SLIPWAY_ANCHOR');
}

done_testing();
