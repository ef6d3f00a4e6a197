# What the tests of moving secrets share: a database whose roles need their passwords, a file of settings for it,
# and what a store and a file look like.

package SlipwaySecrets;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayOpenStack;
use SlipwayServer;
use SlipwayTest;
use Test::More;

our @EXPORT = qw(
  new_secret_node new_secret_place write_env read_env env_files in_force logs_in store_is_clean secrets
  url_escape
);

# A server on which roles of this group need their passwords, and which logs all that it is sent.
sub new_secret_node
{
	my ($name) = @_;
	my $node = new_node($name, conf => "log_statement = all\nlog_min_duration_statement = 0\nlog_connections = on\npassword_encryption = 'scram-sha-256'\n");

	sql($node, 'CREATE ROLE with_password');
	unlink $node->data_dir . '/pg_hba.conf';
	append_to_file($node->data_dir . '/pg_hba.conf', "local all +with_password scram-sha-256\nlocal all all trust\n");
	$node->reload;
	delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGPASSWORD PGOPTIONS PGSERVICE PGPASSFILE)};
	return $node;
}

my $places = 0;

sub url_escape
{
	my ($text) = @_;

	return $text =~ s{([^A-Za-z0-9_.-])}{sprintf '%%%02X', ord $1}ger;
}

# A place with two roles, the application's and the administrator's, each with a password that files, shells and URLs would
# stumble over.
sub new_secret_place
{
	my ($node) = @_;
	my $place = new_place($node, undef);
	my $number = ++$places;

	for my $role (qw(app admin))
	{
		my $password = "$role" . q{'s p"w\\$#%@/:} . "\xc3\xa4-" . int(rand(1e9)) . "-S3cr3t";
		my $literal = literal($password);

		$place->{$role} = "${role}_$number";
		$place->{password}{$role} = $password;
		sql($node, "SET log_statement = none; SET log_min_duration_statement = -1; SET log_min_error_statement = panic;
			CREATE ROLE $place->{$role} LOGIN PASSWORD $literal IN ROLE with_password", db => $place->{db});
	}
	return $place;
}

# A value as a file of settings may have it.
sub quote
{
	my ($text) = @_;

	$text =~ s/(["\\\$`])/\\$1/g;
	return qq{"$text"};
}

# Writes the file, with what is wanted of:
#   parameters, admin, url, admin_url   settings of that kind
#   more, before                        lines behind and before them
sub write_env
{
	my ($place, $file, @want) = @_;
	my %want = map { ref $_ ? %$_ : ($_ => 1) } @want;
	my ($host, $port) = ($place->{node}->host, $place->{node}->port);
	my $text = $want{before} // '';

	$text .= "DB_HOST=$host\nDB_PORT=$port\nDB_NAME=$place->{db}\nDB_USERNAME=$place->{app}\nDB_PASSWORD=" . quote($place->{password}{app}) . "\n"
	  if $want{parameters};
	$text .= "DB_ADMIN_USERNAME=$place->{admin}\nDB_ADMIN_PASSWORD=" . quote($place->{password}{admin}) . "\n" if $want{admin};
	$text .= "DATABASE_URL=postgresql://$place->{app}:" . url_escape($place->{password}{app}) . '@' . url_escape($host) . ":$port/$place->{db}\n" if $want{url};
	$text .= $want{more} // '';
	write_folder({ $file => $text }, $place->{home});
	return $text;
}

sub read_env
{
	my ($place, $file) = @_;

	return slurp_file("$place->{home}/$file");
}

# The names of files of settings in a place, and their modes.
sub env_files
{
	my ($place) = @_;
	my @files = map { s{.*/}{}r } grep { -f } glob("$place->{home}/.env*"), glob("$place->{home}/*.env*");

	return { map { my $name = s/\d{8}T\d{6}Z/STAMP/r; $name => sprintf('%04o', (stat "$place->{home}/$_")[2] & 07777) } @files };
}

# All that the passwords of a place may be written as.
sub secrets
{
	my ($place, @more) = @_;

	return join '|', map { quotemeta } map { ($_, url_escape($_), quote($_)) } values %{ $place->{password} }, @more;
}

# What is in force, as the client finds it: name => value.
sub in_force
{
	my ($place, $env, @names) = @_;
	my %found;

	for my $name (@names)
	{
		my ($exit, $out) = client($place, [ '--secrets', 'barbican', 'secret', 'get', $name ], connect => 0, env => $env);
		$found{$name} = $exit == 0 ? $out : undef;
	}
	return \%found;
}

# Can the application, or the administrator, log in with what the store says?
sub logs_in
{
	my ($place, $env) = @_;
	my ($exit, $out, $err) = client($place, [ '--secrets', 'barbican', 'exec', '--', 'psql', '-XAtc', 'SELECT current_user' ], connect => 0, env => $env);

	return $exit == 0 ? $out =~ s/\n\z//r : "exit $exit: $err";
}

# The store has one set at most, and nothing but what is in it, whatever has happened to an import or a rotation; "singles" are
# secrets that stand for themselves.
sub store_is_clean
{
	my ($cloud, $name, @singles) = @_;
	my @containers = barbican_containers($cloud);
	my %of_set = map { $_->{secret_ref} => 1 } map { @{ $_->{secret_refs} } } @containers;
	my %single = map { $_ => 1 } @singles;
	my @others = grep { !$of_set{ $_->{secret_ref} } && !$single{ $_->{name} } } barbican_secrets($cloud);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	cmp_ok(scalar(@containers), '<=', 1, "$name: there is one set at most");
	return is(join(' ', map { $_->{name} } @others), '', "$name: nothing is left over in the store");
}

1;
