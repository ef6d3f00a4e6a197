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

our @EXPORT = qw(why_no_faults fault_rounds files_of database_state);

# libpq waits for ever where it has no memory to say that a pipeline has ended (pqParseInput3() in versions up to 17).
my $SPARED = 'PQmakeEmptyPGresult';

# What goes on for so many seconds is taken for endless.
my $TIMEOUT = 60;

my $seed = $ENV{FAULT_SEED} // int(rand(1e6));
my $chance = $seed;
my ($library, $folder);

# Why they cannot be made here, or undef.
sub why_no_faults
{
	# what is found by chance is no reason that somebody's change cannot pass
	return 'make torture does that (FAULT_ROUNDS)' unless $ENV{FAULT_ROUNDS};
	# a client that is watched has libraries of its own
	return 'the client is watched by another library' if $ENV{ASAN_OPTIONS} && !$ENV{COVERAGE_FOLDER};
	return 'there is no C compiler' if system('command -v cc >/dev/null') != 0;
	$folder = PostgreSQL::Test::Utils::tempdir;
	$library = "$folder/fail_at.so";
	system('cc', '-shared', '-fPIC', '-O1', '-D_GNU_SOURCE', '-o', $library, dirname(__FILE__) . '/../fixture/fail_at.c', '-ldl') == 0
	  or die "could not build what is preloaded\n";
	note("FAULT_SEED=$seed");
	return;
}

# Runs the command of a scenario.
sub run_command_of
{
	my ($scenario, %fail) = @_;
	my ($in, $out, $err) = ("$folder/in", '', '');
	my ($exit, $late);

	# not through a pipe, which a command that ends early would break
	open my $handle, '>', $in or die "could not write $in: $!\n";
	print $handle $scenario->{in} // '';
	close $handle or die "could not write $in: $!\n";

	local %ENV = (%ENV, %{ $scenario->{env} // {} }, %fail);
	delete $ENV{$_} for grep { !defined $ENV{$_} } keys %ENV;
	@ENV{qw(LD_PRELOAD FAIL_NOT)} = ($library, $SPARED) if %fail;
	eval {
		my @args = ref $scenario->{args} eq 'CODE' ? $scenario->{args}->() : @{ $scenario->{args} };
		my $run = IPC::Run::start([ 'slipway', @args ], '<', $in, '>', \$out, '2>', \$err,
			init => sub { chdir $scenario->{home} or die "could not go home: $!\n" }, IPC::Run::timeout($TIMEOUT));
		eval { $run->finish; 1 } or do { my $why = $@; $run->kill_kill; die $why };
		1;
	} or $late = $@;
	die $late if defined $late && $late !~ /timeout/;
	$exit = defined $late ? 'does not end' : $? & 127 ? 'signal ' . ($? & 127) : $? >> 8;
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
	$text =~ s/\b[0-9a-f]{16,64}\b/HASH/g;
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

# The lines that only one of two texts has.
sub difference
{
	my ($expected, $found) = @_;
	my %expected = map { $_ => 1 } split /\n/, $expected;
	my %found = map { $_ => 1 } split /\n/, $found;

	return join '', map({ "-$_\n" } grep { !$found{$_} } sort keys %expected), map({ "+$_\n" } grep { !$expected{$_} } sort keys %found);
}

# What is wrong with how a round has ended; '' if nothing is.
sub fault_of
{
	my ($scenario, $result, $good, $kind, $before, $after, $state) = @_;
	my ($exit, $out, $err) = @$result{qw(exit out err)};
	my $errors = () = $err =~ /^slipway: error:/mg;

	return "ends by $exit" if $exit !~ /^\d+$/;
	return "exit code $exit\n$out$err" if $exit != $good->{exit} && !grep { $exit == $_ } 1, 2, 8, @{ $scenario->{exits} // [] };
	if ($exit == $good->{exit})
	{
		return "another output\n" . difference($good->{out}, $out) if $out ne $good->{out} && !($scenario->{tolerates} // sub { 0 })->($result);
		return "another state\n" . difference($after, $state) if $state ne $after;
		return "says more\n$err" if $kind =~ /interrupt|part/ && $err ne $good->{err} && !$scenario->{varies};
		return '';
	}
	return "a signal or a part of what was asked is no error\n$err" if $kind =~ /interrupt|part/;
	return "$errors errors are said\n$out$err" if $errors != 1 && !($scenario->{reports} && $out ne '') && !($scenario->{warns} && $err =~ /^slipway: warning:/m);
	return "says nothing of why\n$err" if $err =~ /^slipway: error:\s*$|: $|\(null\)|: Success$/m;
	return '' if $state eq $before;
	if ($scenario->{goes_on})
	{
		my $again;

		# the server may not have noticed yet that the client is gone, and keep its locks
		for my $try (1 .. 20)
		{
			$again = run_command_of({ %$scenario, args => $scenario->{again} // $scenario->{args} });
			last if $again->{exit} ne '7';
			Time::HiRes::sleep(0.5);
		}

		# it may have been at its end, which some say by an error
		return '' if $state eq $after;
		return "the next one: $again->{exit}\n$err---\n$again->{out}$again->{err}" if $again->{exit} ne '0';
		$state = hide($scenario, $scenario->{state}->());
		return "another state after the next one\n" . difference($after, $state) if $state ne $after;
		return '';
	}
	return $state eq $after ? '' : "a state between\n" . difference($after, $state);
}

# What a database has of slipway and of the scripts, once nobody works in it any more.
sub database_state
{
	my ($node, $db) = @_;

	for my $try (1 .. 200)
	{
		my @queries = map { ('-c', $_) } (
			q{SELECT 'busy' FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()},
			q{SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1},
			'SELECT * FROM slipway.verify_history()',
			'SELECT project, migration, state FROM slipway.status ORDER BY 1, 2',
			q{SELECT count(*) FROM slipway.run WHERE outcome = 'running'},
			'SELECT count(*) FROM slipway.journal WHERE closed_by IS NULL',
			q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())});
		# a database may have no extension yet, or no project
		my ($out, $err) = run_command([ 'psql', '-XAtq', '-v', 'VERBOSITY=sqlstate', '-d', $node->connstr($db), @queries ]);

		die "could not look: $err" if $? >> 8 == 2;
		return "$out $err" if $out !~ /^busy$/m;
		Time::HiRes::sleep(0.02);
	}
	return 'somebody is busy there';
}

# A number below that. Not rand(), which names temporary files.
sub chance
{
	my ($below) = @_;

	$chance = ($chance * 1103515245 + 12345) % 2**31;
	return int($chance / 2**16) % $below;
}

# Which calls are to fail: those from each place in the client, or so many of them, chosen by chance.
sub choose_rounds
{
	my ($calls, $limit) = @_;
	my (%seen, @chosen);
	my @rounds = grep { !$seen{ $_->[2] }++ } @$calls;

	return @rounds if $limit eq 'all' || $limit >= @rounds;
	push @chosen, splice(@rounds, chance(scalar @rounds), 1) while @chosen < $limit;
	return sort { $a->[0] <=> $b->[0] } @chosen;
}

# Lets calls of each kind fail in turn, and tests that nothing is wrong with how the command ends then. The scenario has
#	name, home		what it is called, and where the command is run
#	args			its arguments, or a function that returns them
#	env, in			its environment and standard input
#	begin			brings about the state that it is run in (always => 1: anew for each round)
#	state			that state, as a text (default: the files at home)
#	hide			a function that takes out of a text what differs each time
#	goes_on			whatever has happened, the same command (or with arguments of its own: again) brings it to its end; else the state is
#					that before or that behind
#	exits			codes that it may end with, beside 1, 2, 8 and its usual one
#	tolerates		is told of a result that is not as usual although the exit code is: is it right all the same?
#	reports			it prints errors as data
#	warns			it goes on to something else, with a warning
#	varies			what it says depends on how fast others are
# FAULT_ROUNDS=N|all	how many of each kind
sub fault_rounds
{
	my ($scenario, @kinds) = @_;

	$chance = $seed;
	$scenario->{state} //= sub { files_of($scenario->{home}) };
	$scenario->{begin} //= sub { };
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	rounds_of_kind($scenario, $_) for @kinds ? @kinds : qw(memory system interrupt part);
	return;
}

sub rounds_of_kind
{
	my ($scenario, $kind) = @_;
	my $hidden = sub { hide($scenario, $scenario->{state}->()) };
	my (@faults, %exits);

	$scenario->{begin}->();
	my $before = $hidden->();
	my ($good, $calls) = calls_of($scenario, $kind);
	my $after = my $state = $hidden->();
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($good->{exit}, $scenario->{exit} // 0, "$scenario->{name}: without a fault") or return diag($good->{err});
	my @rounds = choose_rounds($calls, $ENV{FAULT_ROUNDS});
	for my $round (@rounds)
	{
		$scenario->{begin}->() if $scenario->{always} || $state ne $before;
		my $result = run_command_of($scenario, FAIL_KIND => $kind, FAIL_AT => $round->[0]);
		$state = $hidden->();
		my $fault = fault_of($scenario, $result, $good, $kind, $before, $after, $state);
		push @faults, "call $round->[0], $round->[2]: " . substr($fault, 0, $ENV{FAULT_SHOWN} // 1000) if $fault ne '';
		$exits{ $result->{exit} }++;
	}
	note("$scenario->{name}, $kind: " . scalar(@$calls) . ' calls, ' . scalar(@rounds) . ' rounds; exit codes '
		. join(', ', map { "$_: $exits{$_}" } sort keys %exits));
	return is(join("\n", @faults), '', "$scenario->{name}: $kind");
}

1;
