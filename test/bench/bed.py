"""What the tools are run on: a folder and a database for each, and what must be there afterwards."""
import os
import subprocess
import sys
from functools import reduce

from command import TIMED_OUT, run_at_once
from corpus import Corpus
from expectation import Expectation, find_problem
from server import ServerError
from workload import BASES

RUN_DATABASE = "bench_run"


def say(text):
    print(text, file=sys.stderr, flush=True)


def describe_failure(cost, deployers):
    """Why the commands have failed, None if they have not."""
    if cost.failures == 0:
        return None
    what = "timeout" if cost.exit_code == TIMED_OUT else f"exit code {cost.exit_code}"
    return what if deployers == 1 else f"{cost.failures} of {deployers} failed, {what}"


class Bed:
    """
    adapters    all that there are, by name
    tools       the names of those that are measured; a workload adds its reference
    """

    def __init__(self, settings, server, adapters, tools):
        self.settings = settings
        self.server = server
        self.adapters = adapters
        self.tools = tools
        self.corpus = Corpus(os.path.join(settings.work, "sql"), settings.scale)
        self.applied = {}       # (tool, parts): the name of a database
        self.unusable = {}      # (tool, parts): why there is none
        self.logs = os.path.join(settings.out, "log")
        os.makedirs(self.logs, exist_ok=True)

    def log(self, name, tool):
        """The file for what a tool prints."""
        return os.path.join(self.logs, f"{name}.{tool}")

    def prepare(self, tool, parts):
        """The folder of a tool with the files of some parts, made once."""
        folder = os.path.join(self.settings.work, "tool", tool, "+".join(parts))
        if not os.path.isdir(folder):
            os.makedirs(folder)
            files = [file for part in parts for file in self.corpus.part(part).files]
            self.adapters[tool].prepare(folder, files)
        return folder

    def expect(self, parts):
        return reduce(Expectation.__add__, (self.corpus.part(part).expected for part in parts))

    def size(self, parts):
        """Bytes."""
        return sum(self.corpus.part(part).size for part in parts)

    def find_problem(self, tool, parts, database):
        try:
            return find_problem(self.server, database, self.expect(parts), self.adapters[tool].history)
        except ServerError as error:
            return str(error).partition("\n")[0]

    def empty_database(self, tool):
        database = self.server.create(RUN_DATABASE)
        try:
            self.adapters[tool].set_up(database)
        except subprocess.CalledProcessError as error:
            raise ServerError(f"could not be set up: {error}") from error
        return database

    def keep(self, tool, parts):
        """The database of the last run, which was right, is where later workloads start."""
        if parts in BASES and (tool, parts) not in self.applied and self.adapters[tool].history is not None:
            name = f"applied_{len(self.applied)}"
            self.server.drop(name)
            self.server.rename(RUN_DATABASE, name)
            self.applied[tool, parts] = name

    def applied_database(self, tool, parts):
        """Its name; raises ServerError if the tool cannot bring one there. It has one try."""
        tool = self.adapters[tool].stands_on or tool
        if (tool, parts) in self.unusable:
            raise ServerError(self.unusable[tool, parts])
        if (tool, parts) not in self.applied:
            problem = self.apply_first(tool, parts)
            if problem is not None:
                self.unusable[tool, parts] = f"could not be set up: {problem}"
                raise ServerError(self.unusable[tool, parts])
            self.keep(tool, parts)
        return self.applied[tool, parts]

    def apply_first(self, tool, parts):
        """What a workload supposes to have been; the problem or None."""
        say(f"{tool}: applying {' and '.join(parts)} first")
        database = self.empty_database(tool)
        cost = self.run(tool, parts, database, self.log("apply", tool), 1)
        return describe_failure(cost, 1) or self.find_problem(tool, parts, database.name)

    def database_for(self, workload, tool):
        """As the workload wants to find it."""
        if not workload.applied:
            return self.empty_database(tool)
        name = self.applied_database(tool, workload.applied)
        if not workload.pending:
            return self.server.database(name)
        database = self.server.create(RUN_DATABASE, name)
        if self.expect(workload.pending).log:
            self.server.query(RUN_DATABASE, "CREATE TABLE bench_log"
                              " (migration integer, at timestamptz DEFAULT clock_timestamp())")
        return database

    def run(self, tool, parts, database, log, deployers):
        """Runs the tool on what is prepared, as often at once as there are deployers."""
        folder = self.prepare(tool, parts)
        return run_at_once(self.adapters[tool].command(folder, database), deployers, folder,
                           database.environment(), log, self.settings.timeout)
