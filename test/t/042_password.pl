# Passwords: typed on a terminal, from a passfile, from nowhere.

use strict;
use warnings FATAL => 'all';

use IO::Select;
use IPC::Run ();
use POSIX ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

plan(skip_all => 'needs the Perl module IO::Pty') unless eval { require IO::Pty; 1 };

my $node = new_node('password');
my ($host, $port) = ($node->host, $node->port);
my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
my $secret = 'S3cr&t';
my %pending = (out => qr/^0001_a +pending$/m, err => "project default: 1 pending\n");
my $failed = "slipway: error: could not connect (options): connection to server on socket \"$host/.s.PGSQL.$port\" failed: ";

delete @ENV{qw(PGPASSFILE PGPASSWORD PGUSER)};
$ENV{HOME} = $place->{home};	# where no .pgpass is
sql($node, "CREATE ROLE alice LOGIN PASSWORD '$secret'; SELECT slipway.grant_role('alice', 'reader');", db => $place->{db});
my $hba = $node->data_dir . '/pg_hba.conf';
my $old = slurp_file($hba);
unlink $hba;
append_to_file($hba, "local all alice scram-sha-256\n$old");
$node->reload;

# Does the terminal show what is typed?
sub has_echo
{
	my ($slave) = @_;
	my $termios = POSIX::Termios->new;

	$termios->getattr(fileno $slave) // die "no attributes of the terminal: $!\n";
	return $termios->getlflag & POSIX::ECHO() ? 1 : 0;
}

# Runs the client on a terminal of its own, waits for "Password", checks that
# the echo is off and types the answers, one for each such prompt. Returns the
# exit code and all that the terminal showed.
sub on_terminal
{
	my ($args, @answers) = @_;
	my $pty = IO::Pty->new;
	my $slave = $pty->slave;
	my ($shown, $prompts) = ('', 0);
	my $pid = fork // die "fork: $!\n";

	if ($pid == 0)
	{
		$pty->make_slave_controlling_terminal;
		close $pty;
		open STDIN, '<&', $slave or POSIX::_exit(99);
		open STDOUT, '>&', $slave or POSIX::_exit(99);
		open STDERR, '>&', $slave or POSIX::_exit(99);
		chdir $place->{home} or POSIX::_exit(99);
		exec 'slipway', @$args or POSIX::_exit(99);
	}
	my $ready = IO::Select->new($pty);
	my $until = time + $PostgreSQL::Test::Utils::timeout_default;
	while (time < $until)
	{
		my $ended = waitpid($pid, POSIX::WNOHANG()) == $pid;
		my $status = $?;

		while ($ready->can_read($ended ? 0 : 0.05))
		{
			last unless sysread $pty, my $chunk, 4096;
			$shown .= $chunk;
		}
		if ((() = $shown =~ /Password[^:\n]*: /g) > $prompts && $prompts < @answers)
		{
			is(has_echo($slave), 0, 'what is typed is not shown');
			syswrite $pty, $answers[ $prompts++ ];
		}
		next unless $ended;
		is(has_echo($slave), 1, 'the terminal is as before');
		$shown =~ s/\r//g;
		return ($status & 127 ? 128 + ($status & 127) : $status >> 8, $shown);
	}
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return (999, $shown);
}

sub terminal_is
{
	my ($args, $answers, $exit, $shown, $name) = @_;
	my ($code, $text) = on_terminal($args, @$answers);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($code, $exit, "$name: exit code") or diag($text);
	return ref $shown ? like($text, $shown, "$name: what is shown") : is($text, $shown, "$name: what is shown");
}

my @alice = ('-h', $host, '-p', $port, '-d', $place->{db}, '-U', 'alice');
my $table = qr/MIGRATION.*\n0001_a +pending\nproject default: 1 pending\n/;

# On a terminal

terminal_is([ 'status', @alice ], ["$secret\n"], 0, qr/\APassword for role alice: \n$table\z/, 'asked because it is needed');
terminal_is([ 'status', '-W', @alice ], ["$secret\n"], 0, qr/\APassword for role alice: \n$table\z/, '-W');
terminal_is([ 'status', '--url', "postgresql://alice\@/$place->{db}?host=$host&port=$port" ], ["$secret\n"], 0,
	qr/\APassword for role alice: \n$table\z/, 'asked for the role of a URI');
terminal_is([ 'status', @alice ], ["Wr0ng\n"], 8,
	"Password for role alice: \n${failed}FATAL:  password authentication failed for user \"alice\"\n",
	'a wrong answer is not asked again, and not shown');
terminal_is([ 'status', @alice ], ["\n"], 8, qr/\APassword for role alice: \n\Q$failed\E.*no password supplied\n\z/,
	'an empty answer');
terminal_is([ 'status', @alice ], ["\cD"], 1, "Password for role alice: \nslipway: error: no password was given\n", 'end of file');
terminal_is([ 'status', @alice ], ["\cC"], 1, "Password for role alice: \nslipway: error: no password was given\n", 'Ctrl-C');
terminal_is([ 'status', '-w', @alice ], [], 8, "${failed}fe_sendauth: no password supplied\n", '-w never asks');
terminal_is([ 'status', '-h', $host, '-p', $port, '-d', $place->{db} ], [], 0, $table, 'not asked where none is needed');
terminal_is([ 'status', @alice, '-d', "dbname=$place->{db} search_path=app" ], ["$secret\n"], 0,
	qr/\APassword for role alice: \n$table\z/, 'asked once with a search_path');

# The connection is begun before the scripts are read, but nothing is asked for
# before they have been found good
put_files($place, { 'bad.sql' => "SELECT '\xff';\n" });
for my $more ([], ['-W'])
{
	terminal_is([ 'status', @$more, @alice ], [], 4,
		"slipway: error: migrations/bad.sql:1:9: invalid UTF-8 at byte offset 8\nhint: Scripts are UTF-8 text.\n",
		"a folder with an error @$more");
}
remove_files($place, 'bad.sql');

# Elsewhere

sub without_terminal
{
	my ($args, $input, $env) = @_;
	my ($out, $err) = ('', '');
	# not a pipe, which breaks when the client ends before it is filled
	my $file = write_folder({ input => $input }) . '/input';

	local %ENV = (%ENV, %{ $env // {} });
	IPC::Run::run([ 'setsid', '--wait', 'slipway', @$args ], '<', $file, '>', \$out, '2>', \$err,
		init => sub { chdir $place->{home} or die "chdir: $!\n"; },
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return ($? >> 8, $out, $err);
}

sub without_terminal_is
{
	my ($args, $input, $expected, $name, $env) = @_;
	my ($exit, $out, $err) = without_terminal($args, $input, $env);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, $expected->{exit} // 0, "$name: exit code");
	ref $expected->{out} ? like($out, $expected->{out}, "$name: stdout") : is($out, $expected->{out} // '', "$name: stdout");
	return is($err, $expected->{err}, "$name: stderr");
}

without_terminal_is([ 'status', @alice ], "$secret\n", { exit => 8, err => "${failed}fe_sendauth: no password supplied\n" },
	'a job does not wait for an answer');
without_terminal_is([ 'status', '-W', @alice ], "$secret\n", {
		out => $pending{out}, err => "Password for role alice: $pending{err}" }, '-W reads standard input');
without_terminal_is([ 'status', '-W', @alice ], '', {
		exit => 1, err => "Password for role alice: slipway: error: no password was given\n" }, 'which may be empty');
without_terminal_is([ 'status', @alice ], '', { %pending }, 'PGPASSWORD', { PGPASSWORD => $secret });
without_terminal_is([ 'status' ], '', { %pending }, 'DB_ADMIN_PASSWORD',
	{ DB_HOST => $host, DB_PORT => $port, DB_NAME => $place->{db}, DB_ADMIN_USER => 'alice', DB_ADMIN_PASSWORD => $secret });
without_terminal_is([ 'status' ], '', {
		exit => 8,
		err => $failed =~ s/options/DB_HOST and its like/r . "FATAL:  password authentication failed for user \"alice\"\n" },
	'a wrong DB_ADMIN_PASSWORD',
	{ DB_HOST => $host, DB_PORT => $port, DB_NAME => $place->{db}, DB_ADMIN_USER => 'alice', DB_ADMIN_PASSWORD => 'Wr0ng' });

# Passfiles, and what libpq says about them

{
	my $file = "$place->{home}/pass";
	my %env = (PGPASSFILE => $file);

	write_folder({ pass => "*:*:*:alice:" . $secret . "\n" }, $place->{home});
	chmod 0600, $file or die "chmod: $!\n";
	without_terminal_is([ 'status', @alice ], '', { %pending }, 'a passfile', \%env);
	without_terminal_is([ 'status', @alice, '-d', "dbname=$place->{db} passfile=$file" ], '', { %pending }, 'passfile= in a string');
	chmod 0644, $file or die "chmod: $!\n";
	without_terminal_is([ 'status', @alice ], '', {
			exit => 8,
			err => "WARNING: password file \"$file\" has group or world access; permissions should be u=rw (0600) or less\n"
			  . "${failed}fe_sendauth: no password supplied\n" },
		'one that others may read is not used, and libpq says why', \%env);
	write_folder({ pass => "*:*:*:alice:Wr0ng\n" }, $place->{home});
	chmod 0600, $file or die "chmod: $!\n";
	without_terminal_is([ 'status', @alice ], '', {
			exit => 8,
			err => "${failed}FATAL:  password authentication failed for user \"alice\"\npassword retrieved from file \"$file\"\n" },
		'a wrong password in one', \%env);
	mkdir "$place->{home}/folder" or die "mkdir: $!\n";
	without_terminal_is([ 'status', @alice ], '', {
			exit => 8,
			err => "WARNING: password file \"$place->{home}/folder\" is not a plain file\n${failed}fe_sendauth: no password supplied\n" },
		'a folder instead of one', { PGPASSFILE => "$place->{home}/folder" });
}

# What the server says back is scrubbed, too

for my $try (
	[ "postgresql:///S3cret-x?password=%53%33cret-x&host=$host&port=$port", 'a password of a URI' ],
	[ "password='S3cret-\\x' dbname='S3cret-x' host=$host port=$port", 'of a string' ])
{
	my ($url, $name) = @$try;

	for my $way ([ [ '-v', '-w', 'status', '--url', $url ] ], [ [ '-v', '-w', 'status' ], { DSN => $url } ])
	{
		my ($exit, $out, $err) = without_terminal($way->[0], '', $way->[1]);

		is($exit, 8, "$name: exit code");
		like($err, qr/FATAL:  database "\*\*\*" does not exist\n\z/, "$name: hidden in what the server says");
		unlike("$out$err", qr/S3cret|%53%33cret/, "$name: not shown");
	}
}
without_terminal_is([ '-w', 'status', '-h', $host, '-p', $port, '-d', 'S3cret-x' ], '', {
		exit => 8, err => "${failed}FATAL:  database \"***\" does not exist\n" },
	'that of PGPASSWORD', { PGPASSWORD => 'S3cret-x' });

$node->stop;
done_testing();
