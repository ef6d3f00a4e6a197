# What the TAP tests of the server side share: uploading, migrating and looking
# with plain SQL through psql, also in the background, with everything that the
# server says taken apart.

package SlipwayServer;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(
  literal sql start_sql finish_sql add_migrations add_one migrate start_migrate rehearse start_rehearse of_kind
  has_event_count query_is wait_until history_is_sound no_locks_left wait_for_log connections_are
  answer_of
);

# Whatever the encoding of a database, the tests talk UTF-8.
$ENV{PGCLIENTENCODING} = 'UTF8';

my $LOCKED = q{
	SELECT count(*) FROM pg_locks
	 WHERE locktype = 'advisory'
	    OR (locktype = 'object' AND classid = to_regclass('slipway.history')::oid)};

# A string as an SQL literal.
sub literal
{
	my ($text) = @_;

	$text =~ s/'/''/g;
	return "'$text'";
}

# Starts psql with the statements; what comes out is for finish_sql().
#   db, user   where and as whom (postgres, the superuser)
#   go_on      do not stop at the first error
#   env        settings for the session, as for PGOPTIONS
sub start_sql
{
	my ($node, $statements, %option) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir . '/session';
	my %session = (out => "$file.out", err => "$file.err");
	my $connection = $node->connstr($option{db} // 'postgres');
	my @command = ('psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-f', '-');

	$connection .= " user=$option{user}" if defined $option{user};
	push @command, '-v', 'ON_ERROR_STOP=1' unless $option{go_on};
	PostgreSQL::Test::Utils::append_to_file("$file.in", $statements);
	local $ENV{PGOPTIONS} = $option{env} if defined $option{env};
	local $ENV{PGAPPNAME} = $option{application} // 'test';
	$session{run} = IPC::Run::start(
		[ @command, '-d', $connection ],
		# Files, because nobody reads or writes pipes until finish_sql().
		'<', "$file.in", '>', $session{out}, '2>', $session{err},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return \%session;
}

# Waits for the end of it. The answer has
#   exit, out, err   of psql
#   event            what came as INFO, decoded, each with its text as "text"
#   sqlstate, error  of the first error, '' without one
#   warning          [sqlstate, text] of each warning
sub finish_sql
{
	my ($session) = @_;
	my %answer = (event => [], warning => [], sqlstate => '', error => '');

	$session->{run}->finish;
	$answer{exit} = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	$answer{out} = PostgreSQL::Test::Utils::slurp_file($session->{out});
	$answer{out} =~ s/\n\z//;
	$answer{err} = my $err = PostgreSQL::Test::Utils::slurp_file($session->{err});
	while ($err =~ /INFO:  \w{5}: (.*)\nDETAIL:  (\{.*\})\n/g)
	{
		push @{ $answer{event} }, { text => $1, %{ JSON::PP::decode_json($2) } };
	}
	while ($err =~ /WARNING:  (\w{5}): (.*)/g)
	{
		push @{ $answer{warning} }, [ $1, $2 ];
	}
	($answer{sqlstate}, $answer{error}) = ($1, $2)
	  if $err =~ /(?:ERROR|FATAL|PANIC):  (\w{5}): (.*)/;
	return \%answer;
}

sub sql
{
	return finish_sql(start_sql(@_));
}

# Adds migrations, given as [name, body] or [name, body], ..., with one
# connection. Dies unless that works.
sub add_migrations
{
	my ($node, $migrations, %option) = @_;
	my $project = literal($option{project} // 'default');
	my $answer = sql(
		$node,
		join('',
			map {
				sprintf "SELECT slipway.add_migration(%s, %s, project => %s);\n",
				  literal($_->[0]), literal($_->[1]), $project
			} @$migrations),
		%option);

	die "could not add migrations: $answer->{err}" if $answer->{exit} != 0;
	return;
}

my $projects = 0;

# A project of its own with one migration, as migrate() takes it.
sub add_one
{
	my ($node, @statements) = @_;
	my $project = 'p' . ++$projects;

	sql($node, "SELECT slipway.create_project('$project')");
	add_migrations($node, [ [ '0001_it', join(";\n", @statements) . ';' ] ], project => $project);
	return (project => $project);
}

# The events of a kind in the answer of finish_sql().
sub of_kind
{
	my ($answer, $kind) = @_;

	return grep { $_->{event} eq $kind } @{ $answer->{event} };
}

# CALL slipway.migrate or another procedure of its kind, in the background or to its
# end. Options of the run stand in "with", as a hash.
#   before, after   statements of the same session
sub start_call
{
	my ($procedure, $node, %option) = @_;
	my $with = JSON::PP->new->canonical->ascii->encode($option{with} // {});

	return start_sql(
		$node,
		sprintf("%s\nCALL slipway.$procedure(%s, %s);\n%s\n",
			$option{before} // '',
			literal($option{project} // 'default'),
			literal($with), $option{after} // ''),
		%option);
}

sub start_migrate
{
	return start_call('migrate', @_);
}

sub migrate
{
	return finish_sql(start_migrate(@_));
}

sub start_rehearse
{
	return start_call('rehearse', @_);
}

sub rehearse
{
	return finish_sql(start_rehearse(@_));
}

# How many events of a kind there were.
sub has_event_count
{
	my ($answer, $kind, $count, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is(scalar(grep { $_->{event} eq $kind } @{ $answer->{event} }), $count, $name);
}

# The rows of a query, one per line.
sub query_is
{
	my ($node, $query, $expected, $name, %option) = @_;
	my $answer = sql($node, $query, %option);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is($answer->{out} . $answer->{err}, $expected, $name);
}

# What a session of background_psql() answers: without the end of the line, which the module of 16 leaves at it.
sub answer_of
{
	my ($session, $query) = @_;
	my $answer = $session->query_safe($query);

	chomp $answer;
	return $answer;
}

# Polls until the query says t; false, and a failed test, if it never does.
sub wait_until
{
	my ($node, $query, $name, %option) = @_;
	my $until = Time::HiRes::time() + ($option{seconds} // 20);
	my $answer;

	do
	{
		$answer = sql($node, $query, %option);
		return 1 if $answer->{out} eq 't';
		Time::HiRes::sleep(0.02);
	} while (Time::HiRes::time() < $until);
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	fail("waiting until $name");
	diag("$query\n$answer->{out}$answer->{err}");
	return 0;
}

# What must hold of any project whatever has happened to it: the chain is whole,
# nothing was applied twice, and no run says that it goes on.
sub history_is_sound
{
	my ($node, $name, %option) = @_;
	my $project = literal($option{project} // 'default');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	query_is($node, "SELECT * FROM slipway.verify_history($project)", '',
		"$name: the history verifies", %option);
	query_is(
		$node, "SELECT migration, count(*) FROM slipway.history
		 WHERE project = $project AND action = 'apply' AND outcome = 'succeeded'
		 GROUP BY migration HAVING count(*) > 1", '',
		"$name: no migration was applied twice", %option);
	query_is(
		$node, "SELECT number FROM slipway.run
		 WHERE project = $project AND outcome = 'running'", '',
		"$name: no run is left running", %option);
	return;
}

sub no_locks_left
{
	my ($node, $name, %option) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return query_is($node, $LOCKED, '0', "$name: no lock is left", %option);
}

# Has everybody who logged in left again, as a log has it?
sub is_over
{
	my ($log) = @_;
	my %there;

	while ($log =~ /\[(\d+)\] .*(?:LOG:  (connection authorized|disconnection)|FATAL): /g)
	{
		($2 // '') eq 'connection authorized' ? $there{$1} = 1 : delete $there{$1};
	}
	return !%there;
}

# The end of the log of a server that has log_connections and log_disconnections
# since its start, once all connections have ended.
sub wait_for_log
{
	my ($node) = @_;
	my $until = Time::HiRes::time() + 20;
	my $log;

	do
	{
		Time::HiRes::sleep(0.01);
		$log = PostgreSQL::Test::Utils::slurp_file($node->logfile);
	} while (!is_over($log) && Time::HiRes::time() < $until);
	return length $log;
}

# What it has written since then: that so many connections came, that those that
# logged in went, and nothing else.
sub connections_are
{
	my ($node, $offset, $count, $name) = @_;

	wait_for_log($node);
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(scalar(() = $log =~ /LOG:  connection received: /g), $count, "$name: connections");
	is(scalar(() = $log =~ /LOG:  connection authorized: /g), scalar(() = $log =~ /LOG:  disconnection: /g),
		"$name: the end of those that logged in");
	return is(join("\n", grep { !/LOG:  (?:dis)?connection(?: \w+)?: / } split /\n/, $log), '', "$name: nothing else is logged");
}

1;
