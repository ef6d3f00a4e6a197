"""The server that the benchmark runs on: its databases and its processes."""
import os
import subprocess
from dataclasses import dataclass

# What the driver itself runs is neither measured nor seen.
QUIET = {"PGOPTIONS": "-c client_min_messages=warning"}


class ServerError(Exception):
    """A statement of the driver failed."""


@dataclass(frozen=True)
class Database:
    """One, and the way to it over TCP."""
    name: str
    user: str
    port: int
    host: str = "127.0.0.1"

    @property
    def url(self):
        return f"postgresql://{self.user}@{self.host}:{self.port}/{self.name}?sslmode=disable"

    def through(self, port):
        return Database(self.name, self.user, port, self.host)

    def environment(self):
        """For a client: nothing but this database, and no TLS."""
        return {**os.environ, "PGHOST": self.host, "PGPORT": str(self.port), "PGUSER": self.user,
                "PGDATABASE": self.name, "PGSSLMODE": "disable", "DATABASE_URL": self.url}


class Server:
    """Talks to the server through its socket, so that proxies see only the tools."""

    def __init__(self, settings):
        self.settings = settings

    def database(self, name):
        return Database(name, self.settings.user, self.settings.port)

    def query(self, database, sql):
        """The rows, with | between columns. ON_ERROR_STOP makes errors ours."""
        settings = self.settings
        command = ["psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", settings.socket,
                   "-p", str(settings.port), "-U", settings.user, "-d", database, "-f", "-"]
        result = subprocess.run(command, input=sql, text=True, check=False, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, env={**os.environ, **QUIET})
        if result.returncode != 0:
            raise ServerError(result.stderr.strip())
        return result.stdout.rstrip("\n")

    def create(self, name, template="template0"):
        self.drop(name)
        self.query("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.database(name)

    def drop(self, name):
        self.query("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def rename(self, name, new_name):
        self.query("postgres", f"ALTER DATABASE {name} RENAME TO {new_name}")

    def settle(self, name):
        """Nothing of what went before is left to be written, and the first session has been."""
        self.query(name, "CHECKPOINT")

    def version(self):
        return self.query("postgres", "SELECT split_part(version(), ',', 1)")

    @property
    def pid(self):
        with open(os.path.join(self.settings.data, "postmaster.pid"), encoding="utf-8") as file:
            return int(file.readline())

    def backend_pids(self):
        """The processes of the server, of whatever kind."""
        pid = self.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
