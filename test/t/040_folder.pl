# Folders as they are found in the world: links, left-overs of editors, names
# that are nearly right, .slipwayignore, nothing at all, and very many files.

use strict;
use warnings FATAL => 'all';

use IO::Socket::UNIX;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('folder');

sub link_to
{
	my ($place, $target, $name) = @_;

	symlink $target, "$place->{home}/migrations/$name" or die "could not link $name: $!\n";
	return;
}

# Symbolic links

{
	my $place = new_place($node, { '0001_file.sql' => "SELECT 1;\n" });

	mkdir "$place->{home}/elsewhere" or die "mkdir: $!\n";
	write_folder({ 'real.sql' => "SELECT 2;\n", 'undo.sql' => "SELECT 3;\n" }, "$place->{home}/elsewhere");
	link_to($place, '../elsewhere/real.sql', '0002_link.up.sql');
	link_to($place, '../elsewhere/undo.sql', '0002_link.down.sql');
	link_to($place, '0002_link.up.sql', '0003_link_to_link.sql');
	symlink 'migrations', "$place->{home}/linked" or die "symlink: $!\n";
	client_is($place, [ 'migrate', '--dir', 'linked' ], {
			err => "0001_file  applied  TIME\n0002_link  applied  TIME\n0003_link_to_link  applied  TIME\n"
			  . "3 migrations applied to project default in TIME\n" },
		'links are followed, to files, to other links and to the folder');
	query_is($node, "SELECT count(DISTINCT body) FROM slipway.script", '3', 'what they name was uploaded', db => $place->{db});

	for my $try (
		[ 'nowhere', 'is a symbolic link to "nowhere", which does not exist', 'Restore what it names, or remove the link.' ],
		[ '0004_x.sql', 'is a symbolic link that leads back to itself', 'Remove the link.' ],
		[ '.', 'is a symbolic link to a directory, not a script', 'Rename it, or move it out of the folder.' ],
		[ '/dev/null', 'is not a file', 'Move it out of the folder.' ])
	{
		my ($target, $message, $hint) = @$try;

		link_to($place, $target, '0004_x.sql');
		client_is($place, [$_], { exit => 1, err => "slipway: error: \"migrations/0004_x.sql\" $message\nhint: $hint\n" },
			"$_ with a link to $target")
		  for qw(migrate status validate);
		remove_files($place, '0004_x.sql');
	}
	link_to($place, '0005_y.sql', '0004_x.sql');
	link_to($place, '0004_x.sql', '0005_y.sql');
	client_is($place, ['plan'], {
			exit => 1,
			err => qr/\Aslipway: error: "migrations\/000(4_x|5_y)\.sql" is a symbolic link that leads back to itself\nhint: Remove the link\.\n\z/ },
		'two links that name each other');
	remove_files($place, '0004_x.sql', '0005_y.sql');
	link_to($place, '0001_file.sql/x', '0004_x.sql');
	client_is($place, ['status'], { exit => 1, err => "slipway: error: could not read \"migrations/0004_x.sql\": Not a directory\n" },
		'a link through a file');
}

# What else is no script

{
	my $place = new_place($node, { '0001_a.sql' => 'SELECT 1;' });
	my $path = "$place->{home}/migrations/0002_b.sql";

	my $socket = IO::Socket::UNIX->new(Local => $path, Listen => 1) or die "no socket: $!\n";
	client_is($place, ['migrate'], {
			exit => 1, err => "slipway: error: \"migrations/0002_b.sql\" is not a file\nhint: Move it out of the folder.\n" },
		'a socket');
	unlink $path or die "unlink: $!\n";
	mkdir $path or die "mkdir: $!\n";
	client_is($place, ['migrate'], {
			exit => 1,
			err => "slipway: error: \"migrations/0002_b.sql\" is a directory, not a script\nhint: Rename it, or move it out of the folder.\n" },
		'a directory');
	rmdir $path or die "rmdir: $!\n";
	mkdir "$place->{home}/migrations/old" or die "mkdir: $!\n";
	write_folder({ '0000_x.sql' => 'SELECT 1' }, "$place->{home}/migrations/old");
	client_is($place, ['status'], { out => qr/^0001_a +pending$/m, err => "project default: 1 pending\n" },
		'folders in the folder are not looked into');

	SKIP:
	{
		skip 'root may read everything', 9 if $> == 0;
		chmod 0, "$place->{home}/migrations" or die "chmod: $!\n";
		client_is($place, ['migrate'], {
				exit => 2, err => "slipway: error: could not read folder \"./migrations\": Permission denied\n"
				  . "hint: Name the folder with --dir or MIGRATIONS_PATH.\n" },
			'a folder that may not be listed');
		chmod 0444, "$place->{home}/migrations" or die "chmod: $!\n";
		client_is($place, ['migrate'], {
				exit => 2, err => "slipway: error: could not read \"migrations/.slipwayignore\": Permission denied\n" },
			'a folder that may not be entered');
		chmod 0755, "$place->{home}/migrations" or die "chmod: $!\n";
		chmod 0, "$place->{home}/migrations/0001_a.sql" or die "chmod: $!\n";
		client_is($place, ['migrate'], {
				exit => 1, err => "slipway: error: could not read \"migrations/0001_a.sql\": Permission denied\n" },
			'a script that may not be read');
	}
}

# Left-overs, and names that are nearly right

{
	my $place = new_place($node, { '0001_a.sql' => 'SELECT 1;', 'README.md' => '', '.gitkeep' => '', '.gitignore' => '' });
	my $status = qr/\AMIGRATION.*\n0001_a +pending\n\z/;
	my $pending = "project default: 1 pending\n";
	my $hint = "hint: Name it NAME.sql, NAME.up.sql, NAME.down.sql or NAME.verify.sql, or list it in .slipwayignore.\n";

	client_is($place, ['status'], { out => $status, err => $pending }, 'other files are not worth a word');
	put_files($place, { '0001_a.sql~' => '' });
	client_is($place, ['status'], { out => $status, err => "ignored: 1 file (editor left-overs)\n$pending" }, 'a back-up');
	put_files($place, { '.0001_a.sql.swp' => '', '#0001_a.sql#' => '' });
	link_to($place, 'me@host.1234:1', '.#0001_a.sql');
	client_is($place, ['status'], { out => $status, err => "ignored: 4 files (editor left-overs)\n$pending" }, 'several');
	client_is($place, [ '-q', 'status' ], { out => $status, err => '' }, 'none with -q');
	my (undef, $err) = client_is($place, [ '-v', 'status' ], { out => $status, err => qr/ignored/ }, 'a list with -v');
	is(join('', $err =~ /^(ignored.*\n)/mg), <<'END', 'of all of them');
ignored: migrations/#0001_a.sql# (left by an editor)
ignored: migrations/.#0001_a.sql (left by an editor)
ignored: migrations/.0001_a.sql.swp (left by an editor)
ignored: migrations/0001_a.sql~ (left by an editor)
END
	remove_files($place, '0001_a.sql~', '.0001_a.sql.swp', '#0001_a.sql#', '.#0001_a.sql');

	put_files($place, { '0002_b.SQL' => '' });
	for my $quiet ([], ['-q'])
	{
		client_is($place, [ @$quiet, 'status' ], {
				out => $status,
				err => "slipway: warning: \"migrations/0002_b.SQL\" is not taken for a script because of its name\n$hint"
				  . (@$quiet ? '' : $pending) },
			"a warning about capitals @$quiet");
	}
	put_files($place, { '0003_c.sql.txt' => '', '0004_d.down.SQL' => '', "0005_e.sql\n" => '' });
	client_is($place, ['status'], {
			out => $status,
			err => 'slipway: warning: 4 files are not taken for scripts because of their names: '
			  . "\"migrations/0002_b.SQL\", \"migrations/0003_c.sql.txt\", \"migrations/0004_d.down.SQL\", ...\n$hint$pending" },
		'a warning about several');
	(undef, undef, $err) = client($place, [ '-v', 'status' ]);
	like($err, qr/^ignored: migrations\/0005_e\.sql\? \(not named NAME\.sql\)$/m, 'control characters are not printed');
	put_files($place, { '.slipwayignore' => "# not ours\n000[2-5]*\n" });
	client_is($place, ['status'], { out => $status, err => $pending }, 'none about what .slipwayignore lists');
	remove_files($place, '.slipwayignore', '0002_b.SQL', '0003_c.sql.txt', '0004_d.down.SQL', "0005_e.sql\n");

	put_files($place, { '0001_a.Down.sql' => 'DROP TABLE a' });
	client_is($place, [$_], {
			exit => 4,
			err => "slipway: error: \"migrations/0001_a.Down.sql\": .up, .down and .verify are written in lower case\n"
			  . "hint: Rename the file.\n" },
		"$_ does not take a down script for a migration")
	  for qw(migrate status);
}

# .slipwayignore

{
	my $place = new_place($node, {
			'0001_a.sql' => 'SELECT 1;', '0002_b.sql' => 'SELECT nothing;', '0003_c.up.sql' => 'SELECT 3;',
			'0003_c.down.sql' => "\0", '9999_seed.sql' => 'SELECT 4;',
			'.slipwayignore' => "*_b.sql\n*.down.sql\n9*.sql\n!9999_seed.sql\nodd.sql\n" });

	mkdir "$place->{home}/migrations/odd.sql" or die "mkdir: $!\n";
	my (undef, $err) = client_is($place, [ '-v', 'migrate' ], { err => qr/^3 migrations applied/m }, 'ignored files are not there');
	is(join('', $err =~ /^(ignored.*\n)/mg), <<'END', 'and listed with -v');
ignored: migrations/0002_b.sql (in .slipwayignore)
ignored: migrations/0003_c.down.sql (in .slipwayignore)
ignored: migrations/odd.sql (in .slipwayignore)
END
	applied_is($place, '0001_a 0003_c 9999_seed', 'the others are applied');
	put_files($place, { '.slipwayignore' => "odd.sql\nold/*.sql\n" });
	client_is($place, [$_], {
			exit => 2,
			err => "slipway: error: migrations/.slipwayignore:2: a pattern is for names of files in this folder and has no \"/\"\n"
			  . "hint: Lines are patterns such as draft_*.sql, comments (#), or !PATTERN.\n" },
		"$_ with a bad line")
	  for qw(migrate status validate plan);
	put_files($place, { '.slipwayignore' => "odd.sql\r\n0003_c.up.sql\r\n*_b.sql\r\n" });
	client_is($place, ['status'], {
			exit => 4, err => "slipway: error: \"migrations/0003_c.down.sql\" has no up script\nhint: Add 0003_c.up.sql, or remove the file.\n" },
		'a companion alone is still an error');
}

# An empty folder

{
	my $place = new_place($node, {});

	client_is($place, ['migrate'], { err => "folder migrations has no scripts\nnothing to do\n" }, 'migrate of an empty folder');
	client_is($place, [ '-q', 'migrate' ], { err => '' }, 'and quietly');
	client_is($place, ['status'], { out => qr/\A(MIGRATION.*\n)?\z/, err => qr/\Afolder migrations has no scripts\n/ }, 'status');
	client_is($place, ['validate'], { err => qr/\Afolder migrations has no scripts\n/ }, 'validate');
	put_files($place, { '0001_a.sql' => 'SELECT 1;' });
	client_is($place, [ '-q', 'migrate' ], {}, 'a migration');
	remove_files($place, '0001_a.sql');
	client_is($place, ['migrate'], {
			err => "folder migrations has no scripts\n"
			  . "1 migration is not in this folder, which is older than the history\nnothing to do\n" },
		'a folder that is empty again does nothing, either');
	applied_is($place, '0001_a', 'what was applied stays');
}

# Order

{
	my @names = ('1_a', '2_b', '10_c', '99999999999999999999_d', '100000000000000000000_e');
	my $place = new_place($node, { map { ("$_.sql" => "SELECT '$_';\n") } @names });

	client_is($place, [$_], {
			exit => 4,
			err => "slipway: error: the order of migrations is ambiguous: \"100000000000000000000_e\" comes before \"10_c\" by name, after it by number\n"
			  . "hint: Pass --order name or --order number, or pad the numbers with zeros.\n" },
		"$_ refuses to guess")
	  for qw(migrate plan status validate);
	my ($out) = client_is($place, [ 'status', '--order', 'name' ], { out => qr/pending/, err => qr/5 pending/ }, '--order name');
	is(join(' ', $out =~ /^(\d+_\w)/mg), join(' ', sort @names), 'is that of bytes');
	client_is($place, [ 'migrate', '--order', 'number' ], {
			err => join('', map { "$_  applied  TIME\n" } @names) . "5 migrations applied to project default in TIME\n" },
		'--order number');
	history_is_sound($node, 'long numbers', db => $place->{db});
}

# Very many files: a step that is quadratic would take minutes here

{
	my $place = new_place($node, {
			map { my $name = sprintf '%05d_x', $_; ("$name.up.sql" => "SELECT $_;\n", "$name.down.sql" => "SELECT -$_;\n") } 1 .. 10_000 });

	put_files($place, { '20000_bad.sql' => "SELECT\n\xff;\n" });
	my $start = time;
	client_is($place, ['validate'], {
			exit => 4,
			err => "slipway: error: migrations/20000_bad.sql:2:1: invalid UTF-8 at byte offset 7\nhint: Scripts are UTF-8 text.\n" },
		'the last of 20,001 files is found to be bad');
	cmp_ok(time - $start, '<', $PostgreSQL::Test::Utils::timeout_default, 'in good time');
}

$node->stop;
done_testing();
