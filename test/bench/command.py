"""Runs the command of a tool, or several at once, and takes its costs."""
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass

from adapter import BUILD

TIMED_OUT = 124


@dataclass
class Cost:
    """Of one command, or of several: their sum, the largest memory, the first bad exit code."""
    wall: float         # seconds
    cpu: float
    memory: int         # kilobytes, of the largest process
    exit_code: int
    failures: int = 0   # how many did not exit with 0


def read_cost(path):
    with open(path, encoding="ascii") as file:
        wall, user, system, memory, code = file.read().split()
    code = int(code)
    return Cost(float(wall), float(user) + float(system), int(memory), code, int(code != 0))


@contextmanager
def held_signals():
    """Those that end the program come at the end of this. A process is started a moment before it is known, and would be left."""
    held = []
    handlers = {number: signal.signal(number, lambda number, _: held.append(number))
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in held:
            signal.raise_signal(number)


def run_at_once(command, count, folder, environment, log, timeout):
    """Starts the command count times at once and waits for all."""
    paths = [f"{log}.cost{n}" for n in range(count)]
    processes = []
    start = time.monotonic()
    try:
        with held_signals():
            for path in paths:
                processes.append(subprocess.Popen(
                    [os.path.join(BUILD, "timed"), "-t", str(timeout), "-C", folder, "-l", log, "-o", path, "--"] + command,
                    env=environment))
        for process in processes:
            process.wait()
    finally:
        for process in processes:
            if process.poll() is None:
                process.terminate()
                process.wait()
    wall = time.monotonic() - start
    costs = [read_cost(path) for path in paths]
    for path in paths:
        os.unlink(path)
    if count == 1:
        return costs[0]
    return Cost(wall, sum(cost.cpu for cost in costs), max(cost.memory for cost in costs),
                next((cost.exit_code for cost in costs if cost.exit_code), 0),
                sum(cost.failures for cost in costs))
