# The client on a terminal: a real pty of some size, and a screen that does with
# what is written there what terminals do.

package SlipwayScreen;

use strict;
use warnings FATAL => 'all';

use Encode ();
use Exporter 'import';
use IO::Pty ();
use IO::Select ();
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

our @EXPORT = qw(start_screen read_until type_keys resize_screen finish_screen screen_lines);

# Starts slipway in the place, with the connection if there is a node, with its arguments.
#   columns   of the terminal (80)
#   env       on top of the environment; TERM is xterm
sub start_screen
{
	my ($place, $args, %option) = @_;
	my $pty = IO::Pty->new;
	my %screen = (
		pty => $pty, columns => $option{columns} // 80, raw => '', rows => [ [] ], row => 0, column => 0, rest => '');

	$pty->slave->set_winsize(24, $screen{columns});
	my $pid = fork // die "could not fork: $!\n";
	if ($pid == 0)
	{
		# ignored by whoever started the tests, perhaps; the client would keep that
		@SIG{qw(INT TERM HUP)} = ('DEFAULT') x 3;
		$pty->make_slave_controlling_terminal;
		my $slave = $pty->slave;
		close $pty;
		%ENV = (%ENV, TERM => 'xterm', %{ $option{env} // {} });
		open STDIN, '<&', $slave and open STDOUT, '>&', $slave and open STDERR, '>&', $slave
		  and chdir $place->{home}
		  and exec 'slipway', (defined $place->{node} ? ('-d', $place->{node}->connstr($place->{db})) : ()), @$args;
		POSIX::_exit(99);
	}
	$pty->close_slave;
	$screen{pid} = $pid;
	return \%screen;
}

sub put_character
{
	my ($screen, $character) = @_;
	my $width = $character =~ /\p{East_Asian_Width: Wide}/ ? 2 : 1;

	if ($screen->{column} + $width > $screen->{columns})
	{
		$screen->{column} = 0;
		$screen->{row}++;
	}
	my $row = $screen->{rows}[ $screen->{row} ] //= [];
	$row->[$_] //= ' ' for 0 .. $screen->{column};
	$row->[ $screen->{column} ] = $character;
	$row->[ $screen->{column} + 1 ] = '' if $width == 2;
	$screen->{column} += $width;
	return;
}

sub cut_row
{
	my ($screen) = @_;
	my $row = $screen->{rows}[ $screen->{row} ];

	splice @$row, $screen->{column} if $screen->{column} < @$row;
	return;
}

# What stays of the text is the beginning of something.
sub write_text
{
	my ($screen, $text) = @_;

	while ($text ne '')
	{
		if ($text =~ s/\A\r//) { $screen->{column} = 0; }
		elsif ($text =~ s/\A\n//) { $screen->{row}++; $screen->{rows}[ $screen->{row} ] //= []; }
		elsif ($text =~ s/\A\x08//) { $screen->{column}-- if $screen->{column} > 0; }
		elsif ($text =~ s/\A\e\[(\d*)A//)
		{
			$screen->{row} -= $1 || 1;
			die "the cursor left the screen\n" if $screen->{row} < 0;
		}
		elsif ($text =~ s/\A\e\[K//) { cut_row($screen); }
		elsif ($text =~ s/\A\e\[J//)
		{
			cut_row($screen);
			splice @{ $screen->{rows} }, $screen->{row} + 1;
		}
		elsif ($text =~ s/\A\e\[[\d;]*m//) { }
		elsif ($text =~ /\A\e(?:\[[\d;]*)?\z/) { last; }
		elsif ($text =~ /\A\e/) { die "an escape sequence that is not known: " . substr($text, 1, 10) . "\n"; }
		else { put_character($screen, substr($text, 0, 1, '')); }
	}
	return $text;
}

# Takes what has been written; false at the end.
sub read_some
{
	my ($screen, $seconds) = @_;

	return 1 unless IO::Select->new($screen->{pty})->can_read($seconds);
	return 0 unless sysread $screen->{pty}, my $bytes, 65536;
	$screen->{raw} .= $bytes;
	$bytes = $screen->{rest} . $bytes;
	my $text = Encode::decode('UTF-8', $bytes, Encode::FB_QUIET);
	my $left = write_text($screen, $text);
	$screen->{rest} = Encode::encode('UTF-8', $left) . $bytes;
	return 1;
}

# The rows of the screen, as bytes, without blanks at their ends.
sub screen_lines
{
	my ($screen) = @_;

	return map { Encode::encode('UTF-8', join('', map { $_ // ' ' } @$_) =~ s/ +\z//r) } @{ $screen->{rows} };
}

# Reads until the screen has a line like that (or, with a function, is as that
# wants its lines); false, and a failed test, if it never does.
sub read_until
{
	my ($screen, $pattern, $name) = @_;
	my $until = time + 20;

	while (time < $until)
	{
		my @lines = screen_lines($screen);
		if (ref $pattern eq 'CODE' ? $pattern->(@lines) : grep { /$pattern/ } @lines)
		{
			local $Test::Builder::Level = $Test::Builder::Level + 1;
			return pass($name);
		}
		last unless read_some($screen, 0.05);
	}
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	fail($name);
	diag("no line like $pattern in\n", map { "$_\n" } screen_lines($screen));
	return 0;
}

sub type_keys
{
	my ($screen, $keys) = @_;

	syswrite $screen->{pty}, $keys or die "could not type: $!\n";
	return;
}

# As a window that becomes wider or narrower, with what is there wrapped anew.
sub resize_screen
{
	my ($screen, $columns) = @_;
	my @old = @{ $screen->{rows} };

	@$screen{qw(rows row column columns)} = ([ [] ], 0, 0, $columns);
	for my $i (0 .. $#old)
	{
		put_character($screen, $_) for grep { $_ ne '' } map { $_ // ' ' } @{ $old[$i] };
		write_text($screen, "\r\n") if $i < $#old;
	}
	$screen->{pty}->set_winsize(24, $columns);
	return;
}

# Waits for the end; returns the exit code and the lines.
sub finish_screen
{
	my ($screen) = @_;
	my $until = time + $PostgreSQL::Test::Utils::timeout_default;

	1 while time < $until && read_some($screen, 1);
	waitpid $screen->{pid}, 0;
	my $exit = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	return ($exit, screen_lines($screen));
}

1;
