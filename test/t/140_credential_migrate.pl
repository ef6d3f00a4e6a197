# credential migrate and its steps, against a real server and both kinds of stores.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayCredential;
use SlipwayOpenStack;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_credential_node('credential_migrate');
my $why = why_no_openstack();

for my $kind ('file', defined $why ? () : 'barbican')
{
	subtest $kind => sub {
		my $place = new_credential_place($node, $kind, cloud => $kind eq 'barbican' ? new_cloud() : undef);
		add_project($place, $_) for qw(shop blog);
		add_project($place, 'wiki', stored => 0, preset => literal('read-only'));
		my $role = "app_shop_$place->{number}";

		is(log_in($place, 'shop'), $place->{shared}, 'before, the application uses the shared role');

		my ($exit, $out, $err) = credential($place, 'migrate', 'shop', '--json');
		is($exit, 0, 'migrate') or diag($err);
		is($err, "shop: the password of role \"$role\" is in $place->{env}{SLIPWAY_SECRETS}, not in force\n"
			. "shop: role \"$role\" has its rights, and may log in\n"
			. "shop: in force: SHOP_DB_USERNAME is \"$role\"\n"
			. "shop: ok: the store has role and password\n"
			. "shop: ok: the role has exactly its rights\n"
			. "shop: ok: logged in as \"$role\"\n"
			. "shop: ok: it sees the project's schemas and no others'\n"
			. "shop: ok: no session of the previous role serves the project\n", 'says what it does');
		my ($event) = json_lines($out);
		is($event->[0]{outcome}, 'done', '--json');
		is(join(' ', sort keys %{ $event->[0]{durations} }), 'create generate update validate', 'how long each step took');
		is(state_of($place, 'shop'), "active|t|t", 'the database knows');
		is(log_in($place, 'shop'), $role, 'the application uses its own role');
		is(log_in($place, 'shop', 'SELECT name FROM shop.item'), 'shop', 'reads its table');
		is(log_in($place, 'blog'), $place->{shared}, 'another project is as it was');
		like(log_in($place, 'shop', 'SELECT name FROM blog.item'), qr/permission denied for schema blog/, 'and out of reach');
		no_traces_left($place, 'migrate');

		($exit, $out, $err) = credential($place, 'migrate', 'shop', 'blog', 'wiki');
		is($exit, 0, 'several, one of which is done') or diag($err);
		is(log_in($place, 'wiki', 'SELECT name FROM wiki.item'), 'wiki', 'one of which the store had nothing');
		like(log_in($place, 'wiki', q{INSERT INTO wiki.item (name) VALUES ('x')}), qr/permission denied for table item/, 'read-only');
		for my $one (qw(shop blog wiki))
		{
			for my $other (grep { $_ ne $one } qw(shop blog wiki))
			{
				like(log_in($place, $one, "$_ $other.item"), qr/permission denied for schema $other/, "$one: $_ $other.item")
				  for ('TABLE', 'DELETE FROM', 'BEGIN; LOCK TABLE', 'DROP TABLE');
			}
		}
		no_traces_left($place, 'all three');

		# one that is in force, but was not validated: as after a crash just then
		add_project($place, 'news');
		is((credential($place, $_, 'news'))[0], 0, "$_ by itself") for qw(generate create update);
		my $password = stored($place, 'news', 'DB_PASSWORD');
		($exit, $out, $err) = credential($place, 'migrate', 'news');
		is($exit, 0, 'migrate goes on') or diag($err);
		is(stored($place, 'news', 'DB_PASSWORD'), $password, 'with the same password');
		is(log_in($place, 'news'), "app_news_$place->{number}", 'which works');
		no_traces_left($place, 'going on');
		log_is_clean($place, $kind);
	};
}

$node->stop;
done_testing();
