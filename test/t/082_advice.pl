# The findings of a rehearsal: one rule after another, with what it says, and that it is
# silent where there is nothing to say.

use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use SlipwayServer;
use SlipwayTest;
use Test::More;

my $node = new_node('advice', conf => "fsync = off\nautovacuum = off");

$node->safe_psql(
	'postgres', q{
	CREATE SCHEMA "Odd; ""one""";
	CREATE TABLE t (id integer PRIMARY KEY, name text, n integer, u integer);
	INSERT INTO t SELECT i, 'name ' || i, i, i FROM generate_series(1, 50000) i;
	CREATE INDEX t_n ON t (n);
	CREATE TABLE ref (id integer PRIMARY KEY); INSERT INTO ref SELECT generate_series(1, 50000);
	CREATE UNLOGGED TABLE unlogged AS SELECT * FROM t;
	CREATE TABLE tiny (id integer NOT NULL); INSERT INTO tiny VALUES (1);
	CREATE TABLE "Odd; ""one"""."T" ("C; %s" integer); INSERT INTO "Odd; ""one"""."T" VALUES (1);
	CREATE TABLE part (id integer) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1) TO (10);
	CREATE TABLE part_2 AS SELECT 17 AS id;
	CREATE TABLE part_3 (id integer NOT NULL CHECK (id >= 30 AND id < 40));
	CREATE TABLE used AS SELECT i AS id, i AS n FROM generate_series(1, 10) i;
	CREATE MATERIALIZED VIEW mv AS SELECT * FROM unlogged;
	CREATE TABLE idle (id integer);
	CREATE TABLE parts (id integer NOT NULL, v integer, w integer) PARTITION BY RANGE (id);
	CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
	CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10) TO (100000);
	CREATE TABLE parts_d PARTITION OF parts DEFAULT;
	INSERT INTO parts SELECT i, i, i FROM generate_series(1, 50000) i;
	CREATE TABLE used_by (id integer PRIMARY KEY); INSERT INTO used_by VALUES (1);
	CREATE TABLE using_it (id integer REFERENCES used_by);
	CREATE SCHEMA nest; CREATE TABLE nest.egg AS SELECT 1 AS id;
	CREATE DOMAIN dom AS integer; CREATE TABLE of_dom (d dom); INSERT INTO of_dom VALUES (1);
	CREATE FUNCTION alters() RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER TABLE t ALTER u TYPE bigint; END';
	ALTER TABLE t ADD CONSTRAINT valid_later CHECK (n > 0) NOT VALID;
	CREATE TABLE words AS SELECT ('w' || i)::text AS w, ('v' || i)::varchar(10) AS v FROM generate_series(1, 50000) i;
	CREATE INDEX words_w ON words (w); ALTER TABLE words ADD CHECK (v <> '');
	CREATE TABLE sorts (id integer, w text) PARTITION BY RANGE (id); CREATE INDEX sorts_w ON sorts (w);
	CREATE TABLE sorts_1 PARTITION OF sorts DEFAULT; INSERT INTO sorts SELECT i, 'w' || i FROM generate_series(1, 50000) i;
	SET allow_in_place_tablespaces = on; CREATE TABLESPACE elsewhere LOCATION '';
	VACUUM ANALYZE; SELECT pg_stat_reset();});

# Some tables are in use; others were read, but not so often.
sql($node, join('', map { "SELECT count(*) FROM $_;" } ((qw(used used_by nest.egg parts) x 200), 'idle', 'using_it')));
wait_until($node, q{SELECT seq_scan >= 200 FROM pg_stat_user_tables WHERE relname = 'used'}, 'the statistics know');
wait_until($node, q{SELECT seq_scan >= 1 FROM pg_stat_user_tables WHERE relname = 'using_it'}, 'all of it');

# Codes of the findings, with the relation of each.
sub codes
{
	my ($answer) = @_;

	return join(' ', map { "$_->{code}($_->{relation})" } of_kind($answer, 'finding'));
}

my $slow = q{SELECT pg_sleep(0.3)};

# statements, findings
my @cases = (
	[ 'nothing at all', [ 'SELECT 1' ], '' ],
	[ 'not null', [ 'ALTER TABLE t ALTER name SET NOT NULL' ], 'set-not-null-scan(public.t)' ],
	[ 'not null, of a primary key', [ 'ALTER TABLE t ALTER id SET NOT NULL' ], '' ],
	[ 'not null, the safe way',
		[ 'ALTER TABLE t ADD CONSTRAINT nn CHECK (name IS NOT NULL) NOT VALID;COMMIT', 'ALTER TABLE t VALIDATE CONSTRAINT nn;COMMIT', 'ALTER TABLE t ALTER name SET NOT NULL', 'ALTER TABLE t DROP CONSTRAINT nn' ], '' ],
	[ 'validated at once', [ 'ALTER TABLE t ADD CONSTRAINT nn CHECK (name IS NOT NULL) NOT VALID', 'ALTER TABLE t VALIDATE CONSTRAINT nn' ], 'validate-in-same-transaction(public.t)' ],
	[ 'validated later', [ 'ALTER TABLE t VALIDATE CONSTRAINT valid_later' ], '' ],
	[ 'foreign key', [ 'ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES ref' ], 'add-foreign-key-scan(public.t)' ],
	[ 'foreign key, not valid', [ 'ALTER TABLE t ADD FOREIGN KEY (u) REFERENCES ref NOT VALID' ], '' ],
	[ 'check', [ 'ALTER TABLE t ADD CHECK (u > 0)' ], 'add-check-scan(public.t)' ],
	[ 'primary key', [ 'ALTER TABLE part_2 ADD PRIMARY KEY (id)' ], 'add-primary-key-index(public.part_2)' ],
	[ 'unique', [ 'ALTER TABLE t ADD CONSTRAINT tu UNIQUE (u)' ], 'add-unique-index(public.t)' ],
	[ 'unique, using an index', [ 'CREATE UNIQUE INDEX CONCURRENTLY tu ON t (u)', 'ALTER TABLE t ADD CONSTRAINT tu UNIQUE USING INDEX tu' ], '' ],
	[ 'index', [ 'CREATE INDEX ON t (u)' ], 'create-index-lock(public.t)' ],
	[ 'index, concurrently', [ 'CREATE INDEX CONCURRENTLY tu ON t (u)' ], '' ],
	[ 'drop an index', [ 'DROP INDEX t_n' ], 'drop-index-lock(public.t)' ],
	[ 'drop an index, concurrently', [ 'DROP INDEX CONCURRENTLY t_n' ], '' ],
	[ 'reindex', [ 'REINDEX INDEX t_n' ], 'reindex-lock(public.t)' ],
	[ 'reindex of a table', [ 'REINDEX TABLE t' ], 'reindex-lock(public.t)' ],
	[ 'column with a constant', [ "ALTER TABLE t ADD c text DEFAULT 'x' NOT NULL" ], '' ],
	[ 'column, volatile', [ 'ALTER TABLE t ADD c uuid DEFAULT gen_random_uuid()' ], 'add-column-rewrite(public.t)' ],
	[ 'column, generated', [ 'ALTER TABLE t ADD c integer GENERATED ALWAYS AS (u + 1) STORED' ], 'add-column-rewrite(public.t)' ],
	[ 'column with a check', [ 'ALTER TABLE t ADD c integer DEFAULT 1 CHECK (c > 0)' ], 'add-column-scan(public.t)' ],
	[ 'column, unique', [ 'ALTER TABLE t ADD c integer UNIQUE' ], 'add-column-index(public.t)' ],
	[ 'column, unique and with values', [ 'ALTER TABLE tiny ADD c serial PRIMARY KEY' ], 'add-column-rewrite(public.tiny)' ],
	[ 'exclusion', [ 'ALTER TABLE t ADD EXCLUDE USING btree (u WITH =)' ], 'add-exclusion-index(public.t)' ],
	[ 'type, another order of its index', [ 'ALTER TABLE words ALTER w TYPE text COLLATE "POSIX"' ], 'alter-type-reindex(public.words)' ],
	[ 'type, for which its index is as good', [ 'ALTER TABLE words ALTER w TYPE varchar' ], '' ],
	[ 'parts: type, another order of its index', [ 'ALTER TABLE sorts ALTER w TYPE text COLLATE "POSIX"' ], 'alter-type-reindex(public.sorts)' ],
	[ 'type, with a check', [ 'ALTER TABLE words ALTER v TYPE varchar(20)' ], 'alter-type-scan(public.words)' ],
	[ 'tablespace', [ 'ALTER TABLE t SET TABLESPACE elsewhere' ], 'set-tablespace-rewrite(public.t)' ],
	[ 'type', [ 'ALTER TABLE t ALTER u TYPE bigint' ], 'alter-type-rewrite(public.t)' ],
	[ 'type, wider text', [ 'ALTER TABLE t ALTER name TYPE varchar' ], '' ],
	[ 'logged', [ 'ALTER TABLE unlogged SET LOGGED' ], 'set-logged-rewrite(public.unlogged)' ],
	[ 'cluster', [ 'CLUSTER t USING t_n' ], 'cluster-rewrite(public.t)' ],
	[ 'vacuum full', [ 'VACUUM FULL t' ], 'vacuum-full(public.t)' ],
	[ 'vacuum', [ 'VACUUM t' ], '' ],
	[ 'refresh', [ 'REFRESH MATERIALIZED VIEW mv' ], 'refresh-lock(public.mv)' ],
	[ 'attach, with a scan', [ 'ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES FROM (10) TO (20)' ], 'attach-partition-scan(public.part_2)' ],
	[ 'attach, with a check', [ 'ALTER TABLE part ATTACH PARTITION part_3 FOR VALUES FROM (30) TO (40)' ], '' ],
	[ 'detach', [ 'ALTER TABLE part DETACH PARTITION part_1' ], 'detach-partition(public.part)' ],
	[ 'lock table', [ 'LOCK TABLE t IN SHARE MODE' ], 'lock-table(public.t)' ],
	[ 'lock table, weakly', [ 'LOCK TABLE t IN ROW EXCLUSIVE MODE' ], '' ],
	[ 'all rows', [ 'UPDATE t SET u = u + 1' ], 'many-rows(public.t)' ],
	[ 'all rows, deleted', [ 'DELETE FROM t' ], 'many-rows(public.t)' ],
	[ 'some rows', [ 'UPDATE t SET u = u + 1 WHERE id < 100' ], '' ],
	[ 'a lock while something is slow', [ 'ALTER TABLE t ADD c integer', $slow ], 'lock-held(public.t)' ],
	[ 'something slow before a lock', [ $slow, 'ALTER TABLE t ADD c integer' ], '' ],
	[ 'something slow in another unit', [ 'BEGIN; ALTER TABLE t ADD c integer; COMMIT; BEGIN', "$slow; COMMIT" ], '' ],
	[ 'drop a table in use', [ 'DROP TABLE used' ], 'drop-table-in-use(public.used)' ],
	[ 'drop one that is not', [ 'DROP TABLE idle' ], '' ],
	[ 'drop a column in use', [ 'ALTER TABLE used DROP n' ], 'drop-column-in-use(public.used)' ],
	[ 'rename a table in use', [ 'ALTER TABLE used RENAME TO unused' ], 'rename-table-in-use(public.used)' ],
	[ 'rename a column in use', [ 'ALTER TABLE used RENAME n TO m' ], 'rename-column-in-use(public.used)' ],
	[ 'rename one that is not', [ 'ALTER TABLE idle RENAME TO eldi' ], '' ],
	[ 'truncate', [ 'TRUNCATE used' ], 'truncate-in-use(public.used)' ],
	[ 'what the script made', [ 'CREATE TABLE own AS SELECT * FROM t', 'ALTER TABLE own ALTER u TYPE bigint', 'CREATE INDEX ON own (u)', 'ALTER TABLE own ALTER n SET NOT NULL', 'UPDATE own SET n = 0', 'DROP TABLE own' ], '' ],
	# partitions
	[ 'parts: type', [ 'ALTER TABLE parts ALTER v TYPE bigint' ], 'alter-type-rewrite(public.parts)' ],
	[ 'parts: column, volatile', [ 'ALTER TABLE parts ADD c double precision DEFAULT random()' ], 'add-column-rewrite(public.parts)' ],
	[ 'parts: not null', [ 'ALTER TABLE parts ALTER v SET NOT NULL' ], 'set-not-null-scan(public.parts)' ],
	[ 'parts: primary key', [ 'ALTER TABLE parts ADD PRIMARY KEY (id)' ], 'add-primary-key-index(public.parts)' ],
	[ 'parts: index', [ 'CREATE INDEX ON parts (v)' ], 'create-index-lock(public.parts)' ],
	[ 'parts: index, the safe way',
		[ 'CREATE INDEX CONCURRENTLY ON parts_1 (v)', 'CREATE INDEX CONCURRENTLY ON parts_2 (v)', 'CREATE INDEX CONCURRENTLY ON parts_d (v)', 'CREATE INDEX ON parts (v)' ], '' ],
	[ 'parts: primary key, the safe way',
		[ ( map { ("CREATE UNIQUE INDEX CONCURRENTLY u$_ ON parts_$_ (id)", "ALTER TABLE parts_$_ ADD PRIMARY KEY USING INDEX u$_") } qw(1 2 d) ), 'ALTER TABLE parts ADD PRIMARY KEY (id)' ], '' ],
	[ 'parts: foreign key', [ 'ALTER TABLE parts ADD FOREIGN KEY (v) REFERENCES ref' ], 'add-foreign-key-scan(public.parts)' ],
	[ 'parts: foreign key, the safe way',
		[ ( map { "ALTER TABLE parts_$_ ADD CONSTRAINT fk FOREIGN KEY (v) REFERENCES ref NOT VALID" } qw(1 2 d) ), "COMMIT",
			( map { "ALTER TABLE parts_$_ VALIDATE CONSTRAINT fk" } qw(1 2 d) ), 'ALTER TABLE parts ADD CONSTRAINT fk FOREIGN KEY (v) REFERENCES ref' ], '' ],
	[ 'parts: a new one', [ 'CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM (100000) TO (200000)' ], 'create-partition-scan(public.parts_d)' ],
	[ 'parts: a lock, once', [ 'LOCK TABLE parts', $slow ], 'lock-table(public.parts) lock-held(public.parts)' ],
	[ 'parts: drop', [ 'DROP TABLE parts' ], 'drop-table-in-use(public.parts)' ],
	[ 'parts: truncate', [ 'TRUNCATE parts' ], 'truncate-in-use(public.parts)' ],
	[ 'parts: rename', [ 'ALTER TABLE parts RENAME TO others' ], 'rename-table-in-use(public.parts)' ],
	# what is hidden in something else
	[ 'not null in a block', [ 'DO $$BEGIN ALTER TABLE t ALTER name SET NOT NULL; END$$' ], 'scan(public.t)' ],
	[ 'index in a block', [ 'DO $$BEGIN CREATE INDEX ON t (u); END$$' ], 'scan(public.t)' ],
	[ 'type in a function', [ 'SELECT alters()' ], 'rewrite(public.t)' ],
	[ 'type of partitions in a block', [ 'DO $$BEGIN ALTER TABLE parts ALTER v TYPE bigint; END$$' ], 'rewrite(public.parts)' ],
	[ 'reading in a block', [ 'DO $$BEGIN PERFORM count(*) FROM t; UPDATE t SET u = 0 WHERE id = 1; END$$' ], '' ],
	[ 'domain', [ 'ALTER DOMAIN dom ADD CHECK (VALUE > 0)' ], 'scan(public.of_dom)' ],
	[ 'a primary key that finds nulls first', [ 'CREATE UNIQUE INDEX CONCURRENTLY u ON part_2 (id)', 'ALTER TABLE part_2 ADD PRIMARY KEY USING INDEX u' ], 'scan(public.part_2)' ],
	[ 'index that is there', [ 'CREATE INDEX IF NOT EXISTS t_n ON t (n)' ], '' ],
	# what is dropped, and what is only locked for that
	[ 'drop what refers to one in use', [ 'DROP TABLE using_it' ], '' ],
	[ 'drop the schema of one in use', [ 'DROP SCHEMA nest CASCADE' ], 'drop-table-in-use(nest.egg)' ],
	[ 'drop one in use, in a block', [ 'DO $$BEGIN DROP TABLE used; END$$' ], 'drop-table-in-use(public.used)' ],
	[ 'odd names', [ 'ALTER TABLE "Odd; ""one"""."T" ALTER "C; %s" SET NOT NULL' ], 'set-not-null-scan("Odd; ""one""."T")' =~ s/""one""/""one"""/r ],
);

for my $case (@cases)
{
	my ($name, $statements, $codes) = @$case;
	my $answer = rehearse($node, add_one($node, @$statements), with => { lock_hold => 0, snapshot => 'off' });

	is($answer->{exit}, 0, "$name: rehearsed") or diag($answer->{err});
	is(codes($answer), $codes, "$name: findings");
	for my $finding (of_kind($answer, 'finding'))
	{
		ok($finding->{message} ne '' && $finding->{advice} ne '', "$name: it says what, and what to do");
		unlike($finding->{advice}, qr/%/, "$name: the advice is filled in") unless $name eq 'odd names';
	}
}

# What it says, and how bad it is.
my $answer = rehearse($node, add_one($node, 'ALTER TABLE "Odd; ""one"""."T" ALTER "C; %s" SET NOT NULL'));
my ($finding) = of_kind($answer, 'finding');
is($finding->{severity}, 'note', 'a tiny table: a note');
like($finding->{advice}, qr/ALTER TABLE "Odd; ""one"""\."T" ADD CONSTRAINT not_null CHECK \("C; %s" IS NOT NULL\) NOT VALID;/, 'names are quoted');
like($finding->{message}, qr/^reads all of "Odd; ""one"""\."T" \(8192 bytes, 1 rows\) under AccessExclusiveLock, in \d+ ms: nobody can read or write it meanwhile$/, 'facts');
($finding) = of_kind(rehearse($node, add_one($node, 'CREATE INDEX ON t (u)')), 'finding');
is($finding->{severity}, 'warning', 'a larger one: a warning');
is("$finding->{line} $finding->{rows} $finding->{migration}", '1 50000 0001_it', 'where, and how many rows');
like($finding->{message}, qr/^builds an index on public\.t \(\d+ kB, 50000 rows\) under ShareLock, in \d+ ms: nobody can write it meanwhile$/, 'facts of it');
($finding) = of_kind(rehearse($node, add_one($node, 'ALTER TABLE t ADD c integer DEFAULT 1 + random()', 'UPDATE t SET u = 0'), with => { lock_hold => 0 }), 'finding');
is($finding->{code}, 'add-column-rewrite', 'two findings: in the order of the script');
$answer = rehearse($node, add_one($node, 'ALTER TABLE t ADD c integer', 'UPDATE t SET u = 0'), with => { lock_hold => 0 });
is(join(' ', map { "$_->{code}:$_->{severity}" } grep { $_->{code} eq 'many-rows' } of_kind($answer, 'finding')), 'many-rows:danger', 'many rows under a strong lock: danger');
($finding) = of_kind(rehearse($node, add_one($node, 'DROP TABLE used')), 'finding');
cmp_ok($finding->{uses_per_second}, '>', 0.5, 'uses a second');
like($finding->{message}, qr/which is in use$/, 'said so');

# Partitions count together, and the lock is that of what is read.
($finding) = of_kind(rehearse($node, add_one($node, 'CREATE INDEX ON parts (v)')), 'finding');
is($finding->{severity}, 'warning', 'partitions: as bad as they are large');
is($finding->{size_bytes}, sql($node, q{SELECT sum(pg_relation_size(oid)) FROM pg_class WHERE relname ~ '^parts_'})->{out}, 'partitions: their size');
($finding) = of_kind(rehearse($node, add_one($node, 'ALTER TABLE part ATTACH PARTITION part_2 FOR VALUES FROM (10) TO (20)')), 'finding');
like($finding->{message}, qr/^reads all of public\.part_2 .* under AccessExclusiveLock, .*: nobody can read or write it meanwhile$/, 'attach: the lock of the partition');

my ($done) = of_kind($answer, 'done');
is($done->{danger}, scalar(grep { $_->{severity} eq 'danger' } of_kind($answer, 'finding')), 'they are counted');

# Where the server does not count, a rehearsal does.
sql($node, 'ALTER DATABASE postgres SET track_counts = off');
is(codes(rehearse($node, add_one($node, 'ALTER TABLE t ALTER name SET NOT NULL'))), 'set-not-null-scan(public.t)', 'without the statistics of the server');
sql($node, 'ALTER DATABASE postgres RESET track_counts');

done_testing();
