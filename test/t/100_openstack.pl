# What the tests of secrets stand on: Keystone and Barbican, their users, and a proxy that makes faults.

use strict;
use warnings FATAL => 'all';

use HTTP::Tiny;
use POSIX ();
use PostgreSQL::Test::Utils;
use SlipwayOpenStack;
use Test::More;
use Time::HiRes ();

my $why = why_no_openstack();
plan(skip_all => $why) if defined $why;

my $cloud = new_cloud();

# Users

my $reference = store_secret($cloud, 'NAME', "s3cr3t\xc3\xa4");
is(barbican_payload($cloud, $reference), "s3cr3t\xc3\xa4", 'a secret comes back');
is_deeply([ map { $_->{name} } barbican_secrets($cloud) ], ['NAME'], 'it is the only one of the project');
my %status = map { $_ => ask_barbican($cloud, $_, 'GET', "$reference/payload", undef, Accept => 'text/plain')->{status} } qw(creator observer guest outsider);
is_deeply(\%status, { creator => 200, observer => 200, guest => 403, outsider => 403 }, 'who may read it');
%status = map { $_ => ask_barbican($cloud, $_, 'POST', 'secrets', { name => 'x' })->{status} } qw(observer guest outsider);
is_deeply(\%status, { observer => 403, guest => 403, outsider => 201 }, 'who may store one');
is(scalar(barbican_secrets(new_cloud())), 0, 'another project has none');
my $token = user_token($cloud, 'observer');
revoke_token($cloud, $token);
is(ask_barbican($cloud, 'observer', 'GET', 'secrets')->{status}, 401, 'a token that was revoked works no more');

# The proxy

my $faults = new_faults($cloud);

# A request through it: the status, and how long that took.
sub get
{
	my ($path, $method) = @_;
	my $began = Time::HiRes::time();
	my $answer = HTTP::Tiny->new(timeout => 2, keep_alive => 0)->request($method // 'GET', "$faults->{barbican}/v1/$path", { headers => { 'X-Auth-Token' => user_token($cloud, 'creator') } });

	return ($answer->{status}, Time::HiRes::time() - $began, $answer);
}

my ($status, $seconds, $answer) = get('secrets');
is($status, 200, 'a request goes through');
like($answer->{content}, qr{"secret_ref": "$faults->{barbican}/v1/secrets/}, 'a reference has the address that was asked');
# a moment after the answer
for (1 .. 100)
{
	last if faults_log($faults);
	Time::HiRes::sleep(0.05);
}
is(scalar(faults_log($faults)), 1, 'it is counted');
set_faults($faults, { path => '/secrets', after => 1, times => 1, do => 'status', status => 503, headers => { 'Retry-After' => '1' }, body => 'x' });
($status) = get('secrets');
is($status, 200, 'a fault comes');
($status, undef, $answer) = get('secrets');
is("$status $answer->{headers}{'retry-after'} $answer->{content}", '503 1 x', 'when it is to');
($status) = get('secrets');
is($status, 200, 'and goes');
set_faults($faults, { do => 'delay', seconds => 0.5 });
($status, $seconds) = get('secrets');
is($status, 200, 'an answer that is late');
cmp_ok($seconds, '>=', 0.5, 'is late');
for my $case ([ 'hang', 599 ], [ 'cut', 599 ], [ 'short', 599 ])
{
	set_faults($faults, { do => $case->[0] });
	($status) = get('secrets');
	is($status, $case->[1], "$case->[0]: no answer");
}
set_faults($faults, { do => 'lost' });
($status) = get($reference =~ s{.*/v1/}{}r, 'DELETE');
is($status, 599, 'an answer that is lost');
is(scalar(barbican_secrets($cloud)), 0, 'of a request that was done');
set_faults($faults, { do => 'kill', when => 'after' });
my $victim = fork // die "fork: $!\n";
if ($victim == 0)
{
	sleep 60;
	POSIX::_exit(0);
}
set_victim($faults, $victim);
get('secrets');
waitpid $victim, 0;
is($? & 127, 9, 'a process is killed at a request');
set_faults($faults, { do => 'revoke', times => 1 });
($status) = get('secrets');
is($status, 401, 'a token is revoked at a request');
delete $cloud->{user}{creator}{token};
($status) = get('secrets');
is($status, 200, 'a new one works');
set_faults($faults, { do => 'die' });
get('secrets');
Time::HiRes::sleep(0.2);
($status, undef, $answer) = get('secrets');
like($answer->{content}, qr/refused/, 'nobody listens');
set_faults($faults);
start_faults($faults);
($status) = get('secrets');
is($status, 200, 'until it is started again');

done_testing();
