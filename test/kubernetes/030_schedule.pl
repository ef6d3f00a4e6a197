# The CronJob that "credential schedule print" makes, before a real API server.

use strict;
use warnings FATAL => 'all';

use SlipwayClient;
use SlipwayCredential;
use SlipwayKubernetes;
use SlipwayServer;
use Test::More;

my $node = new_credential_node('schedule');
my $place = new_credential_place($node, 'file');

is((credential($place, qw(schedule set night --cron), '0 2 * * 1-5', qw(--size 50 --max-duration 2h)))[0], 0, 'a schedule');
my ($exit, $text, $err) = credential($place, qw(schedule print night --kubernetes --secrets barbican));
is($exit, 0, 'as a CronJob') or diag($err);
# Kubernetes 1.20, which can be built here, has it under its older name, and without a time zone.
like($text, qr/^apiVersion: batch\/v1$/m, 'of the stable version');
(my $older = $text) =~ s{^apiVersion: batch/v1$}{apiVersion: batch/v1beta1}m;
is($older =~ s/^  timeZone: .*\n//m, 1, 'which has a time zone');

start_kubernetes();
my ($namespace) = $older =~ /^  namespace: (\S+)$/m;
kubectl_ok([ 'create', 'namespace', $namespace ]) if defined $namespace;
my (undef, $out);
($exit, $out, $err) = kubectl([ 'apply', '-f', '-' ], input => $older);
is($exit, 0, 'the server takes it') or diag($err);
($exit, $out, $err) = kubectl([ 'get', 'cronjob', '-A', '-o', 'jsonpath={.items[*].spec.schedule}' ]);
is($out, '0 2 * * 1-5', 'with its times');
(my $bad = $older) =~ s/schedule: .*/schedule: "0 2 * * 9"/;
isnt((kubectl([ 'apply', '--dry-run=server', '-f', '-' ], input => $bad))[0], 0, 'others would be refused');

$node->stop;
done_testing();
