# Databases that are not UTF-8: scripts are hashed and stored, and errors in
# them located, as anywhere else.

use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(sha256_hex);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

# All strings here are bytes of UTF-8.
my $node = new_node('encodings', extension => 0);

sub make_database
{
	my ($db, $encoding) = @_;

	$node->safe_psql('postgres',
		"CREATE DATABASE $db ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	$node->safe_psql($db, 'CREATE EXTENSION pg_slipway');
	return;
}

# Each line is hashed behind the hash of the one before.
sub manifest_hash {
	my ($text) = @_;
	my $hash = '';
	$hash = sha256_hex($hash . $_) for split /\n/, $text;
	return $hash;
}

sub hash_of
{
	my ($body) = @_;

	$body =~ s/\r\n/\n/g;
	$body =~ s/\A\xef\xbb\xbf//;
	return sha256_hex($body);
}

# What must hold whatever the encoding, for text that it can hold.
#   text   several characters beyond ASCII
sub works_with
{
	my ($db, $text) = @_;
	my $characters = () = $text =~ /[^\x80-\xbf]/g;
	my @in = (db => $db);

	# Hashes
	my $body = "-- $text\r\nCREATE TABLE greeting (word text);\r\nINSERT INTO greeting VALUES ('$text');\r\n";
	query_is($node, 'SELECT slipway.add_script(' . literal($body) . ')',
		hash_of($body), "$db: the hash of a script is that of its UTF-8 text", @in);
	query_is($node, 'SELECT slipway.add_script(' . literal("\xef\xbb\xbf$body") . ')',
		hash_of($body), "$db: a byte order mark does not count", @in)
	  if $db eq 'utf8' || $db eq 'sql_ascii';
	# In parts, which may end within a character, and with a mark that most encodings do not have.
	my $marked = "\xef\xbb\xbf$body";
	my $cut = index($marked, $text) + 1;
	query_is($node, sprintf(q{BEGIN; SELECT slipway.add_script_part('\x%s', 0, false) IS NULL; SELECT slipway.add_script_part('\x%s', %d, true); COMMIT},
			unpack('H*', substr($marked, 0, $cut)), unpack('H*', substr($marked, $cut)), $cut),
		"t\n" . hash_of($body), "$db: a script in parts has the same hash", @in);
	query_is($node, 'SELECT count(*) FROM slipway.script', '1', "$db: and is the same", @in);
	query_is($node, q{SELECT slipway.add_script_part('\xefbbbf', 0, true)}, hash_of(''), "$db: a mark and nothing else", @in);
	query_is($node, q{SELECT slipway.add_script_part('', 0, true)}, hash_of(''), "$db: nothing at all", @in);
	my $manifest = 'slipway-manifest 1 order=auto' . "\n" . hash_of($body) . " - - versioned 0001_$text\n";
	query_is($node, 'SELECT * FROM slipway.add_manifest(' . literal($manifest) . ')',
		'', "$db: its manifest has it by that hash", @in);

	# A migration with such a name and body
	my $answer = migrate($node, @in, with => { manifest => manifest_hash($manifest) });
	is($answer->{exit}, 0, "$db: a migration with such a name and body") or diag($answer->{err});
	is_deeply([ map { $_->{migration} } grep { $_->{event} eq 'applied' } @{ $answer->{event} } ],
		[ decoded("0001_$text") ], "$db: its name arrives in the progress message");
	query_is($node, 'SELECT word FROM greeting', $text, "$db: its text arrives in the table", @in);
	query_is($node, "SELECT encode(script_hash, 'hex'), migration FROM slipway.history",
		hash_of($body) . "|0001_$text", "$db: the history has hash and name", @in);

	# The text comes back as it was, and the client can compare
	query_is($node, "SELECT body FROM slipway.script WHERE body <> ''",
		$body =~ s/\r\n/\n/gr, "$db: the body is stored as it was", @in);
	query_is($node, 'SELECT migration, state FROM slipway.compare(' . literal($manifest) . ')',
		"0001_$text|applied", "$db: compare() knows it", @in);

	# Errors: columns in characters
	add_migrations($node, [ [ '0002_fails', "SELECT 1;\nSELECT '$text', 1 / 0, nosuch;\n" ] ], @in);
	$answer = migrate($node, @in);
	is($answer->{sqlstate}, '42703', "$db: an unknown column");
	my $column = length("SELECT '', 1 / 0, ") + $characters + 1;
	like($answer->{err}, qr/migration "0002_fails", line 2, column $column\n/,
		"$db: its position is in characters");
	query_is(
		$node, "SELECT line_number, column_number, \"position\" FROM slipway.history
		 WHERE outcome = 'failed'", "2|$column|" . ($column + length "SELECT 1;\n"),
		"$db: the history has it likewise", @in);
	query_is($node, 'SELECT line_number, column_number FROM slipway.check_script('
		. literal('x') . ', ' . literal("SELECT '$text' FROM WHERE;") . ')',
		'1|' . (length("SELECT '' FROM ") + $characters + 1),
		"$db: and so has a check, of a syntax error", @in);
	query_is($node, 'SELECT * FROM slipway.verify_history()', '', "$db: the history verifies", @in);
	return;
}

sub decoded
{
	my ($bytes) = @_;

	utf8::decode($bytes);
	return $bytes;
}

make_database('utf8', 'UTF8');
works_with('utf8', "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80");
make_database('latin1', 'LATIN1');
works_with('latin1', "\xc3\xa9t\xc3\xa9 \xc3\xbcber");
make_database('sql_ascii', 'SQL_ASCII');
works_with('sql_ascii', "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80");
make_database('euc_jp', 'EUC_JP');
works_with('euc_jp', "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e");

# A character that the database cannot hold: the server says which.
for my $db ('latin1', 'euc_jp')
{
	my $before = sql($node, 'SELECT count(*) FROM slipway.script', db => $db)->{out};
	my $answer = sql($node, 'SELECT slipway.add_script(' . literal("SELECT '\xf0\x9f\x98\x80'") . ')', db => $db);
	is($answer->{sqlstate}, '22P05', "$db: a character that it lacks is refused");
	like($answer->{error}, qr/0xf0 0x9f 0x98 0x80/, "$db: which is named");
	$answer = sql($node, sprintf(q{BEGIN; SELECT slipway.add_script_part('\x%s', 0, false); SELECT slipway.add_script_part('\x%s', 9, true); COMMIT}, unpack('H*', "SELECT '\xf0"), unpack('H*', "\x9f\x98\x80'")), db => $db);
	is($answer->{sqlstate}, '22P05', "$db: in parts as well");
	$answer = sql($node, sprintf(q{SELECT slipway.add_script_part('\x%s', 0, true)}, unpack('H*', "SELECT '\xc3'")), db => $db);
	is($answer->{sqlstate}, '22021', "$db: what is no UTF-8 is refused as that");
	query_is($node, 'SELECT count(*) FROM slipway.script', $before, "$db: and nothing is stored", db => $db);
}

# Invalid UTF-8, where only we can notice.
my $stored = sql($node, 'SELECT count(*) FROM slipway.script', db => 'sql_ascii')->{out};
for my $bytes ("\xe9t\xe9", "\xc3", "\xed\xa0\x80", "\xc0\xaf")
{
	my $answer = sql($node, 'SELECT slipway.add_script(' . literal("SELECT '$bytes'") . ')', db => 'sql_ascii');
	is($answer->{sqlstate}, '22021', 'sql_ascii: invalid UTF-8 is refused: ' . unpack('H*', $bytes));
	$answer = sql($node, 'SELECT slipway.add_migration(' . literal("0003_$bytes") . ", 'SELECT 1')", db => 'sql_ascii');
	is($answer->{sqlstate} =~ /^(22021|SW016)$/ ? '' : "$answer->{sqlstate}$answer->{out}",
		'', 'sql_ascii: in a name as well: ' . unpack('H*', $bytes));
}
query_is($node, 'SELECT count(*) FROM slipway.script', $stored, 'sql_ascii: and nothing is stored', db => 'sql_ascii');
is(sql($node, "SELECT slipway.add_script(E'SELECT ''\\xe9''')", db => 'utf8')->{sqlstate},
	'22021', 'utf8: invalid UTF-8 is refused');

# A client that talks another encoding than the database: the same hash.
my $latin = sql($node, "SET client_encoding = LATIN1; SELECT slipway.add_script('SELECT ''\xe9''')", db => 'utf8');
is($latin->{out}, sha256_hex("SELECT '\xc3\xa9'"), 'utf8: a client that talks LATIN1 gets the hash of the UTF-8 text');
$latin = sql($node, "SET client_encoding = LATIN1; SELECT slipway.add_script('SELECT ''\xe9''')", db => 'latin1');
is($latin->{out}, sha256_hex("SELECT '\xc3\xa9'"), 'latin1: and there as well');

# A manifest made elsewhere: byte order is that of UTF-8 in every database.
# A value that is kept secret is not found across characters.
$node->safe_psql('euc_jp', q{SELECT slipway.create_project('secret')});
sql($node, <<'EOS', db => 'euc_jp');
SET client_encoding = UTF8;
SELECT slipway.add_migration('0001', $script$-- slipway: variables word secret
SELECT ${word:literal};
DO $$ BEGIN RAISE NOTICE '% %', convert_from('\xb0a4a2a4a4b0', 'EUC_JP'), 'うあい'; END $$;$script$, project => 'secret');
EOS
my $hidden = migrate($node, db => 'euc_jp', project => 'secret', before => 'SET client_encoding = UTF8;', with => { variables => { word => "\x{3042}\x{3044}" } });
like($hidden->{err}, qr/NOTICE:  00000: \xe9\x98\xbf\xe2\x96\xb3\xe3\x81\x90 \xe3\x81\x86\*\*\*\n/, 'euc_jp: where a secret stands is looked for by characters');

# In EUC_JP the order of these two is the other way round.
my @names = ("0001_\xe3\x81\x82", "0001_\xef\xbd\xb1");
for my $db ('utf8', 'euc_jp', 'sql_ascii')
{
	my $hash = sha256_hex('SELECT 1');
	my $text = "slipway-manifest 1 order=name\n" . join '', map { "$hash - - versioned $_\n" } @names;
	$node->safe_psql($db, "SELECT slipway.create_project('order')");
	is(sql($node, 'SELECT * FROM slipway.add_manifest(' . literal($text) . ", 'order')", db => $db)->{out},
		$hash, "$db: names in byte order of UTF-8 are in order");
}

# A message that is no UTF-8 does not keep a failure out of the history.
$node->safe_psql('sql_ascii', "SELECT slipway.create_project('raise')");
add_migrations($node, [ [ '0001_raise', "DO \$\$BEGIN RAISE EXCEPTION '%', E'bad \\377 byte'; END\$\$" ] ],
	db => 'sql_ascii', project => 'raise');
# To a client that talks UTF-8 the server itself would refuse to send it.
my $raised = migrate($node, db => 'sql_ascii', project => 'raise', before => 'SET client_encoding = SQL_ASCII;');
is($raised->{sqlstate}, 'P0001', 'sql_ascii: an error whose message is not UTF-8 arrives as it is');
query_is($node, "SELECT outcome, sqlstate, message FROM slipway.log WHERE project = 'raise'",
	'failed|P0001|bad ? byte', 'sql_ascii: and is recorded', db => 'sql_ascii');
query_is($node, "SELECT outcome FROM slipway.run WHERE project = 'raise'", 'failed', 'sql_ascii: and so is the run',
	db => 'sql_ascii');
query_is($node, "SELECT * FROM slipway.verify_history('raise')", '', 'sql_ascii: and the chain holds', db => 'sql_ascii');

# A role may have a name that the encoding of this database does not have, as it was made in another one.
my $role = "h\xe9l";
sql($node, "SET client_encoding = LATIN1;\nCREATE ROLE \"$role\" SUPERUSER LOGIN;\nCREATE ROLE \"u\xe9\" LOGIN;\nCREATE ROLE helper LOGIN;", db => 'latin1');
$node->safe_psql('postgres', q{CREATE DATABASE odd ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0});
sql($node, 'CREATE EXTENSION pg_slipway;' . "SELECT slipway.create_project('p')", db => 'odd', user => $role);
sql($node, q{SELECT slipway.add_migration('0001', 'SELECT 1', project => 'p'); SELECT slipway.add_migration('0002', 'SELECT 1/0', project => 'p')},
	db => 'odd', user => $role);
is(migrate($node, db => 'odd', project => 'p', user => $role)->{sqlstate}, '22012', 'a role whose name is not UTF-8 deploys');
query_is($node, q{SELECT string_agg(DISTINCT who, ',') FROM (SELECT session_role FROM slipway.history UNION ALL SELECT effective_role FROM slipway.history
	UNION ALL SELECT session_role FROM slipway.run UNION ALL SELECT effective_role FROM slipway.run UNION ALL SELECT created_by FROM slipway.script
	UNION ALL SELECT created_by FROM slipway.manifest UNION ALL SELECT created_by FROM slipway.migration UNION ALL SELECT created_by FROM slipway.project) r(who)},
	'h?l', 'all records have it with a question mark', db => 'odd');
query_is($node, q{SELECT * FROM slipway.verify_history('p')}, '', 'the chain holds', db => 'odd');
my $odd = PostgreSQL::Test::Utils::tempdir . '/odd';
$node->safe_psql('postgres', 'CREATE DATABASE again TEMPLATE template0');
$node->command_ok([ 'pg_dump', '-f', $odd, '-d', $node->connstr('odd') ], 'pg_dump of it');
$node->command_ok([ 'psql', '-Xqf', $odd, '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('again') ], 'which can be restored');
query_is($node, q{SELECT count(*), (SELECT count(*) FROM slipway.verify_history('p')) FROM slipway.history}, '2|0', 'and verifies', db => 'again');

# Where such a role uploads it does not approve: both are known by the same name.
sql($node, 'SET client_encoding = SQL_ASCII;' . "SELECT slipway.create_project('four_eyes');\n"
	  . join('', map { "SELECT slipway.grant_role('u\xe9', '$_', 'four_eyes');\n" } 'uploader', 'approver', 'deployer')
	  . "SELECT slipway.grant_role('helper', 'uploader', 'four_eyes');\nSELECT slipway.require_approval(true, 'test', 'four_eyes')", db => 'sql_ascii');
my $theirs = sha256_hex('SELECT 42');
is(sql($node, q{SELECT slipway.add_migration('0001', 'SELECT 1', project => 'four_eyes'); SELECT slipway.add_script('SELECT 42', 'four_eyes')},
		db => 'sql_ascii', user => 'helper')->{exit}, 0, 'a script that somebody else has uploaded');
{
	# else the server would not take such a name
	local $ENV{PGCLIENTENCODING} = 'SQL_ASCII';
	my $self = sql($node, "SELECT slipway.approve('0001', script_hash => '$theirs', project => 'four_eyes');"
		  . q{ SELECT slipway.add_migration('0001', 'SELECT 42', project => 'four_eyes'); CALL slipway.migrate('four_eyes')}, db => 'sql_ascii', user => "u\xe9");
	is($self->{sqlstate}, 'SW008', 'sql_ascii: who has uploaded it under this name has not approved it, in advance neither');
}
query_is($node, q{SELECT string_agg(DISTINCT created_by, ',' ORDER BY created_by) FROM slipway.migration WHERE project = 'four_eyes'}, 'helper,u?',
	'sql_ascii: as he is known by one name', db => 'sql_ascii');

# The history of one database verifies in another of another encoding.
my $dump = PostgreSQL::Test::Utils::tempdir . '/dump';
$node->safe_psql('postgres', 'CREATE DATABASE moved TEMPLATE template0');
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('latin1') ], 'pg_dump of the database in LATIN1');
$node->command_ok([ 'psql', '-Xqf', $dump, '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('moved') ], 'restored into one in UTF-8');
query_is($node, 'SHOW server_encoding', 'UTF8', 'which it is', db => 'moved');
query_is($node, 'SELECT * FROM slipway.verify_history()', '', 'the history verifies there', db => 'moved');
query_is($node, 'SELECT migration, state FROM slipway.status ORDER BY "position"',
	sql($node, 'SELECT migration, state FROM slipway.status ORDER BY "position"', db => 'latin1')->{out},
	'the status is the same', db => 'moved');

$node->stop;
done_testing();
