# PgBouncer between client and server, in session and in transaction mode: it is noticed, a
# search_path is applied whatever it drops, values of variables find the session that runs
# the CALL, and nothing is left behind in its server connections.

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
my $warning = "slipway: warning: the connection goes through a pooler\n"
  . "hint: It works, as a run is a single statement. --require-direct makes this an error.\n";

delete @ENV{qw(PGUSER PGOPTIONS PGSERVICE PGAPPNAME)};

sub uri
{
	my ($place, $folder) = @_;

	return "postgresql://$user\@/$place->{db}?host=$folder&port=6432";
}

# No session of the pooler's, as the next one gets it, has kept anything.
sub is_clean
{
	my ($place, $folder, $name) = @_;
	my %seen;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	for (1 .. 5)
	{
		my ($out) = run_command([ 'psql', '-XAtd', uri($place, $folder), '-c', q{SELECT current_setting('search_path')} ]);
		$seen{$out}++;
	}
	return is_deeply([ keys %seen ], ['"$user", public'], $name);
}

# PgBouncer 1.24 takes from the options what it keeps for each client anyway.
sub keeps_capitals
{
	my ($uri, %env) = @_;

	local %ENV = (%ENV, %env);
	my ($out) = run_command([ 'psql', '-XAtd', $uri, '-c', q{SELECT current_setting('timezone') || ' ' || current_setting('intervalstyle')} ]);
	return $out eq 'Pacific/Apia iso_8601';
}

for my $try (
	[ 'session pooling', "pool_mode = session\n" ],
	[ 'session pooling that drops options', "pool_mode = session\nignore_startup_parameters = options\n" ],
	[ 'transaction pooling', "pool_mode = transaction\ndefault_pool_size = 5\n" ],
	[ 'transaction pooling that drops options', "pool_mode = transaction\ndefault_pool_size = 5\nignore_startup_parameters = options\n" ])
{
	my ($name, $settings) = @$try;
	my $drops = $name =~ /drops/;

	with_pooler($node, $user, $settings, sub {
		my ($folder) = @_;
		my $place = new_place($node, {
				'0001_a.up.sql' => "CREATE TABLE public.probe AS SELECT current_setting('search_path') AS path;\n",
				'0001_a.down.sql' => "INSERT INTO public.ways VALUES (current_setting('search_path')); DROP TABLE public.probe;\n",
				'0001_a.verify.sql' => "SELECT 1 / (current_setting('search_path') = 'app,public')::integer;\n",
				# more than one part of an upload, and no transaction
				'0000_b.sql' => "CREATE TABLE public.ways (path text); -- " . 'x' x 600_000 . "\nCREATE INDEX CONCURRENTLY ON public.ways (path);\n" });
		my $uri = uri($place, $folder);
		my @with_path = ('--url', "$uri&search_path=app,public");

		client_is($place, [ 'migrate', @with_path, '--require-direct' ], {
				exit => 8, err => "slipway: error: the connection goes through a pooler, which --require-direct forbids\nhint: Connect to the server itself.\n" },
			"$name: --require-direct", connect => 0);
		query_is($node, 'SELECT (SELECT count(*) FROM slipway.manifest), (SELECT count(*) FROM slipway.script)', '0|0', "$name: nothing was uploaded", db => $place->{db});
		client_is($place, [ '-q', 'migrate', @with_path, '--verify' ], { err => $warning }, "$name: migrate with search_path", connect => 0);
		query_is($node, 'SELECT path FROM probe', 'app,public', "$name: the script has it", db => $place->{db});
		is_clean($place, $folder, "$name: and nobody else");
		client_is($place, [ '-q', 'verify', @with_path ], { out => qr/^/, err => qr/\A\Q$warning\E/ }, "$name: verify", connect => 0);
		client_is($place, [ 'status', '--url', $uri ], { out => qr/^0001_a +applied/m, err => "project default: 2 applied\n" },
			"$name: status says nothing of it", connect => 0);
		client_is($place, [ '-v', 'status', @with_path ], { out => qr/^0001_a/m, err => qr/^the connection goes through a pooler$/m },
			"$name: but with -v", connect => 0);
		client_is($place, [ '-q', 'rollback', '--steps', '1', '--yes', @with_path ], { err => $warning }, "$name: rollback", connect => 0);
		query_is($node, 'SELECT path FROM ways', 'app,public', "$name: its script has it, too", db => $place->{db});
		client_is($place, [ 'migrate', '--detach', @with_path ], { err => qr/\A\Q$warning\E(?s:.*)^0001_a  applied/m }, "$name: detached", connect => 0);
		query_is($node, 'SELECT path FROM probe', 'app,public', "$name: which has it, too", db => $place->{db});
		is_clean($place, $folder, "$name: still nobody else");
		client_is($place, [ 'plan', '--url', "$uri&search_path=%22open" ], {
				exit => 2,
				err => qq{slipway: error: could not apply the search_path of option --url: invalid value for parameter "search_path": ""open"\n} },
			"$name: a search_path that is none", connect => 0);

		# of an application_name the server keeps 63 bytes of ASCII
		for my $application ('x' x 100, "K\xc3\xb6ln: deploy", 'ci')
		{
			client_is($place, [ 'status', '-q', '--url', $uri ], { out => qr/^0001_a/m }, "$name: application_name", connect => 0, env => { PGAPPNAME => $application });
		}

		# what else the request asked for
		my @options = ('--url', "$uri&options=-c%20work_mem%3D7MB%20--statement-timeout%3D0%20-cslipway.lock_wait%3D5s%20-c%20my.own%3Dx");
		if ($drops)
		{
			client_is($place, [ 'status', @options ], {
					out => qr/^0001_a/m,
					err => "slipway: warning: the pooler has dropped settings of the connection: work_mem, statement_timeout, slipway.lock_wait, my.own\n"
					  . "hint: Set them for the role, ALTER ROLE ... SET, or connect to the server itself.\nproject default: 2 applied\n" },
				"$name: which settings were dropped", connect => 0);
			client_is($place, [ 'status', '--url', $uri ], { out => qr/^0001_a/m, err => qr/has dropped settings of the connection: work_mem\n/ },
				"$name: those of PGOPTIONS", connect => 0, env => { PGOPTIONS => '-c work_mem=7MB' });
			my %capitals = (PGOPTIONS => '-c TimeZone=Pacific/Apia -c intervalstyle=iso_8601');
			my $lost = keeps_capitals($uri, %capitals) ? qr/\Aproject default: 2 applied\n\z/ : qr/has dropped settings of the connection: timezone, intervalstyle\n/;
			client_is($place, [ 'status', '--url', $uri ], { out => qr/^0001_a/m, err => $lost }, "$name: those whose names the server writes with capitals",
				connect => 0, env => \%capitals);
		}
		else
		{
			client_is($place, [ 'status', @options ], {
					exit => 8,
					err => qr/\Aslipway: error: could not connect \(option --url\): .*unsupported startup parameter(?:: options| in options: work_mem)\nhint: A pooler refuses it: set it for the role/ },
				"$name: settings that are refused", connect => 0);
		}
	});
}

# Many at the same time through few server connections: the lock holds

with_pooler($node, $user, "pool_mode = transaction\ndefault_pool_size = 3\n", sub {
	my ($folder) = @_;
	my $place = new_place($node, { map { sprintf('%04d_x.sql', $_) => "CREATE TABLE t$_ ();\n" } 1 .. 10 });
	my @clients = map { start_client($place, [ '-q', 'migrate', '--url', uri($place, $folder) ], connect => 0) } 1 .. 3;

	for my $client (@clients)
	{
		my ($exit, undef, $err) = finish_client($client);
		is("$exit $err", "0 $warning", 'one of many');
	}
	query_is($node, q{SELECT count(*) FROM slipway.history WHERE action = 'apply' AND outcome = 'succeeded'}, '10', 'each was applied once', db => $place->{db});
});

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
	client_is($place, [ 'migrate', '-q', '--to', '0001_a', @url, @values ], { err => $warning }, 'migrate', connect => 0);
	query_is($node, 'SELECT word, plain FROM kept', 'Dornröschen|7', 'the script has them', db => $place->{db});
	client_is($place, [ 'migrate', '-q', '--detach', '--verify', @url, @values ], { err => $warning }, 'migrate --detach', connect => 0);
	query_is($node, 'SELECT word FROM more', 'Dornröschen', 'its script has them', db => $place->{db});
	client_is($place, [ 'verify', '-q', @url, @values ], { err => $warning }, 'verify', connect => 0) for 1 .. 3;
	for my $round (1 .. 3)
	{
		client_is($place, [ 'rollback', '-q', '--steps', 1, '--yes', @url, @values ], { err => $warning }, "rollback $round", connect => 0);
		client_is($place, [ 'migrate', '-q', @url, @values ], { err => $warning }, 'and migrate again', connect => 0);
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
	my $left = answer_of($session, q{SELECT slipway.set_variables('{"word": "x"}', 'key')});
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

# Not through one: no word of it, and what was asked for is there

{
	my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });

	client_is($place, [ '-q', 'migrate', '--require-direct' ], {}, '--require-direct, and it is', env => { PGOPTIONS => '-c work_mem=7MB -c my.own=x' });
	client_is($place, [ '-q', 'migrate' ], {}, 'the same from a variable', env => { SLIPWAY_REQUIRE_DIRECT => 1 });
}

$node->stop;
done_testing();
