# --webhook: a web address is told when a run begins and how it has ended, and whatever it answers
# does not matter to the run.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

# A web server that writes what it is told into files, and answers with the status that the path names.
my $home = PostgreSQL::Test::Utils::tempdir;
write_folder({ 'server.py' => <<'PYTHON' }, $home);
import http.server, sys, time

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        with open(sys.argv[1] + '/told', 'ab') as file:
            file.write(self.headers['Content-Type'].encode() + b' ' + body + b'\n')
        if self.path.startswith('/slow'):
            time.sleep(1)
        if self.path.startswith('/never'):
            time.sleep(100)
        self.send_response(int(self.path.split('/')[2]))
        self.end_headers()
    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
with open(sys.argv[1] + '/port.new', 'w') as file:
    file.write(str(server.server_address[1]))
import os
os.rename(sys.argv[1] + '/port.new', sys.argv[1] + '/port')
server.serve_forever()
PYTHON
my $server = IPC::Run::start([ 'python3', "$home/server.py", $home ], '<', \undef);
for (1 .. 200)
{
	last if -e "$home/port";
	Time::HiRes::sleep(0.05);
}
my $base = 'http://127.0.0.1:' . slurp_file("$home/port");

# What it was told since the last call, decoded.
sub told
{
	return [] unless -e "$home/told";
	my @lines = split /\n/, slurp_file("$home/told");
	unlink "$home/told";
	return [ map { s/^application\/json //r } @lines ];
}

sub decode { return map { JSON::PP::decode_json($_) } @{ told() } }

my $node = new_node('webhook', conf => "log_connections = on\n");
my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE a (id integer);\n", '0001_a.down.sql' => "DROP TABLE a;\n" });
rename "$place->{home}/migrations/0001_a.sql", "$place->{home}/migrations/0001_a.up.sql";
my $secret = 'T0PS3CRET';
my @hook = (env => { SLIPWAY_WEBHOOK => "$base/ok/200/$secret" });

my ($exit, $out, $err) = client($place, [ 'migrate', '--label', 'release=1.4' ], @hook);
is($exit, 0, 'a run that succeeds');
unlike($out . $err, qr/$secret|webhook/, 'nothing is said of it');
my ($begun, $ended) = decode();
is_deeply([ @$begun{qw(event action project database run pending labels)} ],
	[ 'run_started', 'migrate', 'default', $place->{db}, 1, 1, { release => '1.4' } ], 'that it begins');
is($begun->{text}, "slipway: migrate of project default on $place->{db}: begins", 'for people');
is_deeply([ @$ended{qw(event outcome exit_code applied rolled_back run)} ], [ 'run_finished', 'succeeded', 0, 1, 0, 1 ], 'that it has ended');
ok($ended->{duration_ms} > 0, 'after some time');

client($place, ['migrate'], @hook);
is_deeply(told(), [], 'nothing to do is nothing to tell');
client($place, [ 'migrate', '-n' ], @hook);
is_deeply(told(), [], 'nor is a dry run');

put_files($place, { '0002_b.sql' => "SELECT 1/0;\n" });
is((client($place, ['migrate'], @hook))[0], 5, 'a run that fails');
(undef, $ended) = decode();
is_deeply([ @$ended{qw(outcome exit_code message)} ], [ 'failed', 5, 'division by zero' ], 'is told with its error');
is($ended->{text}, "slipway: migrate of project default on $place->{db}: failed: division by zero", 'for people, too');
put_files($place, { '0002_b.sql' => "SELEC 1;\n" });
is((client($place, ['migrate'], @hook))[0], 4, 'one that does not begin');
($ended) = decode();
is_deeply([ @$ended{qw(event outcome exit_code)} ], [ 'run_finished', 'failed', 4 ], 'is told as well');
is((client($place, [ 'migrate', '-d', 'host=/nowhere' ], @hook, connect => 0))[0], 8, 'one without a connection');
($ended) = decode();
is($ended->{exit_code}, 8, 'too');
remove_files($place, '0002_b.sql');

is((client($place, [ 'rollback', '--steps', 1, '--yes' ], @hook))[0], 0, 'a rollback');
($begun, $ended) = decode();
is_deeply([ @$ended{qw(action outcome applied rolled_back)} ], [ 'rollback', 'succeeded', 0, 1 ], 'is told');
is((client($place, [ 'migrate', '--detach' ], @hook))[0], 0, 'a detached run');
($begun, $ended) = decode();
is_deeply([ $begun->{event}, @$ended{qw(outcome applied run)} ], [ 'run_started', 'succeeded', 1, 4 ], 'is told');

# What has not ended with the program, or has not begun, is not said to have

put_files($place, { '0002_gate.sql' => "SELECT pg_advisory_lock(42), pg_advisory_unlock(42);\n" });
my $gate = close_gate($place);
is((client($place, [ 'migrate', '--detach', '--no-wait' ], @hook))[0], 0, 'a detached run, without looking on');
is_deeply([ map { $_->{event} } decode() ], ['run_started'], 'whose end is not known');
is_at_gate($place);
client($place, ['cancel']);
wait_until($node, q{SELECT outcome <> 'running' FROM slipway.detached ORDER BY number DESC LIMIT 1}, 'it is cancelled', db => $place->{db});
my $client = start_client($place, [ 'migrate', '--detach' ], @hook);
is_at_gate($place);
$client->{run}->signal('INT');
is((finish_client($client))[0], 1, 'one that is left');
is_deeply([ map { $_->{event} } decode() ], ['run_started'], 'has not ended either');
client($place, ['cancel']);
open_gate($gate);
wait_until($node, q{SELECT outcome <> 'running' FROM slipway.detached ORDER BY number DESC LIMIT 1}, 'it is cancelled', db => $place->{db});
put_files($place, { '0002_gate.sql' => "SELECT 2;\n", '0003_c.sql' => "SELECT 1/0;\n" });
is((client($place, [ 'migrate', '--detach' ], @hook))[0], 5, 'a detached run that fails');
(undef, $ended) = decode();
is_deeply([ @$ended{qw(outcome exit_code applied message)} ], [ 'failed', 5, 1, 'division by zero' ], 'is told with what it has applied');
remove_files($place, '0003_c.sql');

put_files($place, { '0003_c.up.sql' => "SELECT 3;\n", '0003_c.down.sql' => "SELECT 3;\n" });
client($place, ['migrate']);
$client = start_client($place, [ 'rollback', '--steps', 1, '--yes', '--delay', 60 ], @hook);
$client->{run}->pump until $client->{err} =~ /begins in/;
$client->{run}->signal('INT');
is((finish_client($client))[0], 1, 'a rollback that somebody thinks better of');
is_deeply(told(), [], 'is nothing to tell');
client($place, [ 'rollback', '--steps', 1, '--yes' ]);
remove_files($place, '0003_c.up.sql', '0003_c.down.sql');

# A signal ends the wait for the answer, also behind those that have cancelled the run

put_files($place, { '0003_c.sql' => "SELECT pg_sleep(60);\n" });
$client = start_client($place, ['migrate'], env => { SLIPWAY_WEBHOOK => "$base/never/200/x" });
wait_until($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND wait_event = 'PgSleep'}, 'it sleeps');
my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'});
kill 'STOP', $pid or die "could not stop the server process: $!\n";
my $offset = -s $node->logfile;
$client->{run}->signal('INT');
$client->{run}->pump until $client->{err} =~ /cancelling/;
# a signal before it has asked for that ends it at once
Time::HiRes::sleep(0.1) until slurp_file($node->logfile, $offset) =~ /connection received/;
Time::HiRes::sleep(0.5);
$client->{run}->signal('INT');
$client->{run}->pump until $client->{err} =~ /left before/;
$client->{run}->signal('TERM');
is((finish_client($client))[0], 128 + 15, 'a signal while the webhook does not answer');
kill 'CONT', $pid or die "could not continue the server process: $!\n";
wait_until($node, q{SELECT count(*) = 0 FROM slipway.progress WHERE outcome = 'running'}, 'the run is over', db => $place->{db});
told();
remove_files($place, '0003_c.sql');
my $undone = "SELECT 2;\n";
put_files($place, { '0003_undo.up.sql' => $undone, '0003_undo.down.sql' => $undone });
client($place, ['migrate']);

# What goes wrong with it is a warning

for my $case (
	[ "$base/fail/500/$secret", qr/it answered with HTTP status 500/ ],
	[ "$base/moved/302/$secret", qr/it answered with HTTP status 302/ ],
	[ "http://127.0.0.1:1/$secret", qr/.*connect to server/i ],
	[ "http://nowhere.invalid/$secret", qr/.*resolve host ?name/i ],
	[ "https://127.0.0.1:" . slurp_file("$home/port") . "/ok/200/$secret", qr/SSL/ ])
{
	my ($url, $text) = @$case;
	client($place, [ 'rollback', '--steps', 1, '--yes' ]);
	($exit, $out, $err) = client($place, ['migrate'], env => { SLIPWAY_WEBHOOK => $url });
	is($exit, 0, "$url: the run succeeds");
	like($err, qr/^slipway: warning: the webhook could not be told that the run has begun: $text/m, 'with a warning');
	like($err, qr/^slipway: warning: the webhook could not be told that the run has ended: $text/m, 'and another');
	unlike($err, qr/$secret/, 'which does not show the address');
}
told();
client($place, [ 'rollback', '--steps', 1, '--yes' ]);
is((client($place, ['migrate'], env => { SLIPWAY_WEBHOOK => "$base/slow/200/x" }))[0], 0, 'one that takes its time');
is(scalar @{ told() }, 2, 'is told nevertheless');
for my $bad ('ftp://x/y', 'nothing', 'https:///path', 'http://a b/')
{
	client_is($place, [ 'migrate', '--webhook', $bad ], { exit => 2,
			err => "slipway: error: the address of the webhook is malformed\nhint: It looks like https://host/path.\n" }, "--webhook $bad");
}
write_folder({ 'slipway.conf' => "[prod]\nwebhook = $base/ok/200/\${HOOK_SECRET}\n" }, $place->{home});
client($place, [ 'rollback', '--steps', 1, '--yes' ]);
client($place, [ 'migrate', '-e', 'prod' ], env => { HOOK_SECRET => $secret });
is(scalar @{ told() }, 2, 'slipway.conf may name it');
($exit, $out) = client($place, [ 'config', '-e', 'prod' ], env => { HOOK_SECRET => $secret });
like($out, qr/^webhook +\S/m, 'slipway config knows it');
unlike($out, qr/$secret/, 'and does not show it');
for my $url ("https://u:$secret\@h/x", "https://u:a\@$secret\@h/x", "https://u:a/$secret\@h/x", "https://u:$secret/a\@h:1?x", "https://h?$secret", "https://h#$secret")
{
	($exit, $out) = client($place, ['config'], connect => 0, env => { SLIPWAY_WEBHOOK => $url });
	like($out, qr{^webhook +https://(?:\*\*\*@)?h(?::1)?/\*\*\* }m, "$url: its host");
	unlike($out, qr/$secret/, 'and no secret');
	($exit, $out) = client($place, ['config'], connect => 0, env => { SLIPWAY_HEALTH_URL => $url });
	like($out, qr{^health_url +https://(?:\*\*\*@)?h(?::1)?/\*\*\* }m, "$url: its host, as that of a health URL");
	unlike($out, qr/$secret/, 'and no secret');
}

$server->kill_kill;
$node->stop;
done_testing();
