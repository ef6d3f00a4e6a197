# Repeatable migrations in a folder, as the client sees them.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('repeatable');
my $place = new_place($node, {
		'0001_a.sql' => "CREATE TABLE a (n integer);\n",
		'0000_sum.sql' => "-- what a holds\n-- slipway: repeatable\nCREATE OR REPLACE VIEW total AS SELECT sum(n) FROM a;\n",
		'0002_b.sql' => "ALTER TABLE a ADD m integer;\n" });

# [migration, what follows] of each line of stdout, without its head
sub names
{
	my ($out) = @_;

	return join ' ', map { /^(\S+)/ ? $1 : () } (split /\n/, $out)[ 1 .. $out =~ tr/\n// - 1 ];
}

my ($out) = client_is($place, ['plan'], { out => qr/./, err => "3 migrations to apply to project default\n" }, 'plan');
is(names($out), '0001_a 0002_b 0000_sum', 'shows the repeatable one behind the others');
client_is($place, [ 'migrate', '-q' ], { err => '' }, 'migrate');
is(sql($node, "SELECT string_agg(migration, ' ' ORDER BY entry) FROM slipway.history", db => $place->{db})->{out},
	'0001_a 0002_b 0000_sum', 'runs it there');
client_is($place, ['migrate'], { err => qr/nothing to do/ }, 'and only once');

put_files($place, {
		'0000_sum.sql' => "-- slipway: repeatable\nCREATE OR REPLACE VIEW total AS SELECT sum(n) FROM a WHERE n > 0;\n" });
client_is($place, ['validate'], { err => "3 migrations, all valid\n" }, 'a changed one is valid');
($out) = client_is($place, [ 'status', '--json', '-q', '--no-drift' ], { out => qr/./ }, 'status --json');
my @states = @{ json_fits($out, ['state'], 'has what is documented') };
is(join(' ', map { "$_->{migration}:$_->{kind}:$_->{state}" } @states),
	'0001_a:versioned:applied 0002_b:versioned:applied 0000_sum:repeatable:pending', 'has kinds, and it is pending');
ok($states[2]{applied_hash} && $states[2]{applied_hash} ne $states[2]{script_hash}, 'with what was applied before');
client_is($place, [ 'status', '--exit-code', '-q' ], { exit => 3, out => qr/./ }, 'something is pending');
put_files($place, { '0003_c.sql' => "SELECT 3;\n" });
client_is($place, [ 'migrate', '-q' ], { err => '' }, 'migrate with another versioned one');
is(sql($node, "SELECT string_agg(migration, ' ' ORDER BY entry) FROM slipway.history WHERE run = 2", db => $place->{db})->{out},
	'0003_c 0000_sum', 'which runs first');

# An older release knows that nothing of it is missing.
remove_files($place, '0000_sum.sql');
client_is($place, ['validate'], { err => "3 migrations, all valid\n" }, 'validate without its file');
client_is($place, ['status'], { out => qr/^0000_sum +missing/m, err => "project default: 3 applied, 1 missing\n" }, 'status says that it is gone');
client_is($place, ['migrate'], { err => qr/nothing to do/ }, 'migrate does not mind');
client_is($place, [ 'log', '-q', '--limit', '1' ], { out => qr/^\S+ \S+ +2 +0000_sum +apply +succeeded/m }, 'the log has it');

# The directive decides, wherever it stands in the head; in an error its script is named.
put_files($place, { 'broken.sql' => "\n-- slipway: repeatable\nSELECT nothing;\n" });
client_is($place, ['migrate'], { exit => 5,
		err => qr/^migrations\/broken\.sql:3:8: ERROR: column "nothing" does not exist \(42703\)/m }, 'one that fails');
put_files($place, { 'broken.sql' => "-- slipway: repeatable, please\nSELECT 1;\n" });
client_is($place, ['validate'], { exit => 4, err => qr/^migrations\/broken\.sql:1:1: ERROR: .*repeatable/m },
	'a directive that is nearly right');
remove_files($place, 'broken.sql');

# new --repeatable
client_is($place, [ 'new', '--repeatable', 'Order views' ], { out => "migrations/order_views.sql\n" }, 'new --repeatable');
is(slurp_file("$place->{home}/migrations/order_views.sql"), "-- order_views\n-- slipway: repeatable\n", 'writes the directive');
client_is($place, [ 'new', '--repeatable', '--down', 'more' ], { out => "migrations/more.up.sql\nmigrations/more.down.sql\n" },
	'with a companion');
is(slurp_file("$place->{home}/migrations/more.down.sql"), "-- undoes more\n", 'which has none');
client_is($place, [ 'new', '--repeatable', 'order-views' ], { exit => 1,
		err => qr/\Aslipway: error: migration "order_views" exists\n/ }, 'nothing is overwritten');

done_testing();
