# What is required leads through a great many migrations, where a server has little room for its stack: that is found out without
# a call within a call for each of them, which would end the server.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayTest;
use Test::More;

plan skip_all => 'prlimit(1) is not there' if system('prlimit --version >/dev/null 2>&1') != 0;

my $n = 30000;
my $node = new_node('deep', conf => "max_stack_depth = 100kB\n");
my ($pid) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');

# of the backends that follow
system_or_bail('prlimit', "--pid=$pid", '--stack=524288:524288');

# The first requires the last, and each of the others the one before it.
$node->safe_psql('postgres', qq{
	CREATE TABLE deep AS SELECT i, 'm' || lpad(i::text, 6, '0') AS name,
	       '-- slipway: requires m' || lpad((CASE WHEN i = 0 THEN $n ELSE i END - 1)::text, 6, '0') || E'\\nSELECT ' || i AS body FROM generate_series(0, $n - 1) i;
	SELECT slipway.create_project('deep');
	SELECT slipway.add_scripts((SELECT array_agg(body) FROM deep), 'deep');
	SELECT * FROM slipway.add_manifest((SELECT E'slipway-manifest 1 order=auto\\n' || string_agg(encode(sha256(convert_to(body, 'UTF8')), 'hex') ||
	       ' - - versioned ' || name || E'\\n', '' ORDER BY i) FROM deep), 'deep');});
is($node->safe_psql('postgres', q{SELECT migration, sqlstate, message, length(detail) > 500000 FROM slipway.validate('deep')}),
	'm000000|SW027|migration "m000000" requires itself|t', 'a way through all of them');
$node->stop;
done_testing();
