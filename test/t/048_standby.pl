# A hot standby: what looks works there, what writes says where to go.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', 'CREATE EXTENSION pg_slipway');
my $place = new_place($primary, { '0001_a.sql' => "CREATE TABLE a (id integer);\n" });
client_is($place, [ '-q', 'migrate' ], {}, 'migrate on the primary');
put_files($place, { '0002_b.sql' => "CREATE TABLE b (id integer);\n" });

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

my $there = { %$place, node => $standby };
my $refused = qr/\Aslipway: error: cannot execute .* (?:in a read-only transaction|during recovery) \(25006\)\n(?:detail: .*\n)?hint: .*\n\z/;

client_is($there, ['status'], { out => qr/^0001_a +applied .*\n0002_b +pending$/m, err => "project default: 1 applied, 1 pending\n" },
	'status');
client_is($there, ['plan'], { out => qr/^0002_b /m, err => "1 migration to apply to project default\n" }, 'plan');
client_is($there, ['validate'], { err => "2 migrations, all valid\n" }, 'validate');
client_is($there, ['log'], { out => qr/0001_a/ }, 'log');
client_is($there, ['diff'], { err => qr/\Aproject default: nothing differs from the last run/ }, 'diff');
client_is($there, [ 'diff', '--save', 'x' ], { exit => 1, err => $refused }, 'diff --save');
client_is($there, ['migrate'], { exit => 1, err => $refused }, 'migrate');
is(sql($standby, "SELECT slipway.baseline('0001_a')", db => $place->{db})->{error}, 'cannot execute slipway.baseline() during recovery', 'what is said by hand');
client_is($there, [ 'migrate', '-d', $standby->connstr($place->{db}) . ' target_session_attrs=read-write' ], {
		exit => 8, err => qr/\Aslipway: error: could not connect \(options\): .* failed: session is read-only\n\z/ },
	'a connection that has to be to the primary', connect => 0);
client_is($there, [ 'status', '-d', sprintf('host=%s,%s port=%d,%d dbname=%s target_session_attrs=primary',
			$standby->host, $primary->host, $standby->port, $primary->port, $place->{db}) ],
	{ out => qr/0002_b +pending/, err => "project default: 1 applied, 1 pending\n" }, 'one that finds the primary', connect => 0);
applied_is($place, '0001_a', 'nothing was applied');

# What runs on the primary, of which a standby does not know the processes

remove_files($place, '0002_b.sql');
put_files($place, { '0002_gate.sql' => "SELECT pg_advisory_xact_lock(42);\n" });
my $gate = close_gate($place);
my $run = start_client($place, [ 'migrate', '--detach', '--lock-timeout', '1min' ]);
is_at_gate($place);
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
query_is($standby, q{SELECT p.outcome, p.pid, d.outcome, d.pid FROM slipway.progress p, slipway.detached d}, 'running||running|', 'a run goes on',
	db => $place->{db});
my $watcher = start_client($there, ['watch']);
$watcher->{run}->pump until $watcher->{err} =~ /run 2 of/;
client_is($there, ['cancel'], { exit => 1, err => $refused }, 'cancel');
open_gate($gate);
is((finish_client($run))[0], 0, 'it ends');
my ($exit, undef, $err) = finish_client($watcher);
is($exit, 0, 'so does watch on the standby');
like($err, qr/^0002_gate  applied  /m, 'which tells what was done');

$standby->stop;
$primary->stop;
done_testing();
