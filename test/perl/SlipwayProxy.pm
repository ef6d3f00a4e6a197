# A proxy between the client and a real server that understands as much of the
# protocol as it takes to cut the connection at a given message.

package SlipwayProxy;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IO::Select;
use IO::Socket::UNIX;
use POSIX ();
use PostgreSQL::Test::Utils;

our @EXPORT = qw(start_proxy stop_proxy);

# Starts one for a node. It cuts every connection when it meets a message:
#   side    'client' or 'server': who sends it
#   type    its letter; 'startup' is the first one of the client
#   match   what must be in it
#   number  which one of that kind, from 1
#   bytes   how much of it still goes through
#   hold    'this': in place of being cut the connection stays, and from then on nobody gets an
#           answer; 'others': it is cut, and from then on nobody else gets one
# Without a side it only accepts connections, and never answers. What is given
# as "meanwhile" is called when a client that has read its folder speaks of the manifest for the
# first time, before the server gets that; side => 'none' cuts nothing.
sub start_proxy
{
	my ($node, %cut) = @_;
	my %proxy = (host => PostgreSQL::Test::Utils::tempdir_short, port => $node->port);
	my $listener = IO::Socket::UNIX->new(Local => "$proxy{host}/.s.PGSQL.$proxy{port}", Listen => 5)
	  or die "no socket for the proxy: $!\n";

	$cut{number} //= 1;
	$cut{bytes} //= 0;
	$proxy{pid} = fork // die "fork: $!\n";
	return \%proxy if $proxy{pid};

	$SIG{PIPE} = 'IGNORE';
	# The servers are the parent's: a handler that dies would stop them.
	$SIG{TERM} = $SIG{INT} = 'DEFAULT';
	my @silent;
	my $blocked = 0;
	while (my $client = $listener->accept)
	{
		my $met = defined $cut{side} && !$blocked && relay($client, $node->host . '/.s.PGSQL.' . $node->port, \%cut);

		push @silent, $client if !defined $cut{side} || $blocked || ($met && ($cut{hold} // '') eq 'this');
		$blocked ||= $met && defined $cut{hold};
	}
	POSIX::_exit(0);
}

sub stop_proxy
{
	my ($proxy) = @_;

	kill 'TERM', $proxy->{pid};
	waitpid $proxy->{pid}, 0;
	return;
}

# One connection, until somebody closes it or it is cut, which is true.
sub relay
{
	my ($client, $path, $cut) = @_;
	my $server = IO::Socket::UNIX->new(Peer => $path) or return;
	my %side = (
		client => { from => $client, to => $server, buffer => '', started => 0 },
		server => { from => $server, to => $client, buffer => '', started => 1 });
	my $select = IO::Select->new($client, $server);
	my $seen = 0;

	while (1)
	{
		for my $ready ($select->can_read)
		{
			my $name = $ready == $client ? 'client' : 'server';
			my $side = $side{$name};

			return unless sysread $ready, $side->{buffer}, 65536, length $side->{buffer};
			while (defined(my $length = message_length($side)))
			{
				my $type = $side->{started} ? substr($side->{buffer}, 0, 1) : 'startup';

				if ($name eq $cut->{side} && $type eq $cut->{type} &&
					substr($side->{buffer}, 0, $length) =~ ($cut->{match} // qr/./s) && ++$seen == $cut->{number})
				{
					send_all($side->{to}, substr($side->{buffer}, 0, $cut->{bytes}));
					return 1;
				}
				$cut->{meanwhile}->()
				  if $cut->{meanwhile} && $name eq 'client' && substr($side->{buffer}, 0, $length) =~ /_manifest\(/ && !$side->{told}++;
				return unless send_all($side->{to}, substr($side->{buffer}, 0, $length, ''));
				$side->{started} = 1;
			}
		}
	}
}

# How long the first message in a buffer is; undef while part of it is missing.
sub message_length
{
	my ($side) = @_;
	my $letter = $side->{started} ? 1 : 0;

	return if length $side->{buffer} < $letter + 4;
	my $length = $letter + unpack 'N', substr $side->{buffer}, $letter, 4;
	return length $side->{buffer} < $length ? undef : $length;
}

sub send_all
{
	my ($to, $bytes) = @_;

	while (length $bytes)
	{
		my $sent = syswrite $to, $bytes or return 0;
		substr $bytes, 0, $sent, '';
	}
	return 1;
}

1;
