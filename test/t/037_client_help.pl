# What is made of the tables of commands and options: the reference page and
# the completion scripts, which the shells themselves run here.

use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayTest;
use Test::More;

my $root = abs_path(dirname(__FILE__) . '/../..');
my %place = (home => PostgreSQL::Test::Utils::tempdir);
my @names = qw(init new migrate deploy up apply rollback down undo revert redo plan rehearse status info validate verify baseline repair approve pending-approval diff log watch cancel check metrics wait exec secret credential config completion help version);

sub run_client
{
	my (@args) = @_;
	my ($exit, $out, $err) = client(\%place, \@args, connect => 0);

	is("$exit$err", '0', "slipway @args");
	return $out;
}

# The reference page

my $markdown = run_client('help', '--markdown');
my ($page) = slurp_file("$root/doc/client.md") =~ /^<!-- Written by make doc.*?-->\n\n(.*?)\n<!-- end -->/ms;
is($page, $markdown, 'doc/client.md is up to date (make doc)');
is(scalar(grep { length > 80 } grep { !/^\|/ } split /\n/, $markdown), 0, 'its lines are short');
for my $name (run_client('help') =~ /^  ([a-z]+)  /mg)
{
	my $help = run_client('help', $name);
	my ($examples) = $help =~ /^Examples:\n((?:  .*\n)+)/m;

	like($markdown, qr/^### slipway $name\b/m, "$name is in it");
	ok($name eq 'version' || defined $examples, "$name has an example");
	is(scalar(grep { length > 79 } split /\n/, $help), 0, 'and help of less than 80 columns');
	is(run_client($_, '--help'), $help, "$_ --help is the same") for $help =~ /^Also:  (.*)$/m ? split(/, /, $1) : ();
}
is(scalar(grep { length > 79 } split /\n/, run_client('--help')), 0, 'the list too');

# The man page

my $man = run_client('help', '--man');
is(slurp_file("$root/doc/slipway.1"), $man, 'doc/slipway.1 is up to date (make doc)');
like($man, qr/^\.SS "slipway $_\b/m, "$_ is in it") for run_client('help') =~ /^  ([a-z]+)  /mg;
SKIP:
{
	my ($shown, $warnings) = ('', '');

	skip('needs groff', 4) unless grep { -x } map { "$_/groff" } split /:/, $ENV{PATH};
	IPC::Run::run([ 'groff', '-man', '-Tutf8', '-ww', "$root/doc/slipway.1" ], '<', \undef, '>', \$shown, '2>', \$warnings);
	is($warnings, '', 'groff has nothing to say of it');
	$shown =~ s/\e\[\d*m|.\x08//g;
	like($shown, qr/^ +--lock-wait TIME\n +how +long +to +wait +for +another +run [^-]*\(SLIPWAY_LOCK_WAIT\)/m, 'an option');
	like($shown, qr/^ +source <\(slipway completion bash\) +# in ~\/\.bashrc$/m, 'an example as it is');
	like($shown, qr/^ +--settle +after a crash, nobody but you knows whether a statement$/m, 'a list as it is');
}

# Completion

mkdir "$place{home}/$_" or die "could not create a folder: $!\n" for qw(migrations other other/deep);
put_files(\%place, { '0001_a.sql' => '', '0002_b.up.sql' => '', '0002_b.down.sql' => '', 'notes.txt' => '' });
write_folder({ '0009_z.sql' => '' }, "$place{home}/other");

sub find_shell
{
	my ($name) = @_;

	return (grep { -x } map { "$_/$name" } split /:/, $ENV{PATH})[0];
}

sub run_shell
{
	my ($shell, $program, @args) = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run([ $shell, @$program, @args ], '<', \undef, '>', \$out, '2>', \$err,
		init => sub { chdir $place{home} or die "could not go home: $!\n"; },
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	diag($err) if $err ne '';
	return join ' ', sort split /\n/, $out;
}

# Each asks what can stand for the last word of a line.
my %ask = (
	bash => sub {
		my ($shell, @words) = @_;
		my $program = <<'EOP';
source <(slipway completion bash)
# as readline does it
COMP_WORDS=(slipway)
for word in "$@"; do
    if [[ $word == --*=* ]]; then COMP_WORDS+=("${word%%=*}" = "${word#*=}"); else COMP_WORDS+=("$word"); fi
done
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { :; }
_slipway
printf '%s\n' "${COMPREPLY[@]}"
EOP
		return run_shell($shell, [ '--norc', '-c', $program, 'bash' ], @words);
	},
	zsh => sub {
		my ($shell, @words) = @_;
		my $program = <<'EOP';
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= PS2=; unsetopt zle_bracketed_paste; stty cols 1000 rows 500; autoload -Uz compinit; compinit -D -u"
zpty -w shell 'source <(slipway completion zsh)'
zpty -w shell "zstyle ':completion:*' list-grouped false; zstyle ':completion:*' insert-tab false; zstyle ':completion:*' verbose false"
# compadd tells what it was given, and fails, so that nothing else is tried
zpty -w shell 'compadd() {
    local -a hits
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
    builtin compadd -A hits "$@"
    print -rl -- "<"${^hits}">"
    builtin compadd "$@"
}'
zpty -w shell 'finish() { print "<""END>" }; zle -N finish; bindkey "^X" finish; bindkey "^I" complete-word; print "<""READY>"'
while zpty -r shell line; do [[ $line == *'<READY>'* ]] && break; done
zpty -w -n shell "slipway ${(j: :)@}"$'\t'$'\x18'
while zpty -r shell line; do
    [[ $line == *'<END>'* ]] && break
    line=${line//$'\r'/}
    [[ $line == *'<'*'>'* ]] && print -r -- ${${line##*'<'}%%'>'*}
done
EOP
		return join ' ', do { my %seen; grep { !$seen{$_}++ } split / /, run_shell($shell, [ '-f', '-c', $program, 'zsh' ], @words) };
	},
	fish => sub {
		my ($shell, @words) = @_;
		my $line = join ' ', 'slipway', @words;

		local $ENV{HOME} = $place{home};
		return run_shell($shell, [ '--no-config', '-c', "slipway completion fish | source; complete -C '$line' | string replace -r '\\t.*' ''" ]);
	});

my %folder_mark = (bash => '', zsh => '', fish => '/');
for my $name (sort keys %ask)
{
	my $shell = find_shell($name);

	SKIP:
	{
		skip "no $name", 1 unless defined $shell;
		my $complete = sub { return $ask{$name}->($shell, @_) };

		is($complete->('mig'), 'migrate', "$name: a command");
		is($complete->('w'), 'wait watch', 'two');
		is($complete->(''), join(' ', sort @names), 'all, with their aliases');
		is($complete->('migrate', '--lock-'), '--lock-timeout --lock-wait', 'options of a command');
		is($complete->('up', '--allow'), '--allow-out-of-order', 'of an alias');
		is($complete->('--db'), '--dbname', 'an option before the command');
		is($complete->('status', '--lim'), '', 'not those of another command');
		is($complete->('plan', '--order', ''), 'auto name number', 'values of an option');
		is($complete->('migrate', '--to', ''), '0001_a 0002_b', 'names of migrations');
		is($complete->('repair', '--mark-applied', ''), '0001_a 0002_b', 'of another option');
		is($complete->('baseline', ''), '0001_a 0002_b', 'as an argument');
		is($complete->('verify', '0002'), '0002_b', 'one that may be left out');
		is($complete->('new', '0'), '', 'a new one is not there yet');
		is($complete->('-d', 'mydb', 'migrate', '--to', '0002'), '0002_b', 'behind the value of another option');
		is($complete->('new', '--dir', 'oth'), "other$folder_mark{$name}", 'a folder');
		is($complete->('completion', ''), 'bash fish migrations zsh', 'values of an argument');
		is($complete->('help', 'comp'), 'completion', 'help of a command');
		is($complete->('secret', 'rota'), 'rotate', 'a command of a group');
		is($complete->('credential', 'ba'), 'batch', 'a group in a group');
		is($complete->('credential', 'batch', 're'), 'report resume', 'a command of that');
		is($complete->('credential', 'batch', 'run', '--max'), '--max-duration --max-failures', 'its options');
		is($complete->('credential', 'batch', 'list', '--miss'), '', 'not those of another one of that name');
		is($complete->('credential', 'list', '--miss'), '--missing', 'which has them');
		if ($name ne 'fish')
		{
			is($complete->('--dir', 'other', 'migrate', '--to', ''), '0009_z', 'names in another folder');
			is($complete->('migrate', '--dir=other', '--to', ''), '0009_z', 'written otherwise');
		}
		is($complete->('plan', '--order=n'), $name eq 'fish' ? '--order=name --order=number' : 'name number', 'a value behind =');
		is(system("slipway completion $name | $shell -n"), 0, 'and the script has no errors of syntax');
	}
}
like(run_client('completion', 'zsh'), qr/\A#compdef slipway\n/, 'the script for zsh can be put into a folder of fpath');
is(run_client('completion', 'migrations'), "0001_a\n0002_b\n", 'completion migrations');
client_is(\%place, [ 'completion', 'tcsh' ], {
		exit => 2,
		err => "slipway: error: invalid argument \"tcsh\" of command \"completion\"\nhint: It is one of bash|zsh|fish|migrations.\n" },
	'another shell', connect => 0);
done_testing();
