# PgBouncer between client and server: what it does not know of a connection
# request must not keep a search_path from being applied, and values of variables find
# the session that runs the CALL.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayPooler;
use SlipwayServer;
use SlipwayTest;
use Test::More;

plan(skip_all => 'needs PgBouncer') unless defined pooler_program();

my $node = new_node('pooler');
my $user = $node->safe_psql('postgres', 'SELECT current_user');

delete @ENV{qw(PGUSER PGOPTIONS PGSERVICE)};

for my $try (
	[ 'session pooling', "pool_mode = session\n" ],
	[ 'session pooling that drops options', "pool_mode = session\nignore_startup_parameters = options\n" ])
{
	my ($name, $settings) = @$try;

	with_pooler($node, $user, $settings, sub {
		my ($folder) = @_;
		my $place = new_place($node, {
				'0001_a.sql' => "CREATE TABLE public.probe AS SELECT current_setting('search_path') AS path;\n" });
		my $uri = "postgresql://$user\@/$place->{db}?host=$folder&port=6432";

		client_is($place, [ '-q', 'migrate', '--url', "$uri&search_path=app,public" ], {}, "$name: migrate with search_path", connect => 0);
		query_is($node, 'SELECT path FROM probe', 'app,public', "$name: the script has it", db => $place->{db});
		client_is($place, [ 'status', '--url', $uri ], { out => qr/^0001_a +applied/m, err => "project default: 1 applied\n" },
			"$name: status without one", connect => 0);
	});
}

# In transaction mode each transaction may reach another session, here by turns. Values of variables find the CALL all the
# same, and only that.

$node->append_conf('postgresql.conf', "log_statement = all\nlog_min_duration_statement = 0");
$node->reload;
with_pooler($node, $user, "pool_mode = transaction\nserver_round_robin = 1\ndefault_pool_size = 4\n", sub {
	my ($folder) = @_;
	my $place = new_place($node, {
			'0001_a.sql' => "-- slipway: variables word secret, plain\nCREATE TABLE public.kept AS SELECT \${word:literal} AS word, '\${plain}' AS plain, pg_backend_pid() AS pid;\n",
			'0002_b.sql' => "-- slipway: variables word secret\nCREATE TABLE public.more AS SELECT \${word:literal} AS word;\n",
			'0002_b.down.sql' => "-- slipway: variables word secret\nDROP TABLE public.more; INSERT INTO public.kept VALUES (\${word:literal}, 'down');\n",
			'0002_b.verify.sql' => "-- slipway: variables word secret\nSELECT 1 / count(*) FROM public.more WHERE word = \${word:literal};\n" });
	my @url = ('--url', "postgresql://$user\@/$place->{db}?host=$folder&port=6432");
	my @values = ('--var', 'word=Dornröschen', '--var', 'plain=7');
	my $pooled = sub { PostgreSQL::Test::Utils::run_log([ 'psql', '-XqAt', '-d', $url[1], '-c', $_[0] ], '>', \my $out, '2>', \my $err); return ($out // '') . $err };

	# all at once they need a session each
	PostgreSQL::Test::Utils::run_log([ 'sh', '-c', q{for i in 1 2 3 4; do psql -Xq -d "$0" -c 'SELECT pg_sleep(1)' & done; wait}, $url[1] ], '>', \my $slept);

	# each command begins with another one of the sessions
	for my $round (1 .. 4)
	{
		client_is($place, [ 'plan', '-q', @url, @values ], { out => qr/^0002_b +transactional/m }, "transaction pooling: plan $round", connect => 0);
		client_is($place, [ 'validate', '-q', @url, @values ], {}, "validate $round", connect => 0);
	}
	like($pooled->(q{SELECT message FROM slipway.check_script('x', E'-- slipway: variables word\nSELECT 1')}), qr/needs a value for: word/, 'and leave nothing there for others') for 1 .. 4;
	client_is($place, [ 'migrate', '-q', '--to', '0001_a', @url, @values ], {}, 'migrate', connect => 0);
	query_is($node, 'SELECT word, plain FROM kept', 'Dornröschen|7', 'the script has them', db => $place->{db});
	client_is($place, [ 'migrate', '-q', '--detach', '--verify', @url, @values ], {}, 'migrate --detach', connect => 0);
	query_is($node, 'SELECT word FROM more', 'Dornröschen', 'its script has them', db => $place->{db});
	client_is($place, [ 'verify', '-q', @url, @values ], {}, 'verify', connect => 0) for 1 .. 3;
	for my $round (1 .. 3)
	{
		client_is($place, [ 'rollback', '-q', '--steps', 1, '--yes', @url, @values ], {}, "rollback $round", connect => 0);
		client_is($place, [ 'migrate', '-q', @url, @values ], {}, 'and migrate again', connect => 0);
	}
	query_is($node, q{SELECT count(*) FROM kept WHERE plain = 'down' AND word LIKE 'Dornr%'}, '3', 'down scripts have them', db => $place->{db});
	cmp_ok(sql($node, q{SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'}, db => $place->{db})->{out}, '>', 1, 'there was more than one session');

	# the key is in the log; it is of no use to others, nor a second time
	my ($key) = slurp_file($node->logfile) =~ /"variables_key": ?"([0-9a-f]+:\d+)"/;
	ok(defined $key, 'the log has a key');
	unlike(slurp_file($node->logfile), qr/schen/, 'and no value');
	like($pooled->("SELECT slipway.add_migration('0003', E'-- slipway: variables word\nSELECT 1') IS NULL"), qr/^f/, 'one more');
	like($pooled->(qq{CALL slipway.migrate(options => '{"variables_key": "$key"}')}), qr/needs a value for: word/, 'an old key') for 1 .. 4;
	my $session = $node->background_psql($place->{db});
	my $left = $session->query_safe(q{SELECT slipway.set_variables('{"word": "x"}', 'key')});
	like($left, qr/\Akey:\d+\z/, 'what a session leaves has a key');
	(my $wrong = $left) =~ s/key/kee/;
	for my $bad ($wrong, 'key', 'key:', 'key:0', 'key:1', 'key:99999999999', "$left:", '')
	{
		like($pooled->(qq{CALL slipway.migrate(options => '{"variables_key": "$bad"}')}), qr/needs a value for: word/, "not by key \"$bad\"");
	}
	$node->safe_psql($place->{db}, q{CREATE ROLE other LOGIN; SELECT slipway.grant_role('other', 'deployer')});
	$node->psql($place->{db}, qq{CALL slipway.migrate(options => '{"variables_key": "$left"}')}, extra_params => [ '-U', 'other' ], stderr => \my $refusal);
	like($refusal, qr/needs a value for: word/, 'nor by another role');
	unlike($pooled->(qq{CALL slipway.migrate(options => '{"variables_key": "$left"}')}), qr/needs a value/, 'but by its key');
	$session->quit;
});

$node->stop;
done_testing();
