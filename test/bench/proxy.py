"""The proxy that delays and counts."""
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass

from adapter import BUILD


@dataclass
class WireCount:
    """What went through; the fields of RelayCount in src/relay.h."""
    connections: int
    login_trips: int
    trips: int
    queries: int
    sent: int
    received: int


class Proxy:
    """In front of the server while a with statement lasts; then the counts are there."""

    def __init__(self, server_port, rtt_us):
        self.command = [os.path.join(BUILD, "delay_proxy"), str(server_port), str(rtt_us)]
        self.port = None
        self.count = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        output = self.process.communicate()[0]
        if self.process.returncode == 0:
            self.count = WireCount(*map(int, output.split()))


def measure_delay(database, rtt_us, queries=200):
    """
    Milliseconds that the proxy adds to a round trip: what so many more queries take
    in a session through the proxy, and without it.
    """
    with Proxy(database.port, rtt_us) as proxy:
        delayed = time_queries(database.through(proxy.port), queries)
    return (delayed - time_queries(database, queries)) / queries * 1000


def time_queries(database, count):
    """Seconds that one session needs for so many queries, one after the other."""
    return time_psql(database, count + 1) - time_psql(database, 1)


def time_psql(database, count):
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write("SELECT 1;\n" * count)
        file.flush()
        start = time.monotonic()
        subprocess.run(["psql", "-X", "-q", "-f", file.name], env=database.environment(), check=True,
                       stdout=subprocess.DEVNULL)
        return time.monotonic() - start
