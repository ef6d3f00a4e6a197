# Approval, as the client has it: who uploads cannot approve, nothing runs before
# somebody else has, and every command says so. The rules are in sql/approval.sql.

use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(sha256_hex);
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwaySchema;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('approval');

sql($node, 'CREATE ROLE ci LOGIN; CREATE ROLE anna LOGIN; CREATE ROLE bert LOGIN; CREATE ROLE boss LOGIN');
my $place = new_place($node, {
		'0001_a.sql' => "CREATE TABLE a (id integer);\n", '0002_b.up.sql' => "CREATE TABLE b (id integer);\n",
		'0002_b.down.sql' => "DROP TABLE b;\n", '0002_b.verify.sql' => "SELECT * FROM b;\n", 'before_each.sql' => "SELECT 1;\n" });
my %hash = map { $_ => sha256_hex(PostgreSQL::Test::Utils::slurp_file("$place->{home}/migrations/$_")) }
  qw(0001_a.sql 0002_b.up.sql 0002_b.down.sql 0002_b.verify.sql before_each.sql);

sub as { return (env => { PGUSER => $_[0] }) }

sql($node, 'GRANT CREATE ON SCHEMA public TO ci', db => $place->{db});
client_is($place, [ 'init', '-q', map { ('--grant', $_) } qw(ci=uploader ci=deployer anna=approver bert=approver bert=uploader boss=admin) ], {}, 'init');

# Switched on, with a reason.
client_is($place, [ 'init', '--approval', 'on' ], { exit => 2, err => qr/\Aslipway: error: option "--approval" needs a reason\n/ }, 'a reason is needed');
client_is($place, [ 'init', '--approval', 'on', '--reason', 'audit', '-n' ], { err => qr/^approval default: would be required\n/m }, 'dry run');
client_is($place, [ 'pending-approval', '--exit-code' ], { err => "project default: nothing to approve\n" }, 'nothing is required yet');
client_is($place, [ 'init', '--approval', 'on', '--reason', 'audit' ], { err => qr/^approval default: is now required\n/m }, 'switched on');
client_is($place, [ 'init', '--approval', 'on', '--reason', 'audit' ], { err => qr/^approval default: already required\n/m }, 'twice is once');

# What looks says so; nothing is uploaded yet.
client_is($place, ['status'], { out => qr/^0001_a +pending, not approved *$/m, err => "project default: 2 pending\n" }, 'status');
client_is($place, [ 'plan' ], { out => qr/^0001_a +transactional/m,
		err => "hooks: before_each\nnot approved: 0001_a, 0002_b\n2 migrations to apply to project default\n" }, 'plan');
client_is($place, [ 'migrate', '-n' ], { out => qr/./, err => qr/^not approved: 0001_a, 0002_b\n/m }, 'migrate -n');
client_is($place, ['validate'], { err => "2 migrations, all valid\n" }, 'validate is about other things');
client_is($place, ['check'], { exit => 1, out => qr/^failed +approval +2 of 2 pending are not approved$/m, err => qr/./ }, 'check');

# A deploy brings the scripts, and nothing runs.
my (undef, $err) = client_is($place, ['migrate'], { exit => 11,
		err => qr/^slipway: error: the up script of "before_each" and 2 more are not approved \(SW008\)\n/ }, 'migrate', as('ci'));
like($err, qr/Not approved: "$_", up script $hash{"$_.sql"}, uploaded by ci\.$/m, "it lists $_") for qw(0001_a before_each);
like($err, qr/^hint: .*approve/m, 'and says what to do');
applied_is($place, '', 'nothing is applied');
client_is($place, [ 'migrate', '--mode', 'all' ], { exit => 11, err => qr/SW008/ }, 'nor in mode all', as('ci'));
client_is($place, [ 'migrate', '--detach' ], { exit => 11, err => qr/SW008/ }, 'nor by a worker', as('ci'));
applied_is($place, '', 'nothing is applied');
query_is($node, 'SELECT count(*) FROM slipway.run', '0', 'there was no run', db => $place->{db});

my ($out) = client_is($place, [ 'pending-approval', '--exit-code' ], { exit => 11, out => qr/./, err => "project default: 5 scripts to be approved\n" }, 'pending-approval', as('anna'));
is(join(' ', $out =~ /^(\w+ +\w+ +\w+) /mg) =~ s/ +/ /gr, 'MIGRATION DIRECTION UPLOADED before_each up ci 0001_a up ci 0002_b up ci 0002_b verify ci 0002_b down ci', 'it lists them');
like($out, qr/ $hash{'0002_b.down.sql'}$/m, 'with their hashes');
client_is($place, [ 'pending-approval', '--direction', 'down', '-q' ], { out => qr/\A.*\n0002_b .*\n\z/ }, 'those of one direction');
($out) = client_is($place, [ 'pending-approval', '--json', '-q' ], { out => qr/./ }, 'as JSON');
json_fits($out, [qw(pending_approval)], 'pending-approval --json');
is(json_lines($out)->[0]{script_hash}, $hash{'before_each.sql'}, 'with the hash');

# Who may approve what.
client_is($place, [ 'approve', '0001_a' ], { exit => 1, err => qr/\Aslipway: error: permission denied for function approve \(42501\)/ }, 'who deploys', as('ci'));
sql($node, q{SELECT slipway.grant_role('ci', 'approver', 'default')}, db => $place->{db});
client_is($place, [ 'approve', '0001_a' ], { exit => 1, err => qr/\Aslipway: error: role "ci" has uploaded the up script of "0001_a" and cannot approve it/ }, 'who uploaded', as('ci'));
client_is($place, [ 'approve' ], { exit => 2, err => qr/./ }, 'no name');
client_is($place, [ 'approve', '0001_b' ], { exit => 2, err => qr/0001_b/ }, 'a name that the folder does not have', as('anna'));
client_is($place, [ 'approve', '0001_a', '--direction', 'down' ], { exit => 2,
		err => qr/\Aslipway: error: migration "0001_a" has no down script in folder "migrations"\n/ }, 'a script that there is not', as('anna'));
client_is($place, [ 'approve', '0002_b', '--direction', 'all', '--hash', $hash{'0001_a.sql'} ], { exit => 2, err => qr/do not go together/ }, 'one hash for all', as('anna'));
client_is($place, [ 'approve', '0001_a', '-n' ], { err => "0001_a: up script $hash{'0001_a.sql'} would be approved\n" }, 'dry run', as('anna'));

# What the approver has before his eyes counts, not the name.
put_files($place, { '0001_a.sql' => "CREATE TABLE a (id bigint);\n" });
client_is($place, [ 'approve', '0001_a' ], { exit => 4, err => qr/was not uploaded \(SW009\)/ }, 'another text than what was uploaded', as('anna'));
put_files($place, { '0001_a.sql' => "CREATE TABLE a (id integer);\n" });
($out) = client_is($place, [ 'approve', '0001_a', '--json', '--reason', 'OPS-12' ], { out => qr/./ }, 'approved', as('anna'));
json_fits($out, [qw(approval)], 'approve --json');
client_is($place, [ 'approve', '0001_a' ], { err => qr/is approved already, by anna/ }, 'once is enough', as('bert'));
client_is($place, [ 'approve', 'before_each', '--dir', 'nowhere' ], { exit => 2, err => qr/nowhere/ }, 'a folder that there is not', as('anna'));
client_is($place, [ 'approve', 'before_each', '-n' ], { err => "before_each: up script $hash{'before_each.sql'} would be approved\n" }, 'a hook of the folder', as('anna'));
client_is($place, [ 'approve', 'before_each', '--hash', $hash{'before_each.sql'}, '-q' ], {}, 'by its hash', as('anna'));
client_is($place, ['status'], { out => qr/^0001_a +pending *\n(?:.*\n)*?0002_b +pending, not approved/ms, err => qr/./ }, 'status');
client_is($place, [ 'migrate' ], { exit => 11, err => qr/\Aslipway: error: the up script of "0002_b" is not approved \(SW008\)/ }, 'one is not enough', as('ci'));
client_is($place, [ 'migrate', '-q', '--to', '0001_a' ], {}, 'unless it is all that is to run', as('ci'));
applied_is($place, '0001_a', 'it is applied');

# Nobody approves what is not before him; to withdraw it, nobody needs to see it. All scripts of a migration at once.
rename "$place->{home}/migrations", "$place->{home}/elsewhere" or die;
client_is($place, [ 'approve', '0002_b', '--direction', $_ ], { exit => 2,
		err => qr{\Aslipway: error: there is no folder "./migrations" with the script\nhint: .*--hash} }, "no folder: $_", as('anna')) for qw(up all);
client_is($place, [ 'approve', '0001_a', '--withdraw', '--reason', 'away', '-n' ],
	{ err => "0001_a: up script $hash{'0001_a.sql'} would be not approved any more\n" }, 'withdrawn is what was uploaded', as('anna'));
client_is($place, [ 'approve', '0001_a', '--direction', 'all', '--withdraw', '--reason', 'away', '-n' ], { exit => 2, err => qr/there is no folder/ },
	'which are all, only the folder says', as('anna'));
rename "$place->{home}/elsewhere", "$place->{home}/migrations" or die;
client_is($place, [ 'approve', '0002_b', '--direction', 'all' ], {
		err => join('', map { "0002_b: $_ script $hash{\"0002_b.$_.sql\"} approved\n" } qw(up down verify)) }, 'all of a migration', as('bert'));
client_is($place, ['check'], { exit => 0, out => qr/^ok +approval +all that is pending is approved$/m, err => qr/./ }, 'check');
($out) = client_is($place, [ 'plan', '--json', '-q' ], { out => qr/./ }, 'plan --json');
json_fits($out, [qw(step hooks)], 'plan --json');
is(json_lines($out)->[0]{approval}, 'given', 'has it');

# Withdrawn.
client_is($place, [ 'approve', '0002_b', '--withdraw' ], { exit => 2, err => qr/needs a reason/ }, 'to withdraw needs a reason', as('anna'));
client_is($place, [ 'approve', '0002_b', '--withdraw', '--reason', 'hm' ], { err => "0002_b: up script $hash{'0002_b.up.sql'} not approved any more\n" }, 'withdrawn', as('anna'));
client_is($place, [ 'migrate' ], { exit => 11, err => qr/SW008/ }, 'so it does not run', as('ci'));
client_is($place, [ 'approve', '0002_b', '-q' ], {}, 'approved again', as('bert'));
client_is($place, [ 'migrate', '--verify', '-q' ], {}, 'all is approved', as('ci'));
applied_is($place, '0001_a 0002_b', 'and applied');

# Backwards.
client_is($place, [ 'approve', '0002_b', '--direction', 'down', '--withdraw', '--reason', 'no', '-q' ], {}, 'the way back is not', as('anna'));
client_is($place, [ 'rollback', '--steps', '1', '-n' ], { out => qr/^0002_b.*\n +not approved$/m }, 'rollback -n', as('ci'));
($out) = client_is($place, [ 'rollback', '--steps', '1', '-n', '--json' ], { out => qr/"approval":\s*"missing"/ }, 'rollback -n --json', as('ci'));
json_fits($out, [qw(rollback_step)], 'rollback --json');
client_is($place, [ 'rollback', '--steps', '1', '--yes' ], { exit => 11, err => qr/the down script of "0002_b" is not approved \(SW008\)/ }, 'rollback', as('ci'));
client_is($place, [ 'redo', '--yes' ], { exit => 11, err => qr/SW008/ }, 'redo', as('ci'));
write_folder({ 'back.sql' => "DROP TABLE b;\n-- by hand\n" }, $place->{home});
client_is($place, [ 'rollback', '--script', 'back.sql', '--yes' ], { exit => 11, err => qr/SW008/ }, 'a script of one\'s own', as('ci'));
applied_is($place, '0001_a 0002_b', 'nothing was rolled back');
client_is($place, [ 'approve', '0002_b', '--direction', 'down', '--hash', sha256_hex("DROP TABLE b;\n-- by hand\n"), '-q' ], {}, 'which can be approved', as('anna'));
client_is($place, [ 'rollback', '--script', 'back.sql', '--yes', '-q' ], {}, 'and then runs', as('ci'));
applied_is($place, '0001_a', 'it is rolled back');

# The log names who has approved.
($out) = client_is($place, ['log'], { out => qr/./ }, 'log');
like($out, qr/^2\S+ .* apply .*\n +approved by bert$/m, 'the approver of a run');
like($out, qr/ approve  .* anna\n +up script $hash{'0001_a.sql'}: OPS-12$/m, 'and the approval');
($out) = client_is($place, [ 'log', '--json' ], { out => qr/./ }, 'log --json');
json_fits($out, [qw(entry)], 'log --json');
is(join(' ', map { "$_->{action}:" . ($_->{approved_by} // $_->{by}) } grep { ($_->{migration} // '') eq '0002_b' } @{ json_lines($out) }),
	'approve:bert approve:bert approve:bert withdraw_approval:anna approve:bert apply:bert withdraw_approval:anna approve:anna rollback:anna', 'as JSON');
client_is($place, [ 'validate' ], { err => "2 migrations, all valid\n" }, 'the history is sound');

# While a run goes on, the next release can be approved; what it is doing can not be taken back from it.
put_files($place, { '0002_gate.sql' => "SELECT pg_advisory_xact_lock(42);\n", '0003_later.sql' => "SELECT 3;\n" });
remove_files($place, map { "0002_b.$_.sql" } qw(up down verify));
client_is($place, [ 'migrate' ], { exit => 11, err => qr/SW008/ }, 'another release is uploaded', as('ci'));
client_is($place, [ 'approve', '0002_gate', '-q' ], {}, 'half of it is approved', as('anna'));
my $gate = close_gate($place);
my $run = start_client($place, [ 'migrate', '--to', '0002_gate', '--lock-timeout', '1min' ], as('ci'));
is_at_gate($place);
client_is($place, [ 'approve', '0003_later', '-q' ], {}, 'and the other half while it runs', as('anna'));
client_is($place, [ 'approve', '0002_gate', '--withdraw', '--reason', 'late' ], { exit => 7, err => qr/SW006/ }, 'what runs cannot be withdrawn', as('anna'));
client_is($place, [ 'init', '--approval', 'off', '--reason', 'late' ], { exit => 7, err => qr/SW006/ }, 'nor the requirement');
is(sql($node, q{SELECT slipway.require_approval(false, 'late')}, db => $place->{db}, user => 'boss')->{sqlstate}, 'SW006', 'also in SQL');
open_gate($gate);
is((finish_client($run))[0], 0, 'the run has ended');
client_is($place, [ 'migrate', '-q' ], {}, 'the rest', as('ci'));
applied_is($place, '0001_a 0002_gate 0003_later', 'is applied');
history_is_sound($node, 'in the end', db => $place->{db});

# Required while a run waits for its turn: it is as if it had begun later.
client_is($place, [ 'init', '--approval', 'off', '--reason', 'for now', '-q' ], {}, 'not required');
put_files($place, { '0003_q.sql' => "SELECT 4;\n" });
client_is($place, [ 'migrate', '-n', '-q' ], { out => qr/0003_q/ }, 'something is pending', as('ci'));
sql($node, "SELECT slipway.add_migration('0003_q', E'SELECT 4;\\n')", db => $place->{db}, user => 'ci');
my $freeze = start_sql($node, 'SELECT pg_advisory_lock(slipway.lock_key(\'default\')), pg_sleep(60)', db => $place->{db});
$node->poll_query_until($place->{db}, q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND granted}) or die;
my $waiting = start_sql($node, 'CREATE TEMP TABLE hidden (); CALL slipway.migrate()', db => $place->{db}, user => 'ci');
$node->poll_query_until($place->{db}, q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}) or die;
client_is($place, [ 'init', '--approval', 'on', '--reason', 'again', '-q' ], {}, 'required');
sql($node, "SELECT slipway.approve('0003_q')", db => $place->{db}, user => 'anna');
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_advisory_lock(slipway%'}, db => $place->{db});
finish_sql($freeze);
is(finish_sql($waiting)->{sqlstate}, '55000', 'what it has prepared is seen');
client_is($place, [ 'migrate', '-q' ], {}, 'another session runs it', as('ci'));

# A run that fails, and will try again, is without its lock for a moment: as what is decided in that moment would be unknown to
# it, that waits until it has written its end, before it looks again.
client_is($place, [ 'approve', '0003_later', '-n' ], { err => qr/./ }, 'nothing is in the way', as('bert'));
my $other = start_sql($node, 'SELECT pg_sleep(60)', db => $place->{db});
$node->poll_query_until($place->{db}, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'}) or die;
sql($node, q{INSERT INTO slipway.run SELECT (jsonb_populate_record(r, jsonb_build_object('number', number + 1, 'outcome', 'running', 'finished_at', NULL, 'started_at', now(),
		'backend_pid', (SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)')))).* FROM slipway.run r ORDER BY number DESC LIMIT 1}, db => $place->{db});
my $decision = start_client($place, [ 'approve', '0003_later', '--withdraw', '--reason', 'in between', '-q' ], as('anna'));
$node->poll_query_until($place->{db}, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%withdraw_approval($1%' AND state = 'active' AND pid <> pg_backend_pid()}) or die;
query_is($node, q{SELECT action FROM slipway.log WHERE migration = '0003_later' ORDER BY entry DESC LIMIT 1}, 'apply', 'it waits', db => $place->{db});
sql($node, q{UPDATE slipway.run SET outcome = 'failed' WHERE outcome = 'running'}, db => $place->{db});
is((finish_client($decision))[0], 0, 'until the run has ended');
query_is($node, q{SELECT action FROM slipway.log WHERE migration = '0003_later' ORDER BY entry DESC LIMIT 1}, 'withdraw_approval', 'and is made', db => $place->{db});
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)'}, db => $place->{db});
finish_sql($other);

# Off again, by an administrator, on record.
client_is($place, [ 'init', '--approval', 'off', '--reason', 'fire' ], { exit => 1, err => qr/42501/ }, 'not by an approver', as('anna'));
client_is($place, [ 'init', '--approval', 'off', '--reason', 'fire', '--grant', 'bert=approver' ], {
		err => "extension pg_slipway 0.1.0: already there\nproject default: already there\n"
		  . "approval default: is not required any more\nrole bert: is now approver of project default\n" }, 'off, by who is admin of this project alone', as('boss'));
client_is($place, [ 'init', '-P', 'another' ], { exit => 1, err => qr/role "boss" is not admin of all projects/ }, 'who can make none', as('boss'));
put_files($place, { '0004_d.sql' => "SELECT 4;\n" });
client_is($place, [ 'migrate', '-q' ], {}, 'anything runs', as('ci'));
query_is($node, q{SELECT action, reason FROM slipway.log WHERE migration IS NULL ORDER BY entry}, "require_approval|audit\nwaive_approval|for now\nrequire_approval|again\nwaive_approval|fire", 'the history has it', db => $place->{db});

# What was decided in a transaction that was prepared, and not committed, keeps runs out, and nobody has a process for it.
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
$node->restart;
put_files($place, { '0005_e.sql' => "SELECT 5;\n" });
sql($node, q{BEGIN; SELECT slipway.require_approval(true, 'two phases'); PREPARE TRANSACTION 'two'}, db => $place->{db}, user => 'boss');
client_is($place, [ 'migrate', '--lock-wait', '10ms' ], { exit => 7, err => qr/^detail: It is held by a prepared transaction, see pg_prepared_xacts\.\n/m }, 'a prepared transaction', as('ci'));
sql($node, q{COMMIT PREPARED 'two'}, db => $place->{db});
client_is($place, [ 'migrate' ], { exit => 11, err => qr/SW008/ }, 'it was about that', as('ci'));

done_testing();
