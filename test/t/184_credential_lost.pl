# Credentials while the connection is lost, or what a worker asks for is gone: one command connects again and goes on, a batch says that it could not.
# And what is lost in Barbican, of which the database knows nothing any more.

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

my $node = new_credential_node('credential_lost');
my $place = new_credential_place($node, 'file');
my ($exit, $out, $err);

# A session of the role that projects share, which a command waits for.
sub hold
{
	my ($project) = @_;

	local $ENV{PGPASSWORD} = $place->{password};
	my $session = start_sql($node, 'SELECT pg_sleep(120)', db => $place->{db}, user => $place->{shared}, application => $project);
	wait_until($node, "SELECT count(*) = 1 FROM slipway.credential_sessions('$project')", "$project: somebody works there", db => $place->{db});
	return $session;
}

sub let_go
{
	my ($project, $session) = @_;

	sql($node, "SELECT pg_terminate_backend(pid) FROM slipway.credential_sessions('$project')", db => $place->{db});
	return finish_sql($session);
}

sub waits
{
	my ($project) = @_;

	return wait_until($node, "SELECT status = 'active' FROM slipway.project_credential WHERE project = '$project'", "$project: it waits", db => $place->{db});
}

# All connections of the client to the database.
sub cut
{
	return sql($node, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ~ '^slipway' AND pid <> pg_backend_pid()", db => $place->{db});
}

# One command
add_project($place, $_) for qw(one two three four);
my $session = hold('one');
my $client = start_client($place, [ 'credential', 'migrate', 'one', '--grace', '100s' ], env => { %{ $place->{env} }, PGAPPNAME => 'slipway' });
waits('one');
cut();
wait_until($node, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name ~ '^slipway'}, 'it is there again', db => $place->{db});
let_go('one', $session);
($exit, $out, $err) = finish_client($client);
is($exit, 0, 'migrate, whose connection was lost') or diag($err);
like($err, qr/^the connection was lost; connecting again$/m, 'says so');
is(log_in($place, 'one'), "app_one_$place->{number}", 'and has done it');
no_traces_left($place, 'one');

# A worker of a batch
sub run_batch
{
	my ($name, @projects) = @_;

	write_folder({ 'p.csv' => join("\n", 'project', @projects) . "\n" }, $place->{home});
	is((credential($place, 'batch', 'create', '--input', 'p.csv', '--name', $name))[0], 0, "$name: a batch");
	return start_client($place, [ 'credential', 'batch', 'run', $name, '--parallel', '1', '--grace', '100s' ], env => { %{ $place->{env} }, PGAPPNAME => 'slipway' });
}

$session = hold('two');
$client = run_batch('cut', 'two');
waits('two');
cut();
wait_until($node, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name ~ '^slipway'}, 'the worker is there again', db => $place->{db});
let_go('two', $session);
($exit, $out, $err) = finish_client($client);
is($exit, 0, 'a batch whose worker has lost its connection') or diag($err);
is(log_in($place, 'two'), "app_two_$place->{number}", 'and has done it');
no_traces_left($place, 'two');

# One that cannot go on
$session = hold('three');
$client = run_batch('stuck', 'three', 'four');
waits('three');
sql($node, 'ALTER FUNCTION slipway.claim_item(bigint) RENAME TO claim_nothing', db => $place->{db});
let_go('three', $session);
($exit, $out, $err) = finish_client($client);
is($exit, 1, 'a worker that cannot ask for more') or diag($err);
like($err, qr/^slipway: warning: a worker could not go on: function slipway\.claim_item\(unknown\) does not exist$/m, 'is said');
like($err, qr/nobody could go on/, 'and that nobody else can');
is(log_in($place, 'three'), "app_three_$place->{number}", 'what was begun is done');
is(log_in($place, 'four'), $place->{shared}, 'what was not is not');
sql($node, 'ALTER FUNCTION slipway.claim_nothing(bigint) RENAME TO claim_item', db => $place->{db});
($exit, $out, $err) = credential($place, 'batch', 'resume', 'stuck');
is($exit, 0, 'resume goes on') or diag($err);
is(log_in($place, 'four'), "app_four_$place->{number}", 'with the rest');
no_traces_left($place, 'all');
log_is_clean($place, 'all');

# Barbican has a role's secrets, and the database, from an old dump, does not know of them
SKIP:
{
	my $why = why_no_openstack();
	skip $why, 1 if defined $why;
	my $cloud = new_cloud();
	my $barbican = new_credential_place($node, 'barbican', cloud => $cloud);
	my $other = new_credential_place($node, 'barbican', cloud => $cloud);

	add_project($barbican, $_) for qw(shop blog);
	add_project($other, 'wiki');
	is((credential($barbican, 'migrate', 'shop', 'blog'))[0], 0, 'two are moved');
	is((credential($other, 'migrate', 'wiki'))[0], 0, 'one of another database, with the same store');
	($exit, $out, $err) = credential($barbican, 'orphans');
	is($err, "0 found\n", 'nothing is lost');
	sql($node, q{UPDATE slipway.credential SET made_at = NULL, updated_at = NULL, validated_at = NULL, generated_at = NULL, reference = NULL, status = 'missing' WHERE project = 'blog'},
		db => $barbican->{db});
	($exit, $out, $err) = credential($barbican, 'orphans', '--json');
	my $rows = json_lines($out);
	is(join(' ', sort map { $_->{kind} } grep { defined $_->{kind} } @$rows), 'role set', 'a role and a set that nobody claims') or diag($out, $err);
	($exit, $out, $err) = credential($barbican, 'cleanup', '--yes');
	is($exit, 0, 'cleanup') or diag($err);
	is(log_in($barbican, 'blog'), $barbican->{shared}, 'what was in force before is so again');
	is(log_in($barbican, 'shop'), "app_shop_$barbican->{number}", 'another project is as it was');
	is(log_in($other, 'wiki'), "app_wiki_$other->{number}", 'and so is another database');
	($exit, $out, $err) = credential($barbican, 'orphans');
	is($err, "0 found\n", 'nothing is left');
}

$node->stop;
done_testing();
