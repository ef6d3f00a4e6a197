"""What a database must hold after migrations, and the comparison with what it holds."""
import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Dict


@dataclass
class Expectation:
    """What some migrations leave behind. Sums make that of all of them."""
    tables: int = 0
    columns: int = 0
    indexes: int = 0
    comments: int = 0
    bodies: Dict[str, str] = field(default_factory=dict)    # function: source
    rows: int = 0                                           # of t_1
    amount: Decimal = Decimal(0)                            # their sum
    log: int = 0            # migrations that write their number into bench_log once
    scripts: int = 0        # rows of a tool's history

    def __add__(self, other):
        return Expectation(
            self.tables + other.tables, self.columns + other.columns, self.indexes + other.indexes,
            self.comments + other.comments, {**self.bodies, **other.bodies},
            self.rows + other.rows, self.amount + other.amount, self.log + other.log,
            self.scripts + other.scripts)

    def digest(self):
        text = ",".join(self.bodies[name] for name in sorted(self.bodies))
        return hashlib.md5(text.encode()).hexdigest() if text else ""


# The objects of the workloads are named t_N and f_N; a tool's own are not.
CATALOG = r"""
WITH t AS (SELECT oid FROM pg_class WHERE relkind = 'r' AND relname ~ '^t_\d+$'
              AND relnamespace = 'public'::regnamespace)
SELECT (SELECT count(*) FROM t),
       (SELECT count(*) FROM t JOIN pg_attribute ON attrelid = t.oid WHERE attnum > 0),
       (SELECT count(*) FROM t JOIN pg_index ON indrelid = t.oid WHERE indisvalid),
       (SELECT count(*) FROM t JOIN pg_description d ON objoid = t.oid
         WHERE classoid = 'pg_class'::regclass AND objsubid = 0),
       count(*), coalesce(md5(string_agg(prosrc, ',' ORDER BY proname)), '')
  FROM pg_proc WHERE proname ~ '^f_\d+$' AND pronamespace = 'public'::regnamespace"""

ROWS = "SELECT count(*), coalesce(sum(amount), 0) FROM t_1"

LOG = """SELECT count(*) FILTER (WHERE n = 1), count(*) FILTER (WHERE n > 1)
  FROM (SELECT count(*) AS n FROM bench_log GROUP BY migration) AS times"""


def compare(pairs):
    """The first of (what, found, expected) that differ, in words; None if none does."""
    for what, found, expected in pairs:
        if str(found) != str(expected):
            return f"{what}: {found or 'nothing'} instead of {expected or 'nothing'}"
    return None


def find_problem(server, database, expected, history):
    """Compares a database with what is expected; history is a query or None."""
    found = server.query(database, CATALOG).split("|")
    problem = compare(zip(
        ("tables", "columns", "indexes", "comments", "functions", "digest of the functions"), found,
        (expected.tables, expected.columns, expected.indexes, expected.comments, len(expected.bodies),
         expected.digest())))
    if problem is None and expected.rows:
        found = server.query(database, ROWS).split("|")
        problem = compare(zip(("rows", "sum of the rows"), found, (expected.rows, expected.amount)))
    if problem is None and expected.log:
        found = server.query(database, LOG).split("|")
        problem = compare(zip(("migrations that ran once", "that ran more often"), found, (expected.log, 0)))
    if problem is None and history is not None:
        problem = compare([("rows of the history", server.query(database, history), expected.scripts)])
    return problem
