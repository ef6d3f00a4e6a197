# secret import and rollback: settings that are there twice, examples that make no sense, passwords that stay behind, and ways
# back from a file that was broken since.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayOpenStack;
use SlipwaySecrets;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $why = why_no_openstack();
plan(skip_all => $why) if defined $why;

my $node = new_secret_node('import_traps');
my $cloud = new_cloud();
my %env = (cloud_env($cloud), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'T_');
my $place = new_secret_place($node);
my ($host, $port) = ($node->host, $node->port);
my $secrets = secrets($place, 'Oth3rS3cret', '#a$b c-S3cr3t');
my $shown = '';

sub run
{
	my (@args) = @_;
	my %more = ref $args[-1] ? %{ pop @args } : ();
	my ($exit, $out, $err) = client($place, [ 'secret', @args ], connect => 0, env => { %env, %more });

	$shown .= $out . $err;
	return ($exit, $out, $err);
}

# An import that is refused before anything has happened.
sub is_refused
{
	my ($text, $name) = @_;
	my ($before, $files) = (read_env($place, '.env'), env_files($place));
	my ($exit, $out, $err) = run('import', '.env');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, 2, "$name: exit code");
	like($err, $text, "$name: why");
	is(read_env($place, '.env'), $before, "$name: the file is as it was");
	is_deeply(env_files($place), $files, "$name: there are no other files");
	return is(scalar(barbican_secrets($cloud)) + scalar(barbican_containers($cloud)), 0, "$name: the store is empty");
}

sub start_anew
{
	unlink glob "$place->{home}/.env* $place->{home}/other";
	ask_barbican($cloud, 'creator', 'DELETE', $_->{container_ref}) for barbican_containers($cloud);
	ask_barbican($cloud, 'creator', 'DELETE', $_->{secret_ref}) for barbican_secrets($cloud);
	return;
}

# Settings of two environments in one file: which one is meant is not for the order to say

write_env($place, '.env', 'parameters', { more => "T_DB_PASSWORD=Oth3rS3cret\n" });
is_refused(qr/^slipway: error: \.env:6: T_DB_PASSWORD is not the same as DB_PASSWORD in line 5\nhint: Take out the one that does not count\.$/m, 'two environments');
write_env($place, '.env', 'parameters', { more => "T_DB_NAME=$place->{db}\n" });
my ($exit, $out, $err) = run('import', '.env', '-n');
is($exit, 0, 'the same twice') or diag($err);

# A driver's string

write_folder({ '.env' => "DATABASE_URL=postgresql+psycopg2://u:Oth3rS3cret\@h/d\n" }, $place->{home});
is_refused(qr/^slipway: error: \.env:1: DATABASE_URL is not a connection string .*\nhint: "postgresql\+DRIVER:\/\/" is no connection string but that driver's/m, "a driver's string");

# Examples

write_env($place, '.env', 'parameters');
write_folder({ '.env.example' => "DB_HOST=localhost\nNAME=\"open\n" }, $place->{home});
is_refused(qr/^slipway: error: \S*\.env\.example:2: a quote is not closed$/m, 'an example that makes no sense');
write_folder({ '.env.example' => "DB_HOST=localhost\n" }, $place->{home});
link "$place->{home}/.env.example", "$place->{home}/other" or die "link: $!\n";
is_refused(qr/^slipway: error: "\S*\.env\.example" has several names/m, 'an example with two names');
write_folder({ '.env.example' => "NAME=shop\n" }, $place->{home});
start_anew();

# What begins with a # is no comment, and what stays behind is told

sql($node, q{SET log_statement = none; SET log_min_duration_statement = -1; ALTER ROLE } . $place->{app} . q{ PASSWORD '#a$b c-S3cr3t'});
my $text = "DB_HOST=$host\nDB_PORT=$port\nDB_NAME=$place->{db}\nDB_USERNAME=$place->{app}\n# changed in May: #a\$b c-S3cr3t\nDB_PASSWORD=#a\$b c-S3cr3t # of the shop\nQUEUE_PASS=x\nBYPASSED=1\n";
write_folder({ '.env' => $text }, $place->{home});
for my $args ([ '.env', '-n' ], ['.env'])
{
	($exit, $out, $err) = run('import', @$args);
	is($exit, 0, "import @$args") or diag($err);
	like($err, qr/^slipway: warning: \.env: the password in DB_PASSWORD stands somewhere else, too, and stays there$/m, 'a comment with a password is told');
	like($err, qr/^slipway: warning: \.env:7: QUEUE_PASS looks like a secret, and stays$/m, 'so is a password of something else');
	unlike($err, qr/BYPASSED/, 'and nothing else');
}
is(in_force($place, \%env, 'DB_PASSWORD')->{DB_PASSWORD}, '#a$b c-S3cr3t', 'the password is right');

# Back from a file that makes no sense any more

append_to_file("$place->{home}/.env", "NAME=\"open\n");
my $broken = read_env($place, '.env');
($exit, $out, $err) = run('rollback', '.env');
is($exit, 0, 'rollback of a broken file') or diag($err);
is(read_env($place, '.env'), $text, 'it is as it was');
is(read_env($place, '.env.before-rollback'), $broken, 'what it had is kept');
start_anew();

# Back from an import that was told which settings count

$text = write_env($place, '.env', { more => "DB_HOST=$host\nDB_PORT=$port\nDB_NAME=$place->{db}\nDB_USERNAME=$place->{app}\nDB_PASSWORD='#a\$b c-S3cr3t'\n"
		  . "DATABASE_URL=postgresql://other:Oth3rS3cret\@db.invalid/elsewhere\n" });
($exit, $out, $err) = run('import', '.env', '--prefer', 'parameters');
is($exit, 0, 'import --prefer parameters') or diag($err);
($exit, $out, $err) = run('rollback', '.env');
is($exit, 8, 'rollback tries the connection string');
like($err, qr/^slipway: warning: \S+: DATABASE_URL and the single parameters disagree; the former is tried\nhint: --prefer parameters tries these\.$/m, 'and says so');
($exit, $out, $err) = run('rollback', '.env', '--prefer', 'parameters');
is($exit, 0, 'rollback --prefer parameters') or diag($err);
like($err, qr/^connects as $place->{app} to /m, 'tries the parameters');
is(read_env($place, '.env'), $text, 'the file is as it was');
start_anew();

# A backup whose names have a prefix that rollback is not told

write_folder({ '.env' => "T_DB_HOST=$host\nT_DB_PORT=$port\nT_DB_NAME=$place->{db}\nT_DB_USERNAME=$place->{app}\nT_DB_PASSWORD='#a\$b c-S3cr3t'\n" }, $place->{home});
($exit, $out, $err) = run('import', '.env');
is($exit, 0, 'import of names with a prefix') or diag($err);
($exit, $out, $err) = run('rollback', '.env', { SLIPWAY_SECRET_PREFIX => '' });
is($exit, 0, 'rollback without the prefix') or diag($err);
like($err, qr/^slipway: warning: \S+ says of no connection all that it needs: none was tried\nhint: If its names have a prefix: --secret-prefix\.$/m, 'says that nothing was tried');

unlike($shown, qr/$secrets/, 'no secret was shown');
unlike(slurp_file($node->logfile), qr/$secrets/, 'nor is one in the log of the server');

$node->stop;
done_testing();
