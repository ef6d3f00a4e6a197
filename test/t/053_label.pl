# What a deploy notes of itself: --label and option labels, as client and tables show them.

use strict;
use warnings FATAL => 'all';

use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('label');
my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE a ();\n", '0002_b.sql' => "CREATE TABLE b ();\n" });

sub labels_are
{
	my ($expected, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return query_is($node, 'SELECT labels FROM slipway.run ORDER BY number DESC LIMIT 1', $expected, $name, db => $place->{db});
}

client_is($place, [ 'migrate', '-q', '--to', '0001_a', '--label', 'release=1.4', '--label=ticket=a=b "c"', '--label', 'empty=' ],
	{}, 'migrate with labels');
labels_are('{"empty": "", "ticket": "a=b \"c\"", "release": "1.4"}', 'they are in the row of the run');

client_is($place, [ 'migrate', '-q' ], { }, 'migrate with none', env => { SLIPWAY_LABEL => '' });
labels_are('{}', 'is a run without');

put_files($place, { '0003_c.sql' => "CREATE TABLE c ();\nCREATE TABLE d ();\n", '0004_d.sql' => "CREATE TABLE e ();\n" });
client_is($place, [ 'migrate', '-q' ], {}, 'one from the environment', env => { SLIPWAY_LABEL => 'commit=9f3c' });
labels_are('{"commit": "9f3c"}', 'is there');

my ($out) = client_is($place, ['log'], { out => qr/\AWHEN/ }, 'log');
is(join("\n", map { s/^\S+ \S+ +(\d+) +(\S+) .*/$1 $2/r } (split /\n/, $out)[1 .. 6]),
	"1 0001_a\n    empty=, release=1.4, ticket=a=b \"c\"\n2 0002_b\n3 0003_c\n    commit=9f3c\n3 0004_d",
	'has them below the first entry of each run that has some');
($out) = client_is($place, [ 'log', '--json' ], { out => qr/\A\{/ }, 'log --json');
my $log = json_fits($out, ['entry'], 'log --json is as documented');
is_deeply([ map { $_->{labels} } @$log ],
	[ { empty => '', ticket => 'a=b "c"', release => '1.4' }, {}, { commit => '9f3c' }, { commit => '9f3c' } ],
	'and has them in each entry');
query_is($node, q{SELECT labels ->> 'commit' FROM slipway.log WHERE migration = '0004_d'}, '9f3c', 'so has the view', db => $place->{db});

for my $bad ('release', '=1.4')
{
	client_is($place, [ 'migrate', '--label', $bad ], {
			exit => 2,
			err => "slipway: error: invalid value \"$bad\" of option \"--label\"\nhint: It is KEY=VALUE, as in release=1.4.\n" },
		"--label $bad");
}
client_is($place, [ 'migrate', '--label', 'a=1', '--label', 'b=1', '--label', 'a=2' ], {
		exit => 2, err => "slipway: error: label \"a\" is there twice\nhint: Give each key once.\n" },
	'a key that is there twice');
for my $bad ('["a"]', '"a"', '7', '{"a": 1}', '{"a": {"b": "c"}}', '{"": "a"}', 'null')
{
	my $said = sql($node, "CALL slipway.migrate('default', '{\"labels\": $bad}')", db => $place->{db});
	like($said->{err}, qr/ERROR:  (?:22023: )?invalid value for option "labels"/, "labels that are $bad");
}

done_testing();
