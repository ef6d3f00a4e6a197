"""The peak memory of the backends that serve a database.

Linux keeps a peak (VmHWM) of all memory that a process has mapped; of a backend
that is mostly shared buffers. What it has for itself (RssAnon) has no peak, so
it is sampled.
"""
import threading

INTERVAL_SECONDS = 0.01


def read_kilobytes(pid, names):
    """Values of /proc/PID/status, [] for a process that is gone."""
    found = {}
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name in names:
                    found[name] = int(value.split()[0])
    except OSError:
        return []
    return [found.get(name, 0) for name in names]


def serves(pid, database):
    """Is it a backend of the database for a client of TCP? Its title says so."""
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            title = file.read().split()
    except OSError:
        return False
    return any(word == database and host.startswith("127.0.0.1(") for word, host in zip(title, title[1:]))


class BackendMemory:
    """A thread that watches; peaks in kilobytes are there after stop()."""

    def __init__(self, server, database):
        self.server = server
        self.database = database
        self.private = 0
        self.all = 0
        self.backends = set()
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.stopped.wait(INTERVAL_SECONDS):
            if not self.backends:
                self.backends = {pid for pid in self.server.backend_pids() if serves(pid, self.database)}
            for pid in list(self.backends):
                values = read_kilobytes(pid, ("RssAnon", "VmHWM"))
                if not values:
                    self.backends.discard(pid)
                    continue
                self.private = max(self.private, values[0])
                self.all = max(self.all, values[1])

    def stop(self):
        self.stopped.set()
        self.thread.join()
