# Each command, when a call of it for memory or of the system fails, is interrupted by a signal, or does a part of what was asked:
# it ends with one message and a code that says so, or does what it always does; what it has changed is whole, and the next
# call goes on.
#
# FAULT_ROUNDS=N|all   how many calls of each kind (make torture: 25); without it nothing is done
# FAULT_SEED=N         which ones

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayFault;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $why = why_no_faults();
plan(skip_all => $why) if defined $why;

my $node = new_node('faults');
my %files = (
	'0001_a.sql'        => "CREATE TABLE a (id integer);\n",
	'0001_a.down.sql'   => "DROP TABLE a;\n",
	'0002_b.sql'        => "CREATE INDEX CONCURRENTLY ON a (id);\n",
	'0002_b.down.sql'   => "DROP INDEX a_id_idx;\n",
	'0003_c.sql'        => "-- slipway: variables word\nCREATE VIEW c AS SELECT 1 AS one, '\${word}'::text;\n",
	'0003_c.down.sql'   => "DROP VIEW c;\n",
	'0003_c.verify.sql' => "SELECT 1 / (SELECT one FROM c);\n",
	'views.sql'         => "-- slipway: repeatable\nCREATE OR REPLACE VIEW d AS SELECT 2 AS two;\n");
my @word = ('--var', 'word=x');

# Databases to begin with: nothing done, all done, and without the extension.
my $new = new_place($node, \%files);
my $done = new_place($node, \%files);
sql($node, 'CREATE ROLE builder; CREATE ROLE application LOGIN');
my $bare = new_place($node, undef, bare => 1);
is((client($done, [ 'migrate', @word ]))[0], 0, 'a database with all of it');

my $home = $new->{home};
my $work = $node->connstr('work');
write_folder({ 'slipway.conf' => "[prod]\nurl = $work\nproject = default\n" }, $home);

sub begin_from
{
	my ($place) = @_;

	return sub {
		my ($out, $err) = run_command([ 'psql', '-XAtq', '-d', $node->connstr('template1'), '-v', 'ON_ERROR_STOP=1',
			'-c', 'DROP DATABASE IF EXISTS work WITH (FORCE)', '-c', "CREATE DATABASE work TEMPLATE $place->{db}" ]);
		die $err if $? != 0;
		unlink map { glob "$home/$_" } qw(migrations/*_more.sql *.html anchor);
	};
}

# Names of new files, and how long something took.
sub hide_names
{
	my ($text) = @_;

	$text =~ s/ +TIME/ TIME/g;
	$text =~ s/\b\d{14}_more\b/NEW_more/g;
	# of a run that was left there is an entry, too
	$text =~ s/"entry": \d+/"entry": N/g;
	$text =~ s/^(slipway_\S+(?:\{.*\})?) [\d.e+-]+$/$1 N/mg;
	return $text;
}

# What is not there cannot be told from what cannot be looked at.
my %looks = (tolerates => sub { 1 });
my %changes = (goes_on => 1, exits => [ 4, 5, 6, 7 ], state => sub { database_state($node, 'work') . files_of($home) });

# The page of a rehearsal has times wherever one looks: there is none, or it is whole.
sub page_state
{
	my $page = -e "$home/out.html" ? slurp_file("$home/out.html") : '';

	return files_of($home, qr/out\.html/) . ($page eq '' ? 'no page' : $page =~ /\A<!DOCTYPE html>.*<\/html>\n\z/s ? 'a page' : "half a page\n$page");
}

for my $scenario (
	[ 'help',       ['help', 'migrate'],                                   undef ],
	[ 'version',    ['version', '--json'],                                 undef ],
	[ 'completion', ['completion', 'bash'],                                undef ],
	[ 'config',     ['config', '-e', 'prod', '--json'],                    undef ],
	[ 'new',        ['new', 'more'],                                       undef, %looks ],
	[ 'migrate',    ['migrate', @word, '--anchor', 'anchor'],              $new, %changes ],
	[ 'migrate as data', ['migrate', @word, '--json', '-v'],               $new, %changes, reports => 1 ],
	[ 'detached',   ['migrate', @word, '--detach'],                        $new, %changes, varies => 1 ],
	[ 'rollback',   ['rollback', '--to', '0001_a', '--yes', @word],        $done, %changes ],
	[ 'redo',       ['redo', '--yes', @word],                              $done, %changes, again => ['-d', $work, 'migrate', @word] ],
	[ 'baseline',   ['baseline', '0002_b'],                                $new, %changes ],
	[ 'init',       ['init', '--project-owner', 'builder'],                $bare, %changes ],
	[ 'plan',       ['plan', @word],                                       $new, exits => [4] ],
	[ 'plan as data', ['plan', '--json', @word],                           $new, exits => [4], reports => 1 ],
	[ 'rehearse',   ['rehearse', '--yes', @word, '--html', 'out.html'],            $new, exits => [ 4, 5 ], state => \&page_state ],
	[ 'status',     ['status', '-e', 'prod'],                              $done, connect => 0 ],
	[ 'validate',   ['validate', @word],                                   $done, exits => [4] ],
	[ 'verify',     ['verify', @word],                                     $done, exits => [5] ],
	[ 'log',        ['log', '-v'],                                         $done ],
	[ 'diff',       ['diff'],                                              $done, exits => [10] ],
	[ 'check',      ['check'],                                             $done, reports => 1, exits => [ 3, 4 ], %looks ],
	[ 'check with load', ['check', '--load', '2', '--duration', '100ms', '--acquire-limit', '1min', '--query-limit', '1min', '--save-baseline', 'load.html'], $done, reports => 1, exits => [ 3, 4 ], env => { DB_CONN_STRING => "$work user=application" },
		state => sub { '' }, %looks ],
	[ 'migrate and tell', ['migrate', @word, '--webhook', 'http://127.0.0.1:9/'], $new, %changes, varies => 1 ],
	[ 'metrics',    ['metrics'],                                           $done, %looks ],
	[ 'wait',       ['wait', '--timeout', '2s'],                           $done, exits => [7] ],
	[ 'exec',       ['exec', '--', 'sh', '-c', 'echo "$PGDATABASE"'],      $done, exits => [ 3, 4, 126, 127 ], connect => 0, env => { DB_CONN_STRING => $work } ],
	[ 'repair',     ['repair', '--mark-applied', '0001_a', '--reason', 'a'], $new, %changes ],
  )
{
	my ($name, $args, $from, %more) = @$scenario;

	my $word_of_name = $name =~ s/ /_/gr;
	next if defined $ENV{FAULT_SCENARIOS} && " $ENV{FAULT_SCENARIOS} " !~ / $word_of_name /;
	my $connect = delete $more{connect} // 1;
	fault_rounds({ name => $name, home => $home, hide => \&hide_names,
		args  => [ defined $from && $connect ? ('-d', $work) : (), @$args ],
		begin => defined $from ? begin_from($from) : sub { unlink glob "$home/migrations/*_more.sql" }, %more });
}

$node->stop;
done_testing();
