# slipway rehearse: whom it asks, what it prints, says, writes and exits with.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayScreen;
use SlipwayServer;
use SlipwayTest;
use Test::More;

$ENV{PGAPPNAME} = 'slipway';

my $node = new_node('client_rehearse');

# Time is not what is tested: whatever a slow machine needs for a lock.
my @patient = ('--lock-hold', '5min', '--lock-timeout', '1min');

my %files = (
	'0001_total.sql' => "-- cents are not enough\nALTER TABLE orders\n  ALTER COLUMN total TYPE numeric(12,2);\n\n"
	  . "INSERT INTO orders SELECT g, g FROM generate_series(1, 3) g;\n",
	'0002_index.sql' => "CREATE INDEX CONCURRENTLY orders_total_idx ON orders (total);\nVACUUM orders;\n",
	'0003_number.sql' => "SELECT nextval('number');\nCREATE TABLE report (id integer PRIMARY KEY);\n");

# A place with tables that are worth a rehearsal.
sub shop
{
	my ($files) = @_;
	my $place = new_place($node, $files);

	sql($node, "CREATE TABLE orders (id integer PRIMARY KEY, total numeric(10,1));\n"
		  . "INSERT INTO orders SELECT -g, g FROM generate_series(1, 1000) g;\n"
		  . "CREATE SEQUENCE number;\nANALYZE orders;",
		db => $place->{db})->{exit} == 0
	  or die "could not make the shop\n";
	return $place;
}

# All that a rehearsal could have left.
sub is_untouched
{
	my ($place, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return query_is($node,
		"SELECT (SELECT count(*) FROM orders), (SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
		  . " WHERE attrelid = 'orders'::regclass AND attname = 'total'), to_regclass('report') IS NULL,"
		  . " (SELECT count(*) FROM slipway.history), (SELECT count(*) FROM slipway.run),"
		  . " (SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() AND database ="
		  . " (SELECT oid FROM pg_database WHERE datname = current_database()))",
		'1000|numeric(10,1)|t|0|0|0', $name, db => $place->{db});
}

sub hide_numbers
{
	my ($text) = @_;

	# line and time of a statement are to the right of columns
	$text =~ s/^( +\d+) +[\d.]+ (?:ms|s)  /$1  TIME  /mg;
	$text =~ s/\b\d+(?:\.\d+)? (?:ms|s)\b/TIME/g;
	$text =~ s/\b[\d.]+ (?:kB|MB)\b/SIZE/g;
	return $text;
}

sub read_page
{
	my ($place, $name) = @_;

	return PostgreSQL::Test::Utils::slurp_file("$place->{home}/$name");
}

# What cannot be meant

my $place = shop(\%files);
my $refusal = "slipway: error: a rehearsal takes the real locks, so it asks first, and this is no terminal\n"
  . "hint: Pass --yes, or write \"rehearse = allow\" into the section of --env in slipway.conf.\n";
client_is($place, ['rehearse'], { exit => 2, err => $refusal }, 'without --yes');
client_is($place, [ 'rehearse', '--yes', '--fail-on', 'error' ],
	{ exit => 2, err => "slipway: error: invalid value \"error\" of option \"--fail-on\"\nhint: It is one of danger|warning|note.\n" },
	'--fail-on error');
for my $size ('10Q', '-1', 'MB', '1.5MB', '')
{
	client_is($place, [ 'rehearse', '--yes', "--plain-indexes-below=$size" ],
		{ exit => 2, err => "slipway: error: invalid value \"$size\" of option \"--plain-indexes-below\"\nhint: It is a number of bytes, or has a unit: B, kB, MB, GB or TB.\n" },
		"--plain-indexes-below=$size");
}
client_is($place, [ 'rehearse', '--yes', '--lock-hold', 'long' ],
	{ exit => 2, err => qr/^slipway: error: invalid value "long" of option "--lock-hold"\nhint: / }, '--lock-hold long');
client_is($place, [ 'rehearse', '0001_total' ], { exit => 2, err => qr/^slipway: error: / }, 'an argument');
client_is($place, [ 'rehearse', '--yes', '--mode', 'all' ], { exit => 2, err => qr/^slipway: error: .*--mode/ }, '--mode');
client_is($place, [ 'rehearse', '--yes', '--to', '0001_totl' ], { exit => 2, err => "slipway: error: folder \"migrations\" has no migration \"0001_totl\"\nhint: Perhaps you meant \"0001_total\".\n" }, 'an unknown target');
for my $bad ('.', 'none/report.html', 'migrations/0001_total.sql/report.html')
{
	client_is($place, [ 'rehearse', '--yes', '--html', $bad ],
		{ exit => 2, err => qr/^slipway: error: could not write "\Q$bad\E": / }, "--html $bad");
}
is_untouched($place, 'it has not begun');

# slipway.conf

sub configure
{
	my ($text) = @_;

	unlink "$place->{home}/slipway.conf";
	write_folder({ 'slipway.conf' => $text }, $place->{home});
	return;
}

my $url = $node->connstr($place->{db});
configure("[staging]\nurl = $url\nrehearse = allow\n[prod]\nurl = $url\n[asked]\nurl = $url\nrehearse = ask\n");
my ($exit, $out, $err) = client($place, [ '-e', 'staging', 'rehearse', @patient ], connect => 0);
is($exit, 0, 'allowed by the section') or diag($err);
like($err, qr/^3 migrations rehearsed/, 'and done');
client_is($place, [ '-e', $_, 'rehearse' ], { exit => 2, err => $refusal }, "section $_", connect => 0) for qw(prod asked);
# it speaks of its own server only
client_is($place, [ '-e', 'staging', 'rehearse' ], { exit => 2, err => $refusal }, 'a section, and another database');
client_is($place, [ '-e', 'staging', '-h', $node->host, 'rehearse' ], { exit => 2, err => $refusal }, 'a section, and another host', connect => 0);
configure("[bad]\nurl = $url\nrehearse = ${\ '${ANSWER}'}\n");
client_is($place, [ '-e', 'bad', 'rehearse' ], { exit => 2, err => "slipway: error: slipway.conf:3: invalid value \"yes\" of key \"rehearse\"\nhint: It is allow or ask.\n" },
	'another answer', connect => 0, env => { ANSWER => 'yes' });
is_untouched($place, 'all of it was rolled back');

# For a pipe

($exit, $out, $err) = client($place, [ 'rehearse', '--yes', '--snapshot', 'off', @patient ]);
is($exit, 0, 'rehearsed');
my ($statements, $rest) = split /\n\n/, hide_numbers($out), 2;
is($statements, <<'END' =~ s/\n\z//r, 'its statements');
0001_total
    2  TIME  ALTER TABLE orders ALTER COLUMN total TYPE numeric(12,2)
        AccessExclusiveLock on public.orders (SIZE, 1,000 rows)
        rewrites public.orders, public.orders_pkey
        reads all of public.orders
    5  TIME  INSERT INTO orders SELECT g, g FROM generate_series(1, 3) g
        3 rows
0002_index
    1  TIME  CREATE INDEX CONCURRENTLY orders_total_idx ON orders (total)
        as a plain one
        ShareLock on public.orders (SIZE, 1,000 rows)
        reads all of public.orders
    2          -  VACUUM orders
        not rehearsed: VACUUM cannot run inside a transaction block
0003_number
    1  TIME  SELECT nextval('number')
        1 row
        RowExclusiveLock on public.number (SIZE, 1 row)
    2  TIME  CREATE TABLE report (id integer PRIMARY KEY)
END
like($rest, qr/^findings\nmigrations\/0001_total\.sql:2: \w+: \S+\n  .*public\.orders/m, 'what was found');
like($rest, qr/^not rolled back\n  sequence public\.number: .*\(0003_number:1\)$/m, 'what is not rolled back');
unlike($rest, qr/difference of the schema/, '--snapshot off');
ok(!(grep { length > 80 } split /\n/, $out), 'in 80 columns');
is(hide_numbers($err) =~ s/: \d.*//r, "3 migrations rehearsed on project default and rolled back in TIME\n1 of 6 statements was not rehearsed\n", 'and what it says');
is_untouched($place, 'nothing is left');

($exit, $out, $err) = client($place, [ 'rehearse', '--yes', '--quiet', @patient ]);
is($err, '', 'a quiet one says nothing');
like($out, qr/^difference of the schema\n(?:. .*\n)*~ column public\.orders\.total\n/m, 'but shows the difference of the schema');
like($out, qr/^\+ table public\.report\n/m, 'and what is new in it');
($exit, $out, $err) = client($place, [ 'rehearse', '--yes', '--verbose', @patient ]);
like($out, qr/^~ column public\.orders\.total\n    - type: numeric\(10,1\)\n    \+ type: numeric\(12,2\)$/m, 'with --verbose line by line');
like($out, qr/AccessExclusiveLock on public\.orders_pkey/, 'and with the locks on indexes');

# --to, --plain-indexes-below, --plain-indexes

($exit, $out, $err) = client($place, [ 'rehearse', '--yes', '--to', '0001_total', @patient ]);
like($err, qr/^1 migration rehearsed/, '--to');
($exit, $out, $err) = client($place, [ 'rehearse', '--yes', '--plain-indexes-below', '1kB', @patient ]);
like($out, qr/^    1          -  CREATE INDEX CONCURRENTLY .*\n +not rehearsed: /m, '--plain-indexes-below');
($exit, $out, $err) = client($place, [ 'rehearse', '--yes', '--plain-indexes-below', '1kB', '--plain-indexes', @patient ]);
like($out, qr/CREATE INDEX CONCURRENTLY .*\n +as a plain one$/m, '--plain-indexes');

# --json

($exit, $out, $err) = client($place, [ 'rehearse', '--yes', '--json', @patient ]);
my $objects = json_fits($out, [qw(rehearsed rehearsed_migration not_rolled_back difference finding rehearsal_done)], '--json');
my ($first) = grep { $_->{event} eq 'rehearsed' } @$objects;
is("$first->{migration}:$first->{line} $first->{locks}[0]{mode} $first->{locks}[0]{relation} @{ $first->{rewrites} } / @{ $first->{scans} }",
	'0001_total:2 AccessExclusiveLock public.orders public.orders public.orders_pkey / public.orders', 'the first statement');
is($objects->[-1]{event}, 'done', 'the last one');
is(scalar(grep { $_->{event} eq 'finding' } @$objects),
	$objects->[-1]{danger} + $objects->[-1]{warning} + $objects->[-1]{note}, 'counts the findings');

# --fail-on

my $danger = shop({ '0001_total.sql' => $files{'0001_total.sql'} });
sql($node, "INSERT INTO orders SELECT -g, g FROM generate_series(1001, 200000) g;\nANALYZE orders;", db => $danger->{db});
($exit, $out, $err) = client($danger, [ 'rehearse', '--yes', @patient ]);
is($exit, 0, 'findings are no failure');
like($out, qr/^migrations\/0001_total\.sql:2: (?:danger|warning): /m, 'there is one');
($exit, $out, $err) = client($danger, [ 'rehearse', '--yes', '--fail-on', 'warning', @patient ]);
is($exit, 4, 'unless --fail-on says so');
like($err, qr/\nslipway: error: \d+ findings? (?:is|are) as severe as --fail-on warning\n\z/, 'and that is said last');
($exit, $out, $err) = client($danger, [ 'rehearse', '--yes', '--json', '--fail-on', 'warning', '--html', 'report.html', @patient ]);
$objects = json_lines($out);
is("$exit $objects->[-1]{event} $objects->[-1]{exit_code} $objects->[-2]{event}", '4 error 4 done', 'the same with --json');
like(read_page($danger, 'report.html'), qr/<\/html>\n\z/, 'the report was written before');
my $calm = shop({ '0001_table.sql' => "CREATE TABLE t (id integer);\n" });
client_is($calm, [ 'rehearse', '--yes', '--fail-on', 'note', '--snapshot', 'off' ],
	{ out => qr/^0001_table\n    1 .*  CREATE TABLE t \(id integer\)\n\z/, err => "1 migration rehearsed on project default and rolled back in TIME: no findings\n" },
	'nothing found');

# What goes wrong

my $wrong = shop({ %files, '0003_number.sql' => "SELECT nextval('number');\nSELECT\n  1 / 0;\n" });
($exit, $out, $err) = client($wrong, [ 'rehearse', '--yes', '--html', 'report.html', @patient ]);
is($exit, 5, 'a statement fails');
like($err, qr/^migrations\/0003_number\.sql:2\b.*: ERROR: division by zero \(22012\)\n    2 \| SELECT\n/, 'it is shown as by migrate');
like($err, qr/^the rehearsal ended here; all of it was rolled back\nreport: report\.html\n\z/m, 'and what became of the others');
like($out, qr/^    2  .*  SELECT 1 \/ 0\n        failed$/m, 'the statement is there');
my $page = read_page($wrong, 'report.html');
like($page, qr/It ended with an error.*division by zero.*public\.orders/s, 'the report is of what was done');
is_untouched($wrong, 'all of it was rolled back');
($exit, $out, $err) = client($wrong, [ 'rehearse', '--yes', '--json', @patient ]);
$objects = json_fits($out, [qw(rehearsed rehearsed_migration not_rolled_back? finding? error)], 'a failure with --json');
is("$objects->[-1]{event} $objects->[-1]{exit_code} $objects->[-1]{file}:$objects->[-1]{line}", 'error 5 migrations/0003_number.sql:2', 'the error');

my $broken = shop({ '0001_x.sql' => "SELEKT 1;\n" });
($exit, $out, $err) = client($broken, [ 'rehearse', '--yes', '--html', 'report.html' ]);
is($exit, 4, 'what is found before anything runs');
like($err, qr/^migrations\/0001_x\.sql:1:1: ERROR: .*\(42601\)\n/, 'is shown as by migrate');

# Another session has the table.
my $holder = start_sql($node, "BEGIN;\nLOCK TABLE orders IN ACCESS SHARE MODE;\nSELECT pg_sleep(60);", db => $place->{db}, application => 'holder');
wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep'", 'a reader');
($exit, $out, $err) = client($place, [ 'rehearse', '--yes', '--lock-timeout', '50ms' ]);
is($exit, 5, 'a lock that is not to be had');
like($err, qr/^migrations\/0001_total\.sql:2:1: ERROR: .*lock timeout.*\(55P03\)$/m, 'says so, after one try');
sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'");
finish_sql($holder);
# A lock for too long: what needs a second in any case.
my $slow = shop({ '0001_slow.sql' => "LOCK TABLE orders;\nDO 'BEGIN PERFORM pg_sleep(30); END';\n" });
($exit, $out, $err) = client($slow, [ 'rehearse', '--yes', '--lock-hold', '100ms' ]);
is($exit, 5, 'a lock is held for too long');
like($err, qr/ERROR: rehearsal stopped: .*AccessExclusiveLock on public\.orders.* \(SW031\)\n.*\n.*\nhint: Raise --lock-hold, or rehearse on a copy of the database\.\n/,
	'says so, and what to do');
like($out, qr/^    2 .*  DO .*\n        stopped$/m, 'the statement is there');
is_untouched($slow, 'all of it was rolled back');

my $client = start_client($slow, [ 'rehearse', '--yes', '--html', 'report.html', @patient ]);
wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = '$slow->{db}' AND wait_event = 'PgSleep'", 'a rehearsal');
kill INT => $client->{run}{KIDS}[0]{PID};
($exit, $out, $err) = finish_client($client);
is($exit, 1, 'interrupted');
# (before 17 a server sends itself the signal twice: the second one may come when the statement is over)
like($err, qr/(?:ERROR|slipway: error): canceling statement due to user request \(57014\)/, 'the server was told');
wait_until($node, "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = '$slow->{db}'", 'it is gone');
is_untouched($slow, 'all of it was rolled back');

# --html

unlink "$place->{home}/report.html";
client_is($place, [ 'rehearse', '--yes', '--html', 'report.html', '-d', 'none' ], { exit => 8, err => qr/^slipway: error: could not connect/ }, 'no connection');
ok(!-e "$place->{home}/report.html", 'no report');
write_folder({ 'report.html' => 'old' }, $place->{home});
client($place, [ 'rehearse', '--yes', '--html', 'report.html', '-d', 'none' ]);
is(read_page($place, 'report.html'), 'old', 'an old one stays');
($exit, $out, $err) = client($place, [ 'rehearse', '--yes', '--html', 'report.html', @patient ]);
is($exit, 0, 'rehearsed again');
like($err, qr/^report: report\.html$/m, 'and says where the report is');
$page = read_page($place, 'report.html');
like($page, qr/\A<!DOCTYPE html>\n.*<\/html>\n\z/s, 'a whole page');
for my $part ('Rehearsal of project default', "Database <strong>$place->{db}</strong>", 'Time line', 'Tables touched', 'Not rolled back',
	'Difference of the schema', 'as a plain one', 'public.orders_pkey', 'migrations/0001_total.sql:2', 'type: numeric(12,2)')
{
	like($page, qr/\Q$part\E/, "the page has: $part");
}
unlike($page, qr/https?:|<script|<link|<iframe|url\(|\bon\w+=/, 'it fetches and runs nothing');
is(scalar(glob("$place->{home}/report.html.*")), undef, 'nothing lies beside it');

my $name = q{<script>alert('x')</script>"><img src=x onerror=alert(1)>};
my $quoted = $name =~ s/"/""/gr;
my $hostile = new_place($node, { '0001_<b>.sql' => "ALTER TABLE \"$quoted\" ADD COLUMN \"</pre><b>\" text DEFAULT '<i>';\n"
	  . "COMMENT ON TABLE \"$quoted\" IS '</details><h1>';\nSELECT nextval('\"<u>\"');\n" });
sql($node, "CREATE TABLE \"$quoted\" (id integer);\nCREATE SEQUENCE \"<u>\";", db => $hostile->{db});
($exit, $out, $err) = client($hostile, [ 'rehearse', '--yes', '--html', 'report.html', @patient ]);
is($exit, 0, 'names that are markup') or diag($err);
$page = read_page($hostile, 'report.html');
unlike($page, qr/<(?:script|img|b|i>|u>)\b/, 'none of it is markup in the page');
unlike($page, qr/<h1>(?!Rehearsal)/, 'nor ends what is around it');
like($page, qr/&lt;script&gt;alert\(&#39;x&#39;\)&lt;\/script&gt;/, 'but it is there');
is(() = $page =~ /<details\b/g, () = $page =~ /<\/details>/g, 'what is opened is closed');

# On a terminal

my $asked = shop(\%files);
my $screen = start_screen($asked, [ 'rehearse', @patient ]);
read_until($screen, qr/^Rehearse on database $asked->{db} of /, 'it asks');
type_keys($screen, "n\n");
($exit, my @lines) = finish_screen($screen);
is($exit, 1, 'no is no');
is((grep { length } @lines)[-1], 'slipway: error: nothing was rehearsed', 'and says so');
query_is($node, 'SELECT count(*) FROM slipway.script', '0', 'nothing was uploaded', db => $asked->{db});
$screen = start_screen($place, [ 'rehearse', @patient ]);
read_until($screen, qr/^Rehearse on database/, 'it asks again');
type_keys($screen, "y\n");
($exit, @lines) = finish_screen($screen);
is($exit, 0, 'yes is yes');
ok((grep { /AccessExclusiveLock on public\.orders/ } @lines), 'the locks are shown');
ok((grep { /^3 migrations rehearsed/ } @lines), 'to its end');
like($screen->{raw}, qr/\e\[1;31mAccessExclusiveLock/, 'in colour');
$screen = start_screen($place, [ 'rehearse', '--yes', @patient ], columns => 60);
($exit, @lines) = finish_screen($screen);
is($exit, 0, '--yes does not ask');
ok((grep { /^    5 .*  INSERT INTO orders SELECT g, g FROM.*\.\.\.$/ } @lines), 'statements are cut to the width');
is_untouched($place, 'still nothing is left');

# Nothing to do

($exit) = client($place, ['migrate']);
is($exit, 0, 'now for real');
client_is($place, [ 'rehearse', '--yes', '--html', 'report.html' ], { err => "nothing to rehearse\nreport: report.html\n" }, 'nothing is pending');
like(read_page($place, 'report.html'), qr/Nothing was pending\./, 'and the report says so');

$node->stop;
done_testing();
