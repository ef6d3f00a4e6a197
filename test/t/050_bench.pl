# The benchmark, at a tiny size: it measures the tools that are right, and says
# of those that do nothing, half of it, or too much that they are wrong. What it
# measures is of no interest here.

use strict;
use warnings FATAL => 'all';

use Cwd ();
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

plan skip_all => 'there is no python3' if system('command -v python3 >/dev/null') != 0;

my $bench = Cwd::abs_path('bench');
my $node = new_node('main', extension => 0, conf => "listen_addresses = '127.0.0.1'\n");

# Sizes of this scale: 5 small migrations, 50 one-liners, 1 pending.
my %tiny = (BENCH_SCALE => '0.005', BENCH_ROUNDS => 1, PYTHONDONTWRITEBYTECODE => 1);

delete @ENV{ grep { /^BENCH_/ } keys %ENV };

sub start_bench
{
	my ($variables, @arguments) = @_;
	my $out = PostgreSQL::Test::Utils::tempdir;
	my %run = (report => $out, out => '', err => '');

	local %ENV = (%ENV, %tiny, %$variables);
	$run{run} = IPC::Run::start(
		[
			'python3', "$bench/main.py", '--data' => $node->data_dir, '--socket' => $node->host,
			'--port' => $node->port, '--user' => scalar getpwuid($>),
			'--work' => PostgreSQL::Test::Utils::tempdir, '--out' => $out, @arguments
		],
		'<', \undef, '>', \$run{out}, '2>', \$run{err},
		IPC::Run::timeout(3 * $PostgreSQL::Test::Utils::timeout_default));
	return \%run;
}

# Returns its exit code, what it printed, and the records of the runs.
sub finish_bench
{
	my ($run) = @_;

	$run->{run}->finish;
	my $exit = $? & 127 ? 128 + ($? & 127) : $? >> 8;
	my $lines = -e "$run->{report}/runs.jsonl" ? slurp_file("$run->{report}/runs.jsonl") : '';
	return ($exit, $run->{out}, $run->{err}, [ map { JSON::PP::decode_json($_) } split /\n/, $lines ]);
}

sub bench
{
	return finish_bench(start_bench(@_));
}

# "tool: problem" of each tool in a workload that was wrong.
sub problems_in
{
	my ($workload, $records) = @_;
	my %problem;

	for my $record (grep { $_->{workload} eq $workload } @$records)
	{
		$problem{ $record->{tool} } //= $record->{problem} if defined $record->{problem};
	}
	return [ map { "$_: $problem{$_}" } sort keys %problem ];
}

sub refused
{
	my ($variables, $message) = @_;
	my ($exit, $out, $err) = bench($variables);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is("$exit $out$err", "2 error: $message\n", $message);
	return;
}

is(system('make', '--no-print-directory', '-s', '-C', "$bench/src"), 0, 'its programs can be built');

#
# Every workload, with the tools that are there without installing any
#
{
	my ($exit, $out, $err, $records) = bench({});
	my @wrong = map { "$_->{workload} $_->{tool}: $_->{problem}" } grep { defined $_->{problem} } @$records;
	my %seen = map { ("$_->{workload} $_->{tool}" => $_) } @$records;

	is($exit, 0, 'the benchmark runs') or diag($out, $err);
	is_deeply(\@wrong, [], 'every tool is right in every workload');
	is_deeply(
		[ sort map { /(\S+) slipway$/ ? $1 : () } keys %seen ],
		[
			sort qw(small-1000 noop-1000 one-new-on-1000 eight-deployers eight-deployers-data through-20ms
			  script-1mb script-10mb script-20mb script-50mb script-100mb one-liners-10000 noop-10000)
		],
		'all workloads are there');
	is_deeply([ sort map { /(\S+) slipway-snapshot$/ ? $1 : () } keys %seen ], [ 'one-new-on-1000', 'small-1000' ],
		'two of them with snapshots, too');
	is_deeply([ grep { length > 80 } split /\n/, $out ], [], 'the report has 80 columns');
	like($out, qr/^small-1000 +wall +0\.80 +\d+\.\d+  not judged$/m, 'targets are not judged at another size');

	# Counts are exact. Login is a round trip; then history, and files.
	my %trips = map { ($_ => $seen{"through-20ms $_"}{wire}{trips}) } qw(libpq-oneshot psql-perfile);
	is_deeply(\%trips, { 'libpq-oneshot' => 2, 'psql-perfile' => 39 }, 'round trips are counted');
	is_deeply([ grep { $_->{wire} && $_->{wire}{login_trips} != $_->{wire}{connections} } @$records ],
		[], 'those of the login apart');
	is($seen{"eight-deployers $_"}{wire}{connections} // 8, 8, "$_: eight sessions") for qw(slipway psql-perfile);
	cmp_ok($seen{'through-20ms psql-perfile'}{wall}, '>=', 41 * 0.02, 'and delayed, the handshake too');
	my ($delay) = $out =~ /^proxy: adds ([\d.]+) ms to a round trip; 20 ms were asked for$/m;
	cmp_ok($delay, '>=', 19.5, 'the delay is measured');
}

# Each tool runs beside the reference, and the second round goes backwards.
{
	my ($exit, $out, $err, $records) = bench(
		{ BENCH_WORKLOADS => 'noop-1000', BENCH_TOOLS => 'slipway libpq-perfile libpq-async', BENCH_ROUNDS => 2 });
	my %order = (0 => '', 1 => '', 2 => '');

	$order{ $_->{round} } .= " $_->{tool}" for @$records;
	is_deeply(
		\%order,
		{
			0 => ' psql-perfile slipway libpq-perfile libpq-async',
			1 => ' slipway psql-perfile libpq-perfile libpq-async psql-perfile',
			2 => ' psql-perfile libpq-async libpq-perfile psql-perfile slipway'
		},
		'the order of the runs');
	my %pair;
	$pair{ $_->{pair} } .= " $_->{tool}" for grep { $_->{round} > 0 } @$records;
	is_deeply([ grep { (() = / psql-perfile/g) != 1 } values %pair ],
		[], 'each pair has one run of the reference');
}

#
# Tools that are not right
#
my $fakes = write_folder({ 'fakes.py' => <<'END' });
from adapter import Adapter, first_line
from migration import Migration, put

RECORD = """CREATE TABLE IF NOT EXISTS bench_history (name text PRIMARY KEY);
INSERT INTO bench_history VALUES ('{name}') ON CONFLICT DO NOTHING;
"""


class Fake(Adapter):
    history = "SELECT count(*) FROM bench_history"
    is_limit = True

    def version(self):
        return "1"

    def chosen(self, migrations):
        return migrations

    def text(self, migration):
        return f"BEGIN;\n{migration.sql}{RECORD.format(name=migration.name)}COMMIT;\n"

    def prepare(self, folder, files):
        migrations = self.chosen([Migration(file) for file in files])
        put(f"{folder}/all.sql", "".join(map(self.text, migrations)))

    def command(self, folder, database):
        return ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "all.sql"]


class Idle(Fake):
    name = "idle"

    def command(self, folder, database):
        return ["true"]


class Half(Fake):
    name = "half"

    def chosen(self, migrations):
        return migrations[:len(migrations) // 2]


class Forgetful(Fake):
    """Applies all and records nothing."""
    name = "forgetful"

    def text(self, migration):
        return migration.sql + "CREATE TABLE IF NOT EXISTS bench_history (name text);\n"


class Boastful(Fake):
    """Records all and applies nothing."""
    name = "boastful"

    def text(self, migration):
        return RECORD.format(name=migration.name)


class Mistaken(Fake):
    """Changes what is between quotes."""
    name = "mistaken"

    def text(self, migration):
        return super().text(migration).replace("many", "MANY")


class Failing(Fake):
    name = "failing"

    def command(self, folder, database):
        return ["sh", "-c", "psql -X -q -f all.sql && exit 3"]


class Careless(Fake):
    """Without a lock: what is pending runs again in each session."""
    name = "careless"

    def chosen(self, migrations):
        return [one for one in migrations if "bench_log" in one.sql] or migrations


class Sleeper(Fake):
    name = "sleeper"

    def command(self, folder, database):
        return ["sh", "-c", "echo $$ >" + database.environment()["BENCH_SLEEPER"] + "; exec sleep 600"]
END
my %with_fakes = (BENCH_TOOL_FOLDER => $fakes, BENCH_SLEEPER => "$fakes/pid");

{
	my ($exit, $out, $err, $records) = bench(
		{
			%with_fakes,
			BENCH_TOOLS => 'slipway idle half forgetful boastful mistaken failing careless',
			BENCH_WORKLOADS => 'small-1000 noop-1000 eight-deployers-data'
		});
	my @wrong = (
		'boastful: tables: 0 instead of 5',
		'failing: exit code 3',
		'forgetful: rows of the history: 0 instead of 5',
		'half: tables: 2 instead of 5',
		'idle: tables: 0 instead of 5');
	my @mistaken = grep { /^mistaken: digest of the functions: \w{32} instead of \w{32}$/ }
	  @{ problems_in('small-1000', $records) };

	is($exit, 0, 'with tools that are wrong, the benchmark runs') or diag($out, $err);
	is(scalar(@mistaken), 1, 'another text is found');
	is_deeply([ grep { !/^mistaken/ } @{ problems_in('small-1000', $records) } ], \@wrong, 'and anything that is missing');
	is_deeply(
		[ grep { /could not be set up/ && !/^mistaken/ } @{ problems_in('noop-1000', $records) } ],
		[ map { s/: /: could not be set up: /r } @wrong ],
		'what is not applied is not the beginning of another workload');
	is_deeply(
		[ grep { /^(careless|psql-perfile|slipway)/ } @{ problems_in('eight-deployers-data', $records) } ],
		['careless: migrations that ran once: 0 instead of 1'],
		'what ran twice is found');
	like($out, qr/^idle: WRONG: tables: 0 instead of 5$/m, 'the report says so');
	unlike($out, qr/^(idle|half|forgetful|boastful|mistaken|failing) +\d/m, 'and has no figures of it');
	is_deeply([ grep { $_->{tool} eq 'idle' && $_->{round} > 0 } @$records ], [], 'it is not measured again');
}

{
	my ($exit, $out, $err, $records) = bench(
		{
			%with_fakes,
			BENCH_TOOLS => 'sleeper slipway', BENCH_WORKLOADS => 'small-1000',
			BENCH_TIMEOUT => 10
		});

	is_deeply(problems_in('small-1000', $records), ['sleeper: timeout; tables: 0 instead of 5'], 'a tool that hangs is ended');
}

# A tool does not outlive the benchmark.
{
	unlink "$fakes/pid";
	my $run = start_bench({ %with_fakes, BENCH_TOOLS => 'sleeper', BENCH_WORKLOADS => 'noop-1000' });
	my $until = Time::HiRes::time() + $PostgreSQL::Test::Utils::timeout_default;

	Time::HiRes::sleep(0.05) until -s "$fakes/pid" || Time::HiRes::time() > $until;
	my $pid = slurp_file("$fakes/pid") + 0;
	ok(kill(0, $pid), 'a tool runs');
	$run->{run}->signal('TERM');
	my ($exit) = finish_bench($run);
	is($exit, 1, 'the benchmark is interrupted');
	ok(!kill(0, $pid), 'and the tool has ended');
}

#
# The hard cases
#
{
	my ($exit, $out, $err) = bench({ BENCH_TOOLS => 'psql-perfile slipway', BENCH_WORKLOADS => 'hard-cases' });

	is($exit, 0, 'the hard cases run') or diag($out, $err);
	like($out, qr/^psql-perfile: 18 ok$/m, 'psql does all of them');
	like($out, qr/^slipway: \d+ ok(?:; refuses: [a-z -]+(?:\n   [a-z -]+)*)?$/m, 'slipway does, or refuses, each');
}

#
# What it is told
#
refused({ BENCH_SCALE => 'large' }, 'invalid value "large" of BENCH_SCALE');
refused({ BENCH_ROUNDS => '0' }, 'BENCH_ROUNDS must be at least 1');
refused({ BENCH_TOOLS => 'a.b' }, 'invalid name "a.b" in BENCH_TOOLS');
refused({ BENCH_TOOLS => 'nothing', BENCH_TOOL_FOLDER => $fakes, BENCH_WORKLOADS => 'noop-1000' },
	'no tool "nothing": there are alembic boastful careless dbmate drizzle failing forgetful graphile-migrate half idle'
	  . ' knex kysely libpq-async libpq-oneshot libpq-perfile liquibase mistaken node-pg-migrate postgres-migrations'
	  . ' psql-perfile psql-select-1 psql-single sleeper slipway slipway-snapshot sqitch sql-migrate yoyo');
refused({ BENCH_WORKLOADS => 'nothing' },
	'no workload nothing: there are small-1000 noop-1000 one-new-on-1000 eight-deployers eight-deployers-data'
	  . ' through-20ms noop-through-20ms one-new-through-20ms through-5ms noop-through-5ms one-new-through-5ms'
	  . ' script-1mb script-10mb script-20mb script-50mb script-100mb one-liners-10000 noop-10000 hard-cases script-scaling');

$node->stop;
done_testing();
