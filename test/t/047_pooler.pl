# PgBouncer between client and server: what it does not know of a connection
# request must not keep a search_path from being applied.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my ($program) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin', '/usr/local/sbin';
plan(skip_all => 'needs PgBouncer') unless defined $program;

my $node = new_node('pooler');
my $user = $node->safe_psql('postgres', 'SELECT current_user');

delete @ENV{qw(PGUSER PGOPTIONS PGSERVICE)};

# Runs a PgBouncer with these settings while the function runs, which gets its
# socket folder.
sub with_pooler
{
	my ($settings, $function) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir_short;

	write_folder({
			'users.txt' => qq{"$user" ""\n},
			'pgbouncer.ini' => "[databases]\n* = host=${\ $node->host} port=${\ $node->port}\n[pgbouncer]\n"
			  . "listen_addr =\nlisten_port = 6432\nunix_socket_dir = $folder\nauth_type = trust\nauth_file = $folder/users.txt\n"
			  . "pidfile = $folder/pid\nlogfile = $folder/log\n$settings" }, $folder);
	system($program, '-q', '-d', "$folder/pgbouncer.ini") == 0 or die "PgBouncer does not start\n";
	for (1 .. 200)
	{
		last if -S "$folder/.s.PGSQL.6432" && -s "$folder/pid";
		select undef, undef, undef, 0.05;
	}
	$function->($folder);
	my $pid = slurp_file("$folder/pid") + 0;
	kill 'INT', $pid;
	for (1 .. 200)
	{
		last unless -e "$folder/pid";
		select undef, undef, undef, 0.05;
	}
	return;
}

for my $try (
	[ 'session pooling', "pool_mode = session\n" ],
	[ 'session pooling that drops options', "pool_mode = session\nignore_startup_parameters = options\n" ])
{
	my ($name, $settings) = @$try;

	with_pooler($settings, sub {
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
