# The statements of a script are seen as if a client had sent them: in
# pg_stat_activity, the server log, pg_stat_statements and pgaudit's trail.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $libraries = $ENV{PG_CONFIG} || 'pg_config';
chomp($libraries = `$libraries --pkglibdir`);
my $audit = -e "$libraries/pgaudit.so";
my $statements = -e "$libraries/pg_stat_statements.so";

my $node = new_node(
	'visible',
	conf => $statements
	? "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = all\n"
	: '');

$node->safe_psql('postgres', 'CREATE EXTENSION pg_stat_statements') if $statements;

# What the server writes into its log while $code runs.
sub log_of
{
	my ($code) = @_;
	my $from = -s $node->logfile;

	$code->();
	return slurp_file($node->logfile, $from);
}

sub times_in
{
	my ($log, $pattern) = @_;

	return scalar(() = $log =~ /$pattern/mg);
}

#
# pg_stat_activity
#
$node->safe_psql('postgres', 'CREATE TABLE gate (open boolean)');
add_migrations(
	$node,
	[
		[
			'0001_sleep', "CREATE TABLE slept (id integer);\n"
			  . "-- a comment, of the statement after it or of none\n"
			  . "SELECT pg_sleep(30)\n  WHERE NOT EXISTS (SELECT FROM gate);\n"
			  . "INSERT INTO slept VALUES (1);\n"
		]
	]);
my $deploy = start_migrate($node, application => 'sleeper');
wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'", 'the script sleeps');
my $activity = sql($node, "SELECT query FROM pg_stat_activity WHERE application_name = 'sleeper'")->{out};
like($activity, qr/\bSELECT pg_sleep\(30\)\n  WHERE NOT EXISTS \(SELECT FROM gate\)/,
	'pg_stat_activity shows the statement that runs');
unlike($activity, qr/slept/, 'and nothing else of the script');
query_is(
	$node, "SELECT state, backend_type, query_start > xact_start, pid = (SELECT backend_pid FROM slipway.run)
	  FROM pg_stat_activity WHERE application_name = 'sleeper'",
	'active|client backend|t|t', 'with a start of its own, in the backend that the run names');
query_is(
	$node, "SELECT query ~ 'pg_sleep' FROM slipway.lock_holder", 't',
	'the holder of the lock is shown with it');
sql($node, "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'sleeper'");
is(finish_sql($deploy)->{sqlstate}, '57014', 'cancelled');
sql($node, 'INSERT INTO gate VALUES (true)');
is(migrate($node)->{exit}, 0, 'and deployed again');

# After the CALL the session shows the CALL again.
my $session = $node->background_psql('postgres');
add_migrations($node, [ [ '0002_after', 'CREATE TABLE after ()' ] ]);
$session->query('CALL slipway.migrate()');
query_is(
	$node, "SELECT state, query ~ '^CALL slipway.migrate' FROM pg_stat_activity
	 WHERE query ~ '^CALL' AND pid <> pg_backend_pid()", 'idle|t',
	'after the CALL pg_stat_activity shows the CALL');
$session->quit;

#
# The server log
#
my $body = <<'SQL';
CREATE TABLE logged (id integer, name text);
INSERT INTO logged VALUES (1, 'semi;colon');

/* before it */ ALTER TABLE logged
    ADD COLUMN born date;
CREATE FUNCTION logged_count() RETURNS bigint LANGUAGE sql
    AS $$ SELECT count(*) FROM logged; $$;
SELECT logged_count();
SQL
add_migrations($node, [ [ '0003_logged', $body ] ]);
my $settings = "SET log_statement = ddl; SET log_min_duration_statement = 0;";
my $log = log_of(sub { is(migrate($node, before => $settings)->{exit}, 0, 'a deploy that is logged') });

my %ddl = (
	'CREATE TABLE' => qr/LOG:  statement: CREATE TABLE logged \(id integer, name text\);?\n/,
	'ALTER TABLE' =>
	  qr/LOG:  statement: (?:\/\* before it \*\/ )?ALTER TABLE logged\n\t    ADD COLUMN born date;?\n/,
	'CREATE FUNCTION' =>
	  qr/LOG:  statement: CREATE FUNCTION logged_count\(\) RETURNS bigint LANGUAGE sql\n\t    AS \$\$ SELECT count\(\*\) FROM logged; \$\$;?\n/);
for my $command (sort keys %ddl)
{
	is(times_in($log, $ddl{$command}), 1, "log_statement=ddl: $command has a line, with its text");
	is(times_in($log, "(?:statement|execute [^:]*): (?:.*\\*/ )?$command\\b.*logged"), 1, "and only one");
}
is(times_in($log, qr/LOG:  duration: [\d.]+ ms  statement: INSERT INTO logged VALUES \(1, 'semi;colon'\);?\n/),
	1, 'log_min_duration_statement=0: INSERT has a line, with its text');
is(times_in($log, 'INSERT INTO logged'), 1, 'and only one');
is(times_in($log, qr/LOG:  duration: [\d.]+ ms  statement: SELECT logged_count\(\);?\n/),
	1, 'SELECT has a line, with its text');
is(times_in($log, 'SELECT logged_count'), 1, 'and only one');
is(times_in($log, qr/LOG:  duration: [\d.]+ ms\n/),
	3, 'the duration of what log_statement has logged comes without the text');
is(times_in($log, qr/statement: CALL slipway\.migrate\(/), 1, 'the CALL is there once');
unlike($log, qr/INSERT INTO slipway|UPDATE slipway/, 'the bookkeeping is not');

# Nothing is logged that was not asked for.
add_migrations($node, [ [ '0004_quiet', "CREATE TABLE quiet (id integer);\nINSERT INTO quiet VALUES (1);" ] ]);
$log = log_of(sub { migrate($node, before => 'SET log_statement = none; SET log_min_duration_statement = -1;') });
is($log =~ /quiet \(id|INTO quiet/ ? $log : '', '', 'log_statement=none: nothing is logged');

# A script's own setting holds for the statements after it, not for the next.
add_migrations(
	$node,
	[
		[
			'0005_all', "SELECT 'before';\nSET log_statement = 'all';\nSELECT 'after';"
		],
		[ '0006_next', "SELECT 'next';" ]
	]);
$log = log_of(sub { migrate($node, before => 'SET log_statement = none; SET log_min_duration_statement = -1;') });
is(times_in($log, qr/LOG:  statement: SELECT 'after'/), 1, 'SET log_statement in a script');
is(times_in($log, q{SELECT '(before|next)'}), 0, 'has no effect before it nor in the next migration');

#
# Errors
#
$body = "CREATE TABLE secret (id integer);\nINSERT INTO secret VALUES (12345);\n"
  . "INSERT INTO secret\n  SELECT 1 / 0;\nINSERT INTO secret VALUES (67890);\n";
add_migrations($node, [ [ '0007_fails', $body ] ]);
$log = log_of(
	sub {
		is(migrate($node, before => 'SET log_statement = none;')->{sqlstate}, '22012', 'a deploy that fails');
	});
is(times_in($log, qr/ERROR:  /), 1, 'the error is logged once');
like($log, qr/ERROR:  division by zero\n/, 'as what it was');
like($log, qr/STATEMENT:  INSERT INTO secret\n\t  SELECT 1 \/ 0;?\n/, 'with the text of its statement');
like($log, qr/CONTEXT:  .*migration "0007_fails", line 3/, 'and where in which migration it was');
unlike($log, qr/12345|67890|CREATE TABLE secret/, 'and nothing of the other statements');

# A syntax error, which is found before anything runs.
add_migrations($node, [ [ '0007_fails_too', "SELECT 'secret';\nSELEC 1;\n" ] ]);
$log = log_of(
	sub {
		is(migrate($node, before => 'SET log_statement = none;')->{sqlstate}, '42601', 'a deploy with a syntax error');
	});
unlike($log, qr/'secret'/, 'a syntax error does not bring the rest of the script into the log');

#
# pg_stat_statements
#
SKIP:
{
	skip 'pg_stat_statements is not installed', 8 unless $statements;

	$node->safe_psql('postgres', "SELECT slipway.create_project('measured')");
	add_migrations(
		$node,
		[
			[ '0001_one', "CREATE TABLE measured (id integer);\nINSERT INTO measured VALUES (1), (2), (3);" ],
			[ '0002_two', "INSERT INTO measured VALUES (4), (5), (6);\nUPDATE measured SET id = id + 10 WHERE id > 2;" ],
		],
		project => 'measured');
	$node->safe_psql('postgres', 'SELECT pg_stat_statements_reset()');
	is(migrate($node, project => 'measured')->{exit}, 0, 'a deploy that is measured');
	query_is(
		$node, q{SELECT query, calls, rows FROM pg_stat_statements
		 WHERE query ~ '^INSERT INTO measured'},
		'INSERT INTO measured VALUES ($1), ($2), ($3)|2|6',
		'pg_stat_statements counts INSERT under its text');
	query_is(
		$node, q{SELECT query, calls, rows FROM pg_stat_statements WHERE query ~ '^UPDATE measured'},
		'UPDATE measured SET id = id + $1 WHERE id > $2|1|4', 'and UPDATE');
	query_is(
		$node, q{SELECT query, calls FROM pg_stat_statements WHERE query ~ '^CREATE TABLE measured'},
		'CREATE TABLE measured (id integer)|1', 'and CREATE TABLE');

	# With its default, which leaves out what is nested, when the library is
	# loaded before the CALL, as the client does.
	add_migrations($node, [ [ '0003_three', 'DELETE FROM measured WHERE id > 12;' ] ], project => 'measured');
	is(migrate($node, project => 'measured', before => 'SET pg_stat_statements.track = top; SELECT slipway.version();')->{exit},
		0, 'a deploy that is measured with pg_stat_statements.track = top');
	query_is(
		$node, q{SELECT query, calls FROM pg_stat_statements WHERE query ~ '^DELETE FROM measured'},
		'DELETE FROM measured WHERE id > $1|1', 'which counts the statements of scripts, too');
	add_migrations($node, [ [ '0004_four', "COPY measured FROM stdin;\n20\n21\n\\.\n" ] ], project => 'measured');
	is(migrate($node, project => 'measured', before => 'SET pg_stat_statements.track = top; SELECT slipway.version();')->{exit},
		0, 'a deploy with COPY');
	query_is(
		$node, q{SELECT query, calls, rows FROM pg_stat_statements WHERE query ~ '^COPY'},
		'COPY measured FROM stdin|1|2', 'counts its rows');
}

history_is_sound($node, 'in the end');

#
# pgaudit
#
SKIP:
{
	skip 'pgaudit is not installed', 29 unless $audit;

	$node->stop;
	$node = new_node('audited', conf => "shared_preload_libraries = 'pgaudit'\n");
	$node->safe_psql('postgres', "CREATE EXTENSION pgaudit; SELECT slipway.create_project('audited')");
	add_migrations(
		$node,
		[
			[ '0001_one', "CREATE TABLE audited (id integer);\nINSERT INTO audited VALUES (1);\nGRANT SELECT ON audited TO PUBLIC;" ],
			[ '0002_two', "DROP TABLE audited;" ],
		],
		project => 'audited');
	$log = log_of(
		sub {
			is(migrate($node, project => 'audited',
					before => "SET pgaudit.log = 'ddl,write,role'; SET pgaudit.log_catalog = off;")->{exit},
				0, 'a deploy that is audited');
		});
	is(times_in($log, qr/AUDIT: SESSION,\d+,\d+,DDL,CREATE TABLE,TABLE,public\.audited,CREATE TABLE audited \(id integer\);?,/),
		1, 'pgaudit logs CREATE TABLE with its text');
	is(times_in($log, qr/AUDIT: SESSION,\d+,\d+,WRITE,INSERT,[^,]*,[^,]*,INSERT INTO audited VALUES \(1\);?,/),
		1, 'and INSERT');
	is(times_in($log, qr/AUDIT: SESSION,\d+,\d+,ROLE,GRANT,TABLE,[^,]*,GRANT SELECT ON audited TO PUBLIC;?,/),
		1, 'and GRANT');
	is(times_in($log, qr/AUDIT: SESSION,\d+,\d+,DDL,DROP TABLE,TABLE,public\.audited,DROP TABLE audited;?,/),
		1, 'and DROP TABLE');
	is(times_in($log, qr/AUDIT: .*(?:CREATE TABLE|INSERT INTO|DROP TABLE|ON) audited\b/), 4, 'each once');
	is(times_in($log, qr/ERROR|WARNING/), 0, 'and nothing is wrong');

	# COPY with its data in the script, which are in no log.
	my $copy = "CREATE TABLE copied (id integer, value text);\nCOPY copied (id, value)\n  FROM stdin;\n1\tsecret\n2\tsecret\n\\.\n";
	add_migrations($node, [ [ '0003_copy', $copy ] ], project => 'audited');
	$log = log_of(
		sub {
			is(migrate($node, project => 'audited', before => "SET pgaudit.log = 'all'; SET pgaudit.log_relation = on; SET log_statement = 'mod';")->{exit},
				0, 'a deploy with COPY that is audited');
		});
	is(times_in($log, qr/AUDIT: SESSION,\d+,\d+,WRITE,INSERT,TABLE,public\.copied,"COPY copied \(id, value\)\n\s+FROM stdin",/),
		1, 'pgaudit logs COPY with its table');
	is(times_in($log, qr/LOG:  statement: COPY copied \(id, value\)\n\s+FROM stdin\n/), 1, 'log_statement, too');
	is(times_in($log, 'secret'), 0, 'without the data');
	query_is($node, 'SELECT count(*) FROM copied', 2, 'which are there');

	# The CALL is a client's command as well: an audit that leaves it out has a
	# hole, whether the library was loaded before it or by it.
	for my $first ('', 'SELECT slipway.version();')
	{
		my $name = $first eq '' ? 'first use of the library' : 'library loaded before';
		my $n = $first eq '' ? 4 : 5;

		add_migrations($node, [ [ "000${n}_all", "CREATE TABLE audited_$n (id integer);\nINSERT INTO audited_$n VALUES (1);" ] ],
			project => 'audited');
		$log = log_of(
			sub {
				is(migrate($node, project => 'audited', before => "SET pgaudit.log = 'all'; $first")->{exit},
					0, "$name: a deploy with pgaudit.log = all");
			});
		is(times_in($log, qr/AUDIT: SESSION,\d+,\d+,MISC,CALL,.*CALL slipway\.migrate/),
			1, "$name: pgaudit logs the CALL");
		is(times_in($log, qr/AUDIT: SESSION,\d+,\d+,DDL,CREATE TABLE,.*CREATE TABLE audited_$n /),
			1, "$name: and CREATE TABLE");
		is(times_in($log, qr/AUDIT: SESSION,\d+,\d+,WRITE,INSERT,.*INSERT INTO audited_$n /),
			1, "$name: and INSERT");
	}
	history_is_sound($node, 'audited', project => 'audited');

	# Also when our hook is the inner one.
	$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "'pg_slipway,pgaudit'");
	$node->restart;
	add_migrations($node, [ [ '0006_inner', "CREATE TABLE audited_6 (id integer);\nCOPY audited_6 FROM stdin;\n7\n\\.\nCOPY audited_6 (nowhere) FROM stdin;\n7\n\\.\n" ] ], project => 'audited');
	$log = log_of(
		sub {
			my $answer = migrate($node, project => 'audited', before => "SET pgaudit.log = 'all';");
			is($answer->{error}, 'column "nowhere" of relation "audited_6" does not exist',
				'pg_slipway preloaded before pgaudit: an error of COPY reaches the client');
		});
	like($log, qr/ERROR:  column "nowhere"/, 'and the log');
	add_migrations($node, [ [ '0006_inner', "CREATE TABLE audited_6 (id integer);\nCOPY audited_6 FROM stdin;\n7\n\\.\n" ] ], project => 'audited');
	$log = log_of(
		sub {
			is(migrate($node, project => 'audited', before => "SET pgaudit.log = 'all';")->{exit},
				0, 'a deploy works');
		});
	is(times_in($log, qr/AUDIT: SESSION,\d+,\d+,DDL,CREATE TABLE,.*CREATE TABLE audited_6 /),
		1, 'and is audited');
	is(times_in($log, qr/AUDIT: SESSION,\d+,\d+,WRITE,COPY,.*COPY audited_6 FROM stdin/), 1, 'also its COPY');
	query_is($node, 'SELECT id FROM audited_6', 7, 'which has its data');
}

$node->stop;
done_testing();
