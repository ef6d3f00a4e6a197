# The same as 180_failing_calls.pl of what works with secrets: commands about a file of them, a file of settings, and credentials.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayCredential;
use SlipwayFault;
use SlipwayOpenStack;
use SlipwaySecrets;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $why = why_no_faults();
plan(skip_all => $why) if defined $why;

sub is_wanted { return !defined $ENV{FAULT_SCENARIOS} || " $ENV{FAULT_SCENARIOS} " =~ / \Q$_[0]\E / }

# Names of what differs each time: sets, backups, generated passwords.
sub hide_chance
{
	my ($text) = @_;

	$text =~ s/[0-9a-f]{32}/SET/g;
	$text =~ s/^((?:DB_(?:ADMIN_)?PASSWORD|SHOP_GENERATED)=).*/$1NEW/mg;
	$text =~ s/(PASSWORD=|GENERATED=)'?[A-Za-z0-9_-]{40,}'?/$1NEW/g;
	# what check tries stays where it cannot be removed any more, and check has failed
	$text =~ s/^\S*SLIPWAY_PROBE=.*\n//mg;
	$text =~ s/\bbm\d+\b/BATCH/g;
	$text =~ s/app_m\d+_/ROLE_/g;
	$text =~ s/\bm\d+\b|M\d+_/PROJECT/g;
	return $text;
}

# Files
my $node = new_secret_node('faults');
my $place = new_secret_place($node);
my $home = $place->{home};
my %env = (SLIPWAY_SECRETS => "file:$home/secrets.env", SLIPWAY_SECRET_PREFIX => 'SHOP_');

sub begin_files
{
	unlink glob "$home/.env* $home/*.env*";
	write_folder({ 'secrets.env' => "# kept\nSHOP_ONE='1'\n" }, $home);
	chmod 0600, "$home/secrets.env";
	return;
}

for my $scenario (
	[ 'put',      ['secret', 'put', 'TWO'],                     \&begin_files, in => 'a value' ],
	[ 'generate', ['secret', 'generate', 'GENERATED'],          \&begin_files ],
	[ 'get',      ['secret', 'get', 'ONE'],                     \&begin_files ],
	[ 'list',     ['secret', 'list', '--json'],                 \&begin_files ],
	[ 'delete',   ['secret', 'delete', 'ONE', '--yes'],         \&begin_files ],
  )
{
	my ($name, $args, $begin, %more) = @$scenario;

	next unless is_wanted($name);
	fault_rounds({ name => $name, home => $home, env => \%env, args => $args, begin => $begin, hide => \&hide_chance, %more });
}

# Barbican
$why = why_no_openstack();
SKIP:
{
	skip $why, 1 if defined $why;
	my $cloud = new_cloud();
	my $prefix = 0;

	# Each round has a part of the store for itself.
	my $begin = sub {
		my ($imported) = @_;

		%env = (cloud_env($cloud), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'F' . ++$prefix . '_');
		unlink glob "$home/.env* $home/*.env*";
		write_env($place, '.env', 'parameters', 'admin', { more => "DATABASE_POOL_MIN=2\n" });
		chmod 0600, "$home/.env";
		return unless $imported;
		my ($exit, $out, $err) = client($place, [ 'secret', 'import', '.env' ], connect => 0, env => \%env);
		die $err if $exit != 0;
	};
	my $state = sub {
		my %in_force = %{ in_force($place, \%env, qw(DB_PASSWORD DB_ADMIN_PASSWORD)) };
		$place->{password}{app} = $in_force{DB_PASSWORD} if defined $in_force{DB_PASSWORD};
		return join ' ', files_of($home), defined $in_force{DB_PASSWORD} ? logs_in($place, \%env) : 'nothing is stored';
	};

	for my $scenario (
		[ 'import',          ['secret', 'import', '.env'],            sub { $begin->(0) } ],
		[ 'secret rollback', ['secret', 'rollback', '.env'], sub { $begin->(1) } ],
		[ 'rotate',          ['secret', 'rotate', '--allow-log'],     sub { $begin->(1) }, exits => [7] ],
		[ 'test',            ['secret', 'test'],                      sub { $begin->(1) }, always => 0, reports => 1 ],
	  )
	{
		my ($name, $args, $begin, %more) = @$scenario;

		next unless is_wanted($name);
		fault_rounds({ name => $name, home => $home, env => \%env, args => $args, begin => $begin, state => $state,
			hide => sub { hide_chance($_[0]) =~ s/\bF\d+_/PREFIX_/gr }, goes_on => 1, always => 1, %more });
	}
}
$node->stop;

# Credentials
$node = new_credential_node('credential_faults');
$place = new_credential_place($node, 'file');
my $projects = 0;
my $project;

sub begin_project
{
	my ($moved) = @_;

	return sub {
		$project = 'm' . ++$projects;
		add_project($place, $project);
		return unless $moved;
		my ($exit, $out, $err) = credential($place, 'migrate', $project);
		die $err if $exit != 0;
	};
}

sub state_of_project
{
	wait_until($node, "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database()", 'nobody works there', db => $place->{db});
	# the application can always log in, as the one or the other
	my $role = log_in($place, $project) =~ s/^app_.*/own/r =~ s/^shared_.*/shared/r;
	# and no secrets are there that no project knows of
	my %known = map { $_ => 1 } sql($node, 'SELECT right(reference, 32) FROM slipway.project_credential WHERE reference IS NOT NULL', db => $place->{db})->{out} =~ /^(.+)$/mg;
	my @unknown = grep { !$known{$_} } trace_of($place);
	return join ' ', state_of($place, $project), $role, scalar(@unknown);
}

add_project($place, 'steady');
is((credential($place, 'migrate', 'steady'))[0], 0, 'a project that is moved');
for my $scenario (
	[ 'credential migrate',  sub { ('migrate', $project) },             begin_project(0), exits => [ 5, 7 ], goes_on => 1, always => 1, state => \&state_of_project ],
	[ 'credential rollback', sub { ('rollback', $project) },            begin_project(1), exits => [ 4, 5, 7 ], goes_on => 1, always => 1, state => \&state_of_project ],
	[ 'credential batch',    sub { ('batch', 'run', "b$project", '--parallel', '1') },
		sub { begin_project(0)->(); write_folder({ 'p.csv' => "project\n$project\n" }, $place->{home}); credential($place, 'batch', 'create', '--input', 'p.csv', '--name', "b$project") },
		# a fault is that of the project, which is rolled back then; the batch goes on, and is done without it
		again => sub { ('batch', 'resume', "b$project", '--retry-failed', '--parallel', '1') },
		exits => [ 4, 5, 6, 7 ], goes_on => 1, always => 1, varies => 1, warns => 1, tolerates => sub { 1 }, state => \&state_of_project ],
	[ 'credential validate', sub { ('validate', 'steady') },            sub { }, exits => [4], reports => 1 ],
	[ 'credential list',     sub { ('list', '--json') },                sub { } ],
	[ 'credential check',    sub { ('check') },                         sub { }, reports => 1, exits => [ 3, 4 ], tolerates => sub { 1 } ],
	[ 'credential orphans',  sub { ('orphans') },                       sub { } ],
  )
{
	my ($name, $args, $begin, %more) = @$scenario;

	next unless is_wanted($name =~ s/ /_/r);
	my $whole = sub { my ($part) = @_; return sub { ('-d', $node->connstr($place->{db}), 'credential', $part->()) } };
	$more{again} = $whole->($more{again}) if $more{again};
	fault_rounds({ name => $name, home => $place->{home}, env => $place->{env}, begin => $begin, hide => \&hide_chance, args => $whole->($args), %more });
}

$node->stop;
done_testing();
