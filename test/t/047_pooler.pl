# PgBouncer between client and server: what it does not know of a connection
# request must not keep a search_path from being applied.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayPooler;
use SlipwayServer;
use SlipwayTest;
use Test::More;

plan(skip_all => 'needs PgBouncer') unless defined pooler_program();

my $node = new_node('pooler');
my $user = $node->safe_psql('postgres', 'SELECT current_user');

delete @ENV{qw(PGUSER PGOPTIONS PGSERVICE)};

for my $try (
	[ 'session pooling', "pool_mode = session\n" ],
	[ 'session pooling that drops options', "pool_mode = session\nignore_startup_parameters = options\n" ])
{
	my ($name, $settings) = @$try;

	with_pooler($node, $user, $settings, sub {
		my ($folder) = @_;
		my $place = new_place($node, {
				'0001_a.sql' => "CREATE TABLE public.probe AS SELECT current_setting('search_path') AS path;\n" });
		my $uri = "postgresql://$user\@/$place->{db}?host=$folder&port=6432";

		client_is($place, [ '-q', 'migrate', '--url', "$uri&search_path=app,public" ], {}, "$name: migrate with search_path", connect => 0);
		query_is($node, 'SELECT path FROM probe', 'app,public', "$name: the script has it", db => $place->{db});
		client_is($place, [ 'status', '--url', $uri ], { out => qr/^0001_a +applied/m, err => "project default: 1 applied\n" },
			"$name: status without one", connect => 0);
	});
}

$node->stop;
done_testing();
