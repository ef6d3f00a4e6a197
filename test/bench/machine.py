"""Where figures come from: they mean nothing without it."""
import os
import platform
import subprocess
from datetime import datetime, timezone


def read_field(path, name):
    """The first value of "name : value" in a file of /proc."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                key, _, value = line.partition(":")
                if key.strip() == name:
                    return value.strip()
    except OSError:
        pass
    return "unknown"


def file_system(folder):
    result = subprocess.run(["df", "--output=fstype", folder], stdout=subprocess.PIPE, text=True, check=False)
    return result.stdout.split("\n")[1:2][0] if result.returncode == 0 else "unknown"


def commit():
    """Of the tree; with -dirty if files have changed since."""
    here = os.path.dirname(os.path.abspath(__file__))
    command = ["git", "-C", here, "describe", "--always", "--dirty", "--exclude=*"]
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    except OSError:
        return "unknown"
    return result.stdout.strip() or "unknown"


def command_line(peers):
    """As it can be typed again."""
    words = [f'{name}="{value}"' for name, value in sorted(os.environ.items())
             if name.startswith("BENCH_") and name not in ("BENCH_OUT", "BENCH_PEERS")]
    return " ".join(["make", "bench-peers" if peers else "bench"] + words)


def describe(server, data, peers):
    """(what, value) of the command, the machine and the server."""
    memory = int(read_field("/proc/meminfo", "MemTotal").split()[0]) // 1000000
    settings = server.query("postgres", "SELECT name || ' = ' || setting FROM pg_settings"
                            " WHERE name IN ('fsync', 'shared_buffers', 'synchronous_commit') ORDER BY name")
    return [
        ("command", command_line(peers)),
        ("commit", commit()),
        ("date", datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("machine", f"{os.cpu_count()} x {read_field('/proc/cpuinfo', 'model name')}, {memory} GB,"
                    f" {platform.system()} {platform.release()}"),
        ("server", f"{server.version()}; {settings.replace(chr(10), ', ')}; data on {file_system(data)},"
                   f" WAL on {file_system(os.path.join(data, 'pg_wal', '.'))}"),
    ]
