# Up, down, up: for every kind of object that pg_dump knows, the dump is the same as before; the whole
# folder at once, and each single step.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayObjects;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('round_trip', conf => "wal_level = logical\nlog_min_messages = error\n");
my @migrations = object_migrations();
my $place = new_place($node, object_files());

cmp_ok(scalar @migrations, '>=', 60, 'there are sixty');
sql($node, 'CREATE ROLE objects_reader');

sub dump_of
{
	my ($db) = @_;
	my ($dump, $error) = run_command([ 'pg_dump', '-N', 'slipway', '-d', $node->connstr($db) ]);

	die $error unless $? == 0;
	# 17 and later write a random word there
	$dump =~ s/^\\(?:un)?restrict.*\n//mg;
	return $dump;
}

# Compares without printing dumps: the lines that differ tell enough.
sub same_dump
{
	my ($expected, $name) = @_;
	my @was = split /\n/, $expected;
	my @is = split /\n/, dump_of($place->{db});
	my (%was, %is);

	$was{$_}++ for @was;
	$is{$_}++ for @is;
	my @differ = ((map { "- $_" } grep { ($was{$_} // 0) > ($is{$_} // 0) } keys %was), (map { "+ $_" } grep { ($is{$_} // 0) > ($was{$_} // 0) } keys %is));
	push @differ, 'the order' if !@differ && "@was" ne "@is";

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is(join("\n", sort @differ), '', $name);
}

sub runs
{
	my ($args, $name) = @_;
	my ($exit, $out, $err) = client($place, [ @$args, '-q' ]);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return is("$exit $err", '0 ', $name);
}

# At once
my $empty = dump_of($place->{db});
runs(['migrate'], 'up all');
my $full = dump_of($place->{db});
my $reference = new_place($node);
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($reference->{db}), map { ('-f', "$place->{home}/migrations/$_->[0].up.sql") } @migrations ],
	'the folder, with psql');
same_dump(dump_of($reference->{db}), 'the same as with psql');
runs([ 'rollback', '--all', '--yes' ], 'down all');
same_dump($empty, 'leaves nothing');
runs(['migrate'], 'up all again');
same_dump($full, 'gives the same');
runs([ 'rollback', '--all', '--yes' ], 'down all again');
same_dump($empty, 'leaves nothing');

# Step by step
my @dumps = ($empty);
for my $migration (@migrations)
{
	runs([ 'migrate', '--to', $migration->[0] ], "$migration->[0]: up") or last;
	push @dumps, dump_of($place->{db});
	isnt($dumps[-1], $dumps[-2], "$migration->[0]: makes a difference");
}
same_dump($full, 'all steps are the whole');
for my $n (reverse 1 .. $#dumps)
{
	my $name = $migrations[ $n - 1 ][0];

	runs([ 'redo', '--yes' ], "$name: redo");
	same_dump($dumps[$n], "$name: down and up gives the same");
	runs([ 'rollback', '--steps', '1', '--yes' ], "$name: down");
	same_dump($dumps[ $n - 1 ], "$name: leaves what was before");
}
query_is($node, 'SELECT count(*) FROM slipway.verify_history()', '0', 'the history is sound', db => $place->{db});
query_is($node, q{SELECT count(*) FROM slipway.journal WHERE closed_by IS NULL}, '0', 'nothing is left in the journal', db => $place->{db});

$node->stop;
done_testing();
