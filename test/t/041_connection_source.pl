# What says where to connect to, and what of it counts: options, slipway.conf,
# variables, libpq's own; and search_path in all of them.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('source');
my ($host, $port) = ($node->host, $node->port);
my $place = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });
my $other = new_place($node, { '0001_a.sql' => "SELECT 1;\n" });

# Connections come from the tests alone.
delete @ENV{qw(PGHOST PGPORT PGDATABASE PGUSER PGOPTIONS PGSERVICE PGPASSFILE)};

sub uri
{
	my ($db, $more) = @_;

	return "postgresql:///$db?host=$host&port=$port" . ($more // '');
}

sub write_config
{
	my ($text, $mode) = @_;

	unlink "$place->{home}/slipway.conf";
	write_folder({ 'slipway.conf' => $text }, $place->{home});
	chmod $mode // 0600, "$place->{home}/slipway.conf" or die "chmod: $!\n";
	return;
}

# The client connects to the database because of the source.
sub connects_to
{
	my ($db, $source, $args, $env, $name) = @_;
	my ($exit, $out, $err) = client($place, [ '-v', '-w', 'status', @$args ], connect => 0, env => $env);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, 0, "$name: exit code") or diag($err);
	like($err, qr/^connected to database "$db" on "\Q$host\E" port $port as "\w+" \(from \Q$source\E\)$/m, $name);
	return;
}

# Without connecting: exit code 2 and the message.
sub refused
{
	my ($args, $env, $message, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return client_is($place, $args, { exit => 2, err => $message }, $name, connect => 0, env => $env);
}

# The order of sources: each of them is tried with all that come after it

{
	my $nothing = 'postgresql:///nothing';
	my %after = (PGHOST => $host, PGPORT => $port, PGDATABASE => $place->{db});
	my @variables = (
		[ 'DB_HOST and its like', { DB_HOST => $host, DB_PORT => $port, DB_NAME => $place->{db} } ],
		map { [ $_, { $_ => uri($place->{db}) } ] } qw(DSN DATABASE_URL DB_ADMIN_CONN_STRING SLIPWAY_URL));

	connects_to($place->{db}, "libpq's defaults", [], \%after, 'nothing but PGHOST and its like');
	%after = (PGHOST => '/nonexistent');
	for my $variable (@variables)
	{
		my ($source, $env) = @$variable;

		connects_to($place->{db}, $source, [], { %after, %$env }, $source);
		%after = (%after, map { $_ => $_ eq 'DB_HOST' ? '/nonexistent' : $_ eq 'DB_PORT' ? '1' : $nothing } keys %$env);
	}
	write_config("[here]\nurl = " . uri($place->{db}) . "\n[there]\nurl = $nothing\n[folder]\nproject = default\n");
	connects_to($place->{db}, 'section [here] of slipway.conf', [ '-e', 'here' ], \%after, '--env');
	connects_to($place->{db}, 'section [here] of slipway.conf', [], { %after, SLIPWAY_ENV => 'here' }, 'SLIPWAY_ENV');
	connects_to($place->{db}, 'SLIPWAY_URL', [], { SLIPWAY_URL => uri($place->{db}) }, 'slipway.conf without --env is not read');
	connects_to($place->{db}, 'SLIPWAY_URL', [ '-e', 'folder' ], { SLIPWAY_URL => uri($place->{db}) }, 'a section without a url');
	connects_to($place->{db}, 'option --url', [ '-e', 'there', '--url', uri($place->{db}) ], \%after, '--url');
	connects_to($place->{db}, 'options', [ '-e', 'there', '-d', uri($place->{db}) ], \%after, '--dbname');
	connects_to($place->{db}, 'options', [ '-d', $place->{db}, '-h', $host, '-p', $port ], \%after, "psql's options");
	connects_to($place->{db}, 'options', [ '-h', $host, '-p', $port ], { PGDATABASE => $place->{db} },
		'a host alone leaves the rest to libpq');
	for my $empty (qw(SLIPWAY_URL DATABASE_URL DB_HOST))
	{
		connects_to($place->{db}, "libpq's defaults", [],
			{ $empty => '', PGHOST => $host, PGPORT => $port, PGDATABASE => $place->{db} }, "an empty $empty is not set");
	}
}

# Parts of a connection

{
	sql($node, "CREATE ROLE carol LOGIN; SELECT slipway.grant_role('carol', 'reader')", db => $place->{db});
	write_config("[here]\nurl = postgresql:///$place->{db}?host=/nonexistent&port=$port\n");
	my (undef, $err) = client_is($place, [ '-v', 'status', '-e', 'here', '-h', $host, '-U', 'carol' ],
		{ out => qr/pending/, err => qr/^connected/m }, 'options for a section', connect => 0);
	like($err, qr/database "$place->{db}" on "\Q$host\E" port $port as "carol" \(from section \[here\] of slipway.conf\)/,
		'change its host and role, and keep the rest');
	(undef, $err) = client_is($place, [ '-v', 'status' ], { out => qr/pending/, err => qr/^connected/m }, 'DB_ADMIN_USER', connect => 0,
		env => { DB_HOST => $host, DB_PORT => $port, DB_NAME => $place->{db}, DB_ADMIN_USER => 'carol', DB_USER => 'nobody' });
	like($err, qr/as "carol" \(from DB_HOST and its like\)/, 'is the role');
	client_is($place, [ 'status', '-d', "dbname=$place->{db} host=$host", '-p', $port ],
		{ out => qr/pending/, err => qr/1 pending/ }, 'a string with an option', connect => 0);
	client_is($place, [ 'status', '-d', "dbname=$place->{db} host=$host port=$port", '-h', '/nonexistent' ],
		{ out => qr/pending/, err => qr/1 pending/ }, 'where the string counts more, as in psql', connect => 0);
}

# slipway.conf

{
	my $folder = "$place->{home}/sub/scripts";

	mkdir "$place->{home}/sub" or die "mkdir: $!\n";
	mkdir $folder or die "mkdir: $!\n";
	write_folder({ '2_x.sql' => 'SELECT 2;', '10_y.sql' => 'SELECT 10;' }, $folder);
	write_folder({ 'their.conf' => "[here]\nurl = " . uri($place->{db}) . "\ndir = scripts\nproject = billing\norder = number\n" },
		"$place->{home}/sub");
	chmod 0600, "$place->{home}/sub/their.conf" or die "chmod: $!\n";
	sql($node, "SELECT slipway.create_project('billing')", db => $place->{db});
	my @here = ('-c', 'sub/their.conf', '-e', 'here');

	client_is($place, [ @here, 'status' ], { out => qr/\n2_x .*\n10_y /, err => "project billing: 2 pending\n" },
		'dir, project and order of a section', connect => 0);
	client_is($place, ['status'], { out => qr/\n2_x .*\n10_y /, err => "project billing: 2 pending\n" },
		'the same from variables', connect => 0, env => { SLIPWAY_CONFIG => 'sub/their.conf', SLIPWAY_ENV => 'here' });
	client_is($place, [ @here, 'status', '--order', 'name' ], { out => qr/\n10_y .*\n2_x /, err => "project billing: 2 pending\n" },
		'--order counts more', connect => 0);
	client_is($place, [ @here, 'status', '-P', 'default' ], { out => qr/\n2_x /, err => "project default: 2 pending\n" },
		'--project counts more', connect => 0);
	client_is($place, [ @here, 'status' ], { out => qr/\n2_x /, err => "project default: 2 pending\n" },
		'SLIPWAY_PROJECT counts more', connect => 0, env => { SLIPWAY_PROJECT => 'default' });
	client_is($place, [ @here, 'status', '--dir', 'migrations' ], { out => qr/\n0001_a /, err => "project billing: 1 pending\n" },
		'--dir counts more', connect => 0);
	client_is($place, [ @here, 'status' ], { out => qr/\n0001_a /, err => "project billing: 1 pending\n" },
		'MIGRATIONS_PATH counts more', connect => 0, env => { MIGRATIONS_PATH => 'migrations' });

	write_config("[one]\nurl = postgresql:///\${THE_DB}?host=$host&port=\${THE_PORT}\n[two]\nurl = \${TWO_URL}\napp_url = \${UNSET}\n");
	connects_to($place->{db}, 'section [one] of slipway.conf', [ '-e', 'one' ], { THE_DB => $place->{db}, THE_PORT => $port },
		'variables in a value');
	connects_to($place->{db}, 'section [two] of slipway.conf', [ '-e', 'two' ], { TWO_URL => uri($place->{db}) },
		'those of other sections and of other keys need not be set');
	refused([ 'status', '-e', 'one' ], { THE_DB => 'x' },
		"slipway: error: slipway.conf:2: environment variable THE_PORT is not set\n", 'a variable that is not set');
	client_is($place, [ 'new', 'x', '-e', 'one' ], { out => qr/\Amigrations\/\d{14}_x\.sql\n\z/ },
		'which does not matter where nothing connects', connect => 0);
	unlink glob "$place->{home}/migrations/*_x.sql";

	refused([ 'status', '-e', 'oen' ], {}, "slipway: error: \"slipway.conf\" has no section [oen]\nhint: Perhaps you meant \"one\".\n",
		'a section that is not there');
	refused([ 'status', '--env', 'production' ], {},
		"slipway: error: \"slipway.conf\" has no section [production]\nhint: There are one, two.\n", 'one that is like none');
	refused([ 'status', '-e', 'one', '-c', 'nowhere.conf' ], {},
		"slipway: error: could not read \"nowhere.conf\": No such file or directory\nhint: Name the file with --config.\n",
		'a file that is not there');
	refused([ 'status', '-c', '.' ], {}, "slipway: error: could not read \".\": Is a directory\n", 'a directory');
	SKIP:
	{
		skip 'root may read everything', 3 if $> == 0;
		write_config("[a]\n", 0);
		refused([ 'status', '-e', 'a' ], {},
			"slipway: error: could not read \"slipway.conf\": Permission denied\nhint: Name the file with --config.\n",
			'a file that may not be read');
	}
	write_config("[a]\nurl = postgresql://x/y\n\n[b]\npasword = S3cret\n");
	refused([ 'status', '-e', 'a' ], {},
		"slipway: error: slipway.conf:5: unknown key \"pasword\"\nhint: Keys are url, app_url, search_path, rehearse and the options that \"slipway config\" lists.\n",
		'an unknown key, if only of another section');
	refused([ 'status', '-c', 'slipway.conf' ], {},
		"slipway: error: slipway.conf:5: unknown key \"pasword\"\nhint: Keys are url, app_url, search_path, rehearse and the options that \"slipway config\" lists.\n",
		'--config alone checks the file');
	client_is($place, [ 'help', '-e', 'a' ], { out => qr/\Aslipway applies/ }, 'help reads no file', connect => 0);
	write_config("[a]\norder = reverse\n");
	refused([ 'status', '-e', 'a' ], {},
		"slipway: error: slipway.conf:2: invalid value \"reverse\" of key \"order\"\nhint: It is one of auto|name|number.\n",
		'a bad order');
	write_config("[a]\nurl = shop\n");
	refused([ 'status', '-e', 'a' ], {},
		"slipway: error: section [a] of slipway.conf is not a connection string of PostgreSQL\n"
		  . "hint: It looks like postgresql://role\@host/database.\n", 'a url that is none');
}

# A password in slipway.conf

{
	my $warning = "slipway: warning: \"slipway.conf\" holds a password and others may read it\n"
	  . "hint: Run chmod 600 slipway.conf, or write \${NAME} for the password.\n";
	my %status = (out => qr/0001_a/);

	for my $try (
		[ uri($place->{db}, '&password=S3cret'), 0644, $warning ],
		[ uri($place->{db}, '&password=S3cret'), 0640, $warning ],
		[ uri($place->{db}, '&password=S3cret'), 0600, '' ],
		[ uri($place->{db}, '&password=${SECRET}'), 0644, '' ],
		[ uri($place->{db}), 0644, '' ],
		[ "host=$host port=$port dbname=$place->{db} password=S3cret", 0644, $warning ])
	{
		my ($url, $mode, $expected) = @$try;

		write_config("[a]\nurl = $url\n[b]\nurl = " . uri($place->{db}) . "\n", $mode);
		client_is($place, [ 'status', '-e', 'a' ], { %status, err => "${expected}project default: 1 pending\n" },
			sprintf('%s with mode %o', $url =~ s/host=\S*?\d+//r, $mode), connect => 0, env => { SECRET => 'x' });
	}
	write_config("[a]\nurl = " . uri($place->{db}, '&password=S3cret') . "\n[b]\nurl = " . uri($place->{db}) . "\n", 0644);
	client_is($place, [ 'status', '-e', 'b' ], { %status, err => "project default: 1 pending\n" },
		'that of a section that is not used is not looked at', connect => 0);
	write_config("[a]\nurl = postgresql://u:S3cret\@/x?host=/nonexistent\n");
	my ($exit, $out, $err) = client($place, [ '-v', 'status', '-e', 'a' ], connect => 0);
	is($exit, 8, 'no server');
	like($err, qr/^slipway: error: could not connect \(section \[a\] of slipway\.conf\): /m, 'the section is named');
	unlike("$out$err", qr/S3cret/, 'the password is not');
}

# search_path

{
	my $paths = new_place($node, { '0001_a.sql' => "CREATE TABLE probe AS SELECT current_setting('search_path') AS path;\n" });
	my $file = "$paths->{home}/migrations/0001_a.sql";

	# what search_path makes of a connection: it is set once, with the first question
	my $probe = sub {
		my ($connection, $expected, $name, %env) = @_;
		my $offset = -s $node->logfile;
		my ($exit, undef, $err) = client($paths, [ '-v', 'log', @$connection ], connect => 0, env => \%env);
		my $log;

		is($exit, 0, "$name: exit code") or diag($err);
		like($err, qr/^search_path: \Q$expected\E$/m, "$name: said with -v");
		$log = slurp_file($node->logfile, $offset);
		is(scalar(() = $log =~ /execute <unnamed>: SELECT pg_catalog\.set_config\('search_path'/g), 1, "$name: it is set once");
	};
	my $uri = sub { return [ '--url', "postgresql:///$paths->{db}?host=$host&port=$port&search_path=$_[0]" ] };

	$node->append_conf('postgresql.conf', "log_statement = 'all'");
	$node->reload;
	$probe->($uri->('app'), 'app', 'one schema');
	$probe->($uri->('app%2Cpublic'), 'app,public', 'two');
	$probe->($uri->('app,%20public'), 'app, public', 'with a blank');
	$probe->($uri->('%22Odd%20one%22,public'), '"Odd one",public', 'with quotes');
	$probe->($uri->('sch%C3%A9ma'), "sch\xc3\xa9ma", 'no ASCII');
	$probe->([ '-d', "dbname=$paths->{db} host=$host port=$port search_path='app,public'" ], 'app,public', 'a keyword string');
	$probe->([], 'app', 'a variable', DATABASE_URL => $uri->('app')->[1]);
	write_folder({ 'slipway.conf' => "[a]\nurl = " . $uri->('app')->[1] . "\n" }, $paths->{home});
	chmod 0600, "$paths->{home}/slipway.conf" or die "chmod: $!\n";
	$probe->([ '-e', 'a' ], 'app', 'a section');

	# what a script sees; a project without schemas has the session's, and RESET
	# comes back to what the connection request could carry
	for my $try (
		[ 'app', 'app' ], [ 'app,public', 'app,public' ], [ '%22Odd%20one%22,public', '"Odd one",public' ], [ 'sch%C3%A9ma', "sch\xc3\xa9ma" ])
	{
		my ($given, $seen) = @$try;
		my $fresh = new_place($node, {
				'0001_a.sql' => "CREATE TABLE public.probe AS SELECT current_setting('search_path') AS path;\n",
				'0002_b.sql' => "RESET search_path; UPDATE public.probe SET path = path || ' ' || current_setting('search_path');\n" });

		client_is($fresh, [ '-q', 'migrate', '--url', "postgresql:///$fresh->{db}?host=$host&port=$port&search_path=$given" ], {},
			"migrate with search_path=$given", connect => 0);
		query_is($node, 'SELECT path FROM public.probe',
			$seen . ($seen =~ /^[a-z,]+$/ ? " $seen" : ' "$user", public'), 'a script has it', db => $fresh->{db});
	}

	# together with options of one's own
	for my $try (
		[ [ '--url', $uri->('app')->[1] . '&options=-c%20work_mem%3D7MB' ], {} ],
		[ $uri->('app'), { PGOPTIONS => '-c work_mem=7MB' } ])
	{
		my ($args, $env) = @$try;
		my $fresh = new_place($node, { '0001_a.sql' =>
				  "CREATE TABLE public.probe AS SELECT current_setting('search_path') || ' ' || current_setting('work_mem') AS path;\n" });
		my @args = map { s/\Q$paths->{db}\E/$fresh->{db}/r } @$args;

		client_is($fresh, [ '-q', 'migrate', @args ], {}, 'migrate with options', connect => 0, env => $env);
		query_is($node, 'SELECT path FROM public.probe', 'app 7MB', 'both count', db => $fresh->{db});
	}
	client_is($paths, [ 'status', @{ $uri->('%22open') } ], {
			exit => 2,
			err => qq{slipway: error: could not apply the search_path of option --url: invalid value for parameter "search_path": ""open"\n} },
		'a search_path that is none', connect => 0);
}

# Service files

{
	my $service = "$place->{home}/service.conf";

	write_folder({ 'service.conf' => "[shop]\nhost=$host\nport=$port\ndbname=$place->{db}\noptions=-c work_mem=7MB\n" }, $place->{home});
	my %env = (PGSERVICEFILE => $service);
	connects_to($place->{db}, 'options', [ '-d', 'service=shop' ], \%env, 'service= in a string');
	connects_to($place->{db}, 'option --url', [ '--url', 'postgresql://?service=shop' ], \%env, 'in a URI');
	connects_to($place->{db}, "libpq's defaults", [], { %env, PGSERVICE => 'shop' }, 'PGSERVICE');
	connects_to($other->{db}, 'options', [ '-d', "service=shop dbname=$other->{db}" ], \%env, 'a string counts more than the service');

	my $fresh = new_place($node, { '0001_a.sql' =>
			  "CREATE TABLE public.probe AS SELECT current_setting('search_path') || ' ' || current_setting('work_mem') AS path;\n" });
	client_is($fresh, [ '-q', 'migrate', '-d', "service=shop dbname=$fresh->{db} search_path=app" ], {},
		'search_path with a service', connect => 0, env => \%env);
	query_is($node, 'SELECT path FROM public.probe', 'app 7MB', 'does not undo the options of the service', db => $fresh->{db});
	client_is($place, [ 'status', '-d', 'service=ship' ], {
			exit => 8, err => "slipway: error: could not connect (options): definition of service \"ship\" not found\n" },
		'an unknown service', connect => 0, env => \%env);
}

$node->stop;
done_testing();
