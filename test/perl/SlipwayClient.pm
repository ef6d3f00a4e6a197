# What the TAP tests of the client share: a place, which is a database of its
# own and a folder "migrations" in a home of its own, and the client run there,
# so that what it says about files does not depend on where they are.

package SlipwayClient;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

our @EXPORT = qw(
  new_place put_files remove_files client client_is start_client finish_client
  json_lines hold_lock applied_is close_gate open_gate is_at_gate hide_chances
);

delete @ENV{qw(COLUMNS NO_COLOR TERM)};

# The client to run; a test of another one sets it with local.
our $program = 'slipway';

my $places = 0;

# A database with the extension and the project "default" (bare => 1: with
# neither), and a home with the files in migrations/.
sub new_place
{
	my ($node, $files, %option) = @_;
	my %place = (node => $node, db => 'place_' . ++$places);
	my $template = $option{bare} ? 'template0' : 'postgres';

	sql($node, "CREATE DATABASE $place{db} TEMPLATE $template", db => 'template1')->{exit} == 0
	  or die "could not create database $place{db}\n";
	sql($node, q{SELECT slipway.create_project('default')}, db => $place{db}) unless $option{bare};
	$place{home} = PostgreSQL::Test::Utils::tempdir;
	mkdir "$place{home}/migrations" or die "could not create a folder: $!\n";
	put_files(\%place, $files) if defined $files;
	return \%place;
}

sub put_files
{
	my ($place, $files) = @_;

	write_folder($files, "$place->{home}/migrations");
	return;
}

sub remove_files
{
	my ($place, @names) = @_;

	for my $name (@names)
	{
		unlink "$place->{home}/migrations/$name" or die "could not remove $name: $!\n";
	}
	return;
}

# Starts the client in the place. A node in the place gives it the connection;
# without one (connect => 0) it has what the arguments say.
sub start_client
{
	my ($place, $args, %option) = @_;
	my %client = (out => '', err => '');
	my @connection =
	  $option{connect} // 1 ? ('-d', $place->{node}->connstr($place->{db})) : ();

	local %ENV = (%ENV, %{ $option{env} // {} });
	$client{run} = IPC::Run::start(
		[ $program, @connection, @$args ],
		'<', \undef, '>', \$client{out}, '2>', \$client{err},
		init => sub {
			chdir $place->{home} or die "could not go home: $!\n";
			# ignored by whoever started the tests, perhaps; the client would keep that
			@SIG{qw(INT TERM HUP QUIT)} = ('DEFAULT') x 4;
		},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%client;
}

# Returns its exit code (128 + N if signal N ended it), stdout and stderr.
sub finish_client
{
	my ($client) = @_;

	$client->{run}->finish;
	my $exit = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	return ($exit, $client->{out}, $client->{err});
}

sub client
{
	return finish_client(start_client(@_));
}

# How long something took differs.
sub hide_times
{
	my ($text) = @_;

	$text =~ s/\b\d+(?:\.\d+)? (?:ms|s)\b/TIME/g;
	return $text;
}

sub text_is
{
	my ($text, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return like($text, $expected, $name) if ref $expected;
	return is(hide_times($text), $expected, $name);
}

# Runs the client and compares exit code, stdout and stderr, where expected: with
# a text (in which durations are TIME) or a pattern. Returns stdout and stderr.
sub client_is
{
	my ($place, $args, $expected, $name, %option) = @_;
	my ($exit, $out, $err) = client($place, $args, %option);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, $expected->{exit} // 0, "$name: exit code") or diag($out, $err);
	text_is($out, $expected->{out} // '', "$name: stdout");
	text_is($err, $expected->{err} // '', "$name: stderr");
	return ($out, $err);
}

# One JSON object on each line, and nothing else.
sub json_lines
{
	my ($text) = @_;

	return [ map { JSON::PP::decode_json($_) } split /\n/, $text ];
}

# Another session takes the lock of the project; returns a function that ends it.
sub hold_lock
{
	my ($place) = @_;
	my ($node, $db) = @$place{qw(node db)};
	my $session = start_sql(
		$node, "SELECT pg_advisory_lock(slipway.lock_key('default'));\nSELECT pg_sleep(60);",
		db => $db, application => 'freezer');

	wait_until($node, "SELECT count(*) = 1 FROM slipway.lock_holder", 'the lock is held', db => $db);
	return sub {
		sql($node, "SELECT pg_terminate_backend(pid) FROM slipway.lock_holder", db => $db);
		return finish_sql($session);
	};
}

# The names of what is applied, with blanks between them.
sub applied_is
{
	my ($place, $expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return query_is(
		$place->{node},
		"SELECT string_agg(name, ' ' ORDER BY name COLLATE \"C\") FROM slipway.schema_migrations",
		$expected, $name, db => $place->{db});
}

# The second migration of a folder may be 0002_gate, which asks for advisory lock 42.
# Holds that until open_gate().
sub close_gate
{
	my ($place) = @_;
	my $session = start_sql($place->{node}, "SELECT pg_advisory_lock(42);\nSELECT pg_sleep(60);", db => $place->{db}, application => 'gate');

	wait_until($place->{node}, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'gate' AND wait_event = 'PgSleep'},
		'the gate is closed');
	return { node => $place->{node}, session => $session };
}

sub open_gate
{
	my ($gate) = @_;

	sql($gate->{node}, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gate'});
	finish_sql($gate->{session});
	return;
}

sub is_at_gate
{
	my ($place) = @_;

	return wait_until($place->{node}, q{SELECT count(*) = 1 FROM slipway.progress WHERE migration = '0002_gate' AND wait_event = 'advisory'},
		'the run is at the gate', db => $place->{db});
}

# What is said of a run, without what differs each time: times, pids, and that it has to
# wait for a lock.
sub hide_chances
{
	my ($text) = @_;

	$text =~ s/^\S+: waits for .*\n(?:  .*\n)+//mg;
	$text =~ s/\b\d+(?:\.\d+)? (?:ms|s)\b/TIME/g;
	$text =~ s/pid \d+/pid PID/g;
	$text =~ s/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/MOMENT/g;
	return $text;
}

1;
