# Clients of other versions: the same and the neighbouring minor version fit.
# They are this client, built with another number.

use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(sha256_hex);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

plan(skip_all => 'needs what builds the client') if system('pkg-config --exists libpq libcrypto jansson && cc --version >/dev/null 2>&1') != 0;

my $node = new_node('versions');
my $extension = $node->safe_psql('postgres', 'SELECT slipway.version()');
my ($major, $minor) = $extension =~ /\A(\d+)\.(\d+)\.\d+\z/ or die "the extension is of version $extension\n";

# Runs a function with a client of that version.
sub with_client
{
	my ($version, $function) = @_;
	my $build = PostgreSQL::Test::Utils::tempdir;

	system('make', '-s', '--no-print-directory', '-C', '../client', "VERSION=$version", "BUILD=$build", "PROGRAM=$build/slipway",
		'CFLAGS=-O0') == 0
	  or die "could not build a client of version $version\n";
	local $SlipwayClient::program = "$build/slipway";
	is((client({ home => '/' }, ['version'], connect => 0))[1], "slipway $version\n", "a client of version $version");
	$function->();
	return;
}

sub fits
{
	my ($version) = @_;

	with_client($version, sub {
		my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE a (id integer);\n" });

		client_is($place, ['plan'], { out => qr/^0001_a /m, err => qr/^1 migration to apply/ }, "$version: plan");
		client_is($place, ['migrate'], { err => "0001_a  applied  TIME\n1 migration applied to project default in TIME\n" },
			"$version: migrate");
		client_is($place, ['status'], { out => qr/^0001_a +applied/m, err => "project default: 1 applied\n" }, "$version: status");
		client_is($place, ['validate'], { err => "1 migration, all valid\n" }, "$version: validate");
		client_is($place, ['log'], { out => qr/0001_a/ }, "$version: log");
		client_is($place, ['init'], { err => "extension pg_slipway $extension: already there\nproject default: already there\n" },
			"$version: init");
		history_is_sound($node, $version, db => $place->{db});
	});
	return;
}

# Not even what a deploy sends before it has the answer: a manifest that is
# stored already has not become the newest.
sub new_place_with_two_manifests
{
	my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE a (id integer);\n" });
	my $line = sha256_hex("CREATE TABLE a (id integer);\n") . ' - - versioned 0001_a';

	$node->safe_psql($place->{db}, qq{
		SELECT slipway.add_manifest(E'slipway-manifest 1 order=auto\\n$line\\n');
		SELECT slipway.add_manifest(E'slipway-manifest 1 order=name\\n')});
	return $place;
}

sub nothing_is_stored
{
	my ($place) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	applied_is($place, '', 'nothing is applied');
	query_is($node, 'SELECT (SELECT count(*) FROM slipway.manifest), (SELECT count(*) FROM slipway.script)', '2|0',
		'nothing is stored', db => $place->{db});
	query_is($node, 'SELECT name_order FROM slipway.project JOIN slipway.manifest ON hash = newest', 'name',
		'nor is another manifest the newest', db => $place->{db});
	return;
}

sub does_not_fit
{
	my ($version, $hint) = @_;

	with_client($version, sub {
		my $place = new_place_with_two_manifests();

		for my $command (qw(migrate plan status validate log))
		{
			client_is($place, [$command], {
					exit => 12,
					err => "slipway: error: client $version and extension $extension do not fit\nhint: $hint\n" },
				"$version: $command");
		}
		nothing_is_stored($place);
	});
	return;
}

my $upgrade_extension = 'Upgrade the extension: install its files on the server, then run "slipway init".';
my $upgrade_client = 'Upgrade the client.';

fits("$major.$minor.99");
fits("$major." . ($minor + 1) . '.0');
fits("$major." . ($minor - 1) . '.7') if $minor > 0;
does_not_fit("$major." . ($minor + 2) . '.0', $upgrade_extension);
does_not_fit($major + 1 . ".$minor.0", $upgrade_extension);
does_not_fit("$major." . ($minor - 2) . '.0', $upgrade_client) if $minor > 1;
does_not_fit($major - 1 . ".$minor.0", $upgrade_client) if $major > 0;

# An extension that is newer than this client, which no build of it can be

{
	my $place = new_place_with_two_manifests();
	my $newer = "$major." . ($minor + 2) . '.0';

	$node->safe_psql($place->{db}, qq{
		CREATE OR REPLACE FUNCTION slipway.version() RETURNS text LANGUAGE sql SET search_path TO pg_catalog AS \$\$SELECT '$newer'\$\$});
	my ($version) = (client($place, ['version']))[1] =~ /(\d\S+)/;
	client_is($place, [$_], {
			exit => 12, err => qr/^slipway: error: client $version and extension $newer do not fit\nhint: $upgrade_client\n\z/m },
		"an extension of version $newer, $_")
	  for qw(migrate status init);
	nothing_is_stored($place);
}

# One of the version before that lacks what this client wants

{
	my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE a (id integer);\n" });

	$node->safe_psql($place->{db}, 'ALTER FUNCTION slipway.find_base RENAME TO find_it');
	client_is($place, ['migrate'], {
			exit => 12,
			err => "slipway: error: function slipway.find_base(unknown) does not exist (42883)\nhint: $upgrade_extension\n" },
		'an extension that lacks a function');
}

$node->stop;
done_testing();
