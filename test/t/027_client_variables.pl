# Variables of scripts from the client; and that values of secret ones leave no trace: not in
# the server's log, however talkative it is, not in what other extensions keep, not in the tables
# of slipway, and not in what the client prints.

use strict;
use warnings FATAL => 'all';

use JSON::PP ();
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $libraries = $ENV{PG_CONFIG} || 'pg_config';
chomp($libraries = `$libraries --pkglibdir`);
my @preload = grep { -e "$libraries/$_.so" } qw(pg_stat_statements auto_explain pgaudit);
my $statistics = grep { $_ eq 'pg_stat_statements' } @preload;
my $settings = join '', map { "$_\n" } (
	"shared_preload_libraries = '" . join(',', @preload) . "'", 'log_statement = all', 'log_duration = on', 'log_min_duration_statement = 0',
	'log_parameter_max_length = -1', 'log_error_verbosity = verbose', 'log_min_messages = debug1',
	'log_min_error_statement = debug5', 'debug_print_parse = on', 'debug_print_rewritten = on', 'debug_print_plan = on', 'track_activity_query_size = 16384',
	$statistics ? ('pg_stat_statements.track = all') : (),
	(grep { $_ eq 'auto_explain' } @preload)
	? ('auto_explain.log_format = json', 'auto_explain.log_min_duration = 0', 'auto_explain.log_nested_statements = on', 'auto_explain.log_analyze = on') : (),
	(grep { $_ eq 'pgaudit' } @preload) ? ("pgaudit.log = 'all'", 'pgaudit.log_parameter = on') : ());
my $node = new_node('variables', conf => $settings);
my $secret = q{Rumpel'stilz\\kin 7};
my $word = 'Schneewittchen';
my $password = 'Rapunzel!laß/dein*Haar';

$node->safe_psql('postgres', 'CREATE EXTENSION pg_stat_statements') if $statistics;

# Does this text have a secret in it? Names it.
sub secrets_in
{
	my ($text) = @_;

	return join ' ', grep { $text =~ /$_/i } qw(stilz kin.7 witt Rapunzel dein);
}

# Everything that was printed by clients here.
my $printed = '';

sub run
{
	my ($place, @arguments) = @_;
	my ($exit, $out, $err) = client($place, \@arguments);

	$printed .= $out . $err;
	return ($exit, $out, $err);
}

# Values

my $place = new_place($node, {
		'0001_a.sql' => "-- slipway: variables size, owner = nobody, word\n"
		  . "CREATE TABLE \${owner:identifier} (n integer DEFAULT \${size}, w text DEFAULT \${word:literal});\nINSERT INTO \${owner:identifier} DEFAULT VALUES;\n" });

is((run($place, 'migrate'))[0], 4, 'without values nothing runs');
like((run($place, 'migrate'))[2],
	qr/^migrations\/0001_a\.sql:1:1: ERROR: migration "0001_a" needs a value for: size, word \(SW028\)\n.*^hint: Give it with .*--var NAME=VALUE/ms, 'and all are named');
like((run($place, 'validate'))[2], qr/needs a value for: size, word \(SW028\)/, 'by validate, too');
is((run($place, 'plan', '--var', 'size=1'))[0], 4, 'plan with one of them');
client_is($place, [ 'plan', '-q', '--var', 'size=1', '--var=word=x' ], { out => qr/^0001_a +transactional/m }, 'and with both');
client_is($place, [ 'validate', '--var', 'size=1', '--var=word=x' ], { err => "1 migration, all valid\n" }, 'validate');
client_is($place, [ 'migrate', '-n', '-q', '--var', 'size=1', '--var=word=x' ], { out => qr/^0001_a/m }, 'migrate --dry-run');
{
	local @ENV{qw(SLIPWAY_VAR_size SLIPWAY_VAR_word SLIPWAY_VAR_unused)} = (1, 'from = the, environment', '');

	client_is($place, [ 'migrate', '-q', '--var', 'size=7' ], { err => '' }, 'migrate: the environment, and the command line before it');
}
query_is($node, 'SELECT n, w FROM nobody', "7|from = the, environment", 'are in the database', db => $place->{db});
query_is($node, 'SELECT variables FROM slipway.history',
	'{"size": "7", "word": "from = the, environment", "owner": "nobody"}', 'and in the history', db => $place->{db});
my (undef, $entries) = client($place, [ 'log', '--json' ]);
is_deeply([ map { $_->{variables} } @{ json_fits($entries, ['entry'], 'log --json') } ],
	[ { size => '7', word => 'from = the, environment', owner => 'nobody' } ], 'which log --json shows');
client_is($place, ['migrate'], { err => qr/nothing to do/ }, 'what is applied needs none');
for my $bad ('size', '=1', '1x=1', 'a-b=1', 'a b=secret')
{
	for my $command (qw(plan validate migrate))
	{
		my ($exit, undef, $err) = run($place, $command, '--var', $bad);

		is("$exit $err", "2 slipway: error: invalid name of a variable in option \"--var\"\n"
			  . "hint: Write NAME=VALUE. A name is made of letters, digits and underscores, and begins with no digit.\n",
			"$command --var $bad");
	}
}
client_is($place, [ 'status', '--var', 'a=b' ], { exit => 2, err => qr/command "status" has no option "--var"/ }, 'status has none');

# Secrets

my $logged_from = -s $node->logfile;
my $keep = <<'EOS';
-- slipway: variables secret secret, word secret, password secret, plain
CREATE TABLE kept (who text, what text);
INSERT INTO kept VALUES ('literal', ${secret:literal}), ('bare', '${word}'), ('plain', '${plain}');
PREPARE ask (text) AS SELECT ${secret:literal}, $1;
EXECUTE ask ('${word}');
DEALLOCATE ask;
DO $$ BEGIN
  EXECUTE format('CREATE ROLE %I PASSWORD %L', current_database() || '_role', '${password}');
  EXECUTE 'INSERT INTO kept VALUES (''nested'', ''${word}'')';
  PERFORM '${word}', ${secret:literal};
  PERFORM who AS ${word:identifier} FROM kept /* ${word} */;
  EXECUTE 'CREATE TABLE "t ${word}" ()';
  RAISE LOG '${word}'; RAISE DEBUG '${word}'; RAISE INFO '${word}'; RAISE NOTICE '${word}'; RAISE WARNING '${word}' USING HINT = ${secret:literal};
  BEGIN PERFORM '${word}'::integer; EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', sqlerrm; END;
END $$;
CREATE FUNCTION reveal() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN ${secret:literal}; END $$;
SELECT reveal();
COPY kept FROM stdin (DELIMITER '|');
copy|${word}
\.
SELECT 1 WHERE ${plain} < 2 OR ${word:literal} = 'x' /* ${word} */;
SELECT "${word}" FROM (SELECT 1 AS ${word:identifier}) t;
EOS
my %values = (secret => $secret, word => $word, password => $password, plain => '17');
local @ENV{ map { "SLIPWAY_VAR_$_" } keys %values } = values %values;

for my $try (
	[ 'a transaction', '', 'migrate', '-v' ], [ 'units', "-- slipway: no-transaction\n", 'migrate', '--json' ],
	[ 'a worker', "-- slipway: no-transaction\n", 'migrate', '--detach', '-v' ])
{
	my ($name, $directive, @arguments) = @$try;
	my $other = new_place($node, { '0001_keep.sql' => $directive . $keep });
	my ($exit, $out, $err) = run($other, @arguments);

	is($exit, 0, "$name: migrate") or diag($err);
	query_is($node, "SELECT string_agg(who || ' ' || what, ', ' ORDER BY who, what) FROM kept",
		"bare $word, copy $word, literal $secret, nested $word, plain 17", "$name: the script has the values", db => $other->{db});
	query_is($node, 'SELECT variables FROM slipway.history WHERE outcome = \'succeeded\'',
		'{"word": "***", "plain": "17", "secret": "***", "password": "***"}', "$name: the history has those that are no secret", db => $other->{db});
	like($out . $err, qr/\*\*\*/, "$name: there was something to hide") unless $name eq 'a worker';
	is(secrets_in($out . $err), '', "$name: nothing of them is printed");
}

# What fails, in every phase: nothing in the message, the history, or the tables.
my %failing = (
	check => 'SELECT ${word} ${word} ${word};', analysis => 'SELECT ${word};', 'another analysis' => 'SELECT 1 FROM "${word}";',
	execution => q{SELECT ${word:literal}::integer;}, nested => q{DO $$ BEGIN EXECUTE 'SELEC ' || ${secret:literal}; END $$;},
	copy => "CREATE TABLE t (n integer);\nCOPY t FROM stdin;\n\${word}\n\\.\n",
	constraint => q{CREATE TABLE t (n text CHECK (n = 'x')); INSERT INTO t VALUES (${secret:literal});},
	unique => q{CREATE TABLE t (n text UNIQUE); INSERT INTO t VALUES ('${word}'), ('${word}');},
	raise => q{DO $$ BEGIN RAISE EXCEPTION '${word}' USING DETAIL = ${secret:literal}, HINT = upper('${word}'), COLUMN = '${word}'; END $$;},
	setting => q{-- slipway: no-transaction
SET app.key = '${word}'; VACUUM; SELECT 1; SELECT current_setting('app.key')::integer;},
	parallel => q{CREATE TABLE t AS SELECT 'x' AS n;
SELECT set_config(name, 'on', false) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT count(*) FROM t WHERE (n || '${word}')::integer = 1;},
	json => q{CREATE TABLE t (x jsonb CHECK (x IS NULL)); INSERT INTO t VALUES (jsonb_build_object('a', ${secret:literal}));},
	long => q{CREATE TABLE t (x text CHECK (x IS NULL)); INSERT INTO t VALUES ('${password}' || repeat(' ', 30) || '${password}');},
	identifier => q{SELECT FROM "a rather long name to be cut off somewhere in a secret ${password}";},
	timeout => q{SET statement_timeout = 10; SELECT pg_sleep(10), '${word}';},
	function => q{CREATE FUNCTION broken() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN '${word}' + ; END $$;},
	concurrently => q{CREATE TABLE t AS SELECT 'x' AS n; CREATE INDEX CONCURRENTLY i ON t ((n || '${word}')) WHERE (n || '${word}')::integer = 1;});

for my $name (sort keys %failing)
{
	my $other = new_place($node, { '0001_fail.sql' =>
				"-- slipway: variables secret secret, word secret, password secret\n" . $failing{$name} . "\n" });

	{
		# a last line of context that is the server's
		local $ENV{PGOPTIONS} = '-c log_parameter_max_length_on_error=-1';
		is(secrets_in(join ' ', run($other, 'migrate')), '', "$name: nothing where parameters are shown");
	}
	for my $arguments ([ 'validate' ], [ 'migrate', '-v' ], [ 'migrate', '--json' ], [ 'migrate', '--detach' ], [ 'log', '--json' ], ['status'])
	{
		my ($exit, $out, $err) = run($other, @$arguments);

		isnt($exit, 0, "$name: it fails") if $arguments->[0] eq 'migrate';
		like($err, qr/^migrations\/0001_fail\.sql:\d+/m, "$name: with its place") if "@$arguments" eq 'migrate -v';
		is(secrets_in($out . $err), '', "$name: nothing in what @$arguments prints");
	}
	for my $table (qw(history journal journal_made run detached_run detached_notice project migration manifest role_grant))
	{
		my $rows = sql($node, "SELECT t::text FROM slipway.$table t", db => $other->{db})->{out};

		is(secrets_in($rows), '', "$name: nothing in $table");
	}
}

# One that is a word of ours: the log hears what the client is told, and what that goes by stays as it is.
{
	local %ENV = %ENV;
	my $other = new_place($node, { '0001_applied.sql' => "-- slipway: variables word secret\nSELECT \${word:literal};\n", '0002_applied.sql' => "SELECT 1;\n",
			'0002_applied.verify.sql' => "SELECT 1;\n" });

	delete @ENV{ map { "SLIPWAY_VAR_$_" } keys %values };
	my (undef, $events) = client($other, [ 'migrate', '--json', '--mode', 'all', '--verify', '--var', 'word=applied' ]);
	json_fits($events, [qw(start begin applied verify applied done)], 'a secret that is the word of an event');
}

# Through all of that
is(secrets_in($printed), '', 'the clients have printed no secret');
my $log = slurp_file($node->logfile, $logged_from);
# what this test asks the server for itself
unlike(join(' ', $log =~ /:constvalue \d+ \[( [-\d ]+)\]/g), qr/ 119 105 116 116 /, 'nor as numbers');
is(secrets_in($log), '', 'the server has logged none')
  or diag(join "\n", map { substr $_, 0, 300 } grep { secrets_in($_) ne '' } split /\n/, $log);
like($log, qr/INSERT INTO kept VALUES \('literal', E?'\*+ ?\**'\), \('bare', '\*+'\)/, 'but the statements');
like($log, qr/AUDIT: .*CREATE ROLE/, 'and pgaudit its own') if grep { $_ eq 'pgaudit' } @preload;
if ($statistics)
{
	my $seen = sql($node, 'SELECT query FROM pg_stat_statements')->{out};

	like($seen, qr/CREATE TABLE kept/, 'pg_stat_statements has the statements');
	is(secrets_in($seen), '', 'and no secret');
}

done_testing();
