# A server, or what is in front of it, that answers with nonsense, or means harm: the client ends, with an exit code that
# says that nothing was done, and shows nothing that draws on a terminal or that those who run deploys take for a command.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayHostile;
use SlipwayTest;
use Test::More;

my %place = (home => PostgreSQL::Test::Utils::tempdir);
mkdir "$place{home}/migrations" or die;
put_files(\%place, { '0001_a.sql' => "SELECT 1;\n" });

my ($version) = run_command([ 'slipway', 'version' ]);
$version =~ s/^slipway //;

my $draws = "\e]0;x\a\e[2J\r##vso[task.setvariable variable=x]y\n::error::x\n\x{e2}\x{80}\x{ae}z\x{c2}\x{9b}2J";
my $greeting = rows_of([qw(version pid name settings)], [ $version, 1, 'slipway', undef ]);

sub run_against
{
	my ($server, @args) = @_;

	return client(\%place, [ @args, '-d', "host=$server->{host} port=$server->{port} user=u dbname=d connect_timeout=10" ], connect => 0);
}

sub is_harmless
{
	my ($text, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	unlike($text, qr/[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]/, "$name: nothing draws");
	unlike($text, qr/##vso|^\s*::/m, "$name: nothing commands");
	return;
}

my @commands = (
	['status'], ['migrate'], ['plan'], ['log'], ['validate'], ['watch'], ['cancel'], ['diff'], ['rehearse', '--yes'], ['metrics'], ['check'],
	[ 'rollback', '--yes' ], [ 'verify' ], [ 'baseline', '0001_a' ], ['init'], ['pending-approval'], [ 'migrate', '--detach' ], [ 'approve', '0001_a', '--reason', 'x' ],
	[ 'repair', '--accept-checksum', '0001_a', '--reason', 'x' ], [ 'redo', '--yes' ],
	[ 'credential', 'list' ], [ 'credential', 'batch', 'list' ], [ 'credential', 'schedule', 'list' ], [ 'credential', 'check' ]);

# One after the other: what it says, and the answers to all but the greeting.
for my $kind (
	[ 'no rows', sub { rows_of(['a']) } ],
	[ 'no columns', sub { rows_of([], []) } ],
	[ 'one column', sub { rows_of(['a'], ['x']) } ],
	[ 'NULLs', sub { rows_of([ 1 .. 30 ], [ (undef) x 30 ]) } ],
	[ 'other words', sub { rows_of([ 1 .. 30 ], [ ($draws) x 30 ], [ ($draws) x 30 ]) } ],
	[ 'no query', sub { message_of('I', '') } ],
	[ 'a COPY out', sub { copy_of('H') } ],
	[ 'a COPY in', sub { copy_of('G') } ],
	[ 'an error that draws', sub { fault_of(C => '22000', M => $draws, D => $draws, H => $draws, W => "$draws\nmigration \"$draws\", line 1", S => $draws) } ],
	[ 'an error with another SQLSTATE', sub { fault_of(C => $draws, M => 'x') } ],
	[ 'notices that draw', sub { notice_of(M => $draws, D => $draws, S => $draws) x 3 . fault_of(C => 'XX000', M => 'x') } ])
{
	my ($name, $answer) = @$kind;
	my $server = start_hostile(sub { $_[0] =~ /slipway\.version\(\)/ ? $greeting : $answer->() });

	for my $command (@commands)
	{
		my ($exit, $out, $err) = run_against($server, @$command);

		cmp_ok($exit, '<', 100, "$name: @$command: it ends by itself") or diag($out, $err);
		isnt($exit, 0, "$name: @$command: it does not say that all went well") if $command->[0] =~ /^(?:migrate|rehearse|rollback|redo|verify|approve|baseline|repair|init)$/ &&
		  $name !~ /rows|column|NULL|words/;
		is_harmless($out . $err, "$name: @$command") unless $command->[0] eq 'metrics'; # these are for a program, as they are
	}
	for my $command (['status'], [ 'migrate' ], ['log'])
	{
		my ($exit, $out, $err) = run_against($server, @$command, '--json', '-v');

		cmp_ok($exit, '<', 100, "$name: @$command --json: it ends by itself") or diag($out, $err);
		is_harmless($out . $err, "$name: @$command --json");
	}
	stop_hostile($server);
}

# What is said while somebody logs in, and in the place of a login.
{
	my $server = start_hostile(sub { $_[0] =~ /slipway\.version\(\)/ ? $greeting : rows_of(['a'], ['x']) },
		at_login => notice_of(M => $draws, S => $draws));

	for my $command (['status'], ['migrate'], ['log'], ['check'], ['cancel'])
	{
		my ($exit, $out, $err) = client(\%place, [ @$command, '-d', "host=$server->{host} port=$server->{port} user=u dbname=d" ], connect => 0);

		like($err, qr/\\x1b\]0;x/, "a login with a notice: @$command: it is shown");
		is_harmless($out . $err, "a login with a notice: @$command");
	}
	stop_hostile($server);
	$server = start_hostile(sub { '' }, in_place => fault_of(C => '28000', M => $draws, H => $draws, S => 'FATAL'));
	for my $command (['status'], ['migrate'])
	{
		my ($exit, $out, $err) = run_against($server, @$command);

		is($exit, 8, "no login: @$command: exit code");
		is_harmless($out . $err, "no login: @$command");
	}
	stop_hostile($server);
}

# Of a server, or a pooler, that gives the answer to another statement nobody is told that the deploy is done.
for my $tag ('CALL', 'SELECT 1', 'ROLLBACK')
{
	my $server = start_hostile(sub {
			my ($sql) = @_;

			return $greeting if $sql =~ /slipway\.version\(\)/;
			return rows_of([qw(manifest size settled uploader head)], [ undef, 0, 'f', 't', undef ]) if $sql =~ /find_base/;
			return rows_of(['missing']) if $sql =~ /add_manifest/;
			return complete_of($tag) if $sql =~ /^CALL/;
			return rows_of(['a'], ['x']);
		});

	my ($exit, $out, $err) = run_against($server, 'migrate');
	is($exit, 1, "an answer $tag without a word: exit code");
	is($err, "slipway: error: the server has answered, but not that the run is done\n"
		  . "hint: Run \"slipway status\" to see which migrations were applied.\n", "an answer $tag without a word: it is said");
	isnt((run_against($server, $_))[0], 0, "an answer $tag without a word: $_") for 'verify', 'redo';
	isnt((run_against($server, 'rehearse', '--yes'))[0], 0, "an answer $tag without a word: rehearse");
	stop_hostile($server);
}

done_testing();
