# Runs TAP tests as prove does, and writes one line per file to COUNT-FILE: its
# name, the assertions that passed (without skipped ones), and those that
# failed. A file that died or broke its plan without one failed counts as one.
#
# usage: perl run_tap.pl COUNT-FILE TEST...

use strict;
use warnings FATAL => 'all';

use TAP::Harness;

my ($count_file, @tests) = @ARGV;
my $harness = TAP::Harness->new(
	{
		jobs     => $ENV{TEST_JOBS} || 1,
		failures => 1,
		timer    => 1,
	});
my $aggregate = $harness->runtests(@tests);

open my $out, '>', $count_file or die "could not open $count_file: $!\n";
for my $name ($aggregate->descriptions)
{
	my ($parser) = $aggregate->parsers($name);
	my $failed = scalar $parser->failed;
	$failed = 1 if $failed == 0 && $parser->has_problems;
	printf $out "%s %d %d\n", $name,
	  scalar($parser->passed) - scalar($parser->skipped), $failed;
}
close $out or die "could not write $count_file: $!\n";

exit($aggregate->all_passed ? 0 : 1);
