"""What a benchmark is told by its arguments and by the variables BENCH_*."""
import argparse
import os
import re
import sys
from dataclasses import dataclass
from typing import List, Optional

QUICK_SCALE = 0.05


def die(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


@dataclass(frozen=True)
class Settings:
    """All settings; None where a workload or a list has its own default."""
    data: str                   # of the server
    socket: str                 # its folder
    port: int                   # also of 127.0.0.1
    user: str                   # a superuser who needs no password
    work: str                   # for what goes away
    out: str                    # for what stays: report, raw figures, logs
    peers: bool                 # all tools and workloads
    tool_folders: List[str]
    tools: Optional[List[str]]
    workloads: Optional[List[str]]
    rounds: Optional[int]
    scale: float                # of the sizes; targets are judged at 1 only
    timeout: int                # seconds for one command
    slow: int                   # a tool that takes as many seconds runs once


def number(name, default, kind, least):
    text = os.environ.get(name, "")
    try:
        value = kind(text) if text else default
    except ValueError:
        die(f'invalid value "{text}" of {name}')
    if value is not None and not value >= least:
        die(f"{name} must be at least {least}")
    return value


def words(name):
    return os.environ.get(name, "").split() or None


def read_arguments(argv):
    parser = argparse.ArgumentParser(prog="main.py", description="Measures migration tools on a running server.")
    for name in ("data", "socket", "user", "work", "out"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--peers", action="store_true", help="all tools and workloads")
    return parser.parse_args(argv)


def read_settings(argv):
    arguments = read_arguments(argv)
    quick = os.environ.get("BENCH_QUICK", "") not in ("", "0")
    here = os.path.dirname(os.path.abspath(__file__))
    for tool in words("BENCH_TOOLS") or []:
        if not re.fullmatch("[a-z0-9-]+", tool):
            die(f'invalid name "{tool}" in BENCH_TOOLS')
    return Settings(
        data=arguments.data, socket=arguments.socket, port=arguments.port, user=arguments.user,
        work=arguments.work, out=arguments.out, peers=arguments.peers,
        tool_folders=[os.path.join(here, "tool")] + (words("BENCH_TOOL_FOLDER") or []),
        tools=words("BENCH_TOOLS"), workloads=words("BENCH_WORKLOADS"),
        rounds=number("BENCH_ROUNDS", 2 if quick else None, int, 1),
        scale=number("BENCH_SCALE", QUICK_SCALE if quick else 1.0, float, 0.001),
        timeout=number("BENCH_TIMEOUT", 600, int, 1),
        slow=number("BENCH_SLOW", 60, int, 0))
