"""
Scripts that tools get wrong: quoting, placeholders, what cannot run in a
transaction, atomicity. Each case has a database of its own.
"""
import os
from dataclasses import dataclass
from typing import Sequence

from bed import RUN_DATABASE, say
from command import TIMED_OUT, run_at_once
from migration import MARK, put
from server import ServerError

TIMEOUT = 30


@dataclass(frozen=True)
class HardCase:
    """A case whose check, a query, must say t afterwards."""
    name: str
    scripts: Sequence[str]
    check: str
    must_fail: bool = False


HARD_CASES = [
    HardCase("nested-dollar", [
        "CREATE FUNCTION h() RETURNS text LANGUAGE plpgsql AS $fn$\nBEGIN\n"
        "  EXECUTE $$ SELECT ';'; $$;\n  RETURN $q$a;b$q$;\nEND;\n$fn$;\nCREATE TABLE z (i int);\n"],
        "SELECT h() = 'a;b' AND to_regclass('z') IS NOT NULL"),
    HardCase("colon-name", [
        "CREATE TABLE z (a text);\nINSERT INTO z VALUES (':name :x'), ('12:30'::text);\n"
        "CREATE FUNCTION h(x int) RETURNS text LANGUAGE plpgsql AS $$\nDECLARE v text:=':y';\n"
        "BEGIN RETURN v || ' :z ' || x::text; END $$;\n"],
        "SELECT h(1) = ':y :z 1' AND count(*) = 2 FROM z WHERE a IN (':name :x', '12:30')"),
    HardCase("percent", [
        "CREATE TABLE z (a text);\n"
        "INSERT INTO z VALUES ('100%'), ('%s'), ('%%'), ('%(x)s'), (format('%s%%', 5));\n"],
        "SELECT array_agg(a) = ARRAY['100%','%s','%%','%(x)s','5%'] FROM z"),
    HardCase("question-mark", [
        "CREATE TABLE z (a text, b boolean);\nINSERT INTO z VALUES ('?', '{\"k\":1}'::jsonb ? 'k'),"
        " ('??', '{\"k\":1}'::jsonb ?| array['q']);\n"],
        "SELECT string_agg(a || b, ',') = '?true,??false' FROM z"),
    HardCase("backslash", [
        "CREATE TABLE z (a text);\nINSERT INTO z VALUES ('\\d+\\n'), (E'a\\\\b''c'), ('C:\\');\n"],
        "SELECT array_agg(a) = ARRAY['\\d+\\n', E'a\\\\b''c', 'C:\\'] FROM z"),
    HardCase("begin-atomic", [
        "CREATE TABLE z (i int);\nCREATE FUNCTION h(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC\n"
        "  INSERT INTO z VALUES (x);\n  SELECT x + 1;\nEND;\nCREATE TABLE z2 (i int);\n"],
        "SELECT h(1) = 2 AND to_regclass('z2') IS NOT NULL"),
    HardCase("comments", [
        "-- it's; a comment\nCREATE TABLE z (i int /* nested /* ; it's */ */);\n"
        "/* ; ' */ INSERT INTO z VALUES (1); -- tail; 'x\nINSERT INTO z VALUES (2);\n"],
        "SELECT sum(i) = 3 FROM z"),
    HardCase("template-like", [
        "CREATE TABLE z (a text);\n"
        "INSERT INTO z VALUES ('${user}'), ('{{x}}'), (':DATABASE_NAME'), ('#{y}'), ('<% e %>');\n"],
        "SELECT array_agg(a) = ARRAY['${user}','{{x}}',':DATABASE_NAME','#{y}','<% e %>'] FROM z"),
    HardCase("no-final-semicolon", [
        "CREATE TABLE z (i int);\nINSERT INTO z VALUES (1) -- the end"],
        "SELECT count(*) = 1 FROM z"),
    HardCase("bom-crlf", [
        "\ufeffCREATE TABLE z (a text);\r\nINSERT INTO z VALUES ('x');\r\n"],
        "SELECT count(*) = 1 FROM z"),
    HardCase("unicode", [
        "CREATE TABLE \"zürich\" (\"naïve\" text);\nINSERT INTO \"zürich\" VALUES ('日本語 🐘');\n"],
        "SELECT \"naïve\" = '日本語 🐘' FROM \"zürich\""),
    HardCase("index-concurrently", [
        "CREATE TABLE z (i int);\n",
        MARK + "CREATE INDEX CONCURRENTLY z_i ON z (i);\n"],
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('z_i')"),
    HardCase("two-concurrently", [
        "CREATE TABLE z (i int);\n",
        MARK + "CREATE INDEX CONCURRENTLY z_i ON z (i);\nCREATE INDEX CONCURRENTLY z_j ON z (i);\n"],
        "SELECT count(*) = 2 AND bool_and(indisvalid) FROM pg_index"
        " WHERE indexrelid IN (to_regclass('z_i'), to_regclass('z_j'))"),
    HardCase("enum-add-use", [
        "CREATE TYPE e AS ENUM ('a'); CREATE TABLE z (v e);\n",
        "ALTER TYPE e ADD VALUE 'b';\n",
        "INSERT INTO z VALUES ('b');\n"],
        "SELECT count(*) = 1 FROM z"),
    HardCase("procedure-commit", [
        "CREATE TABLE z (i int);\nCREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN FOR k IN 1..3 LOOP\n"
        "INSERT INTO z VALUES (k); COMMIT; END LOOP; END $$;\n",
        MARK + "CALL p();\n"],
        "SELECT count(*) = 3 FROM z"),
    HardCase("copy-stdin", [
        "CREATE TABLE z (i int, t text);\nCOPY z (i, t) FROM stdin;\n1\tone\n2\ttwo;\n\\.\n"
        "INSERT INTO z VALUES (3, 'x');\n"],
        "SELECT count(*) = 3 FROM z"),
    HardCase("search-path-leak", [
        "SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.z (i int);\n",
        "CREATE TABLE public.z2 (i int);\n"],
        "SELECT to_regclass('public.z') IS NOT NULL AND to_regclass('public.z2') IS NOT NULL"),
    HardCase("fail-is-atomic", [
        "CREATE TABLE z (i int);\n",
        "CREATE TABLE y (i int);\nINSERT INTO y VALUES (1/0);\n"],
        "SELECT to_regclass('public.y') IS NULL", must_fail=True),
]

VERDICTS = {
    "ok": "done, and right",
    "refuses": "exit code other than 0",
    "hangs": f"not ready after {TIMEOUT} seconds",
    "WRONG": "exit code 0, and the result or the tool's history is not right",
    "BAD": "a script that failed left something behind, or was reported as done",
}


def write_case(case, folder):
    files = []
    for number, text in enumerate(case.scripts, 1):
        files.append(f"{folder}/{number:06d}_step_{number}.sql")
        put(files[-1], text)
    return files


def answer(server, query):
    """The first line, or "" for a query that fails: what it asks for is not there."""
    try:
        return server.query(RUN_DATABASE, query).partition("\n")[0]
    except ServerError:
        return ""


def judge(case, code, is_right, has_history):
    if case.must_fail:
        return "ok" if code != 0 and is_right else "BAD"
    if code == TIMED_OUT:
        return "hangs"
    if code != 0:
        return "refuses"
    return "ok" if is_right and has_history else "WRONG"


def try_case(bed, tool, case):
    adapter = bed.adapters[tool]
    work = os.path.join(bed.settings.work, "hard-case", tool, case.name)
    os.makedirs(work)
    files = write_case(case, os.path.join(work, "sql"))
    folder = os.path.join(work, "tool")
    os.makedirs(folder)
    adapter.prepare(folder, files)
    try:
        database = bed.empty_database(tool)
    except ServerError:
        return "refuses"
    cost = run_at_once(adapter.command(folder, database), 1, folder, database.environment(),
                       bed.log(case.name, tool), TIMEOUT)
    has_history = adapter.history is None or answer(bed.server, adapter.history) == str(len(files))
    return judge(case, cost.exit_code, answer(bed.server, case.check) == "t", has_history)


def try_hard_cases(bed):
    """The verdicts, by tool and case."""
    verdicts = {}
    for tool in bed.tools:
        if bed.adapters[tool].is_limit or bed.adapters[tool].only_in is not None:
            continue
        verdicts[tool] = {case.name: try_case(bed, tool, case) for case in HARD_CASES}
        right = list(verdicts[tool].values()).count("ok")
        say(f"hard cases: {tool}: {right} of {len(HARD_CASES)}")
    return verdicts
