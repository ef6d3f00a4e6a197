# The tour of README.md, followed to the letter: its commands are run, and what
# they print is what it says, but for times.

use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/../..');
my ($tour) = slurp_file("$root/README.md") =~ /^## Two minutes\n(.*?)^## /ms;
my $node = new_node('tour', extension => 0);
my $home = PostgreSQL::Test::Utils::tempdir;

# [command, output] of each "$ " in the indented blocks; a command goes on in
# lines that begin with "> ".
sub read_steps
{
	my ($text) = @_;
	my @steps;

	for my $line (map { /^    (.*)/ ? $1 : /^$/ ? '' : () } split /\n/, $text)
	{
		if ($line =~ /^\$ (.*)/) { push @steps, [ "$1\n", '' ]; }
		elsif (@steps && $line =~ /^> (.*)/) { $steps[-1][0] .= "$1\n"; }
		elsif (@steps) { $steps[-1][1] .= "$line\n"; }
	}
	return @steps;
}

# What differs from day to day, and how much room it takes in a table.
sub hide
{
	my ($text) = @_;

	$text =~ s/\b\d+(?:\.\d+)? (?:ms|s)\b/TIME/g;
	$text =~ s/\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\b/MOMENT/g;
	$text =~ s/\b20\d{12}_/STAMP_/g;
	$text =~ s/ +TIME/ TIME/g;
	$text =~ s/\n+\z/\n/;
	return $text eq "\n" ? '' : $text;
}

my $user = sql($node, 'SELECT current_user')->{out};
my @steps = read_steps($tour);
local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port);
sql($node, 'CREATE DATABASE tour');
mkdir "$home/migrations" or die "could not create a folder: $!\n";
cmp_ok(scalar @steps, '>=', 8, 'the tour has steps');
for my $step (@steps)
{
	my ($command, $expected) = @$step;
	my $output = `cd $home && { $command } 2>&1`;

	$output =~ s/\b\Q$user\E$/postgres/mg;
	is(hide($output), hide($expected), $command =~ s/\n.*//sr);
}
history_is_sound($node, 'after the tour', db => 'tour');
$node->stop;
done_testing();
