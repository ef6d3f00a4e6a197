"""CPU time of the server, and of everybody else on the machine."""
import os
import time

TICKS = os.sysconf("SC_CLK_TCK")

# A backend's time is known when its parent has noted its end.
REAP_SECONDS = 0.05


def ended_backends(server):
    """CPU seconds of those children of the server that have ended."""
    with open(f"/proc/{server.pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / TICKS


def machine():
    """CPU seconds of all processes."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    user, nice, system, _, _, irq, softirq, steal = fields[:8]
    return (user + nice + system + irq + softirq + steal) / TICKS


class CpuMeter:
    """From its making to stop()."""

    def __init__(self, server):
        self.server = server
        self.at_start = ended_backends(server), machine()

    def stop(self, client):
        """CPU seconds of the server and of others, given those of the client."""
        time.sleep(REAP_SECONDS)
        backends = ended_backends(self.server) - self.at_start[0]
        others = machine() - self.at_start[1] - backends - client
        return backends, max(0.0, others)
