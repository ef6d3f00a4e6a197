# What the tests of credentials share: a server whose roles need their passwords, projects that share a role, and
# stores of secrets that say so.

package SlipwayCredential;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayOpenStack;
use SlipwayServer;
use SlipwayTest;
use Test::More;

our @EXPORT = qw(
  new_credential_node new_credential_place add_project credential stored log_in state_of trace_of no_traces_left log_is_clean
);

# The libraries that could show what nobody is to see are loaded where they are installed.
sub new_credential_node
{
	my ($name, %option) = @_;
	my $libraries = `pg_config --pkglibdir`;
	chomp $libraries;
	my @preload = grep { -e "$libraries/$_.so" } qw(pg_stat_statements auto_explain pgaudit);
	my $node = new_node($name, extension => 0, conf => join("\n",
		"shared_preload_libraries = '" . join(',', @preload) . "'", "password_encryption = 'scram-sha-256'",
		"log_statement = 'all'", 'log_min_duration_statement = 0', 'log_parameter_max_length = -1',
		'log_parameter_max_length_on_error = -1', "log_min_error_statement = 'debug1'", 'max_connections = 100',
		(grep { $_ eq 'auto_explain' } @preload) ? ('auto_explain.log_min_duration = 0', 'auto_explain.log_nested_statements = on') : (),
		(grep { $_ eq 'pgaudit' } @preload) ? ("pgaudit.log = 'all'", 'pgaudit.log_parameter = on') : (), $option{conf} // '') . "\n");

	$node->safe_psql('postgres', 'CREATE EXTENSION pg_slipway');
	my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
	unlink $node->data_dir . '/pg_hba.conf';
	append_to_file($node->data_dir . '/pg_hba.conf', "local all \"$superuser\" trust\nlocal all all scram-sha-256\n");
	$node->reload;
	delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD PGOPTIONS PGSERVICE PGPASSFILE)};
	return $node;
}

my $places = 0;

# A database with a role that projects share, and a store: file, or barbican (cloud => ..., perhaps via => a proxy of it).
sub new_credential_place
{
	my ($node, $kind, %option) = @_;
	my $place = new_place($node, undef);
	my $number = ++$places;

	@$place{qw(kind shared owner number projects)} = ($kind, "shared_$number", "owner_$number", $number, []);
	$place->{password} = "shared's p\"w\\\$#%@/:-$number-" . int(rand(1e9));
	my $literal = literal($place->{password});
	my $answer = sql($node, "SET log_statement = none; SET log_min_duration_statement = -1; SET log_min_error_statement = panic;
		SET pgaudit.log = none; SET auto_explain.log_min_duration = -1;
		CREATE ROLE $place->{shared} LOGIN PASSWORD $literal; CREATE ROLE $place->{owner}", db => $place->{db});
	die $answer->{err} if $answer->{exit} != 0;
	if ($kind eq 'file')
	{
		$place->{file} = "$place->{home}/secrets.env";
		append_to_file($place->{file}, "# kept\n");
		chmod 0600, $place->{file};
		$place->{env} = { SLIPWAY_SECRETS => "file:$place->{file}" };
	}
	else
	{
		$place->{cloud} = $option{cloud};
		$place->{env} = { cloud_env($option{cloud}, via => $option{via}), SLIPWAY_SECRETS => 'barbican' };
	}
	return $place;
}

sub prefix { return uc($_[0]) =~ s/[^A-Z0-9_]/_/gr . '_' }

# A project that the shared role serves; stored => 0: the store has nothing of it; preset, application, ...: as register_credential() has them.
sub add_project
{
	my ($place, $project, %option) = @_;
	my $stored = delete $option{stored} // 1;
	my $unregistered = delete $option{unregistered};
	my $schema = literal($project) =~ s/^'(.*)'$/"$1"/r;
	my %arguments = (role => literal("app_${project}_$place->{number}"), previous_role => literal($place->{shared}), %option);
	my $arguments = join ', ', map { "$_ => $arguments{$_}" } sort keys %arguments;
	my $literal = literal($project);
	my $answer = sql($place->{node}, "CREATE SCHEMA $schema AUTHORIZATION $place->{owner};
		SET ROLE $place->{owner}; CREATE TABLE $schema.item (id serial, name text); INSERT INTO $schema.item (name) VALUES ($literal);
		GRANT USAGE ON SCHEMA $schema TO $place->{shared}; GRANT SELECT, INSERT ON $schema.item TO $place->{shared}; RESET ROLE;
		SELECT slipway.create_project($literal, ARRAY[$literal], '$place->{owner}');"
		. ($unregistered ? '' : "SELECT slipway.register_credential($literal, $arguments);"), db => $place->{db});

	die $answer->{err} if $answer->{exit} != 0;
	push @{ $place->{projects} }, $project;
	return unless $stored;
	store($place, prefix($project) . 'DB_USERNAME', $place->{shared});
	store($place, prefix($project) . 'DB_PASSWORD', $place->{password});
	return;
}

# As it stands in a URL.
sub escape
{
	my ($text) = @_;

	return $text =~ s{([^A-Za-z0-9_.-])}{sprintf '%%%02X', ord $1}ger;
}

# Puts a secret into the store, from stdin.
sub store
{
	my ($place, $name, $value) = @_;
	my ($out, $err) = ('', '');

	local %ENV = (%ENV, %{ $place->{env} });
	IPC::Run::run([ 'slipway', 'secret', 'put', $name ], '<', \$value, '>', \$out, '2>', \$err) or die "could not store $name: $err";
	return;
}

# A command about credentials.
sub credential
{
	my ($place, @args) = @_;
	my %more = ref $args[-1] eq 'HASH' ? %{ pop @args } : ();
	my ($exit, $out, $err) = client($place, [ 'credential', @args ], env => { %{ $place->{env} }, %more });

	$place->{shown} .= $out . $err;
	remember($place);
	return ($exit, $out, $err);
}

# What the store has in force under a name, with the project's prefix; undef if nothing.
sub stored
{
	my ($place, $project, $name) = @_;
	my ($exit, $out) = client($place, [ '--secret-prefix', prefix($project), 'secret', 'get', $name ], connect => 0, env => $place->{env});

	return $exit == 0 ? $out : undef;
}

# All passwords that there ever were.
sub remember
{
	my ($place) = @_;

	if ($place->{kind} eq 'file')
	{
		$place->{known}{$_} = 1 for slurp_file($place->{file}) =~ /PASSWORD='?([A-Za-z0-9_-]{44})'?$/mg;
		return;
	}
	for my $project (@{ $place->{projects} })
	{
		my $password = stored($place, $project, 'DB_PASSWORD');
		$place->{known}{$password} = 1 if defined $password && $password ne $place->{password};
	}
	return;
}

# As whom the application of a project logs in with what is in force, or why it does not.
sub log_in
{
	my ($place, $project, $query) = @_;
	my ($role, $password) = map { stored($place, $project, $_) } qw(DB_USERNAME DB_PASSWORD);
	my ($out, $err) = ('', '');

	return 'nothing is stored' unless defined $role && defined $password;
	local $ENV{PGPASSWORD} = $password;
	IPC::Run::run([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $place->{node}->connstr($place->{db}) . " user='$role'", '-c', $query // 'SELECT session_user' ],
		'<', \undef, '>', \$out, '2>', \$err);
	chomp($out, $err);
	return $err ne '' ? $err : $out;
}

# What the database says of a project: status, and whether the role is there.
sub state_of
{
	my ($place, $project) = @_;

	return sql($place->{node}, 'SELECT status, EXISTS (SELECT FROM pg_roles WHERE rolname = role), reference IS NOT NULL FROM slipway.project_credential WHERE project = '
		. literal($project), db => $place->{db})->{out};
}

# What is left in the store of sets: their names, each once.
sub trace_of
{
	my ($place) = @_;
	my %sets;

	if ($place->{kind} eq 'file')
	{
		$sets{$_} = 1 for slurp_file($place->{file}) =~ /([0-9a-f]{32})/g;
	}
	else
	{
		$sets{$_} = 1 for map { $_->{name} =~ /\@([0-9a-f]{32})$/ } barbican_secrets($place->{cloud});
	}
	return sort keys %sets;
}

# Neither role nor secret is there that no project claims; and nothing of sets in the store but those of the database's references.
sub no_traces_left
{
	my ($place, $name) = @_;
	my %claimed = map { $_ => 1 } sql($place->{node}, q{SELECT right(reference, 32) FROM slipway.project_credential WHERE reference IS NOT NULL}, db => $place->{db})->{out} =~ /^(.+)$/mg;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(join(' ', grep { !$claimed{$_} } trace_of($place)), '', "$name: no secret is left that no project knows of");
	query_is($place->{node}, 'SELECT kind, role, project, detail FROM slipway.credential_orphans()', '', "$name: no orphans", db => $place->{db});
	return;
}

# Neither the server's log, its statistics nor what the client has shown has a password or a verifier.
sub log_is_clean
{
	my ($place, $name) = @_;
	my $log = slurp_file($place->{node}->logfile);
	my @passwords = (keys %{ $place->{known} }, $place->{password});
	my $secrets = join '|', map { quotemeta } @passwords;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	cmp_ok(scalar(@passwords), '>', 1, "$name: there were passwords");
	is(() = $log =~ /$secrets/g, 0, "$name: no password is in the log");
	unlike($log, qr/SCRAM-SHA-256\$\d+:[A-Za-z0-9+]/, "$name: no verifier is in the log");
	unlike($place->{shown}, qr/$secrets|SCRAM-SHA-256\$\d/, "$name: nothing was shown");
	return;
}

1;
