# What the client shows of an error in a script: where it is, on the disk, what
# became of the migration, and what stays.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('errors');
my $base = "CREATE TABLE orders (id integer PRIMARY KEY, total integer);\n";

my $place = new_place($node, { '0001_orders.sql' => $base });
client($place, ['migrate']);

# The script fails when it runs. What is expected comes before the outcome.
sub fails_with
{
	my ($script, $expected, $name, %option) = @_;

	put_files($place, { '0002_x.sql' => $script });
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	client_is($place, ['migrate'], {
			exit => 5, err => "${expected}0002_x: rolled back\n" },
		$name, %option);
	applied_is($place, '0001_orders', "$name: it is rolled back");
	return;
}

# The script is refused before it runs.
sub refused_with
{
	my ($script, $expected, $name) = @_;

	put_files($place, { '0002_x.sql' => $script });
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	client_is($place, ['migrate'], {
			exit => 4, err => "${expected}0002_x: refused; nothing was applied\n" },
		$name);
	client_is($place, ['plan'], { exit => 4, err => $expected }, "$name, says plan");
	client_is($place, ['validate'], { exit => 4, err => "${expected}1 problem found\n" }, "$name, says validate");
	applied_is($place, '0001_orders', "$name: nothing is applied");
	return;
}

# The caret

my $no_totl = 'ERROR: column "totl" does not exist (42703)';
my $no_totl_hint = "hint: Perhaps you meant to reference the column \"orders.total\".\n";

fails_with("CREATE TABLE a (id integer);\n\n  SELECT totl FROM orders;\n",
	"migrations/0002_x.sql:3:10: $no_totl\n"
	  . "    3 |   SELECT totl FROM orders;\n"
	  . "      |          ^\n$no_totl_hint",
	'an error in the middle of a line');
fails_with("\tSELECT\ttotl FROM orders;\n",
	"migrations/0002_x.sql:1:9: $no_totl\n"
	  . "    1 |         SELECT  totl FROM orders;\n"
	  . "      |                 ^\n$no_totl_hint",
	'behind tabs');
fails_with("SELECT '\xc3\xa9\xc3\xa8', totl FROM orders;\n",
	"migrations/0002_x.sql:1:14: $no_totl\n"
	  . "    1 | SELECT '\xc3\xa9\xc3\xa8', totl FROM orders;\n"
	  . "      |              ^\n$no_totl_hint",
	'behind characters of two bytes');
fails_with("SELECT '\xe6\x97\xa5\xe6\x9c\xac', totl FROM orders;\n",
	"migrations/0002_x.sql:1:14: $no_totl\n"
	  . "    1 | SELECT '\xe6\x97\xa5\xe6\x9c\xac', totl FROM orders;\n"
	  . "      |                ^\n$no_totl_hint",
	'behind characters of double width');
fails_with("SELECT 'e\xcc\x81', totl FROM orders;\n",
	"migrations/0002_x.sql:1:14: $no_totl\n"
	  . "    1 | SELECT 'e\xcc\x81', totl FROM orders;\n"
	  . "      |             ^\n$no_totl_hint",
	'behind a combining character');
fails_with("\xef\xbb\xbfSELECT 1;\r\nSELECT totl FROM orders;\r\n",
	"migrations/0002_x.sql:2:8: $no_totl\n"
	  . "    2 | SELECT totl FROM orders;\n"
	  . "      |        ^\n$no_totl_hint",
	'in a file with byte order mark and CRLF');
fails_with("\xef\xbb\xbfSELECT totl FROM orders;\r\n",
	"migrations/0002_x.sql:1:8: $no_totl\n"
	  . "    1 | SELECT totl FROM orders;\n"
	  . "      |        ^\n$no_totl_hint",
	'right behind the byte order mark');
fails_with("SELECT 1; SELECT totl\nFROM orders",
	"migrations/0002_x.sql:1:18: $no_totl\n"
	  . "    1 | SELECT 1; SELECT totl\n"
	  . "      |                  ^\n$no_totl_hint",
	'in the second statement of a line');
fails_with("SELECT 1;\n\n-- nothing\n  SELECT 1 / 0;\n",
	"migrations/0002_x.sql:4:3: ERROR: division by zero (22012)\n"
	  . "    4 |   SELECT 1 / 0;\n      |   ^\n",
	'an error without a position stands where its statement begins');

{
	my $filler = 'x' x 300;
	put_files($place, { '0002_x.sql' => "SELECT '$filler', totl, '$filler' FROM orders;\n" });
	my ($exit, undef, $err) = client($place, ['migrate'], env => { COLUMNS => 80 });
	my ($line, $caret) = $err =~ /^(    1 \| .*)\n(      \| .*)\n/m;

	is($exit, 5, 'a long line');
	like($err, qr/^migrations\/0002_x\.sql:1:312: /m, 'its column is that in the file');
	cmp_ok(length $line, '<=', 80, 'the excerpt fits into 80 columns');
	is(substr($line, length($caret) - 1, 4), 'totl', 'and the caret is under the word');
	like($line, qr/\A    1 \| \.\.\.x.*\.\.\.\z/, 'what was cut off is marked');
}

# In the data of COPY: the row, without a column.
fails_with("SELECT 1;\n\nCOPY orders\n  FROM stdin;\n7\t1\n8\tone\n9\t1\n\\.\n",
	"migrations/0002_x.sql:6: ERROR: invalid input syntax for type integer: \"one\" (22P02)\n"
	  . "    6 | 8       one\n"
	  . "context: COPY orders, line 2, column total: \"one\"\n",
	'an error in the data of COPY');
refused_with("SELECT format('SELECT 1')\n  \\gexec\n",
	"migrations/0002_x.sql:2:3: ERROR: psql's command \\gexec is not allowed in a migration (SW007)\n"
	  . "    2 |   \\gexec\n      |   ^\n"
	  . "hint: Use a DO block with EXECUTE.\n",
	'a command for psql');
refused_with("SELECT 1;\n  COPY orders FROM stdin;\n7\t1\n",
	"migrations/0002_x.sql:2:3: ERROR: data of COPY ... FROM STDIN have no end (42601)\n"
	  . "    2 |   COPY orders FROM stdin;\n      |   ^\n"
	  . "hint: They begin on the line below, and a line with \\. and nothing else ends them.\n",
	'COPY without the end of its data');

# More than a line says

fails_with("INSERT INTO orders VALUES (1, 1), (1, 2);\n",
	"migrations/0002_x.sql:1:1: ERROR: duplicate key value violates unique constraint \"orders_pkey\" (23505)\n"
	  . "    1 | INSERT INTO orders VALUES (1, 1), (1, 2);\n      | ^\n"
	  . "detail: Key (id)=(1) already exists.\n",
	'an error with a detail');
fails_with(
	"CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS \$\$\nBEGIN\n"
	  . "  RAISE EXCEPTION 'no such luck' USING HINT = 'Try again.', DETAIL = 'It was Friday.';\nEND \$\$;\n\n  SELECT f();\n",
	"migrations/0002_x.sql:6:3: ERROR: no such luck (P0001)\n"
	  . "    6 |   SELECT f();\n      |   ^\n"
	  . "detail: It was Friday.\n"
	  . "context: PL/pgSQL function f() line 3 at RAISE\n"
	  . "hint: Try again.\n",
	'an error inside a function stands where it was called');
fails_with(
	"CREATE FUNCTION g() RETURNS void LANGUAGE plpgsql AS \$\$\nBEGIN\n  UPDATE orders SET totl = 1;\nEND \$\$;\nSELECT g();\n",
	"migrations/0002_x.sql:5:1: ERROR: column \"totl\" of relation \"orders\" does not exist (42703)\n"
	  . "    5 | SELECT g();\n      | ^\n"
	  . "context: PL/pgSQL function g() line 3 at SQL statement\n",
	'a position inside a function is not one in the file');
fails_with(
	"CREATE TABLE item (orders integer REFERENCES orders DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO item VALUES (9);\n",
	"migrations/0002_x.sql: ERROR: insert or update on table \"item\" violates foreign key constraint \"item_orders_fkey\" (23503)\n"
	  . "detail: Key (orders)=(9) is not present in table \"orders\".\n",
	'a deferred constraint has no line');
fails_with("DO \$\$ BEGIN RAISE EXCEPTION E'two\\nlines'; END \$\$;\n",
	"migrations/0002_x.sql:1:1: ERROR: two\nlines (P0001)\n"
	  . "    1 | DO \$\$ BEGIN RAISE EXCEPTION E'two\\nlines'; END \$\$;\n      | ^\n"
	  . "context: PL/pgSQL function inline_code_block line 1 at RAISE\n",
	'a message of two lines');

{
	my ($exit, $out, $err) = client($place, [ 'migrate', '--json' ]);
	my $events = json_lines($out);
	my $error = $events->[-1];

	is($exit, 5, 'the same as JSON');
	is(join(' ', map { $_->{event} } @$events), 'start error', 'its events');
	is_deeply(
		{ map { ($_ => $error->{$_}) } qw(severity sqlstate message migration file line column applied exit_code) },
		{
			severity => 'ERROR', sqlstate => 'P0001', message => "two\nlines", migration => '0002_x',
			file => 'migrations/0002_x.sql', line => 1, column => 1, applied => 0, exit_code => 5
		},
		'the error has its parts');
	ok($error->{rolled_back}, 'and says that it was rolled back');
	like($err, qr/\Amigrations\/0002_x\.sql:1:1: ERROR: two\n/, 'stderr is for people all the same');
}

# Found before anything runs

refused_with("CREATE TABLE b (id integer);\nSELEC 1;\n",
	"migrations/0002_x.sql:2:1: ERROR: syntax error at or near \"SELEC\" (42601)\n"
	  . "    2 | SELEC 1;\n      | ^\n",
	'a syntax error');
refused_with("SELECT '\xe6\x97\xa5' frm frm frm;\n",
	"migrations/0002_x.sql:1:16: ERROR: syntax error at or near \"frm\" (42601)\n"
	  . "    1 | SELECT '\xe6\x97\xa5' frm frm frm;\n      |                 ^\n",
	'a syntax error behind a wide character');
refused_with("CREATE TABLE b (id integer",
	"migrations/0002_x.sql:1:27: ERROR: syntax error at end of input (42601)\n"
	  . "    1 | CREATE TABLE b (id integer\n      |                           ^\n",
	'a syntax error at the end');
refused_with("SELECT 1;\nSELECT 'open;\n",
	"migrations/0002_x.sql:2:8: ERROR: unterminated quoted string at or near \"'open;\n\" (42601)\n"
	  . "    2 | SELECT 'open;\n      |        ^\n",
	'a string that does not end');
refused_with("CREATE TABLE b (id integer);\n  ROLLBACK;\n",
	"migrations/0002_x.sql:2:3: ERROR: ROLLBACK is not allowed in a migration (SW007)\n"
	  . "    2 |   ROLLBACK;\n      |   ^\n"
	  . "hint: A migration is rolled back when it fails: raise an error.\n",
	'a refused statement');
refused_with("-- slipway: no-transactoin\nSELECT 1;\n",
	"migrations/0002_x.sql:1:1: ERROR: unknown directive \"no-transactoin\" (SW007)\n"
	  . "    1 | -- slipway: no-transactoin\n      | ^\n"
	  . "hint: Perhaps you meant \"no-transaction\". This version knows: no-transaction, repeatable, requires, lock-timeout, statement-timeout, run-as, variables.\n",
	'a misspelt directive');

# What becomes of the others

put_files($place, { '0002_x.sql' => "CREATE TABLE b (id integer);\n", '0003_y.sql' => "SELEC 1;\n" });
client_is($place, ['migrate'], {
		exit => 4,
		err => "migrations/0003_y.sql:1:1: ERROR: syntax error at or near \"SELEC\" (42601)\n"
		  . "    1 | SELEC 1;\n      | ^\n0003_y: refused; nothing was applied\n" },
	'a syntax error in the last script');
applied_is($place, '0001_orders', 'is found before the first one runs');
put_files($place, { '0003_y.sql' => "CREATE TABLE c (id integer);\n", '0004_z.sql' => "SELECT 1;\nSELECT 1 / 0;\n", '0005_end.sql' => 'SELECT 5' });
client_is($place, ['migrate'], {
		exit => 5,
		err => "0002_x  applied  TIME\n0003_y  applied  TIME\n"
		  . "migrations/0004_z.sql:2:1: ERROR: division by zero (22012)\n"
		  . "    2 | SELECT 1 / 0;\n      | ^\n0004_z: rolled back; 2 applied before it stay applied\n" },
	'an error in the third of four');
applied_is($place, '0001_orders 0002_x 0003_y', 'what was applied before stays');
client_is($place, [ 'migrate', '-q' ], {
		exit => 5,
		err => "migrations/0004_z.sql:2:1: ERROR: division by zero (22012)\n"
		  . "    2 | SELECT 1 / 0;\n      | ^\n0004_z: rolled back\n" },
	'errors are shown in a quiet run');
put_files($place, { '0004_z.up.sql' => "SELECT 1 / 0;\n", '0004_z.down.sql' => 'SELECT 1' });
remove_files($place, '0004_z.sql');
client_is($place, ['migrate'], {
		exit => 5,
		err => "migrations/0004_z.up.sql:1:1: ERROR: division by zero (22012)\n"
		  . "    1 | SELECT 1 / 0;\n      | ^\n0004_z: rolled back\n" },
	'the name of the file is that on the disk');
put_files($place, { '0004_z.up.sql' => "SELECT 1;\n" });
client_is($place, ['migrate'], {
		err => "0004_z  applied  TIME\n0005_end  applied  TIME\n2 migrations applied to project default in TIME\n" },
	'once it is mended, the rest is applied');
# A stepwise migration stops where it fails, and the next run goes on there.
put_files($place, { '0006_step.sql' =>
		  "CREATE TABLE pair (a integer);\nINSERT INTO pair VALUES (1), (1);\nCREATE UNIQUE INDEX CONCURRENTLY pair_a ON pair (a);\nSELECT 1;\n" });
client_is($place, ['plan'], {
		out => "MIGRATION  KIND      UNITS  REASON\n0006_step  stepwise      3  CREATE INDEX CONCURRENTLY on line 3\n",
		err => "1 migration to apply to project default\n" },
	'plan says why a step is stepwise');
client_is($place, ['validate'], { err => "6 migrations, all valid\n" }, 'and validate has nothing against it');
my $duplicate = "migrations/0006_step.sql:3:1: ERROR: could not create unique index \"pair_a\" (23505)\n"
  . "    3 | CREATE UNIQUE INDEX CONCURRENTLY pair_a ON pair (a);\n      | ^\n"
  . "detail: Key (a)=(1) is duplicated.\n"
  . "Migration \"0006_step\" has stopped part way: what it has committed stays, and the next run goes on behind that.\n";
client_is($place, ['migrate'], { exit => 6, err => "${duplicate}0006_step: stopped at unit 2 of 3\n" },
	'a stepwise migration that fails');
client_is($place, ['migrate'], {
		exit => 6,
		err => "0006_step: the last try has left something: DROP INDEX CONCURRENTLY public.pair_a\n"
		  . "${duplicate}0006_step: stopped at unit 2 of 3\n" },
	'and fails again');
my (undef, $json) = client($place, [ '--json', 'migrate' ]);
my ($stopped) = grep { $_->{event} eq 'error' } @{ json_lines($json) };
is_deeply([ @$stopped{qw(exit_code migration line rolled_back)} ], [ 6, '0006_step', 3, JSON::PP::false() ], 'in JSON');
like((client($place, ['status']))[1], qr/^0006_step +failed/m, 'status calls it failed');
$node->safe_psql($place->{db}, "DELETE FROM pair WHERE ctid = '(0,1)'");
put_files($place, { '0006_step.sql' =>
		  "CREATE TABLE pair (a integer);\nINSERT INTO pair VALUES (1), (2);\nCREATE UNIQUE INDEX CONCURRENTLY pair_a ON pair (a);\nSELECT 1;\n" });
client_is($place, ['migrate'], {
		exit => 4,
		err => "migrations/0006_step.sql: ERROR: migration \"0006_step\" has changed where it was already executed (SW001)\n"
		  . "detail: It is committed up to statement 2. Only what follows may be changed.\n"
		  . "hint: Put that part of the script back, or write the change as a new migration; or undo by hand what is committed, and begin anew with slipway.forget_failed().\n"
		  . "0006_step: refused; nothing was applied\n" },
	'what has run may not be changed');
remove_files($place, '0006_step.sql');
client_is($place, ['migrate'], { err => "1 migration is not in this folder, which is older than the history\nnothing to do\n" }, 'without its file, and with nothing else to do');
client_is($place, ['validate'], { err => "5 migrations, all valid\n" }, 'that is valid');
put_files($place, { '0005_next.sql' => "SELECT 1;\n" });
client_is($place, ['migrate'], {
		exit => 4,
		err => "0006_step: ERROR: migration \"0006_step\" has stopped part way but is missing (SW002)\n"
		  . "detail: The manifest does not hold it. Units of it that are committed: 1.\n"
		  . "hint: Put its script back. What it has not executed yet may be changed, or taken out.\n"
		  . "0006_step: refused; nothing was applied\n" },
	'with something else to do it is missed');
client_is($place, [$_], {
		exit => 4,
		err => qr/^0006_step: ERROR: the migration has stopped part way, but is not in the folder \(SW002\)\nhint: Restore its file\. What it has not/m },
	"and $_ says so") for qw(plan validate);
client_is($place, ['status'], { out => qr/^0006_step +missing, 1 unit done\n/m, err => qr/1 missing/ }, 'status, too');
remove_files($place, '0005_next.sql');
put_files($place, { '0006_step.sql' =>
		  "CREATE TABLE pair (a integer);\nINSERT INTO pair VALUES (1), (1);\nCREATE UNIQUE INDEX CONCURRENTLY pair_a ON pair (a);\nSELECT 2;\n" });
client_is($place, ['migrate'], {
		err => "0006_step: the last try has left something: DROP INDEX CONCURRENTLY public.pair_a\n"
		  . "0006_step  applied  TIME\n1 migration applied to project default in TIME\n" },
	'and what has not, may');
history_is_sound($node, 'after all that', db => $place->{db});

# Changed, missing, twice

put_files($place, { '0002_x.sql' => "CREATE TABLE b (id bigint);\n" });
my ($exit, undef, $err) = client($place, ['migrate']);
is($exit, 4, 'a changed script');
like($err,
	qr/\Amigrations\/0002_x\.sql: ERROR: migration "0002_x" has changed since it was applied \(SW001\)
detail: Its script has hash [0-9a-f]{64}, the one applied had [0-9a-f]{64}\.
hint: Put the old script back and write the change as a new migration; or take this one as applied with slipway\.accept_checksum\(\)\.
0002_x: refused; nothing was applied\n\z/,
	'is refused');
put_files($place, { '0002_x.sql' => "\xef\xbb\xbfCREATE TABLE b (id integer);\r\n" });
client_is($place, ['migrate'], { err => "nothing to do\n" }, 'other line ends are no change');
put_files($place, { '0002_x.sql' => "CREATE TABLE b (id integer);" });
is((client($place, ['migrate']))[0], 4, 'but a line end less is one');
remove_files($place, '0002_x.sql');
client_is($place, ['migrate'], {
		exit => 4,
		err => "0002_x: ERROR: migration \"0002_x\" was applied but is missing (SW002)\n"
		  . "detail: The manifest holds later migrations, but not this one.\n"
		  . "hint: Put its script back.\n0002_x: refused; nothing was applied\n" },
	'a missing script');
put_files($place, { '0002_x.sql' => "CREATE TABLE b (id integer);\n", '0002_x.up.sql' => "SELECT 1;\n" });
client_is($place, [$_], {
		exit => 4,
		err => "slipway: error: migration \"0002_x\" is there twice: \"migrations/0002_x.sql\" and \"migrations/0002_x.up.sql\"\n"
		  . "hint: Remove one of them.\n" },
	"$_ of a migration that is there twice")
  for qw(migrate plan status validate);
remove_files($place, '0002_x.up.sql');
put_files($place, { '0006_alone.down.sql' => 'SELECT 1' });
client_is($place, ['status'], {
		exit => 4,
		err => "slipway: error: \"migrations/0006_alone.down.sql\" has no up script\n"
		  . "hint: Add 0006_alone.up.sql, or remove the file.\n" },
	'a down script alone');
remove_files($place, '0006_alone.down.sql');

# What scripts say themselves

put_files($place, { '0006_talk.sql' =>
		  "DO \$\$ BEGIN RAISE NOTICE 'half way'; RAISE WARNING 'careful' USING HINT = 'Look.'; RAISE INFO 'by the way'; END \$\$;\n",
		'0007_empty.sql' => '', '0008_comment.sql' => "-- later\n/* perhaps */\n" });
my $warnings = "WARNING: migration \"0007_empty\" is empty\ndetail: Its script holds no statement; it is recorded as applied.\n";
client_is($place, [ 'migrate', '--to', '0006_talk' ], {
		err => "NOTICE: half way\nWARNING: careful\nhint: Look.\nINFO: by the way\n"
		  . "0006_talk  applied  TIME\n1 migration applied to project default in TIME\n" },
	'notices and warnings of a script');
client_is($place, [ 'migrate', '-q', '--to', '0007_empty' ], { err => $warnings }, 'an empty script, with a warning even in a quiet run');
$warnings =~ s/0007_empty/0008_comment/;
client_is($place, ['migrate'], {
		err => "${warnings}0008_comment  applied  TIME\n1 migration applied to project default in TIME\n" },
	'a script with comments only');

# An event can not be forged
put_files($place, { '0009_forged.sql' =>
		  "DO \$\$ BEGIN RAISE INFO 'x' USING DETAIL = '{\"event\":\"applied\",\"migration\":\"0009_a\",\"duration_ms\":1}'; PERFORM 1 / 0; END \$\$;\n" });
($exit, undef, $err) = client($place, ['migrate']);
is($exit, 5, 'a script that says it was applied');
like($err, qr/^0009_forged: rolled back\n\z/m, 'is not believed');

$node->stop;
done_testing();
