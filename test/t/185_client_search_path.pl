# Who may create objects in a schema of the search_path of somebody who uses the client, as everybody may in schema
# public of older servers, runs nothing in that one's name: of the client's own questions no operator and no function
# is found there, however well it fits.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayClient;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('traps');
my $place = new_place($node, { '0001_a.sql' => "CREATE TABLE public.t (n integer);\n" });

sub run_sql
{
	my ($sql, %option) = @_;
	my $answer = sql($node, $sql, db => $place->{db}, %option);

	is($answer->{exit}, 0, 'the server does it') or diag($answer->{err});
	return $answer;
}

# What the owner of that schema wants: an operator that fits exactly is better than the server's own for which a value
# has to be converted, or which takes values of any type.
my @types = qw(smallint integer bigint numeric real float8 text name "char" boolean oid regclass regnamespace jsonb interval
  timestamptz timestamp date bytea integer[] bigint[] text[] name[] oid[]);
my $names = join ', ', map { "'$_'" } @types;

run_sql(<<"SQL");
CREATE SCHEMA trap;
DO \$do\$
DECLARE
    a pg_catalog.text;
    b pg_catalog.text;
    op pg_catalog.text;
    f pg_catalog.text;
BEGIN
    FOR a, b IN SELECT x, y FROM unnest(ARRAY[$names]) x, unnest(ARRAY[$names]) y LOOP
        EXECUTE format('CREATE FUNCTION trap.spring(%s, %s) RETURNS boolean LANGUAGE plpgsql AS '
                       '\$\$BEGIN RAISE EXCEPTION ''trap of %s and %s''; END\$\$', a, b, a, b);
        FOREACH op IN ARRAY '{=,<>,<,>,<=,>=,+,-,*,/,||,->,->>,~~,~,\@>}'::text[] LOOP
            CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_operator WHERE oprname = op AND oprnamespace = 'pg_catalog'::regnamespace
                                  AND oprleft = a::regtype AND oprright = b::regtype);
            EXECUTE format('CREATE OPERATOR trap.%s (leftarg = %s, rightarg = %s, function = trap.spring)', op, a, b);
        END LOOP;
    END LOOP;
    FOR a, f IN SELECT x, y FROM unnest(ARRAY[$names]) x,
                unnest('{count,min,max,sum,array_agg,lower,upper,length,unnest,cardinality,abs,round,floor,quote_ident}'::text[]) y LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = f AND pronamespace = 'pg_catalog'::regnamespace
                              AND proargtypes[0] = a::regtype AND pronargs = 1);
        EXECUTE format('CREATE FUNCTION trap.%I(%s) RETURNS integer LANGUAGE plpgsql AS '
                       '\$\$BEGIN RAISE EXCEPTION ''trap of %s''; END\$\$', f, a, f);
    END LOOP;
END
\$do\$;
ALTER DATABASE $place->{db} SET search_path = trap, public;
SQL
like(run_sql(q{SELECT 1}, db => $place->{db})->{out}, qr/1/, 'there is a session');
isnt(sql($node, q{SELECT 1.5::numeric * 1000}, db => $place->{db})->{exit}, 0, 'the traps are sprung by who does not mind');

# Nothing is said of a trap, and the exit code is the one that it is without them.
sub is_unharmed
{
	my ($args, $exit) = @_;
	my ($code, $out, $err) = client($place, $args);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($code, $exit // 0, "@$args: exit code") or diag($out, $err);
	unlike("$out$err", qr/trap of|does not exist|ambiguous/, "@$args: no trap");
	return;
}

is_unharmed($_) for [ 'init' ], [ 'init', '--schemas', 'public', '--owner', $node->safe_psql('postgres', 'SELECT current_user') ],
  [ 'init', '--schemas', 'public' ], ['status'], [ 'migrate', '--dry-run' ], ['migrate'], [ 'migrate', '--json' ], [ 'log', '--verbose' ], [ 'log', '--json' ],
  [ 'status', '--json' ], ['verify'], ['validate'], ['watch'], [ 'watch', '--json' ], [ 'metrics' ], ['diff'], ['pending-approval'];
put_files($place, { '0002_b.sql' => "CREATE TABLE public.u (n integer);\n", '0002_b.down.sql' => "DROP TABLE public.u;\n" });
is_unharmed($_) for ['plan'], [ 'rehearse', '--yes' ], [ 'migrate', '--detach' ], [ 'watch', '--json' ], [ 'rollback', '--steps', '1', '--yes' ],
  [ 'log', '--json' ], ['diff'];
is_unharmed(['cancel']);
is_unharmed([ 'check', '--json' ], $_) for (client($place, [ 'check', '--json' ]))[0];
like((client($place, [ 'check' ]))[1], qr/replication/, 'all of them were asked');
is_unharmed($_) for [ 'credential', 'list' ], [ 'credential', 'list', '--detailed' ], [ 'credential', 'batch', 'list' ], [ 'credential', 'schedule', 'list' ],
  [ 'credential', 'batch', 'report', '--period', 'daily' ];
# it may find fault with the server, and in the words of that
unlike(join('', client($place, [ 'credential', 'check' ])), qr/trap of/, 'credential check: no trap');

done_testing();
