"""Writes the migrations of the workloads: the same bytes on every run.

A part is a list of files with what they leave behind. Parts:
  small         table, index, function and comment in each
  new           one more of them
  one-liners    CREATE, ALTER, CREATE INDEX, COMMENT; one statement in each
  pending       half data, half tables; each writes its number into bench_log
  pending-data  data only: nothing but the tool prevents that it runs twice
  script-N      one script of N MB: INSERTs of 500 rows, some functions
"""
import os
from dataclasses import dataclass
from decimal import Decimal
from typing import List

from expectation import Expectation

BODY = """
DECLARE
    total bigint := 0;
BEGIN
    -- it's counted; kept simple
    SELECT count(*) INTO total FROM t_{n} WHERE id <= below;
    IF total > {n} THEN
        RETURN format('t_{n}: %s; many', total);
    END IF;
    RETURN 'few''s';
END;
"""

FUNCTION = "CREATE FUNCTION f_{n}(below bigint) RETURNS text LANGUAGE plpgsql AS $${body}$$;\n"

SMALL = """CREATE TABLE t_{n} (
    id bigint PRIMARY KEY,
    name text NOT NULL,
    amount numeric(12,2) DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    note text
);
CREATE INDEX t_{n}_name_idx ON t_{n} (name);
{function}COMMENT ON TABLE t_{n} IS 'table {n}; it''s a test';
"""

ROWS_OF_INSERT = 500
INSERTS_OF_FUNCTION = 4


@dataclass
class Part:
    files: List[str]
    expected: Expectation
    size: int = 0           # in bytes


def function(n):
    return FUNCTION.format(n=n, body=BODY.format(n=n))


def small(numbers):
    """Yields the number and the text of small migrations."""
    for n in numbers:
        yield n, SMALL.format(n=n, function=function(n))


def expect_small(numbers):
    count = len(numbers)
    return Expectation(tables=count, columns=5 * count, indexes=2 * count, comments=count,
                       bodies={f"f_{n}": BODY.format(n=n) for n in numbers}, scripts=count)


def one_liner(n):
    """Groups of ten: CREATE TABLE, seven columns, an index, a comment."""
    table, step = divmod(n - 1, 10)
    if step == 0:
        return f"CREATE TABLE t_{table} (id bigint PRIMARY KEY, c0 text);\n"
    if step <= 7:
        return f"ALTER TABLE t_{table} ADD COLUMN c{step} integer DEFAULT {step};\n"
    if step == 8:
        return f"CREATE INDEX t_{table}_c1_idx ON t_{table} (c1);\n"
    return f"COMMENT ON TABLE t_{table} IS 'group {table}';\n"


def expect_one_liners(count):
    steps = [(n - 1) % 10 for n in range(1, count + 1)]
    tables = steps.count(0)
    return Expectation(
        tables=tables, columns=2 * tables + sum(1 <= step <= 7 for step in steps),
        indexes=tables + steps.count(8), comments=steps.count(9), scripts=count)


def pending(n, data_only):
    table = "" if data_only else f"CREATE TABLE t_{n} (id bigint PRIMARY KEY, v text);\n"
    return table + f"INSERT INTO bench_log (migration) VALUES ({n});\n"


def script(size):
    """Statements of about size bytes in all, and what they leave behind."""
    texts = ["CREATE TABLE t_1 (id bigint PRIMARY KEY, code text NOT NULL, label text,"
             " amount numeric(12,2), payload text);\n"]
    expected = Expectation(tables=1, columns=5, indexes=1, scripts=1)
    seed, written, inserts = 12345, len(texts[0]), 0
    while written < size:
        values = []
        for n in range(expected.rows + 1, expected.rows + ROWS_OF_INSERT + 1):
            seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
            amount = Decimal(seed % 100000 * 100 + seed % 100).scaleb(-2)
            values.append(f"({n},'C{n:08d}','label; {n % 97} it''s',{amount},"
                          f"'{seed:08x}{(seed * 7) & 0x7FFFFFFF:08x} lorem ipsum dolor sit amet {n % 1000}')")
            expected.amount += amount
        expected.rows += ROWS_OF_INSERT
        text = "INSERT INTO t_1 (id, code, label, amount, payload) VALUES\n" + ",\n".join(values) + ";\n"
        if inserts % INSERTS_OF_FUNCTION == 0:
            expected.bodies[f"f_{inserts}"] = BODY.format(n=inserts)
            text += function(inserts)
        inserts += 1
        written += len(text)
        texts.append(text)
    return "".join(texts), expected


class Corpus:
    """The parts, each written when it is first asked for."""

    def __init__(self, folder, scale):
        self.folder = folder
        self.scale = scale
        self.parts = {}
        self.small = self.scaled(1000)
        self.one_liners = self.scaled(10000)
        self.pending = self.scaled(200)

    def scaled(self, count):
        return max(1, round(count * self.scale))

    def script_bytes(self, megabytes):
        return max(1000, round(megabytes * 1000000 * self.scale))

    def part(self, name):
        if name not in self.parts:
            self.parts[name] = self.make(name)
        return self.parts[name]

    def make(self, name):
        first = self.small + 1
        numbers = range(1, first)
        if name == "small":
            return self.write(name, small(numbers), expect_small(numbers))
        if name == "new":
            return self.write(name, small([first]), expect_small([first]))
        if name == "one-liners":
            return self.write(name, ((n, one_liner(n)) for n in range(1, self.one_liners + 1)),
                              expect_one_liners(self.one_liners))
        if name.startswith("script-"):
            text, expected = script(self.script_bytes(int(name[len("script-"):])))
            return self.write(name, [(1, text)], expected)
        return self.make_pending(name, range(first, first + self.pending))

    def make_pending(self, name, numbers):
        data = set(numbers if name == "pending-data" else numbers[:len(numbers) // 2])
        tables = len(numbers) - len(data)
        return self.write(name, ((n, pending(n, n in data)) for n in numbers),
                          Expectation(tables=tables, columns=2 * tables, indexes=tables,
                                      log=len(numbers), scripts=len(numbers)))

    def write(self, name, scripts, expected):
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        files, size = [], 0
        for n, text in scripts:
            files.append(os.path.join(folder, f"{n:06d}_step_{n}.sql"))
            with open(files[-1], "w", encoding="utf-8", newline="") as file:
                size += file.write(text)
        return Part(files, expected, size)
