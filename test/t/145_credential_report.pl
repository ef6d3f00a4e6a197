# Reports on batches, by mail and webhook, and schedules.

use strict;
use warnings FATAL => 'all';

use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayCredential;
use SlipwayServer;
use SlipwayTest;
use Test::More;
use Time::HiRes ();

my $node = new_credential_node('credential_report');
my $place = new_credential_place($node, 'file');

sub batch { return credential($place, 'batch', @_) }

sub schedule { return credential($place, 'schedule', @_) }

sub refused
{
	my ($args, $exit, $err, $name) = @_;
	my @result = credential($place, @$args);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is("$result[0]\n$result[2]", "$exit\n$err", $name);
	return;
}

# A mail server and a web server, which write down what they get.
my $home = PostgreSQL::Test::Utils::tempdir;
write_folder({ 'mail.py' => <<'PYTHON', 'web.py' => <<'PYTHON2' }, $home);
import os, sys, time
from aiosmtpd.controller import Controller

class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith('unknown'):
            return '550 no such user'
        envelope.rcpt_tos.append(address)
        return '250 OK'
    async def handle_DATA(self, server, session, envelope):
        with open(sys.argv[1] + '/mail.new', 'wb') as file:
            file.write(envelope.mail_from.encode() + b'\n' + ' '.join(envelope.rcpt_tos).encode() + b'\n' + envelope.content)
        os.rename(sys.argv[1] + '/mail.new', sys.argv[1] + '/mail')
        return '250 OK'

controller = Controller(Handler(), hostname='127.0.0.1', port=int(sys.argv[2]))
controller.start()
open(sys.argv[1] + '/mail.ready', 'w').close()
time.sleep(3600)
PYTHON
import http.server, os, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['Content-Length']))
        with open(sys.argv[1] + '/told', 'ab') as file:
            file.write(body + b'\n')
        self.send_response(int(self.path[1:]))
        self.end_headers()
    def log_message(self, *arguments):
        pass

server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
with open(sys.argv[1] + '/web.new', 'w') as file:
    file.write(str(server.server_address[1]))
os.rename(sys.argv[1] + '/web.new', sys.argv[1] + '/web.ready')
server.serve_forever()
PYTHON2

sub wait_for_file
{
	my ($path) = @_;

	for (1 .. 400)
	{
		return slurp_file($path) if -e $path;
		Time::HiRes::sleep(0.05);
	}
	BAIL_OUT("$path is not there");
}

my $mail_port = PostgreSQL::Test::Cluster::get_free_port();
my $has_mail = system(q{python3 -c 'import aiosmtpd' 2>/dev/null}) == 0;
my @servers;
push @servers, IPC::Run::start([ 'python3', "$home/mail.py", $home, $mail_port ], '<', \undef) if $has_mail;
push @servers, IPC::Run::start([ 'python3', "$home/web.py", $home ], '<', \undef);
wait_for_file("$home/mail.ready") if $has_mail;
my $web = 'http://127.0.0.1:' . wait_for_file("$home/web.ready");
my $smtp = "smtp://127.0.0.1:$mail_port";

# What came by mail: sender, recipients, headers, text and attachment.
sub take_mail
{
	my $text = slurp_file("$home/mail");
	my %mail;

	unlink "$home/mail";
	(@mail{qw(from to)}, $text) = split /\n/, $text, 3;
	($mail{head}, my $body) = split /\r?\n\r?\n/, $text, 2;
	my ($boundary) = $mail{head} =~ /boundary="([^"]+)"/;
	(undef, $mail{text}, $mail{page}) = split /--\Q$boundary\E(?:--)?\r?\n/, $body;
	for (@mail{qw(text page)})
	{
		my ($kind, $content) = split /\r?\n\r?\n/, $_, 2;

		$mail{kinds} .= ($kind =~ /^Content-Type: (\S+);/)[0] . ' ';
		$_ = PostgreSQL::Test::Utils::slurp_file(decode($content));
	}
	return \%mail;
}

sub decode
{
	my ($base64) = @_;
	require MIME::Base64;
	my $path = "$home/decoded";

	open my $file, '>:raw', $path or die "could not write a file: $!\n";
	print $file MIME::Base64::decode_base64($base64);
	close $file or die "could not write a file: $!\n";
	return $path;
}

sub told
{
	return () unless -e "$home/told";
	my @told = map { JSON::PP::decode_json($_) } split /\n/, slurp_file("$home/told");

	unlink "$home/told";
	return @told;
}

add_project($place, $_) for 'p1', 'p2', 'p3', '<b>,&x', '=1+1';
sql($node, "CREATE ROLE app_$_", db => $place->{db}) for 'p2_1', 'p3_1';
batch(qw(create --missing --name first));

# A batch tells how it has ended

my ($exit, $out, $err) = batch(qw(run first --parallel 2 --webhook), "$web/200");
is($exit, 5, 'run') or diag($err);
my ($event) = told();
is_deeply([ @$event{qw(event title success_rate rollback_rate)} ], [ 'batch_finished', 'batch 1 (first)', 60, 40 ], 'the webhook is told');
is($event->{text}, "slipway: batch 1 (first) on $place->{db}: 3 succeeded, 2 rolled back", 'with a line for people');
unlike(JSON::PP::encode_json($event), qr/"items":\[/, 'but not each project');

# Formats

($exit, $out, $err) = batch(qw(report 1));
is("$exit$err", '0', 'report');
like($out, qr/^batch 1 \(first\) of database $place->{db}\nfrom +\d{4}-.* UTC\nto .*\nprojects +5\noutcomes +3 succeeded, 2 rolled back\nsuccess rate +60\.0 %\nrollback rate +40\.0 %\nmedian +\d.*\n95 % within .*\nlongest +\d.*\n\n/, 'the figures');
like($out, qr/^ +2 +create: .*ROLE.* +p2, p3$/m, 'the same issue of two projects is one');
like($out, qr/^ +1 +p1 +succeeded +1 +\d/m, 'each project');
($exit, $out, $err) = batch(qw(report first --format json));
my $report = JSON::PP::decode_json($out);
is_deeply([ map { $report->{counts}{$_} } qw(items succeeded rolled_back failed waiting) ], [ 5, 3, 2, 0, 0 ], 'JSON: counts');
is(scalar(@{ $report->{items} }), 5, 'projects');
is(join(' ', map { "$_->{count} $_->{projects}" } @{ $report->{issues} }), '2 p2, p3', 'issues');
cmp_ok($report->{median_ms}, '<=', $report->{p95_ms}, 'durations');
cmp_ok($report->{p95_ms}, '<=', $report->{max_ms}, 'in their order');
is(scalar(@{ $report->{days} }), 1, 'a day');
is((batch(qw(report 1 --json)))[1], $out, '--json is the same');
($exit, $out, $err) = batch(qw(report 1 --format csv));
like($out, qr/\Abatch,project_ref,outcome,attempts,duration_ms,finished_at,message\r\n1,p1,succeeded,1,\d+,\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\r\n/, 'CSV');
like($out, qr/^1,"<b>,&x",succeeded,/m, 'quoted');
like($out, qr/^1,"'=1\+1",succeeded,/m, 'no formula');
($exit, $out, $err) = batch(qw(report 1 --format html));
like($out, qr/\A<!DOCTYPE html>.*<h1>Credentials: batch 1 \(first\) of database $place->{db}<\/h1>.*<\/html>\n\z/s, 'HTML');
like($out, qr/<td>&lt;b&gt;,&amp;x</, 'escaped');
unlike($out, qr/<b>,|<script|https?:/, 'nothing of it is markup, nor fetched');
like($out, qr/\@media print/, 'it can be printed');

# Periods

for my $period (qw(daily weekly 2020-01-01..2099-12-31 2020-01-01T00:00..2099-12-31T23:59:59))
{
	($exit, $out, $err) = batch('report', '--period', $period, '--format', 'json');
	is(JSON::PP::decode_json($out)->{counts}{items}, 5, "--period $period") or diag($err);
}
($exit, $out, $err) = batch(qw(report --period 2020-01-01..2020-12-31));
is("$exit$err", '0', 'nothing within a period');
like($out, qr/^success rate +-$/m, 'has no rate');
my $today = sql($node, q{SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD')})->{out};
is(JSON::PP::decode_json((batch('report', '--period', "$today..$today", '--format', 'json'))[1])->{counts}{items}, 5, 'the last day is part of it');
{
	my ($report) = (batch(qw(report --period daily --format json), { PGOPTIONS => '-c datestyle=German -c timezone=PST11' }))[1];
	is(JSON::PP::decode_json($report)->{counts}{items}, 5, 'whatever clocks the session has');
}
refused([ qw(batch report --period), $_ ], 2, "slipway: error: \"$_\" is no period\nhint: It is daily, weekly, or two dates: 2026-11-01..2026-11-07.\n", "$_: there is no such time")
  for qw(2026-13-01..2026-12-01 2026-02-01..2026-02-29 2026-01-01T24:00..2026-12-01 2026-01-01..2026-12-01T10:60 0000-01-01..2026-01-01);
refused([ qw(batch report --period 2026-11-07..2026-11-01) ], 2, "slipway: error: period \"2026-11-07..2026-11-01\" ends before it begins\n", 'a period that is the wrong way round');
refused([ qw(batch report --period yearly) ], 2, "slipway: error: \"yearly\" is no period\nhint: It is daily, weekly, or two dates: 2026-11-01..2026-11-07.\n", 'another period');
refused([ qw(batch report) ], 2, "slipway: error: the report is to be on a batch, or on a period\nhint: Write a batch, or --period daily.\n", 'neither batch nor period');

# Mail

refused([ qw(batch report 1 --email a@example.org) ], 2, "slipway: error: nothing says which server is to send the report\nhint: Set SLIPWAY_SMTP_URL, as smtp://mail.example.org:25.\n", 'no mail server');
refused([ qw(batch report 1 --email nobody --smtp-url), $smtp ], 2, "slipway: error: \"nobody\" is no address of electronic mail\nhint: It looks like name\@example.org.\n", 'no address');
refused([ qw(batch report 1 --email a@example.org --smtp-url http://x:hidden@y) ], 2, "slipway: error: the URL of the mail server is malformed\nhint: It looks like smtp://mail.example.org:25.\n", 'no URL of a mail server');
SKIP:
{
	skip 'needs aiosmtpd', 11 unless $has_mail;
	($exit, $out, $err) = batch(qw(report 1 --email a@example.org --email), 'b@example.org,c@example.org', qw(--email-from slipway@example.org),
		{ SLIPWAY_SMTP_URL => $smtp });
	is("$exit$err", '0', 'a report by mail');
	my $mail = take_mail();
	is("$mail->{from} $mail->{to}", 'slipway@example.org a@example.org b@example.org c@example.org', 'from whom to whom');
	like($mail->{head}, qr/^From: slipway\@example\.org\r?\nTo: a\@example\.org,\r?\n b\@example\.org,\r?\n c\@example\.org\r?\nMessage-ID: <[0-9a-f]{32}\@example\.org>\r?\n/m, 'headers');
	like($mail->{head}, qr/^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000\r?$/m, 'the date');
	like($mail->{head}, qr/^Subject: =\?UTF-8\?B\?\S+\?=(?:\r?\n =\?UTF-8\?B\?\S+\?=)*\r?$/m, 'the subject, which is long');
	is($mail->{kinds}, 'text/plain text/html ', 'two parts');
	like($mail->{text}, qr/^outcomes +3 succeeded, 2 rolled back$/m, 'the text');
	is($mail->{page}, (batch(qw(report 1 --format html)))[1], 'the page');
	($exit, $out, $err) = batch(qw(report 1 -q --email unknown@example.org --smtp-url), $smtp);
	is($exit, 0, 'a recipient that is refused');
	like($err, qr/\Aslipway: warning: the report could not be sent by mail: .*550\n\z/, 'is a warning');
	# the password in the URL goes nowhere without TLS
	($exit, $out, $err) = batch(qw(report 1 -q --email a@example.org), { SLIPWAY_SMTP_URL => "smtp://me:hidden\@127.0.0.1:$mail_port" });
	like("$exit$err", qr/\A0slipway: warning: the report could not be sent by mail: (?!.*hidden).*\n\z/, 'credentials without TLS');
}
my $nobody = PostgreSQL::Test::Cluster::get_free_port();
sql($node, 'DROP ROLE app_p2_1', db => $place->{db});
($exit, $out, $err) = batch(qw(resume 1 --retry-failed --email a@example.org --smtp-url), "smtp://127.0.0.1:$nobody", '--webhook', "$web/500");
is($exit, 5, 'neither mail server nor webhook works, and the batch has its own end');
like($err, qr/^slipway: warning: the report could not be sent by mail: .*\nslipway: warning: the webhook could not be told: it answered with HTTP status 500\n/m, 'both are said');
is(log_in($place, 'p2'), 'app_p2_1', 'what it was to do is done');
told();

# Schedules

refused([ qw(schedule set night) ], 2, "slipway: error: when is schedule \"night\" to be?\nhint: Write --cron \"30 2 * * MON-FRI\".\n", 'no times');
($exit, $out, $err) = schedule(qw(set night --cron), '61 * * * *');
is($exit, 2, 'times that are none');
like($err, qr/^slipway: error: "61 \* \* \* \*" is no time as cron has it \(22023\)\ndetail: The minute is from 0 to 59\.\n/, 'says why') or diag($err);
($exit, $out, $err) = schedule(qw(set night --time-zone Europe/Vienna --size 2 --parallel 2 --max-duration 90min --max-failures 3 --cron), '30 2 1,15 * MON');
is("$exit$out$err", "0schedule night: created\n", 'set');
($exit, $out, $err) = schedule(qw(show night));
like($out, qr/\Aschedule +night\ntimes +30 2 1,15 \* MON, clocks of Europe\/Vienna\nprojects +2 at most, 2 at a time\nduration +1 h 30 min\nends after +3 failures\nnext +(\w{3}) \d{4}-\d\d-(\d\d) 02:30\n(?: +\w{3} .* 02:30\n){4}\z/, 'show') or diag($out . $err);
($exit, $out, $err) = schedule(qw(list --json));
is(scalar(@{ JSON::PP::decode_json($out)->{next} }), 1, 'list');
refused([ qw(schedule show day) ], 1, "slipway: error: there is no schedule \"day\"\nhint: See \"slipway credential schedule list\".\n", 'another one');

# Who carries it out

my ($manifest) = (schedule(qw(print night)))[1];
my $yaml = run_python($manifest, 'import sys, yaml, json; print(json.dumps(yaml.safe_load(sys.stdin)))');
my $job = JSON::PP::decode_json($yaml);
is_deeply([ $job->{kind}, $job->{metadata}{name}, @{ $job->{spec} }{qw(schedule timeZone concurrencyPolicy)} ], [ 'CronJob', 'slipway-night', '30 2 1,15 * 1', 'Europe/Vienna', 'Forbid' ], 'Kubernetes');
my $pod = $job->{spec}{jobTemplate}{spec}{template}{spec};
is_deeply($pod->{containers}[0]{args}, [qw(credential schedule run night)], 'what it runs');
is($job->{spec}{jobTemplate}{spec}{activeDeadlineSeconds}, 90 * 60 + 600, 'for how long');
is($job->{spec}{jobTemplate}{spec}{backoffLimit}, 0, 'once');

sub run_python
{
	my ($input, $script) = @_;
	my ($stdout, $stderr) = ('', '');

	IPC::Run::run([ 'python3', '-c', $script ], '<', \$input, '>', \$stdout, '2>', \$stderr) or die $stderr;
	return $stdout;
}

($exit, $out, $err) = schedule(qw(print night --systemd), '--secret-prefix', 'a %$"\\b');
my ($timer, $service) = $out =~ /\A# \/etc\/systemd\/system\/slipway-night\.timer\n(.*)# \/etc\/systemd\/system\/slipway-night\.service\n(.*)\z/s;
like($timer, qr/^OnCalendar=\*-\*-01,15 02:30:00 Europe\/Vienna\nOnCalendar=Mon \*-\*-\* 02:30:00 Europe\/Vienna\n/m, 'systemd: either of two days');
my $owner = getpwuid($>);
like($service, qr/^User=\Q$owner\E\nProtectHome=read-only\nReadWritePaths="\Q$place->{home}\E"\nProtectSystem=strict\n/m, 'the file of secrets can be written to') or diag($service);
{
	local $place->{env} = {};
	like((schedule(qw(print night --systemd --secrets file:secrets.env)))[1], qr/^ExecStart="\S+\/slipway" "--secrets=file:\Q$place->{home}\E\/secrets\.env" credential /m, 'and found from anywhere');
	like((schedule(qw(print night --systemd)))[1], qr/^DynamicUser=yes\nProtectHome=yes\n/m, 'no file');
	refused([ qw(schedule print night --systemd --secrets file:nowhere.env) ], 2, "slipway: error: could not find \"nowhere.env\": No such file or directory\n", 'a file that is not there');
	like((schedule(qw(print night --secrets file:secrets.env)))[2], qr/^slipway: warning: the job needs the file of secrets "\Q$place->{home}\E\/secrets\.env"\nhint: Mount /m, 'a pod has none');
}
like($service, qr/^ExecStart="\S+\/slipway" "--secret-prefix=a %%\$\$\\"\\\\b" credential schedule run night$/m, 'what it runs');
SKIP:
{
	skip 'needs systemd-analyze', 3 unless grep { -x "$_/systemd-analyze" } split /:/, $ENV{PATH};
	write_folder({ 'slipway-night.timer' => $timer, 'slipway-night.service' => $service }, $home);
	my ($stdout, $stderr) = run_command([ 'systemd-analyze', '--man=no', 'verify', "$home/slipway-night.timer", "$home/slipway-night.service" ]);
	unlike("$stdout$stderr", qr/slipway-night/, 'systemd has nothing to say of it');
	my ($shown) = (schedule(qw(show night --json)))[1];
	my @next = map { s/\.000Z$//r =~ tr/T/ /r } @{ JSON::PP::decode_json($shown)->{next} };
	my @calendar;
	for my $line ($timer =~ /^OnCalendar=(.*)$/mg)
	{
		($stdout, $stderr) = run_command([ 'systemd-analyze', 'calendar', '--iterations=6', $line ]);
		is($stderr, '', "it reads $line") or next;
		push @calendar, $stdout =~ /(?:\(in UTC\)|Next elapse|Iteration #\d+|Iter\. #\d+): \w+ (\S+ \S+) UTC/g;
	}
	my %seen = map { $_ => 1 } @calendar;
	is(join(', ', grep { !$seen{$_} } @next), '', 'and comes to the same times') or diag("@calendar");
}
($exit, $out, $err) = schedule(qw(print night --pg-cron));
unlike($out, qr/(?<!\.)\b(?:string_agg|format)\(/, 'pg_cron: finds no function of somebody else');
like($out, qr/^-- cron\.timezone, which is GMT by default; those of the schedule are of Europe\/Vienna\.$/m, 'pg_cron');
like($out, qr/^SELECT cron\.schedule_in_database\('slipway-night-check', '30 2 1,15 \* 1', \$slipway\$$/m, 'its job');
my @jobs = $out =~ /\$slipway\$\n(.*?)\n\$slipway\$/sg;
is(scalar(@jobs), 2, 'two of them');
is(sql($node, $_, db => $place->{db})->{err}, '', 'which runs') for @jobs;
sql($node, 'REVOKE SELECT ON p1.item FROM app_p1_1', db => $place->{db});
like(sql($node, $jobs[1], db => $place->{db})->{err}, qr/credentials are not as they should be\nDETAIL:  p1: /, 'and finds what is wrong');
sql($node, 'GRANT SELECT ON p1.item TO app_p1_1', db => $place->{db});
refused([ qw(schedule print night --systemd --pg-cron) ], 2, "slipway: error: options \"--kubernetes\", \"--systemd\" and \"--pg-cron\" exclude each other\n", 'one at a time');

# It runs

add_project($place, $_) for map { "s$_" } 1 .. 5;
($exit, $out, $err) = schedule(qw(run night -n));
is("$exit$out", "0s1: role app_s1_1, read-write\ns2: role app_s2_1, read-write\n", 'a dry run says what is next');
($exit, $out, $err) = schedule(qw(run night --test --webhook), "$web/200");
is($exit, 0, 'a test') or diag($err);
is(join(' ', map { "$_->{event} $_->{title}" } told()), 'schedule_test test of schedule night', 'tells who would be told');
query_is($node, 'SELECT count(*) FROM slipway.batch', '1', 'and has made no batch', db => $place->{db});
($exit, $out, $err) = schedule(qw(run night), $has_mail ? ('--email', 'a@example.org', '--smtp-url', $smtp) : ());
is($exit, 0, 'run') or diag($err);
query_is($node, q{SELECT b.batch, b.max_failures, string_agg(i.project || ' ' || i.outcome, ', ' ORDER BY item) FROM slipway.batch b JOIN slipway.batch_item i USING (batch) WHERE b.options->>'schedule' = 'night' GROUP BY 1, 2},
	'2|3|s1 succeeded, s2 succeeded', 'the next two', db => $place->{db});
like(take_mail()->{text}, qr/^batch 2 of database/m, 'with a report') if $has_mail;
sql($node, q{SELECT slipway.create_batch('{s3,s4}', options => '{"schedule": "night"}')}, db => $place->{db});
($exit, $out, $err) = schedule(qw(run night -n));
like($err, qr/^batch 3 would be gone on with$/m, 'what is unfinished comes first');
($exit, $out, $err) = schedule(qw(run night));
is(log_in($place, 's4'), 'app_s4_1', 'and is finished');
query_is($node, 'SELECT max(batch) FROM slipway.batch', '3', 'without another batch', db => $place->{db});
schedule(qw(set night --only-plan --cron @daily));
($exit, $out, $err) = schedule(qw(run night));
is("$exit$out", "0s5: role app_s5_1, read-write\n", 'one that only plans');
schedule(qw(set night --cron @daily));
sql($node, q{SELECT slipway.create_batch('{s5}', options => '{"schedule": "night"}'); SELECT slipway.stop_batch(4, 'lunch')}, db => $place->{db});
($exit, $out, $err) = schedule(qw(run night));
is($exit, 1, 'a batch that somebody has stopped');
like($err, qr/^slipway: error: batch 4 of schedule "night" was stopped by \S+: lunch\nhint: It goes on with "slipway credential batch resume"\.\n/, 'is left to them');
batch(qw(resume 4));

# One that too many failures have stopped; and two at a time

add_project($place, $_) for map { "t$_" } 1 .. 8;
sql($node, "CREATE ROLE app_t1_1", db => $place->{db});
schedule(qw(set night --cron @daily --size 3 --parallel 1 --max-failures 1));
($exit, $out, $err) = schedule(qw(run night));
is($exit, 5, 'a failure');
refused([ qw(schedule run night) ], 1, "slipway: error: batch 5 of schedule \"night\" was stopped, as 1 of it have failed\nhint: It goes on with \"slipway credential batch resume\".\n", 'is not passed over in silence');
sql($node, "DROP ROLE app_t1_1", db => $place->{db});
($exit, $out, $err) = batch(qw(resume 5 --retry-failed));
is($exit, 0, 'resumed') or diag($err);
my $session = start_sql($node, q{BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('slipway batch', 0)); SELECT pg_sleep(60)}, db => $place->{db}, application => 'holder');
wait_until($node, q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'holder' AND wait_event = 'PgSleep')}, 't', db => $place->{db});
my @runs = map { start_client($place, [qw(credential schedule run night)], env => $place->{env}) } 1 .. 2;
wait_until($node, q{SELECT count(*) = 2 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}, 'both wait', db => $place->{db});
sql($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holder'}, db => $place->{db});
finish_sql($session);
finish_client($_) for @runs;
query_is($node, 'SELECT max(batch), count(*) FILTER (WHERE batch = 6) FROM slipway.batch_item', '6|3', 'two runs at a time make one batch', db => $place->{db});
schedule(qw(run night));

# As many workers as the table says, which may be too many

add_project($place, "u$_", stored => 0) for 1 .. 66;
refused([ qw(schedule set many --cron @daily --parallel 65) ], 2, "slipway: error: the number of workers of a schedule must be at most 64 (22023)\n", 'too many workers');
refused([ qw(schedule set many --cron @daily --max-duration 8d) ], 2, "slipway: error: the longest duration of a schedule is from a second to a week (22023)\n", 'too long');
schedule(qw(set many --cron @daily --size 100));
sql($node, 'UPDATE slipway.credential_schedule SET parallel = 500', db => $place->{db});
sql($node, 'ALTER SYSTEM SET max_connections = 200', db => $place->{db});
$node->restart;
($exit, $out, $err) = schedule(qw(run many));
is($exit, 0, 'a table with more of them than there may be') or diag($err);
query_is($node, q{SELECT count(*) FROM slipway.batch_item WHERE project LIKE 'u%' AND outcome = 'succeeded'}, '66', 'all are done', db => $place->{db});
($exit, $out, $err) = schedule(qw(delete many));
($exit, $out, $err) = schedule(qw(run night));
is("$exit$out$err", "0schedule night: every project that has a credential is moved, or in a batch\n", 'nothing is left');
($exit, $out, $err) = schedule(qw(delete night));
is($exit, 0, 'delete');
refused([ qw(schedule delete night) ], 1, "slipway: error: there is no schedule \"night\"\nhint: See \"slipway credential schedule list\".\n", 'once');
is((schedule('list'))[2], "there is no schedule\n", 'none is left');

$_->kill_kill for @servers;
$node->stop;
done_testing();
