# The table of hostile scripts in test/adversary/: how its files are read, how each
# case is run, and what must hold afterwards whatever the script was.
#
# A file is a group of cases. A case begins with lines of its head, and the rest is
# the script:
#
#   -- case: what it is called
#   -- must: apply; or "refuse SQLSTATE": an error, and nothing has run; or "fail SQLSTATE":
#            it ran, and the history has the failure; or "end SQLSTATE": the session has ended
#   -- control                  it is no attack: it does in the allowed way what the others try
#   -- as: owner                a deployer without rights calls, in a project with an owner role (the default)
#   -- as: deployer             the same without an owner role: the script runs as the deployer
#   -- as: superuser            a superuser calls, in a project without an owner role
#   -- as: superuser of owner   a superuser calls, in a project with an owner role
#   -- with: {"mode": "all"}    options of the call
#   -- call: rollback           another procedure than migrate
#   -- setup: SQL               run before by a superuser; may stand several times, as the next three
#   -- session: SQL             run before in the session that calls
#   -- shows: SQL               is to return t afterwards, for a superuser
#   -- clean: SQL               run at the end by a superuser
#   -- again: apply             what the next call of the same comes to, in another session
#   -- may: ROLE                may have been called besides the role that the scripts run as
#   -- next                     in the script: the next migration begins here
#   -- down, -- verify          in the script: the other parts of a migration
#
# Scripts find themselves in schema adv, which belongs to adv_owner. mark() writes down
# as whom it was called.

package SlipwayAdversary;

use strict;
use warnings FATAL => 'all';

use Exporter 'import';
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

our @EXPORT = qw(read_cases new_arena run_cases);

my @KEYS = qw(must as with call setup session shows clean again may);
my %MANY = map { $_ => 1 } qw(setup session shows clean);
my %CALLER = (
	'owner' => [ 'adv_deployer', 'adv_owner' ],
	'deployer' => [ 'adv_deployer', '' ],
	'superuser' => [ undef, '' ],
	'superuser of owner' => [ undef, 'adv_owner' ]);

# Takes a line of the head; false where it is none.
sub read_head
{
	my ($case, $line, $where) = @_;

	return $case->{control} = 1 if $line =~ /\A-- control\z/;
	return 0 unless $line =~ /\A-- ([a-z]+): (.+)\z/ && grep { $_ eq $1 } @KEYS;
	die "$where: $1 stands there twice\n" if !$MANY{$1} && exists $case->{$1};
	$MANY{$1} ? push(@{ $case->{$1} }, $2) : ($case->{$1} = $2);
	return 1;
}

sub check_case
{
	my ($case, $where) = @_;

	die "$where: no must\n" unless ($case->{must} // '') =~ /\A(?:apply|(?:refuse|fail|end) \w{5})\z/;
	die "$where: as nobody\n" unless $CALLER{ $case->{as} //= 'owner' };
	return;
}

# The cases of a file, each a hash with what its head has, name, and migration: parts by
# name, up among them.
sub read_cases
{
	my ($file) = @_;
	my ($group) = $file =~ m{([^/]+)\.sql\z};
	my (@cases, $part, $in_head);

	open my $in, '<:raw', $file or die "could not open $file: $!\n";
	while (my $line = <$in>)
	{
		chomp $line;
		if ($line =~ /\A-- case: (.+)\z/)
		{
			push @cases, { name => "$group: $1", migration => [ { up => '' } ], where => "$file:$." };
			($part, $in_head) = ('up', 1);
			next;
		}
		next unless @cases;
		next if $in_head && read_head($cases[-1], $line, "$file:$.");
		$in_head = 0;
		if ($line =~ /\A-- next\z/)
		{
			push @{ $cases[-1]{migration} }, { up => '' };
			$part = 'up';
		}
		elsif ($line =~ /\A-- (down|verify)\z/) { $part = $1; }
		else { $cases[-1]{migration}[-1]{$part} .= "$line\n"; }
	}
	close $in;
	check_case($_, $_->{where}) for @cases;
	return @cases;
}

# What slipway is made of, in the catalogs: the rows without what statistics and VACUUM change.
my $FINGERPRINT = q{
	SELECT pg_catalog.md5(pg_catalog.string_agg(part, E'\n' ORDER BY part COLLATE "C")) FROM (
		SELECT 'class ' || (c.oid, relname, relnamespace, relowner, relpersistence, relkind, relhasindex, relhasrules, relhastriggers,
			relrowsecurity, relforcerowsecurity, relreplident, relispartition, relacl, reloptions, reltablespace)::text
		  FROM pg_catalog.pg_class c WHERE relnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'attribute ' || (attrelid, attname, attnum, atttypid, attnotnull, atthasdef, attidentity, attisdropped, attacl)::text
		  FROM pg_catalog.pg_attribute JOIN pg_catalog.pg_class c ON c.oid = attrelid WHERE relnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'trigger ' || (t.*)::text FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = tgrelid WHERE relnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'rule ' || (r.*)::text FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = ev_class WHERE relnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'policy ' || (p.*)::text FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = polrelid WHERE relnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'default ' || (d.*)::text FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_class c ON c.oid = adrelid WHERE relnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'index ' || (i.*)::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = indrelid WHERE relnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'heir ' || (i.*)::text FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid IN (inhrelid, inhparent) WHERE relnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'statistics ' || (s.stxname, s.stxrelid)::text FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_class c ON c.oid = stxrelid WHERE relnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'constraint ' || (c.*)::text FROM pg_catalog.pg_constraint c WHERE connamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'function ' || (p.*)::text FROM pg_catalog.pg_proc p WHERE pronamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'type ' || (t.*)::text FROM pg_catalog.pg_type t WHERE typnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'operator ' || oprname FROM pg_catalog.pg_operator WHERE oprnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'collation ' || collname FROM pg_catalog.pg_collation WHERE collnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'conversion ' || conname FROM pg_catalog.pg_conversion WHERE connamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'operators ' || opcname FROM pg_catalog.pg_opclass WHERE opcnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'family ' || opfname FROM pg_catalog.pg_opfamily WHERE opfnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'search ' || cfgname FROM pg_catalog.pg_ts_config WHERE cfgnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'dictionary ' || dictname FROM pg_catalog.pg_ts_dict WHERE dictnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'schema ' || (n.*)::text FROM pg_catalog.pg_namespace n WHERE nspname = 'slipway'
		UNION ALL SELECT 'extension ' || (e.*)::text FROM pg_catalog.pg_extension e WHERE extname = 'pg_slipway'
		UNION ALL SELECT 'privileges ' || (d.*)::text FROM pg_catalog.pg_default_acl d WHERE defaclnamespace IN (0, 'slipway'::regnamespace)
		UNION ALL SELECT 'comment ' || (d.*)::text FROM pg_catalog.pg_description d JOIN pg_catalog.pg_class c ON c.oid = d.objoid AND d.classoid = 'pg_class'::regclass WHERE relnamespace = 'slipway'::regnamespace
		UNION ALL SELECT 'part ' || (d.*)::text FROM pg_catalog.pg_depend d WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_catalog.pg_extension WHERE extname = 'pg_slipway')
		UNION ALL SELECT 'event trigger ' || evtname FROM pg_catalog.pg_event_trigger) f(part)};

# What a session is. What the server gives out anew with each transaction is no part of it, nor are settings of
# modules that are loaded on the way.
my $SESSION = q{
	SELECT 'session ' || pg_catalog.json_build_object('user', current_user, 'login', session_user,
		'set', (SELECT pg_catalog.string_agg(name || '=' || setting, ' ' ORDER BY name COLLATE "C") FROM pg_catalog.pg_settings WHERE source = 'session'),
		'settings', (SELECT pg_catalog.md5(pg_catalog.string_agg(name || '=' || setting, ' ' ORDER BY name COLLATE "C")) FROM pg_catalog.pg_settings
			WHERE name NOT IN ('transaction_isolation', 'transaction_read_only', 'transaction_deferrable') AND name NOT LIKE 'plpgsql.%' AND name NOT LIKE 'pg_trgm.%' AND setting <> ''),
		'own', nullif(pg_catalog.current_setting('adv.own', true), ''),
		'statements', (SELECT pg_catalog.string_agg(name, ' ' ORDER BY name COLLATE "C") FROM pg_catalog.pg_prepared_statements),
		'cursors', (SELECT pg_catalog.string_agg(name, ' ' ORDER BY name COLLATE "C") FROM pg_catalog.pg_cursors WHERE name <> ''),
		'channels', (SELECT pg_catalog.string_agg(c, ' ' ORDER BY c COLLATE "C") FROM pg_catalog.pg_listening_channels() c),
		'temporary', (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema()),
		'locks', (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', locktype, classid, objid, mode), ' ' ORDER BY locktype, classid, objid, mode)
			FROM pg_catalog.pg_locks WHERE pid = pg_catalog.pg_backend_pid() AND locktype IN ('advisory', 'object', 'relation') AND (locktype <> 'relation' OR database <> 0) AND relation IS DISTINCT FROM 'pg_locks'::regclass
			  AND (locktype <> 'relation' OR NOT EXISTS (SELECT FROM pg_catalog.pg_class k WHERE k.oid = relation AND k.relnamespace = 'pg_catalog'::regnamespace)
			  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indexrelid = relation AND x.indrelid < 16384))));};

# The server, with the roles and what all cases share.
sub new_arena
{
	my ($name, %option) = @_;
	my $node = new_node($name, %option);

	$node->safe_psql(
		'postgres', q{
		CREATE ROLE adv_owner NOLOGIN;
		CREATE ROLE adv_deployer LOGIN;
		CREATE ROLE adv_other LOGIN;
		CREATE TABLE public.marked ("user" name, note text);
		GRANT SELECT, INSERT ON public.marked TO PUBLIC;
		CREATE FUNCTION public.mark(note text DEFAULT NULL) RETURNS integer LANGUAGE plpgsql AS
			$$BEGIN INSERT INTO public.marked VALUES (current_user, note); RETURN 1; END$$;
		CREATE TABLE public.secret (value text);
		INSERT INTO public.secret VALUES ('secret');
		SELECT slipway.create_project('alive');
		SELECT slipway.grant_role('adv_deployer', 'deployer');});
	return $node;
}

sub lines
{
	my (@statements) = @_;

	return join('', map { "$_;\n" } @statements);
}

# Statements that make the place of a case.
sub prepare
{
	my ($case, $project) = @_;
	my $owner = $CALLER{ $case->{as} }[1];
	my @statements = (
		'SET client_min_messages = error',
		'DROP SCHEMA IF EXISTS adv CASCADE',
		'CREATE SCHEMA adv AUTHORIZATION adv_owner',
		'GRANT ALL ON SCHEMA adv TO adv_deployer',
		'TRUNCATE public.marked',
		sprintf('SELECT slipway.create_project(%s, %s, %s)', literal($project), literal('{adv,public}'), literal($owner)),
		@{ $case->{setup} // [] });
	my $n = 0;

	for my $migration (@{ $case->{migration} })
	{
		push @statements,
		  sprintf('SELECT slipway.add_migration(%s, %s, %s, %s, %s)', literal(sprintf '%04d', ++$n),
			(map { defined $migration->{$_} ? literal($migration->{$_}) : 'NULL' } qw(up down verify)), literal($project));
	}
	return lines(@statements);
}

# The call, between two looks at the session.
sub deploy
{
	my ($node, $case, $project, $procedure) = @_;
	my $call = sprintf 'CALL slipway.%s(%s, %s)', $procedure, literal($project), literal($case->{with} // '{}');

	return sql(
		$node,
		lines('SET slipway.report_progress = off', 'SET slipway.retries = 0', @{ $case->{session} // [] }) . "$SESSION\n" . lines($call) . "$SESSION\n",
		user => $CALLER{ $case->{as} }[0] // 'postgres',
		go_on => 1);
}

# What became of a call, in the words of "must".
sub verdict
{
	my ($answer, $failures) = @_;

	return 'apply' if $answer->{sqlstate} eq '';
	return "end $answer->{sqlstate}" if $answer->{exit} != 0;
	return ($failures > 0 ? 'fail' : 'refuse') . " $answer->{sqlstate}";
}

# The statements of the superuser who looks at what was left: first for himself, then with the schema of the
# scripts before everything else, so that what was planted there is found by what is not qualified.
sub look
{
	my ($case, $project, $round) = @_;
	my $p = literal($project);
	my $next = sprintf '%04d', $round;
	my $allowed = join ', ', map { literal($_) } $CALLER{ $case->{as} }[1] || ($CALLER{ $case->{as} }[0] // 'postgres'), $case->{may} // ();
	# Where the session has ended, the run ends with the next one.
	my $running = $case->{must} =~ /\Aend/ ? "AND number < (SELECT max(number) FROM slipway.run WHERE project = $p)" : '';

	return lines(
		'SET search_path = pg_catalog',
		'SET slipway.report_progress = off',
		$FINGERPRINT,
		"SELECT 'chain', v.* FROM slipway.project p, slipway.verify_history(p.name) v",
		"SELECT 'escaped', * FROM public.marked WHERE \"user\" NOT IN ($allowed)",
		"SELECT 'running', number FROM slipway.run WHERE project = $p AND outcome = 'running' $running",
		"SELECT 'twice', migration FROM slipway.history WHERE project = $p AND action = 'apply' AND outcome = 'succeeded' GROUP BY migration HAVING count(*) > 1",
		"SELECT 'large', length(h::text) FROM slipway.history h WHERE project = $p AND length(h::text) > 1100000",
		"SELECT slipway.add_migration('$next', 'SELECT 1', project => 'alive') IS NULL",
		"CALL slipway.migrate('alive')",
		'SET search_path = adv, public, pg_catalog',
		"SELECT pg_catalog.count(*) >= 0 FROM slipway.status WHERE project OPERATOR(pg_catalog.=) $p",
		"SELECT pg_catalog.count(*) >= 0 FROM slipway.log WHERE project OPERATOR(pg_catalog.=) $p",
		"SELECT pg_catalog.count(*) >= 0 FROM slipway.metric",
		"SELECT pg_catalog.count(*) FROM slipway.verify_history($p)",
		"SELECT pg_catalog.count(*) >= 0 FROM slipway.validate('alive')",
		"SELECT pg_catalog.count(*) >= 0 FROM slipway.plan('alive')",
		"SELECT pg_catalog.length(slipway.fingerprint($p)) > 0",
		"SELECT pg_catalog.count(*) >= 0 FROM slipway.snapshot($p)",
		"SELECT 'escaped', * FROM public.marked WHERE \"user\" OPERATOR(pg_catalog.=) 'postgres' AND NOT 'postgres' OPERATOR(pg_catalog.=) ANY (ARRAY[$allowed])");
}

# Runs groups of statements in one session of a superuser; what each has said, in order.
sub speak
{
	my ($node, @groups) = @_;
	my $border = '=== border';
	my $answer = sql(
		$node,
		join("RESET ALL;\n\\echo $border\n\\warn $border\n", @groups),
		go_on => 1, env => '-c client_min_messages=error');
	my @out = split /^\Q$border\E\n/m, $answer->{out} . "\n", -1;
	my @err = split /^\Q$border\E\n/m, $answer->{err}, -1;

	return map { $out[$_] . $err[$_] } 0 .. $#groups;
}

# One case, whose place is prepared. Prepares that of the next one.
sub run_case
{
	my ($node, $case, $round, $expected, $following) = @_;
	my $project = "case $round";
	my $name = $case->{name};
	my $call = $case->{call} // 'migrate';
	my $failures = sprintf q{SELECT count(*) FROM slipway.history WHERE project = %s AND outcome <> 'succeeded'}, literal($project);

	if ($call eq 'rollback')
	{
		is(deploy($node, { %$case, with => '{}', session => [] }, $project, 'migrate')->{sqlstate}, '', "$name: is applied, to be rolled back");
	}
	my $answer = deploy($node, $case, $project, $call);
	my $again = defined $case->{again} ? deploy($node, { %$case, session => [] }, $project, $call) : undef;
	my @looks = $answer->{out} =~ /^session (.*)$/mg;
	my ($failed, $shown, $left, $cleaned, $prepared) = speak(
		$node,
		lines($failures),
		lines('SET search_path = adv, public', @{ $case->{shows} // [] }),
		look($case, $project, $round),
		lines(@{ $case->{clean} // [] }),
		$following ? prepare($following, 'case ' . ($round + 1)) : '');

	is(verdict($answer, $failed), $case->{must}, "$name: $case->{must}") or diag($answer->{out}, $answer->{err});
	is($looks[1], $looks[0], "$name: the session is as before") unless $case->{must} =~ /\Aend/;
	is(verdict($again, 1), $case->{again}, "$name: and again: $case->{again}") if $again;
	is($shown, "t\n" x @{ $case->{shows} }, "$name: what it has done is there") if $case->{shows};
	is($left, $expected, "$name: nothing else has changed");
	unlike($cleaned . $prepared, qr/ERROR/, "$name: is cleaned away");
	return;
}

# All cases, one behind another; each group has to have a control.
sub run_cases
{
	my ($node, @cases) = @_;
	my $nothing = { name => 'nothing', as => 'owner', must => 'apply', migration => [] };
	my (undef, $expected) = speak($node, prepare($nothing, 'case 0'), look($nothing, 'case 0', 0), prepare($cases[0], 'case 1'));
	my %controls;

	like($expected, qr/\A\w{32}\nf\nt\nt\nt\n0\nt\nt\nt\nt\n\z/, 'the fingerprint is taken, and everything answers') or diag($expected);
	run_case($node, $cases[$_], $_ + 1, $expected, $cases[ $_ + 1 ]) for 0 .. $#cases;
	for my $case (@cases)
	{
		my ($group) = $case->{name} =~ /\A([^:]+)/;
		$controls{$group} += $case->{control} // 0;
	}
	# With a choice of cases they may be left out.
	return if $ENV{ADVERSARY};
	cmp_ok($controls{$_}, '>', 0, "group $_ has a control") for sort keys %controls;
	return;
}

1;
