# What the fuzzer has found in how scripts are cut, given to a server once more: each is
# checked, or refused with a SQLSTATE, and the session lives on. (The parsers of the client
# are given theirs in the suite of units.)

use strict;
use warnings FATAL => 'all';

use Cwd qw(getcwd);
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('fuzz_corpus', conf => 'fsync = off');
my @inputs = sort glob 'fuzz/corpus/script/*';

cmp_ok(scalar @inputs, '>', 3, 'there are inputs');

# As bytes, so that psql has no part in it. What is no UTF-8 cannot be stored.
my $answer = sql(
	$node,
	"SET client_min_messages = error;\nSELECT slipway.create_project('default');\n" . join(
		'',
		map {
			my $bytes = unpack 'H*', slurp_file($_);
			qq{SELECT count(*) >= 0 FROM slipway.check_script('fuzz', convert_from('\\x$bytes', 'UTF8'));\n}
		} @inputs),
	go_on => 1);
my @errors = $answer->{err} =~ /ERROR:  (\w{5})/g;

is($answer->{exit}, 0, 'the session lives on');
is(scalar(@errors) + scalar(() = $answer->{out} =~ /^t$/mg), scalar @inputs, 'each input has an answer');
is(join(' ', grep { !/\A(?:42601|22021|54001|SW\w\w\w|0A000|42\w\w\w|22\w\w\w)\z/ } @errors), '', 'errors are those that a script can have');

# The same, and what else is read in the server, with all that the fuzzer looks at: as a module that has the extension in it, in a
# session that has none.
my $folder = PostgreSQL::Test::Utils::tempdir . '/replay';
my $config = $ENV{PG_CONFIG} // 'pg_config';

chmod 0755, PostgreSQL::Test::Utils::tempdir;
is(system('make', '--no-print-directory', '-s', '-C', 'fuzz/server', "PG_CONFIG=$config", "BUILD=$folder", 'replay'), 0, 'the module is made');
for my $target (qw(script value))
{
	my @files = glob "fuzz/corpus/$target/*";
	my $corpus = getcwd() . "/fuzz/corpus/$target";
	my $again = sql(
		$node,
		qq{CREATE FUNCTION pg_temp.fuzz_$target(text[]) RETURNS integer LANGUAGE c AS '$folder/replay_$target.so', 'fuzz_$target';\n}
		  . "SET client_min_messages = error;\nSELECT pg_temp.fuzz_$target('{$corpus}');\n");

	cmp_ok(scalar @files, '>', 3, "$target has inputs");
	is($again->{out}, scalar(@files), "each input of $target is good") or diag($again->{err}, slurp_file($node->logfile) =~ /((?:.*\n){1,30})\z/);
}
done_testing();
