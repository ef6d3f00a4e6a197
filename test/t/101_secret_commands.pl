# slipway secret put, generate, get, list, delete, put-certificate, with files and with a real Barbican.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use SlipwayOpenStack;
use SlipwayScreen;
use SlipwayTest;
use SlipwayTls;
use Test::More;

my $why = why_no_openstack();
plan(skip_all => $why) if defined $why;
plan(skip_all => 'needs the program openssl') unless has_openssl();

my $home = PostgreSQL::Test::Utils::tempdir;
our $cloud = new_cloud();

# Runs "slipway secret ARGS" with something on stdin; the store is Barbican unless the environment has another.
sub secret
{
	my ($args, %option) = @_;
	my ($in, $out, $err) = ($option{in} // '', '', '');

	local %ENV = (%ENV, cloud_env($cloud, %option), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'T_', HOME => $home, %{ $option{env} // {} });
	delete $ENV{$_} for grep { !defined $ENV{$_} } keys %ENV;
	my $run = IPC::Run::start([ 'slipway', 'secret', @$args ], '<', \$in, '>', \$out, '2>', \$err,
		init => sub { chdir $home or die "could not go home: $!\n" }, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$run->finish;
	return ($? >> 8, $out, $err);
}

sub secret_is
{
	my ($args, $expected, $name, %option) = @_;
	my ($exit, $out, $err) = secret($args, %option);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, $expected->{exit} // 0, "$name: exit code") or diag($out, $err);
	for my $stream ([ out => $out ], [ err => $err ])
	{
		my $wanted = $expected->{ $stream->[0] } // '';
		ref $wanted ? like($stream->[1], $wanted, "$name: std$stream->[0]") : is($stream->[1], $wanted, "$name: std$stream->[0]");
	}
	return $out;
}

sub lines { return map { JSON::PP::decode_json($_) } split /\n/, $_[0] }

# The names that Barbican has, of secrets and of containers.
sub names { return [ sort map { $_->{name} =~ s/@[0-9a-f]{32}$/\@SET/r } barbican_secrets($cloud), barbican_containers($cloud) ] }

# Usage

secret_is(['list'], { exit => 2, err => qq{slipway: error: nothing says which store of secrets is meant\nhint: Write --secrets barbican, or set SLIPWAY_SECRETS, or "secrets" in a section of slipway.conf.\n} },
	'no store', env => { SLIPWAY_SECRETS => undef });
secret_is([ 'put', 'X', 's3cret' ], { exit => 2, err => qq{slipway: error: command "secret put" takes no value on the command line\nhint: Others can read it there: it is read from stdin, or from --file.\n} },
	'a secret on the command line is not repeated');
secret_is([ 'put', 'a b' ], { exit => 2, err => qr/invalid name of a secret "T_a b"/ }, 'a bad name', in => 'x');
secret_is([ 'put', 'X' ], { exit => 2, err => qr/secret "T_X" would be empty/ }, 'an empty secret');
secret_is([ 'put', 'X' ], { exit => 2, err => qr/a secret has at most 20000 bytes/ }, 'one that is too long', in => 'x' x 20001);
secret_is([ 'put', 'X', '--file', 'nothing' ], { exit => 2, err => qq{slipway: error: could not read "nothing": No such file or directory\n} }, 'no file');
secret_is([ 'put', 'X', '--rotation', $_ ], { exit => 2, err => qr/invalid value "\Q$_\E" for option "--rotation"\nhint: It is a number of days, as 90d\./ }, "rotation $_", in => 'x') for '90', 'soon', '0d';
secret_is([ 'put', 'X', '--purpose', "\xff" ], { exit => 2, err => qq{slipway: error: the value of option "--purpose" is not UTF-8\n} }, 'a purpose that is no text', in => 'x');
secret_is([ 'generate', 'X', '--bits', '64' ], { exit => 2, err => qr/invalid value "64" for option "--bits"/ }, 'few bits');
secret_is(['list'], { exit => 2, err => qr/invalid value "5m" of SECRETS_CACHE_TTL/ }, 'a bad lifetime', env => { SECRETS_CACHE_TTL => '5m' });
secret_is(['list'], { exit => 2, err => qr/invalid value "-1" of SECRETS_TIMEOUT/ }, 'a bad time-out', env => { SECRETS_TIMEOUT => '-1' });
is_deeply(names(), [], 'nothing was stored');

# A file

my %file = (SLIPWAY_SECRETS => 'file:x.env', SLIPWAY_SECRET_PREFIX => undef);
secret_is([ 'put', 'A' ], { err => "A: stored in file:x.env\n" }, 'file: put', in => "two words\n", env => \%file);
secret_is([ 'get', 'A' ], { out => 'two words' }, 'file: get', env => \%file);
secret_is([ 'generate', 'A' ], { exit => 2, err => qr/^slipway: error: this would replace secret "A", and there is nobody to ask\nhint: Pass --yes if that is meant\.\n\z/ }, 'file: not over another one', env => \%file);
secret_is([ 'generate', 'A', '--yes' ], { err => "A: stored in file:x.env\n" }, 'file: if that is meant', env => \%file);
like(slurp_file("$home/x.env"), qr/\AA=[A-Za-z0-9_-]{43}\n\z/, 'file: of 256 bits');
secret_is([ 'put-certificate', '--root', 'x' ], { exit => 2, err => qr/could not read "x"/ }, 'file: no certificate', env => \%file);
secret_is([ 'delete', 'A', '--yes' ], { err => "A: deleted from file:x.env\n" }, 'file: delete', env => \%file);
secret_is([ 'delete', 'A', '--yes' ], { exit => 1, err => qr/file:x\.env has no secret "A"/ }, 'file: once', env => \%file);
chmod 0640, "$home/x.env";
secret_is(['list'], { exit => 1, err => qq{slipway: error: the file of secrets "x.env" can be read by others: its mode is 0640\nhint: chmod 600 x.env\n} }, 'file: others can read it', env => \%file);

secret_is([ 'put', 'A' ], { exit => 2, err => qr/"y\.env" cannot hold the value of "A"\nhint: It has a carriage return/ }, 'file: a value that it cannot have', in => "a\r\nb", env => { %file, SLIPWAY_SECRETS => 'file:y.env' });
secret_is([ 'put', '1A' ], { exit => 2, err => qr/"y\.env" cannot hold "1A"\nhint: A name has/ }, 'file: a name that it cannot have', in => "a", env => { %file, SLIPWAY_SECRETS => 'file:y.env' });
symlink 'new.env', "$home/link.env" or die "symlink: $!\n";
symlink 'nowhere/new.env', "$home/dead.env" or die "symlink: $!\n";
secret_is([ 'put', 'A' ], { err => "A: stored in file:link.env\n" }, 'file: a link to one that is not there yet', in => 'x', env => { %file, SLIPWAY_SECRETS => 'file:link.env' });
ok(-l "$home/link.env" && slurp_file("$home/new.env") eq "A=x\n", 'file: which is made');
secret_is([ 'put', 'A' ], { exit => 2, err => qq{slipway: error: could not read the file of secrets "dead.env": No such file or directory\n} }, 'file: a link to nowhere', in => 'x', env => { %file, SLIPWAY_SECRETS => 'file:dead.env' });

# Barbican: what goes in comes out

my %values = (
	TEXT => "p\xc3\xa4ss \"w\\rd' %41",
	BLANKS => "  blanks \t",
	SPACE => "\xc2\xa0no-break",
	LINES => "-----\nthree\n-----",
	BYTES => join('', map { chr } 0 .. 255),
	LONG => 'x' x 18000,
	ONE => 'x');
for my $name (sort keys %values)
{
	secret_is([ 'put', $name ], { err => "T_$name: stored in barbican\n" }, "put $name", in => $values{$name});
	my ($exit, $out) = secret([ 'get', "T_$name" ]);
	ok($exit == 0 && $out eq $values{$name}, "get $name");
}
secret_is([ 'put', 'WIDE' ], { exit => 2, err => qr/Barbican does not take secrets of that length\nhint: Bytes that are no text/ }, "$_->[0]: more than Barbican reads", in => $_->[1]) for [ 'bytes', "\xff" x 20000 ], [ 'quotes', '"' x 20000 ];
secret_is([ 'put', 'ONE' ], { err => "T_ONE: stored in barbican\n" }, 'a line feed at the end', in => "one\n");
secret_is([ 'get', 'ONE' ], { out => 'one' }, 'is not part of it');
is_deeply(names(), [ sort map { "T_$_" } keys %values ], 'the old one is gone');
secret_is([ 'get', 'NOTHING' ], { exit => 1, err => qq{slipway: error: barbican has no secret "T_NOTHING"\nhint: "slipway secret list" shows what there is.\n} }, 'one that is not there');
my ($json) = lines(secret_is([ 'get', 'TEXT', '--json' ], { out => qr/./ }, 'json'));
is_deeply($json, { name => 'TEXT', prefix => 'T_', value => "p\xe4ss \"w\\rd' %41" }, 'json: text');
($json) = lines(secret_is([ 'get', 'BYTES', '--json' ], { out => qr/./ }, 'json: bytes'));
like($json->{value_base64}, qr{^AAECAwQF.*/g==|^AAECAwQF.*/w==$}, 'json: bytes in base64');
secret_is([ 'delete', 'T_ONE', '-y' ], { err => "T_ONE: deleted from barbican\n" }, 'delete');
secret_is([ 'delete', 'ONE', '-y' ], { exit => 1, err => qr/barbican has no secret "T_ONE"/ }, 'it is gone');
secret_is([ 'delete', 'TEXT' ], { exit => 2, err => qr/this would delete secret "T_TEXT" from barbican, and there is nobody to ask/ }, 'delete asks');

# What others have stored: the newest of exactly that name counts, the others are removed with it

store_secret($cloud, 'T_OTHER', 'oldest');
store_secret($cloud, 'T_OTHER', 'newest');
store_secret($cloud, 'TxOTHER', 'not this: the name is a pattern there');
store_secret($cloud, 'T_EMPTY', undef);
secret_is([ 'get', 'OTHER' ], { out => 'newest' }, 'the newest counts');
secret_is([ 'get', 'EMPTY' ], { exit => 1, err => qr/secret "T_EMPTY" in barbican is empty/ }, 'one without a payload');
secret_is([ 'put', 'OTHER' ], { err => "T_OTHER: stored in barbican\n" }, 'put over two', in => 'mine');
is(scalar(grep { $_->{name} eq 'T_OTHER' } barbican_secrets($cloud)), 1, 'leaves one');
is(scalar(grep { $_->{name} eq 'TxOTHER' } barbican_secrets($cloud)), 1, 'and nothing else');
secret_is([ 'put', 'slipway/x' ], { err => "slipway/x: stored in barbican\n" }, 'a name as containers of sets have it', in => 'x', env => { SLIPWAY_SECRET_PREFIX => undef });
secret_is(['list'], { out => qr{^slipway/x  *secret }m }, 'is one as any other', env => { SLIPWAY_SECRET_PREFIX => 'slipway/' });
secret_is([ 'delete', 'slipway/x', '-y' ], { err => qr/deleted/ }, 'and can be deleted', env => { SLIPWAY_SECRET_PREFIX => undef });
secret_is([ 'get', '%' ], { exit => 2, err => qr/invalid name/ }, 'a name is no pattern');

# What is known of them

secret_is([ 'generate', 'KEY', '--bits', '300', '--purpose', 'signs cookies', '--environment', 'prod', '--rotation', '30d' ], { err => "T_KEY: stored in barbican\n" }, 'generate');
my (undef, $first) = secret([ 'get', 'KEY' ]);
like($first, qr/\A[A-Za-z0-9_-]{50}\z/, 'generate: of 300 bits');
secret_is([ 'generate', 'KEY', '-y', '--rotation', '10d' ], { err => "T_KEY: stored in barbican\n" }, 'again');
my (undef, $second) = secret([ 'get', 'KEY' ]);
isnt($second, $first, 'generate: another one');
like($second, qr/\A[A-Za-z0-9_-]{43}\z/, 'generate: of 256 bits');
my %entry = map { $_->{name} // '' => $_ } lines(secret_is([ 'list', '--json' ], { out => qr/./ }, 'list'));
is_deeply([ @{ $entry{KEY} }{qw(prefix kind purpose environment rotation_days)} ], [ 'T_', 'secret', 'signs cookies', 'prod', 10 ], 'list: what was not said again stays');
like($entry{KEY}{rotation_due_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'list: when it is due');
ok(!$entry{KEY}{rotation_due}, 'list: it is not');
ok(!exists $entry{TxOTHER} && !exists $entry{'xOTHER'}, 'list: only what has the prefix');
is($entry{''}{event}, 'secret_store', 'list: and what that took');
my ($key) = grep { $_->{name} eq 'T_KEY' } barbican_secrets($cloud);
ask_barbican($cloud, 'creator', 'PUT', "$key->{secret_ref}/metadata", { metadata => { rotation_days => '1', purpose => "a\tb" } });
secret_is(['list'], { out => qr/^name +kind +age +rotation due +purpose +environment\n.*^T_KEY +secret +0 days +in 1 day +a +b\n/ms }, 'list: a table');
secret_is(['list'], { err => qq{barbican has no secrets with prefix "NONE_"\n} }, 'list: nothing', env => { SLIPWAY_SECRET_PREFIX => 'NONE_' });

# More than Barbican gives at a time

my $other = new_cloud();
{
	local $cloud = $other;
	store_secret($cloud, sprintf('T_%03d', $_), "v$_") for 1 .. 120;
	store_secret($cloud, 'T_X', 'x');
	my @entries = lines(secret_is([ 'list', '--json' ], { out => qr/./ }, 'many'));
	is(scalar(@entries), 122, 'many: all of them');
	secret_is([ 'get', '120' ], { out => 'v120' }, 'many: the last');
	# the pattern fits more than one answer has
	store_secret($cloud, 'T____', 'pattern');
	store_secret($cloud, sprintf('T_%03d', $_), "w$_") for 121 .. 230;
	secret_is([ 'get', '___' ], { out => 'pattern' }, 'many: found behind the others');
}

# Certificates

make_certificate($home, 'ca', 'Test Authority');
make_certificate($home, 'own', 'shop', 'ca');
make_certificate($home, 'alien', 'alien', 'ca');
system('openssl', 'pkey', '-in', "$home/own.key", '-aes128', '-passout', 'pass:x', '-out', "$home/locked.key");
my @own = ('--cert', 'own.crt', '--key', 'own.key');
secret_is(['put-certificate'], { exit => 2, err => qr/nothing says what is to be stored/ }, 'certificate: none');
secret_is([ 'put-certificate', '--cert', 'own.crt' ], { exit => 2, err => qr/options "--cert" and "--key" go together/ }, 'certificate: without key');
secret_is([ 'put-certificate', '--root', 'own.key' ], { exit => 2, err => qr/"own\.key" has no certificate in PEM/ }, 'certificate: something else');
my $pem = slurp_file("$home/ca.crt");
append_to_file("$home/half.crt", $pem . substr $pem, 0, 300);
append_to_file("$home/broken.crt", $pem . substr($pem, 0, 300) . "\n-----END CERTIFICATE-----\n");
append_to_file("$home/two.crt", "# one\n$pem\n# the other\n$pem\n\n");
secret_is([ 'put-certificate', '--root', $_ ], { exit => 2, err => qr/"\Q$_\E" has a malformed certificate\nhint: The first one is good\./ }, "certificate: $_") for 'half.crt', 'broken.crt';
secret_is([ 'put-certificate', '--cert', 'own.crt', '--key', 'ca.crt' ], { exit => 2, err => qr/"ca\.crt" has no private key in PEM/ }, 'certificate: no key');
secret_is([ 'put-certificate', '--cert', 'own.crt', '--key', 'alien.key' ], { exit => 2, err => qr/the private key in "alien\.key" is not that of the certificate in "own\.crt"/ }, 'certificate: of another key');
secret_is([ 'put-certificate', '--cert', 'own.crt', '--key', 'locked.key' ], { exit => 2, err => qr/the private key in "locked\.key" has a passphrase/ }, 'certificate: with a passphrase');
is_deeply([ barbican_containers($cloud) ], [], 'certificate: nothing was stored');
secret_is([ 'put-certificate', '--root', 'ca.crt', @own ], { err => "T_DB_TLS: certificate stored in barbican\n" }, 'certificate: all of it');
my ($container) = barbican_containers($cloud);
is("$container->{type} $container->{name}", 'certificate T_DB_TLS', 'certificate: a container');
my %part = map { $_->{name} => barbican_payload($cloud, $_->{secret_ref}) } @{ $container->{secret_refs} };
is_deeply({ map { $_ => $part{$_} . "\n" } keys %part }, { certificate => slurp_file("$home/own.crt"), private_key => slurp_file("$home/own.key"), intermediates => slurp_file("$home/ca.crt") }, 'certificate: its parts');
secret_is([ 'put-certificate', 'T_DB_TLS', '--root', 'ca.crt' ], { err => "T_DB_TLS: certificate stored in barbican\n" }, 'certificate: another one');
my @containers = barbican_containers($cloud);
is(join(' ', map { "$_->{type} $_->{name} " . join ',', map { $_->{name} } @{ $_->{secret_refs} } } @containers), 'generic T_DB_TLS intermediates', 'certificate: in its place');
is(scalar(grep { /DB_TLS/ } @{ names() }), 2, 'certificate: the parts of the old one are gone');
secret_is(['list'], { out => qr/^T_DB_TLS +certificate +0 days/m }, 'certificate: is in the list');
secret_is([ 'delete', 'DB_TLS', '--yes' ], { err => "T_DB_TLS: deleted from barbican\n" }, 'certificate: delete');
is(scalar(grep { /DB_TLS/ } @{ names() }), 0, 'certificate: with its parts');

secret_is([ 'put-certificate', '--root', 'two.crt' ], { err => qr/certificate stored/ }, 'certificate: two of them');
secret_is([ 'delete', 'DB_TLS', '--yes' ], { err => qr/deleted/ }, 'certificate: two of them are deleted');

# On a terminal

my %env = (cloud_env($cloud), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'T_');

# Runs a command on a terminal, gives each answer when its question is there; returns exit code and all that was shown.
sub answer
{
	my ($args, @answers) = @_;
	my $screen = start_screen({ home => $home }, [ 'secret', @$args ], env => \%env);

	while (my ($question, $answer) = splice @answers, 0, 2)
	{
		read_until($screen, $question, "terminal: $question");
		type_keys($screen, $answer);
	}
	my ($exit, @lines) = finish_screen($screen);
	return ($exit, join "\n", @lines);
}

my ($exit, $text) = answer([ 'put', 'ASKED' ], qr/^Value of T_ASKED:/, "t\xc3\xbcped\n", qr/^The same again:/, "t\xc3\xbcped\n");
is($exit, 0, 'terminal: put');
unlike($text, qr/ped/, 'terminal: nothing is shown');
($exit, $text) = answer([ 'put', 'ASKED' ], qr/^Value of T_ASKED:/, "one\n", qr/^The same again:/, "two\n");
is($exit, 1, 'terminal: two that differ');
like($text, qr/the two are not the same: nothing was stored/, 'terminal: are refused');
($exit, $text) = answer([ 'delete', 'ASKED' ], qr/^This would delete secret "T_ASKED" from barbican\. Go on\?/, "n\n");
is($exit, 1, 'terminal: no is no');
secret_is([ 'get', 'ASKED' ], { out => "t\xc3\xbcped" }, 'terminal: stored');

# Figures

my $prom = "$home/secret.prom";
secret_is([ 'get', 'ASKED', '--metrics', $prom ], { out => qr/./ }, 'metrics');
$text = slurp_file($prom);
like($text, qr/^slipway_secret_fetched_total 1$/m, 'metrics: a fetch');
like($text, qr/^slipway_secret_fetch_seconds_bucket\{le="\+Inf"\} 1$/m, 'metrics: in the histogram');
like($text, qr/^slipway_secret_requests_total\{service="keystone",outcome="ok"\} 1$/m, 'metrics: a login');
like($text, qr/^slipway_secret_requests_total\{service="barbican",outcome="ok"\} 3$/m, 'metrics: and what it asked for');
secret_is([ 'get', 'ASKED', '--metrics', $prom ], { exit => 1, err => qr/Keystone refuses/ }, 'metrics: of a failure', env => { OS_PASSWORD => 'wrong' });
like(slurp_file($prom), qr/^slipway_secret_errors_total\{kind="login"\} 1$/m, 'metrics: are there too');
secret_is([ 'test', '--metrics', $prom ], { exit => 8, out => qr/Keystone refuses/ }, 'metrics: of a probe that fails', env => { OS_PASSWORD => 'wrong' });
like(slurp_file($prom), qr/^slipway_secret_errors_total\{kind="login"\} 1$/m, 'metrics: have that');
secret_is([ 'get', 'ASKED', '-v' ], { out => qr/./, err => qr/^store of secrets: 1 secret fetched in [\d.]+ m?s, 4 requests$/m }, 'verbose');

done_testing();
