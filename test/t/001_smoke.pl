# The way of every deploy: init, migrate, status, and migrate again.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayTest;
use Test::More;

my $node = new_node('main', extension => 0);
my $folder = write_folder(
	{
		'0001_city.sql' =>
		  "CREATE TABLE city (id integer PRIMARY KEY, name text NOT NULL);\n",
		'0002_cities.sql' =>
		  "INSERT INTO city VALUES (1, 'Lisboa'), (2, 'Malm\xc3\xb6');\n",
		'0003_population.sql' =>
		  "ALTER TABLE city ADD COLUMN population integer;\n"
		  . "UPDATE city SET population = 545000 WHERE id = 1;\n",
	});

my ($exit, $stdout, $stderr) = slipway($node, 'init');
is($exit, 0, 'init') or diag($stderr);
is( $node->safe_psql('postgres',
		"SELECT extname FROM pg_extension WHERE extname = 'pg_slipway'"),
	'pg_slipway',
	'init has created the extension');

($exit, $stdout, $stderr) = slipway($node, 'migrate', '--dir', $folder);
is($exit, 0, 'migrate') or diag($stderr);
is( $node->safe_psql('postgres', 'SELECT id, name, population FROM city ORDER BY id'),
	"1|Lisboa|545000\n2|Malm\xc3\xb6|",
	'the scripts have run, in order');
is( $node->safe_psql('postgres', 'SELECT name FROM slipway.schema_migrations ORDER BY name'),
	"0001_city\n0002_cities\n0003_population",
	'and are recorded');

($exit, $stdout, $stderr) = slipway($node, 'status', '--dir', $folder);
is($exit, 0, 'status') or diag($stderr);
like($stdout, qr/^\W*0003_population\b.*\bapplied\b/m, 'status says applied');
unlike($stdout, qr/^\W*000.*\bpending\b/m, 'and nothing pending');

my $entries = $node->safe_psql('postgres', 'SELECT count(*) FROM slipway.history');
($exit, $stdout, $stderr) = slipway($node, 'migrate', '--dir', $folder);
is($exit, 0, 'second migrate') or diag($stderr);
like($stderr, qr/nothing to do/, 'it says that there is nothing to do');
is($node->safe_psql('postgres', 'SELECT count(*) FROM slipway.history'),
	$entries, 'and leaves no trace in the history');

$node->stop;
done_testing();
