# deploy/ci: the steps of the templates are scripts, and these do what they should. deploy.sh
# is tested with deploy/migrate.sh, in test/kubernetes.

use strict;
use warnings FATAL => 'all';

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayPod;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $deploy = "$SlipwayPod::kubernetes/..";
my $work = PostgreSQL::Test::Utils::tempdir;

delete @ENV{qw(GITHUB_STEP_SUMMARY GITHUB_ACTIONS TF_BUILD)};
$ENV{HOME} = $work;

sub outcome
{
	my ($command, %option) = @_;
	my ($out, $err) = ('', '');

	local %ENV = (%ENV, %{ $option{env} // {} });
	IPC::Run::run($command, '<', \undef, '>', \$out, '2>', \$err,
		init => sub { chdir($option{in} // $work) or die }, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return ($? & 127 ? 128 + ($? & 127) : $? >> 8, $out, $err);
}

# Each step of the templates is one of the scripts, or is to be edited.

my %step;
for my $template (qw(github-actions.yml azure-pipelines.yml))
{
	my @steps = PostgreSQL::Test::Utils::slurp_file("$deploy/ci/$template") =~ /^\s*(?:- )?(?:run|script): (.*)$/mg;
	is(scalar @steps, 4, "$template has its steps");
	for my $step (@steps)
	{
		next if $step =~ /^echo "EDIT - /;
		my ($script) = $step =~ m{^deploy/ci/([\w.-]+\.sh)(?: |$)};
		ok(defined $script && -x "$deploy/ci/$script", "it is a script: $step");
		$step{$script}++ if defined $script;
	}
}
is(join(' ', map { "$_ $step{$_}" } sort keys %step), 'deploy.sh 2 kubeconfig.sh 2 pull-request.sh 2', 'both templates run all scripts');

# kubeconfig.sh

my ($exit, $out, $err) = outcome(["$deploy/ci/kubeconfig.sh"]);
is("$exit $err", "2 kubeconfig.sh: error: KUBECONFIG_CONTENT is not set\n", 'no credentials');
($exit, $out, $err) = outcome([ "$deploy/ci/kubeconfig.sh" ], env => { KUBECONFIG_CONTENT => 'secret: token' });
is("$exit$out$err", '0', 'credentials are not shown');
is(PostgreSQL::Test::Utils::slurp_file("$work/.kube/config"), "secret: token\n", 'they are where kubectl looks');
is((stat "$work/.kube/config")[2] & 0077, 0, 'for nobody else to read');
chmod 0644, "$work/.kube/config" or die "chmod: $!\n";
($exit, $out, $err) = outcome([ "$deploy/ci/kubeconfig.sh" ], env => { KUBECONFIG_CONTENT => 'other' });
is((stat "$work/.kube/config")[2] & 0077, 0, 'also where others could read the one before');
is(PostgreSQL::Test::Utils::slurp_file("$work/.kube/config"), "other\n", 'which is gone');

# deploy.sh and migrate.sh, wrongly used

my $usage = "usage: deploy.sh ENVIRONMENT IMAGE [TIMEOUT]\n";
($exit, undef, $err) = outcome([ "$deploy/ci/deploy.sh", 'production' ]);
is("$exit $err", "2 $usage", 'deploy.sh without an image');
($exit, undef, $err) = outcome([ "$deploy/ci/deploy.sh", 'prodution', 'x:1' ]);
is($exit, 2, 'an unknown environment: exit code');
like($err, qr/^migrate\.sh: error: no environment "prodution"; there are: local, production, staging$/m, 'and message');
for my $case (
	[ [], qr/which command\?/ ],
	[ ['migrate'], qr/which environment\? --env is one of: local, production, staging/ ],
	[ [qw(-e local deploy)], qr/unknown command "deploy"/ ],
	[ [qw(-e local migrate now)], qr/unexpected argument "now"/ ],
	[ [qw(-e local --force migrate)], qr/unknown option --force/ ],
	[ [qw(-e local status -n)], qr/option -n needs a value/ ],
	[ [qw(-e local -n Shop_1 status)], qr/"Shop_1" is no name of a namespace/ ],
	[ [qw(-e local --image), 'a b', 'migrate'], qr/"a b" is no name of an image/ ],
	[ [qw(-e local --timeout soon migrate)], qr/--timeout needs a number of seconds, not "soon"/ ],
	[ [qw(-e local rollback)], qr/rollback needs one of --steps, --to, --script and --all/ ],
	[ [qw(-e local rollback --steps 0)], qr/--steps needs a number from 1, not "0"/ ],
	[ [qw(-e local rollback --steps=1 --all)], qr/rollback takes one of/ ],
	[ [qw(-e local rollback --to), q(x'}, {name: y)], qr/--to needs a name of letters/ ],
	[ [qw(-e local migrate --steps 1)], qr/--steps is for rollback/ ],
	[ [qw(-e local logs wait)], qr/no Job "wait": there are migrate, rollback and verify/ ],
	[ [qw(-e local --overlay /tmp status)], qr/--env and --overlay exclude each other/ ],
	[ [qw(--overlay /nowhere status)], qr{/nowhere has no migrate/kustomization\.yaml} ],
	[ [qw(-e local migrate --running)], qr/--running is for cleanup/ ])
{
	my ($args, $message) = @$case;
	# no kubectl is needed to be told so
	($exit, $out, $err) = outcome([ "$deploy/migrate.sh", @$args ], env => { KUBECTL => '/nowhere/kubectl' });
	is("$exit $out", '2 ', "migrate.sh @$args: exit code");
	like($err, qr/^migrate\.sh: error: (?s:.*)^hint: Run "migrate\.sh --help"\.\n\z/m, 'an error with a hint');
	like($err, $message, 'and what is wrong');
}
($exit, $out) = outcome([ "$deploy/migrate.sh", '--help' ]);
is($exit, 0, 'migrate.sh --help');
like($out, qr/^  $_ /m, "tells of $_") for qw(migrate rollback verify status logs cleanup);
($exit, undef, $err) = outcome([ "$deploy/migrate.sh", qw(-e local status) ], env => { KUBECTL => '/nowhere/kubectl' });
is("$exit $err", "1 migrate.sh: error: no /nowhere/kubectl here\n", 'no kubectl');

# slipway.conf of the example, and the targets of the Makefile

my $conf = "$SlipwayPod::kubernetes/two-services/slipway.conf";
for my $case ([ 'naytife', 'naytife_schema' ], [ 'hydra', 'hydra' ])
{
	my ($name, $schema) = @$case;
	($exit, $out, $err) = outcome([ 'slipway', '-c', $conf, '-e', $name, 'config' ], env => { PASSWORD => 'p@ss/w:rd#%' });
	is($exit, 0, "the environment $name of the example") or diag($err);
	like($out, qr/^search_path +\Q$schema\E /m, 'has its schema');
	like($out, qr/^project +$name /m, 'and its project');
	unlike($out . $err, qr/w:rd|w%3Ard/, 'and shows no password');
}

my $node = new_node('deploy_ci');
PostgreSQL::Test::Utils::append_to_file("$work/slipway.conf", "[dev]\nurl = host=${\$node->host} port=${\$node->port} dbname=postgres\n");
mkdir "$work/migrations";
write_folder({ '0001_city.sql' => "CREATE TABLE city (id integer);\n" }, "$work/migrations");
outcome([qw(slipway -e dev init)]);
my @make = ('make', '--no-print-directory', '-f', "$deploy/Makefile.snippet");
($exit, $out, $err) = outcome([ @make, 'migrate-status-dev' ]);
is($exit, 0, 'make migrate-status-dev: exit code') or diag($err);
like($out, qr/^0001_city +pending/m, 'what is pending');
($exit, $out, $err) = outcome([ @make, 'migrate-up-dev' ]);
is($exit, 0, 'make migrate-up-dev: exit code') or diag($err);
like($err, qr/^1 migration applied to project default/m, 'applies it');
PostgreSQL::Test::Utils::append_to_file("$work/migrate-status-dev", '');
($exit, $out, $err) = outcome([ @make, 'migrate-status-dev' ]);
like($out, qr/^0001_city +applied/m, 'also where there is a file of that name');
($exit, $out, $err) = outcome([ @make ]);
is("$exit $out", '2 ', 'nothing is done where no target is given');
($exit, $out, $err) = outcome([ @make, 'migrate-up-prod' ]);
is($exit, 2, 'an environment that there is not: exit code of make');
like($err, qr/has no section \[prod\]/, 'and message');

# pull-request.sh

SKIP:
{
	skip 'no git', 1 if system('git --version >/dev/null 2>&1') != 0;
	my $databases = 0;
	my $repository = "$work/repository";

	my $git = sub {
		my ($status, undef, $said) = outcome([ 'git', '-c', 'user.name=test', '-c', 'user.email=test@example.org', @_ ], in => $repository);
		die "git @_: $said" if $status != 0;
	};
	my $commit = sub {
		my ($branch, $files) = @_;
		$git->('checkout', '-q', '-B', $branch, 'main') if $branch ne 'main';
		mkdir "$repository/migrations";
		write_folder($files, "$repository/migrations");
		$git->('add', '-A');
		$git->('commit', '-q', '--allow-empty', '-m', $branch);
	};
	my $try = sub {
		my ($branch, %env) = @_;
		my $db = 'throwaway_' . ++$databases;

		$git->('checkout', '-q', $branch);
		sql($node, "CREATE DATABASE $db TEMPLATE template0");
		unlink "$work/report.md";
		my ($status, $stdout, $said) = outcome(
			[ "$deploy/ci/pull-request.sh", $env{BASE} // 'main' ],
			in => $repository, env => { DATABASE_URL => "host=${\$node->host} port=${\$node->port} dbname=$db", REPORT => "$work/report.md", %env });
		return ($status, -e "$work/report.md" ? PostgreSQL::Test::Utils::slurp_file("$work/report.md") : '', $stdout, $said, $db);
	};

	mkdir $repository;
	$git->('init', '-q', '-b', 'main');
	PostgreSQL::Test::Utils::append_to_file("$repository/README", "shop\n");
	$git->('add', '-A');
	$git->('commit', '-q', '-m', 'nothing');
	$git->('branch', 'bare');
	$commit->('main', { '0001_city.sql' => "CREATE TABLE city (id integer);\nINSERT INTO city SELECT generate_series(1, 50000);\n" });
	$commit->('good', { '0002_name.up.sql' => "ALTER TABLE city ADD COLUMN name text;\n", '0002_name.verify.sql' => "SELECT name FROM city;\n" });
	$commit->('syntax', { '0002_name.up.sql' => "ALTER TABLE city ADD COLUM;\n" });
	$commit->('failing', { '0002_name.up.sql' => "ALTER TABLE town ADD COLUMN name text;\n" });
	$commit->('unverified', { '0002_name.up.sql' => "SELECT 1;\n", '0002_name.verify.sql' => "SELECT name FROM city;\n" });
	$commit->('heavy', { '0002_name.up.sql' => "CREATE INDEX ON city (id);\n" });
	$commit->('changed', { '0001_city.sql' => "CREATE TABLE city (id bigint);\n" });
	$commit->('nothing', {});

	my ($status, $report, $stdout, $said, $db) = $try->('good', GITHUB_STEP_SUMMARY => "$work/summary.md");
	is($status, 0, 'a good pull request: exit code') or diag($said);
	like($report, qr/\A## Migrations\n\nOf [0-9a-f]{7,}, for a database as of [0-9a-f]{7,}\.\n\n### State of main\n/, 'the report begins');
	like($report, qr/^### Plan\n\n````\n(?:.*\n)*?0002_name +transactional/m, 'has the plan');
	like($report, qr/^### Rehearsal\n\n````\n(?:.*\n)*?.*0002_name/m, 'and the rehearsal');
	like($report, qr/^### Migration\n\n````\n(?:.*\n)*?0002_name  applied/m, 'and the migration itself');
	unlike($report, qr/:x:/, 'and no failure');
	query_is($node, 'SELECT count(name) FROM city', '0', 'it was applied', db => $db);
	is(PostgreSQL::Test::Utils::slurp_file("$work/summary.md"), $report, 'GitHub gets the report');
	($status, undef, $stdout) = $try->('good', TF_BUILD => 'True');
	is("$status $stdout", "0 ##vso[task.uploadsummary]$work/report.md\n", 'and Azure its path');

	($status, $report) = $try->('syntax');
	is($status, 4, 'a syntax error: exit code');
	like($report, qr{^### :x: Plan\n(?:.*\n)*?migrations/0002_name\.up\.sql:1:\d+: ERROR: syntax error}m, 'with its place in the report');
	unlike($report, qr/^### Migration/m, 'which ends there');
	($status, $report) = $try->('failing');
	is($status, 5, 'a migration that fails: exit code');
	like($report, qr/^### :x: (?:Rehearsal|Migration)\n(?:.*\n)*?.*relation "town" does not exist/m, 'with its error in the report');
	($status, $report) = $try->('unverified');
	is($status, 5, 'a verify script that fails: exit code');
	($status, $report) = $try->('heavy');
	is($status, 0, 'a migration that others would notice: exit code');
	like($report, qr/create-index-lock|CONCURRENTLY/, 'with what was found');
	($status, $report) = $try->('heavy', FAIL_ON => 'note');
	is($status, 4, 'where that is a failure: exit code');
	like($report, qr/^### :x: Rehearsal$/m, 'and report');
	($status, $report) = $try->('changed');
	is($status, 4, 'an applied script that was changed: exit code');
	like($report, qr/^### :x: (?:Plan|Validation)\n(?:.*\n)*?.*0001_city/m, 'with its name in the report');
	($status, $report) = $try->('nothing');
	is($status, 0, 'no migration at all: exit code');
	($status, $report) = $try->('good', BASE => 'bare');
	is($status, 0, 'a branch without migrations before: exit code');
	like($report, qr/^0001_city +transactional/m, 'all are new');

	(undef, undef, undef, $said) = $try->('good', BASE => 'mian');
	is($said, "pull-request.sh: error: no commit mian here: has it been fetched?\n", 'an unknown base');
	($status, undef, undef, $said) = $try->('good', MIGRATIONS_PATH => 'db/migrations');
	is("$status $said", "2 pull-request.sh: error: no folder db/migrations here\n", 'an unknown folder');
}

done_testing();
