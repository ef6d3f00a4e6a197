"""How the benchmark drives a migration tool. Each file of tool/ defines one subclass."""
import importlib.util
import inspect
import json
import os
import subprocess

from migration import MARK, Migration, put

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "src", "build")


def peers_folder():
    """Where the npm packages of the peers are."""
    return os.environ.get("BENCH_PEERS", "/nonexistent")


def node_module(path):
    return os.path.join(peers_folder(), "node_modules", path)


def npm_version(package):
    """Name and version, None if it is not installed."""
    try:
        with open(node_module(package + "/package.json"), encoding="utf-8") as file:
            return f"{package} {json.load(file)['version']}"
    except OSError:
        return None


def first_line(*command):
    """Of what a command prints; None if it does not run."""
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return result.stdout.strip().partition("\n")[0]


def debian_version(package):
    return first_line("dpkg-query", "-W", "-f", "${Package} ${Version}", package)


class Adapter:
    """
    name        as in BENCH_TOOLS
    history     a query that counts the tool's own records; None: it keeps none,
                and so can only be measured on an empty database
    is_limit    a bound to compare with, not a tool: not tried with the hard cases
    only_in     names of the workloads that it is measured with; None: all, and the
                hard cases
    stands_on   for what is no tool at all: the tool on whose databases it is run,
                where a workload names it as its reference
    """
    name = ""
    history = None
    is_limit = False
    only_in = None
    stands_on = None

    def version(self):
        """One line; None if the tool is not installed."""
        raise NotImplementedError

    def prepare(self, folder, files):
        """Lays the files out in a new folder as the tool wants them: here, copies in m/."""
        for file in files:
            self.write(folder, Migration(file))

    def write(self, folder, migration):
        """Lays one migration out, for adapters that keep prepare()."""
        text = migration.sql if migration.transactional else MARK + migration.sql
        put(f"{folder}/m/{migration.name}", migration.bom + text)

    def set_up(self, database):
        """Once for each new database; not timed."""

    def command(self, folder, database):
        """What applies everything that is pending; it is run in the folder."""
        raise NotImplementedError


def load_adapters(folders):
    """All adapters, by name; a folder's wins over those of the folders before it."""
    adapters = {}
    for folder in folders:
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".py"):
                continue
            spec = importlib.util.spec_from_file_location("tool_" + name[:-3], os.path.join(folder, name))
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            for _, kind in inspect.getmembers(module, inspect.isclass):
                if issubclass(kind, Adapter) and kind.__module__ == module.__name__ and kind.name:
                    adapters[kind.name] = kind()
    return adapters
