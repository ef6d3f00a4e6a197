# A real PgBouncer in front of a test server.

package SlipwayPooler;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use PostgreSQL::Test::Utils;
use SlipwayTest;

our @EXPORT = qw(pooler_program with_pooler);

# Its path, or undef where there is none.
sub pooler_program
{
	my ($program) = grep { -x } map { "$_/pgbouncer" } split(/:/, $ENV{PATH}), '/usr/sbin', '/usr/local/sbin';

	return $program;
}

sub wait_for
{
	my ($condition) = @_;

	for (1 .. 200)
	{
		return if $condition->();
		select undef, undef, undef, 0.05;
	}
	return;
}

# Runs one with these settings while the function runs, which gets the folder of its socket; its port
# is 6432 if the settings do not say otherwise. Everybody may connect as this user.
sub with_pooler
{
	my ($node, $user, $settings, $function) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir_short;

	write_folder({
			'users.txt' => qq{"$user" ""\n},
			'pgbouncer.ini' => "[databases]\n* = host=${\ $node->host} port=${\ $node->port}\n[pgbouncer]\n"
			  . "listen_addr =\nlisten_port = 6432\nunix_socket_dir = $folder\nauth_type = trust\nauth_file = $folder/users.txt\n"
			  . "pidfile = $folder/pid\nlogfile = $folder/log\n$settings" }, $folder);
	system(pooler_program(), '-q', '-d', "$folder/pgbouncer.ini") == 0 or die "PgBouncer does not start\n";
	wait_for(sub { glob("$folder/.s.PGSQL.*") && -s "$folder/pid" });
	$function->($folder);
	kill 'INT', slurp_file("$folder/pid") + 0;
	wait_for(sub { !-e "$folder/pid" });
	return;
}

1;
