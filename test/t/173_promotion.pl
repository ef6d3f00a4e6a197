# A standby that is promoted in the middle of a run: what was committed is there, with its record, and the
# next deploy goes on behind it.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

# A primary with a standby, and a place on the primary.
sub new_pair
{
	my ($name, $files) = @_;
	my $primary = PostgreSQL::Test::Cluster->new("${name}_primary");
	my $standby = PostgreSQL::Test::Cluster->new("${name}_standby");
	my $place;

	$primary->init(allows_streaming => 1);
	$primary->start;
	$primary->safe_psql('postgres', 'CREATE EXTENSION pg_slipway');
	$place = new_place($primary, $files);
	$primary->backup('base');
	$standby->init_from_backup($primary, 'base', has_streaming => 1);
	$standby->start;
	return ($primary, $standby, $place);
}

# The primary is gone, and all that it had flushed is on the standby, which takes its place.
sub fail_over
{
	my ($primary, $standby, $place) = @_;

	# what was committed without waiting for the disk
	$primary->safe_psql('postgres', 'SELECT pg_switch_wal()');
	$primary->wait_for_catchup($standby, 'replay', $primary->lsn('flush'));
	$primary->stop('immediate');
	$standby->promote;
	$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
	return { %$place, node => $standby };
}

# A client that finds whoever is the primary now.
sub either
{
	my ($primary, $standby, $place) = @_;

	return ('-d', sprintf 'host=%s,%s port=%d,%d dbname=%s target_session_attrs=read-write',
		$primary->host, $standby->host, $primary->port, $standby->port, $place->{db});
}

# In a stepwise migration, with others before and behind it

{
	my ($primary, $standby, $place) = new_pair('steps', {
			'0001_a.sql' => "CREATE TABLE a (id integer);\n",
			'0002_gate.sql' => "INSERT INTO a VALUES (1);\nVACUUM a;\nSELECT pg_advisory_xact_lock(42);\nINSERT INTO a VALUES (2);\n",
			'0003_c.sql' => "INSERT INTO a VALUES (3);\n" });
	my $gate = close_gate($place);
	my $deploy = start_client($place, [ 'migrate', '--lock-timeout', '1min' ]);

	is_at_gate($place);
	my $now = fail_over($primary, $standby, $place);
	is((finish_client($deploy))[0], 8, 'the deploy has lost its server');
	finish_sql($gate->{session});
	client_is($now, ['status'], { out => qr/^0001_a +applied .*\n0002_gate +pending, 2 units done *\n0003_c +pending *$/m, err => "project default: 1 applied, 2 pending\n" },
		'what was committed is there');
	query_is($standby, 'SELECT outcome FROM slipway.progress', 'interrupted', 'the run is over', db => $place->{db});
	query_is($standby, 'SELECT id FROM a', '1', 'so are the units that were done', db => $place->{db});
	client_is($now, [ either($primary, $standby, $place), 'migrate', '-q' ], { err => qr/\A(?:warning|WARNING|slipway: warning).*interrupted.*\n(?:detail: .*\n)?\z/ }, 'the next deploy', connect => 0);
	query_is($standby, 'SELECT id FROM a ORDER BY id', "1\n2\n3", 'goes on behind them', db => $place->{db});
	applied_is($now, '0001_a 0002_gate 0003_c', 'all is applied');
	query_is($standby, "SELECT migration FROM slipway.history WHERE outcome = 'interrupted'", '0002_gate', 'the history says what happened', db => $place->{db});
	history_is_sound($standby, 'promoted', db => $place->{db});
	client_is($now, ['validate'], { err => "3 migrations, all valid\n" }, 'validate');
	client_is($now, ['migrate'], { err => qr/nothing to do/ }, 'nothing is left');
	$standby->stop;
}

# In a transactional one: nothing of it is there

{
	my ($primary, $standby, $place) = new_pair('whole', {
			'0001_a.sql' => "CREATE TABLE a (id integer);\n",
			'0002_gate.sql' => "INSERT INTO a VALUES (1);\nSELECT pg_advisory_xact_lock(42);\nINSERT INTO a VALUES (2);\n" });
	my $gate = close_gate($place);
	my $deploy = start_client($place, [ 'migrate', '--detach', '--lock-timeout', '1min' ]);

	is_at_gate($place);
	my $now = fail_over($primary, $standby, $place);
	isnt((finish_client($deploy))[0], 0, 'the deploy has lost its server');
	finish_sql($gate->{session});
	query_is($standby, 'SELECT outcome FROM slipway.detached', 'interrupted', 'and the worker was', db => $place->{db});
	query_is($standby, 'SELECT count(*) FROM a', '0', 'nothing of the migration is there', db => $place->{db});
	client_is($now, [ 'migrate', '-q' ], { err => qr/interrupted/ }, 'the next deploy');
	query_is($standby, 'SELECT id FROM a ORDER BY id', "1\n2", 'applies it', db => $place->{db});
	history_is_sound($standby, 'promoted', db => $place->{db});
	$standby->stop;
}

# In the middle of building an index, which is INVALID there

{
	my ($primary, $standby, $place) = new_pair('index', { '0001_a.sql' => "CREATE TABLE a (id integer);\nINSERT INTO a VALUES (1);\n" });

	client_is($place, [ 'migrate', '-q' ], {}, 'a table');
	put_files($place, { '0002_index.sql' => "CREATE INDEX CONCURRENTLY a_id ON a (id);\n" });
	my $old = start_sql($primary, 'BEGIN; INSERT INTO a VALUES (2); SELECT pg_sleep(60)', db => $place->{db});
	wait_until($primary, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'", 'somebody writes');
	my $deploy = start_client($place, ['migrate']);
	wait_until($primary, "SELECT count(*) = 1 FROM pg_index WHERE indexrelid = to_regclass('a_id') AND NOT indisvalid", 'the index is there', db => $place->{db});
	my $now = fail_over($primary, $standby, $place);
	is((finish_client($deploy))[0], 8, 'the deploy has lost its server');
	finish_sql($old);
	query_is($standby, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_id'::regclass", 'f', 'an INVALID index', db => $place->{db});
	client_is($now, [ 'migrate', '-q' ], { err => qr/interrupted/ }, 'the next deploy');
	query_is($standby, "SELECT indisvalid FROM pg_index WHERE indexrelid = 'a_id'::regclass", 't', 'has built it', db => $place->{db});
	query_is($standby, "SELECT count(*) FROM pg_index WHERE indrelid = 'a'::regclass", '1', 'and no other', db => $place->{db});
	history_is_sound($standby, 'promoted', db => $place->{db});
	$standby->stop;
}

done_testing();
