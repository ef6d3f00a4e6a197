# What was changed by others behind a credential's back: it is found, put right where that can be, and nothing is made worse.

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

my $node = new_credential_node('credential_drift');
my $why = why_no_openstack();

sub url
{
	my ($place, $role, $password, $more) = @_;

	return "postgresql://$role:$password@" . SlipwayCredential::escape($node->host) . ':' . $node->port . "/$place->{db}" . ($more // '');
}

for my $kind ('file', defined $why ? () : 'barbican')
{
	subtest $kind => sub {
		my $place = new_credential_place($node, $kind, cloud => $kind eq 'barbican' ? new_cloud() : undef);
		my $shared = $place->{shared};
		my $shared_password = SlipwayCredential::escape($place->{password});
		my ($exit, $out, $err);

		add_project($place, $_) for qw(shop blog);
		SlipwayCredential::store($place, 'SHOP_DATABASE_URL', url($place, $shared, $shared_password));
		is((credential($place, 'migrate', 'shop'))[0], 0, 'migrate');

		# what the server has
		my $role = "app_shop_$place->{number}";
		sql($node, "ALTER ROLE $role PASSWORD 'another'", db => $place->{db});
		is((credential($place, 'validate', 'shop'))[0], 4, 'another password at the server');
		($exit, $out, $err) = credential($place, 'repair', 'shop', '-n');
		like($err, qr/^shop: would give the role the password that is in force: .*password authentication failed/m, 'repair -n');
		is((credential($place, 'validate', 'shop'))[0], 4, 'does nothing');
		($exit, $out, $err) = credential($place, 'repair', 'shop');
		is($exit, 0, 'repair') or diag($err);
		is(log_in($place, 'shop'), $role, 'it can log in again');
		sql($node, "ALTER ROLE $role VALID UNTIL '2001-01-01'", db => $place->{db});
		($exit, $out, $err) = credential($place, 'repair', 'shop');
		is($exit, 0, 'a password that has expired') or diag($err);
		is(log_in($place, 'shop'), $role, 'is valid again');

		# what the store has: an application may use either of these
		my $password = stored($place, 'shop', 'DB_PASSWORD');
		is(stored($place, 'shop', 'DATABASE_URL'), url($place, $role, $password), 'the connection string');
		if ($kind eq 'file')
		{
			SlipwayCredential::store($place, 'SHOP_DATABASE_URL', url($place, $role, 'wrong'));
			($exit, $out, $err) = credential($place, 'validate', 'shop');
			is($exit, 4, 'another password in it');
			like($err, qr/^detail: secret: SHOP_DATABASE_URL has another password than DB_PASSWORD$/m, 'is found');
			for my $wrong (url($place, $role, 'wrong'), url($place, $shared, $shared_password))
			{
				SlipwayCredential::store($place, 'SHOP_DATABASE_URL', $wrong);
				($exit, $out, $err) = credential($place, 'migrate', 'shop');
				is($exit, 4, 'migrate of what was validated');
				is(log_in($place, 'shop'), $role, 'is not undone by that');
				is(stored($place, 'shop', 'DATABASE_URL'), $wrong, 'nor changed');
				is((credential($place, 'repair', 'shop'))[0], 0, 'repair');
				is(stored($place, 'shop', 'DATABASE_URL'), url($place, $role, $password), 'mends it');
			}
		}

		# between the steps
		is((credential($place, $_, 'blog'))[0], 0, $_) for qw(generate create);
		SlipwayCredential::store($place, 'BLOG_DATABASE_URL', url($place, $shared, $shared_password, '?connect_timeout=7'));
		($exit, $out, $err) = credential($place, 'update', 'blog');
		is($exit, 0, 'update, after a setting was added') or diag($err);
		is(stored($place, 'blog', 'DATABASE_URL'), url($place, "app_blog_$place->{number}", stored($place, 'blog', 'DB_PASSWORD'), '?connect_timeout=7'), 'which it knows');
		is((credential($place, $_, 'blog'))[0], 0, $_) for qw(update validate);

		if ($kind eq 'barbican')
		{
			# the password has been changed since; what was before is not kept then
			($exit, $out, $err) = client($place, [ '--secret-prefix', 'SHOP_', 'secret', 'rotate' ], connect => 0, env => $place->{env});
			is($exit, 0, 'secret rotate') or diag($err);
			isnt(stored($place, 'shop', 'DB_PASSWORD'), $password, 'another password');
			for my $step (qw(generate create update validate))
			{
				($exit, $out, $err) = credential($place, $step, 'shop');
				is($exit, 0, "$step once more") or diag($err);
				is(log_in($place, 'shop'), $role, 'the application logs in');
			}
			($exit, $out, $err) = credential($place, 'rollback', 'shop', '--cleanup');
			is($exit, 0, 'rollback') or diag($err);
			is(stored($place, 'shop', $_), undef, "no $_ of the role that is gone") for qw(DB_USERNAME DB_PASSWORD DATABASE_URL DB_CREDENTIAL);
		}
		else
		{
			add_project($place, 'wiki');
			is((credential($place, $_, 'wiki'))[0], 0, $_) for qw(generate create);
			my $text = slurp_file($place->{file});
			unlink $place->{file};
			append_to_file($place->{file}, $text =~ s/^WIKI_SLIPWAY_NEW_.*\n//gmr);
			chmod 0600, $place->{file};
			($exit, $out, $err) = credential($place, 'update', 'wiki');
			is($exit, 1, 'update, where the secret is lost');
			like($err, qr/wiki: update: the store has no password of role "app_wiki_/, 'is said');
			is(log_in($place, 'wiki'), $shared, 'nothing is in force');
			is(state_of($place, 'wiki'), 'failed|t|t', 'nor said to be');
			is((credential($place, 'migrate', 'wiki'))[0], 0, 'migrate makes a new one');
			is(log_in($place, 'wiki'), "app_wiki_$place->{number}", 'which works');
			is((credential($place, 'rollback', 'wiki', '--cleanup'))[0], 0, 'rollback');
			is((credential($place, 'validate', 'wiki'))[0], 4, 'validate of what was rolled back');
			is(state_of($place, 'wiki'), 'rolled_back|f|f', 'does not make it one that has failed');

			# a database whose name begins with that of this one
			my $other = { %$place, db => "$place->{db}/x", projects => [] };
			sql($node, "CREATE DATABASE \"$other->{db}\"");
			sql($node, 'CREATE EXTENSION pg_slipway', db => $other->{db});
			add_project($other, 'zed', stored => 0);
			is((credential($other, 'migrate', 'zed'))[0], 0, 'another database');
			($exit, $out, $err) = credential($place, 'orphans');
			is($err, "0 found\n", 'has what is its own') or diag($out);
		}
		log_is_clean($place, $kind);
	};
}

$node->stop;
done_testing();
