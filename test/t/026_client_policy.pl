# Order and requirements, as the client sees them: --out-of-order, --to, requires.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('policy');

# --out-of-order

my $place = new_place($node, { map { ("$_.sql" => "SELECT '$_';\n") } qw(0001_a 0003_c) });

client_is($place, [ 'migrate', '-q' ], { err => '' }, 'two are applied');
put_files($place, { '0002_b.sql' => "SELECT 2;\n", '0002_c.sql' => "SELECT 22;\n" });
client_is($place, ['migrate'], { exit => 4, err => qr/^migrations\/0002_b\.sql: ERROR: .* \(SW003\)/m }, 'one below is refused');
client_is($place, [ 'migrate', '--out-of-order', 'refuse' ], { exit => 4, err => qr/\(SW003\)/ }, 'also if that is asked for');
client_is($place, [ 'plan', '--out-of-order', 'warn', '-q' ], { out => qr/^0002_b +transactional.*\n0002_c/m }, 'plan has them with warn');
client_is($place, [ 'validate', '--out-of-order', 'warn' ], { err => "4 migrations, all valid\n" }, 'and validate does not mind');
my (undef, $out, $err) = client($place, [ 'migrate', '--out-of-order', 'warn', '--to', '0002_b' ]);
like($err, qr/warning: migration "0002_b" is applied behind later ones/i, 'a warning');
unlike($err, qr/0002_c/, 'for each that is applied, and no other');
applied_is($place, '0001_a 0002_b 0003_c', 'which it is');
sql($node, "ALTER DATABASE $place->{db} SET slipway.out_of_order = allow");
client_is($place, [ 'plan', '-q' ], { out => qr/^0002_c/m }, 'a setting of the database: plan');
client_is($place, ['validate'], { err => "4 migrations, all valid\n" }, 'validate');
client_is($place, [ 'validate', '--out-of-order', 'refuse' ], { exit => 4, err => qr/\(SW003\)/ }, 'which an option overrides');
client_is($place, [ 'migrate', '-q' ], { err => '' }, 'and migrate, without a word');
applied_is($place, '0001_a 0002_b 0002_c 0003_c', 'all are applied');
client_is($place, [ 'migrate', '--out-of-order', 'maybe' ], { exit => 2,
		err => qr/\Aslipway: error: invalid value "maybe" of option "--out-of-order"\n/ }, 'a policy that is none');
client_is($place, [ 'migrate', '--out-of-order', 'warn', '--allow-out-of-order' ], { exit => 2,
		err => qr/options "--out-of-order" and "--allow-out-of-order" contradict each other/ }, 'two policies');
{
	local $ENV{SLIPWAY_OUT_OF_ORDER} = 'refuse';
	put_files($place, { '0002_d.sql' => "SELECT 2;\n" });
	client_is($place, ['migrate'], { exit => 4, err => qr/\(SW003\)/ }, 'SLIPWAY_OUT_OF_ORDER');
	client_is($place, [ 'migrate', '--allow-out-of-order', '-q' ], {}, 'which an option overrides as well');
}

# requires

$place = new_place($node, {
		'0001_a.sql' => "SELECT 1;\n", '0002_b.sql' => "-- slipway: requires 0001_a\nSELECT 2;\n",
		'views.sql' => "-- slipway: repeatable\n-- slipway: requires 0002_b, 0001_a\nSELECT 3;\n" });
client_is($place, ['validate'], { err => "3 migrations, all valid\n" }, 'validate: requirements that are met');
client_is($place, [ 'migrate', '-q' ], { err => '' }, 'migrate');
put_files($place, { '0003_c.sql' => "-- slipway: requires views, 0001_a\n-- slipway: requires 0002_b\nSELECT 3;\n" });
client_is($place, [ 'plan', '-q' ], { out => qr/^0003_c/m }, 'one that is applied may stand behind');
client_is($place, [ 'migrate', '-q' ], { err => '' }, 'migrate');
put_files($place, {
		'0004_d.sql' => "-- slipway: requires 0005_e, 0001_a\nSELECT 4;\n", '0005_e.sql' => "-- why\n-- slipway: requires 001_a\nSELECT 5;\n",
		'0006_f.sql' => "-- slipway: requires 0006_f\nSELECT 5;\n", '0007_g.sql' => "-- slipway: requires entirely_other\nSELECT 5;\n" });
my $problems = "migrations/0004_d.sql: ERROR: the migration requires \"0005_e\", which comes later (SW027)\n"
  . "hint: Rename one of them, if neither is applied anywhere.\n"
  . "migrations/0005_e.sql: ERROR: the migration requires \"001_a\", which is unknown (SW027)\nhint: Perhaps you meant \"0001_a\".\n"
  . "migrations/0006_f.sql: ERROR: the migration requires itself (SW027)\n"
  . "migrations/0007_g.sql: ERROR: the migration requires \"entirely_other\", which is unknown (SW027)\n";
client_is($place, ['validate'], { exit => 4, err => "${problems}4 problems found\n" }, 'validate: what is not met');
client_is($place, ['plan'], { exit => 4, err => $problems }, 'plan');
client_is($place, ['migrate'], { exit => 4,
		err => "migrations/0004_d.sql:1:1: ERROR: migration \"0004_d\" requires \"0005_e\", which comes later (SW027)\n"
		  . "    1 | -- slipway: requires 0005_e, 0001_a\n      | ^\n"
		  . "detail: Migrations run in the order of their names.\nThere are 3 more, which validate lists.\n"
		  . "hint: Rename one of them, if neither is applied anywhere.\n0004_d: refused; nothing was applied\n" }, 'migrate');
applied_is($place, '0001_a 0002_b 0003_c views', 'nothing was applied');

done_testing();
