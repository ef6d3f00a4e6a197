# What is written to Barbican when an answer is lost, Barbican dies in between, or somebody else writes at the same time.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use SlipwayOpenStack;
use SlipwayTest;
use SlipwayTls;
use Test::More;
use Time::HiRes ();

my $why = why_no_openstack();
plan(skip_all => $why) if defined $why;
plan(skip_all => 'needs the program openssl') unless has_openssl();

my $home = PostgreSQL::Test::Utils::tempdir;
my $cloud = new_cloud();
my $faults = new_faults($cloud);
my $started = 0;
my $doubt = qr/; it may have been done all the same\nhint: Do it again, or look at what there is/;
my $rest = qr/^slipway: warning: what was stored before could not be removed: Barbican at http:\S+ answered with HTTP status 500\nhint: The next change of it removes that\.$/m;
my @dead = ({ service => 'barbican', method => 'DELETE', do => 'status', status => 500 });

# Starts "slipway secret ARGS" through the proxy.
sub start_secret
{
	my ($args, $in) = @_;
	my $run = { in => "$home/in." . ++$started, out => '', err => '' };

	# a file, as nobody fills a pipe before it is waited for
	append_to_file($run->{in}, $in // '');
	local %ENV = (%ENV, cloud_env($cloud, via => $faults), SLIPWAY_SECRETS => 'barbican', SLIPWAY_SECRET_PREFIX => 'T_', SECRETS_TIMEOUT => 15, HOME => $home);
	clear_faults_log($faults);
	$run->{run} = IPC::Run::start([ 'slipway', 'secret', @$args ], '<', $run->{in}, '>', \$run->{out}, '2>', \$run->{err},
		init => sub { chdir $home or die "could not go home: $!\n" }, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return $run;
}

sub finish_secret
{
	my ($run) = @_;

	$run->{run}->finish;
	return ($? >> 8, $run->{out}, $run->{err});
}

sub secret { return finish_secret(start_secret(@_)) }

sub secret_is
{
	my ($args, $in, $expected, $name) = @_;
	my ($exit, $out, $err) = secret($args, $in);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($exit, $expected->{exit} // 0, "$name: exit code") or diag($out, $err);
	is($out, $expected->{out}, "$name: stdout") if defined $expected->{out};
	like($err, $expected->{err}, "$name: stderr") if defined $expected->{err};
	return;
}

# The names that Barbican has, of secrets and of containers.
sub names { return join ' ', sort map { $_->{name} =~ s/@[0-9a-f]{32}$/\@SET/r } barbican_secrets($cloud), barbican_containers($cloud) }

# A set, as another process would publish it: values are what a member has, or a reference of one.
sub publish_set
{
	my ($generation, $set, %values) = @_;
	my %staged = (algorithm => "slipway-$set");
	my @members = ({ name => "\@$generation-$set", secret_ref => store_secret($cloud, "T_\@$set", "generation $generation", %staged) });

	for my $name (sort keys %values)
	{
		push @members, { name => $name, secret_ref => $values{$name} =~ /^http/ ? $values{$name} : store_secret($cloud, "T_$name\@$set", $values{$name}, %staged) };
	}
	my $answer = ask_barbican($cloud, 'creator', 'POST', 'containers', { type => 'generic', name => 'slipway/T_', secret_refs => \@members });
	die "no container: $answer->{content}\n" unless $answer->{success};
	return map { $_->{name} => $_->{secret_ref} } @members;
}

# A single secret

store_secret($cloud, 'T_A', 'old');
set_faults($faults, { service => 'barbican', method => 'POST', do => 'lost' });
secret_is([ 'put', 'A' ], 'new', { exit => 8, err => qr/does not answer: [^;]*\n\z/ }, 'every answer is lost');
set_faults($faults);
secret_is([ 'get', 'A' ], undef, { out => 'old' }, 'every answer is lost: the old one counts');
is(names(), 'T_A', 'every answer is lost: nothing else is there');
set_faults($faults, { service => 'barbican', method => 'POST', do => 'lost' }, @dead);
secret_is([ 'put', 'A' ], 'new', { exit => 8, err => $doubt }, 'and nothing can be removed');
set_faults($faults, @dead);
secret_is([ 'put', 'A' ], 'newer', { err => qr/$rest.*^T_A: stored in barbican$/ms }, 'what is replaced cannot be removed');
set_faults($faults);
secret_is([ 'get', 'A' ], undef, { out => 'newer' }, 'what is replaced cannot be removed: the new one counts');
secret_is([ 'put', 'A' ], 'newest', {}, 'again');
is(names(), 'T_A', 'all others are gone');
secret_is([ 'delete', 'A', '--yes' ], undef, {}, 'delete');

# A certificate

make_certificate($home, 'ca', 'Test Authority');
make_certificate($home, 'own', 'shop', 'ca');
my @put = ('put-certificate', '--root', 'ca.crt', '--cert', 'own.crt', '--key', 'own.key');
my $parts = 'T_DB_TLS T_DB_TLS.certificate@SET T_DB_TLS.intermediates@SET T_DB_TLS.private_key@SET';
secret_is(\@put, undef, {}, 'certificate');
is(names(), $parts, 'certificate: its parts');
set_faults($faults, { service => 'barbican', method => 'POST', path => 'containers', do => 'lost' });
secret_is(\@put, undef, { exit => 8, err => qr/does not answer: [^;]*\n\z/ }, 'certificate: every answer is lost');
set_faults($faults);
is(names(), $parts, 'certificate: the old one counts, and nothing else is there');
is(scalar(@{ (barbican_containers($cloud))[0]{secret_refs} }), 3, 'certificate: with all its parts');
set_faults($faults, { service => 'barbican', method => 'POST', path => 'secrets', do => 'lost' });
secret_is(\@put, undef, { exit => 8 }, 'certificate: every answer for its parts is lost');
set_faults($faults);
is(names(), $parts, 'certificate: no key is left');
set_faults($faults, { service => 'barbican', method => 'POST', path => 'secrets', times => 2, do => 'lost' });
secret_is(\@put, undef, {}, 'certificate: two answers for its parts are lost');
set_faults($faults);
is(names(), $parts, 'certificate: nothing is there twice');
set_faults($faults, { service => 'barbican', method => 'POST', path => 'containers', do => 'lost' }, @dead);
secret_is(\@put, undef, { exit => 8, err => $doubt }, 'certificate: it cannot be taken back');
set_faults($faults, @dead);
secret_is(\@put, undef, { err => $rest }, 'certificate: what is replaced cannot be removed');
set_faults($faults);
secret_is(\@put, undef, {}, 'certificate: again');
is((() = names() =~ /T_DB_TLS(?: |$)/g), 1, 'certificate: one is left');

# Who is killed in deleting one leaves a container without parts.
ask_barbican($cloud, 'creator', 'DELETE', $_->{secret_ref}) for barbican_secrets($cloud);
my ($ruin) = barbican_containers($cloud);
is(scalar(@{ $ruin->{secret_refs} }), 0, 'ruin: a container without parts');
secret_is(['list'], undef, { err => qr/has no secrets with prefix "T_"/ }, 'ruin: is no certificate');
secret_is([ 'delete', 'DB_TLS', '--yes' ], undef, {}, 'ruin: can be deleted');
is(names(), '', 'ruin: it is gone');

# A set: somebody else changes it at the same time

my %member = publish_set(1, 'a' x 32, A => 'a1', B => 'b1', C => 'c1');
my @runs = map { start_secret([ 'put', $_ ], "${_}2") } qw(A B C);
is((finish_secret($_))[0], 0, 'three at a time: exit code') for @runs;
secret_is([ 'get', $_ ], undef, { out => "${_}2" }, "three at a time: $_") for qw(A B C);
is(names(), 'T_@SET T_A@SET T_B@SET T_C@SET slipway/T_', 'three at a time: nothing else is left');
my ($container) = barbican_containers($cloud);
my ($generation) = map { $_->{name} =~ /^@(\d+)-/ ? $1 : () } @{ $container->{secret_refs} };
%member = map { $_->{name} => $_->{secret_ref} } @{ $container->{secret_refs} };

# Found alone, it is in force, also when one of the same generation is made after that, of somebody who dies then.
set_faults($faults, { service => 'barbican', method => 'GET', path => 'containers', after => 4, times => 1, do => 'delay', seconds => 4 });
my $run = start_secret([ 'put', 'A' ], 'A3');
my $until = Time::HiRes::time() + 20;
Time::HiRes::sleep(0.05) while faults_log($faults, method => 'GET', path => qr/containers/) < 4 && Time::HiRes::time() < $until;
publish_set($generation + 1, 'b' x 32, A => 'lost', B => $member{B}, C => $member{C});
my ($exit, undef, $err) = finish_secret($run);
is($exit, 0, 'too late: exit code') or diag($err);
set_faults($faults);
secret_is([ 'get', 'A' ], undef, { out => 'A3' }, 'too late: who was first counts');
is(names(), 'T_@SET T_A@SET T_B@SET T_C@SET slipway/T_', 'too late: the other one is removed');

# A set: Barbican dies in between

set_faults($faults, @dead);
secret_is([ 'put', 'A' ], 'A4', { err => $rest }, 'set: what is replaced cannot be removed');
set_faults($faults);
secret_is([ 'get', 'A' ], undef, { out => 'A4' }, 'set: the new one counts');
set_faults($faults, @dead);
secret_is([ 'delete', 'A', '--yes' ], undef, { exit => 8, err => qr/secret "T_A" is not in force any more, but could not be removed: / }, 'set: what is deleted cannot be removed');
set_faults($faults);
secret_is([ 'get', 'A' ], undef, { exit => 1 }, 'set: it is not in force');
secret_is([ 'delete', 'A', '--yes' ], undef, {}, 'set: again');
is(names(), 'T_@SET T_B@SET T_C@SET slipway/T_', 'set: nothing is left of it');
secret_is([ 'delete', 'A', '--yes' ], undef, { exit => 1, err => qr/has no secret "T_A"/ }, 'set: once');
set_faults($faults, { service => 'barbican', method => 'POST', path => 'containers', do => 'lost' });
secret_is([ 'put', 'B' ], 'B3', { exit => 8, err => qr/does not answer: [^;]*\n\z/ }, 'set: every answer is lost');
set_faults($faults);
secret_is([ 'get', 'B' ], undef, { out => 'B2' }, 'set: every answer is lost: the old one counts');
is(names(), 'T_@SET T_B@SET T_C@SET slipway/T_', 'set: every answer is lost: nothing else is there');
set_faults($faults, { service => 'barbican', method => 'GET', path => 'containers', after => 3, do => 'status', status => 500 }, @dead);
secret_is([ 'put', 'B' ], 'B4', { exit => 8, err => $doubt }, 'set: whether it is alone cannot be found out');
set_faults($faults);
secret_is([ 'put', 'B' ], 'B5', {}, 'set: again');
secret_is([ 'get', 'B' ], undef, { out => 'B5' }, 'set: it counts');
is(names(), 'T_@SET T_B@SET T_C@SET slipway/T_', 'set: nothing else is left');

done_testing();
