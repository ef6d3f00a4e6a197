# A server that is none: it lets everybody in, and answers as a test likes, which may be nonsense.

package SlipwayHostile;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IO::Socket::UNIX;
use POSIX ();
use PostgreSQL::Test::Utils;

our @EXPORT = qw(start_hostile stop_hostile rows_of fault_of notice_of copy_of message_of complete_of);

sub message_of
{
	my ($letter, $body) = @_;

	return $letter . pack('N', 4 + length $body) . $body;
}

sub complete_of
{
	return message_of('C', "$_[0]\0");
}

# Rows of text; undef is NULL.
sub rows_of
{
	my ($columns, @rows) = @_;
	my $text = message_of('T', pack('n', scalar @$columns) . join '', map { "$_\0" . pack('NnNnNn', 0, 0, 25, 65535, 0, 0) } @$columns);

	$text .= message_of('D', pack('n', scalar @$_) . join '', map { defined $_ ? pack('N', length $_) . $_ : pack 'N', 0xffffffff } @$_)
	  for @rows;
	return $text . complete_of('SELECT ' . @rows);
}

# Of fields by their letters.
sub fields_of
{
	my ($letter, %fields) = @_;

	return message_of($letter, join('', map { "$_$fields{$_}\0" } sort keys %fields) . "\0");
}

sub fault_of
{
	return fields_of('E', S => 'ERROR', V => 'ERROR', @_);
}

sub notice_of
{
	return fields_of('N', S => 'NOTICE', V => 'NOTICE', C => '00000', @_);
}

# The beginning of a COPY: H for out, G for in, W for both.
sub copy_of
{
	return message_of($_[0], pack('Cn', 0, 1) . pack('n', 0));
}

# Calls answer(SQL) for each statement, for the messages that go in its place.
# at_login: messages before it is ready for the first one; in_place: those in the place of a login.
sub start_hostile
{
	my ($answer, %option) = @_;
	my %server = (host => PostgreSQL::Test::Utils::tempdir_short, port => 5432);
	my $listener = IO::Socket::UNIX->new(Local => "$server{host}/.s.PGSQL.$server{port}", Listen => 5)
	  or die "no socket: $!\n";

	$server{pid} = fork // die "fork: $!\n";
	return \%server if $server{pid};
	$SIG{PIPE} = 'IGNORE';
	$SIG{TERM} = $SIG{INT} = 'DEFAULT';
	$SIG{CHLD} = 'IGNORE';
	while (my $client = $listener->accept)
	{
		next if fork;
		serve($client, $answer, \%option);
		POSIX::_exit(0);
	}
	POSIX::_exit(0);
}

sub stop_hostile
{
	my ($server) = @_;

	kill 'TERM', $server->{pid};
	waitpid $server->{pid}, 0;
	return;
}

sub get
{
	my ($client, $length) = @_;
	my $bytes = '';

	while (length $bytes < $length)
	{
		sysread $client, $bytes, $length - length $bytes, length $bytes or POSIX::_exit(0);
	}
	return $bytes;
}

sub put
{
	my ($client, $bytes) = @_;

	while (length $bytes)
	{
		my $written = syswrite $client, $bytes or POSIX::_exit(0);
		substr $bytes, 0, $written, '';
	}
	return;
}

sub serve
{
	my ($client, $answer, $option) = @_;
	my $sql;

	get($client, unpack('N', get($client, 4)) - 4);
	return put($client, $option->{in_place}) if $option->{in_place};
	put($client, message_of('R', pack 'N', 0) . ($option->{at_login} // '')
		  . join('', map { message_of('S', $_) } "server_version\0" . "15.0\0", "client_encoding\0UTF8\0", "standard_conforming_strings\0on\0")
		  . message_of('K', pack 'NN', 1, 1) . message_of('Z', 'I'));
	while (1)
	{
		my $letter = get($client, 1);
		my $body = get($client, unpack('N', get($client, 4)) - 4);

		last if $letter eq 'X';
		$sql = (split /\0/, $body, -1)[1] if $letter eq 'P';
		put($client, message_of('1', '')) if $letter eq 'P';
		put($client, message_of('2', '')) if $letter eq 'B';
		# the description is part of the answer, as libpq sees no difference
		put($client, $answer->($sql)) if $letter eq 'E';
		put($client, $answer->((split /\0/, $body)[0])) if $letter eq 'Q';
		put($client, message_of('Z', 'I')) if $letter eq 'S' || $letter eq 'Q';
	}
	return;
}

1;
