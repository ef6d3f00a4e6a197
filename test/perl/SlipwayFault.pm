# What the tests of failing calls share: a command of the client is run again and again, and each time another of its calls, for
# memory or of the system, fails (test/fixture/fail_at.c).

package SlipwayFault;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use File::Basename qw(dirname);
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes ();

our @EXPORT = qw(why_no_faults fault_rounds files_of);

# libpq waits for ever where it has no memory to say that a pipeline has ended (pqParseInput3() in versions up to 17).
my $SPARED = 'PQmakeEmptyPGresult';

my ($library, $folder);

# Why they cannot be made here, or undef.
sub why_no_faults
{
	# a client that is watched has libraries of its own
	return 'the client is watched by another library' if ($ENV{INSTRUMENT} // '') =~ /asan|valgrind/ || $ENV{ASAN_OPTIONS} && !$ENV{COVERAGE_FOLDER};
	return 'there is no C compiler' if system('command -v cc >/dev/null') != 0;
	$folder = PostgreSQL::Test::Utils::tempdir;
	$library = "$folder/fail_at.so";
	system('cc', '-shared', '-fPIC', '-O1', '-D_GNU_SOURCE', '-o', $library, dirname(__FILE__) . '/../fixture/fail_at.c', '-ldl') == 0
	  or die "could not build what is preloaded\n";
	return;
}

# Runs the command of a scenario.
sub run_command_of
{
	my ($scenario, %fail) = @_;
	my ($in, $out, $err) = ($scenario->{in} // '', '', '');
	my $exit;

	local %ENV = (%ENV, %{ $scenario->{env} // {} }, %fail);
	delete $ENV{$_} for grep { !defined $ENV{$_} } keys %ENV;
	@ENV{qw(LD_PRELOAD FAIL_NOT)} = ($library, $SPARED) if %fail;
	my $done = eval {
		my $run = IPC::Run::start([ 'slipway', @{ $scenario->{args} } ], '<', \$in, '>', \$out, '2>', \$err,
			init => sub { chdir $scenario->{home} or die "could not go home: $!\n" }, my $timeout = IPC::Run::timeout(5));
		eval { $run->finish; 1 } or do { my $why = $@; $run->kill_kill; die $why };
		1;
	};
	$exit = !$done ? 'does not end' : $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
	return { exit => $exit, out => hide($scenario, $out), err => hide($scenario, $err) };
}

# What differs each time.
sub hide
{
	my ($scenario, $text) = @_;

	$text =~ s/\b\d+(?:\.\d+)? (?:ms|s)\b/TIME/g;
	$text =~ s/"(?:[a-z_]*(?:duration|elapsed|seconds|ms|took|_at)|at|time)":(?:"[^"]*"|[\d.e-]+)/"TIME"/g;
	$text =~ s/\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)?/MOMENT/g;
	$text =~ s/\d{8}T\d{6}Z/MOMENT/g;
	$text =~ s/\bpid:? \d+|"pid":\d+/PID/g;
	$text = $scenario->{hide}->($text) if $scenario->{hide};
	return $text;
}

# Names and content of the files in a folder, with what differs hidden.
sub files_of
{
	my ($home, $except) = @_;
	my $text = '';
	my @files = ($home);

	while (defined(my $file = shift @files))
	{
		my $name = substr($file, length $home) =~ s/\d{8}T\d{6}Z/MOMENT/gr;

		next if defined $except && $name =~ $except;
		if (-d $file)
		{
			opendir my $handle, $file or die "could not open $file: $!\n";
			push @files, map { "$file/$_" } sort grep { !/^\.\.?$/ } readdir $handle;
			closedir $handle;
		}
		$text .= $name . (-d $file ? '/' : ': ' . slurp_file($file)) . "\n";
	}
	return $text;
}

# The calls of an undisturbed run: [number, name, place].
sub calls_of
{
	my ($scenario, $kind, %more) = @_;
	my $log = "$folder/log";

	unlink $log;
	my $result = run_command_of($scenario, FAIL_KIND => $kind, FAIL_LOG => $log, %more);
	my @calls = map { /^(\d+) ((\S+).*)/ ? [ $1, $3, $2 ] : () } -e $log ? split(/\n/, slurp_file($log)) : ();
	return ($result, \@calls);
}

# What is wrong with how a round has ended; '' if nothing is.
sub fault_of
{
	my ($scenario, $result, $good, $kind, $before, $after) = @_;
	my ($exit, $out, $err) = @$result{qw(exit out err)};
	my $errors = () = $err =~ /^slipway: error:/mg;
	my $state;

	return "ends by $exit" if $exit !~ /^\d+$/;
	return "exit code $exit\n$out$err" if $exit != $good->{exit} && !grep { $exit == $_ } 1, 2, 8, @{ $scenario->{exits} // [] };
	$state = $scenario->{state}->();
	if ($exit == $good->{exit})
	{
		return "another output\n$out" if $out ne $good->{out} && !($scenario->{tolerates} // sub { 0 })->($result);
		return "another state\n$state" if $state ne $after;
		return "says more\n$err" if $kind =~ /interrupt|part/ && $err ne $good->{err};
		return '';
	}
	return "a signal or a part of what was asked is no error\n$err" if $kind =~ /interrupt|part/;
	return "$errors errors are said\n$out$err" if $errors != 1 && !($scenario->{reports} && $out ne '');
	return "says nothing of why\n$err" if $err =~ /^slipway: error:\s*$|: $|\(null\)|: Success$/m;
	return '' if $state eq $before;
	if ($scenario->{goes_on})
	{
		my $again = run_command_of($scenario);

		return "the next one: $again->{exit}\n$err---\n$again->{out}$again->{err}" if $again->{exit} != 0;
		$state = $scenario->{state}->();
		return "another state after the next one\n$state" if $state ne $after;
		return '';
	}
	return $state eq $after ? '' : "a state between\n$state";
}

# Lets a call from each place fail in turn, at most so many of them, chosen by chance: returns the number of rounds, and those that failed.
# The scenario has
#	name, args, home		the command, and where it is run
#	env, in					its environment and standard input
#	begin					brings about the state that it is run in
#	state					that state, as a text
#	goes_on					whatever has happened, the same command brings it to its end; else the state is that before or that behind
#	exits					codes that it may end with, beside 1, 2 and 8
#	reports					it prints errors as data
sub fault_rounds
{
	my ($scenario, $kind, $limit, %more) = @_;
	my ($before, $after, %seen, @rounds, @faults, %exits);

	$scenario->{state} //= sub { files_of($scenario->{home}) };
	$scenario->{begin}->() if $scenario->{begin};
	$before = $scenario->{state}->();
	my ($good, $calls) = calls_of($scenario, $kind, %more);
	$after = $scenario->{state}->();
	@rounds = grep { !$seen{ $_->[2] }++ } @$calls;
	# the last one of each place, too
	my %last = map { $_->[2] => $_ } @$calls;
	push @rounds, grep { $_->[0] != $rounds[0][0] && $seen{ $_->[2] } > 1 } map { $last{$_} } sort keys %last if $ENV{FAULT_LAST};
	if (defined $limit && @rounds > $limit)
	{
		my @chosen;
		push @chosen, splice(@rounds, rand @rounds, 1) while @chosen < $limit;
		@rounds = sort { $a->[0] <=> $b->[0] } @chosen;
	}
	my $state = $after;
	for my $round (@rounds)
	{
		$scenario->{begin}->() if $scenario->{begin} && $state ne $before;
		my $result = run_command_of($scenario, FAIL_KIND => $kind, FAIL_AT => $round->[0], %more);
		my $fault = fault_of($scenario, $result, $good, $kind, $before, $after);

		$exits{ $result->{exit} }++;
		push @faults, "call $round->[0], $round->[2]: " . substr($fault, 0, $ENV{FAULT_SHOWN} // 500) if $fault ne '';
		$state = $scenario->{state}->();
	}
	note("$scenario->{name}, $kind: " . scalar(@$calls) . ' calls, ' . scalar(@rounds) . ' rounds; exit codes '
		. join(', ', map { "$_: $exits{$_}" } sort keys %exits));
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join("\n", @faults), '', "$scenario->{name}: $kind");
	return ({ rounds => scalar @rounds, exits => \%exits, good => $good });
}

1;
