"""The targets of target.tsv, and whether they were reached."""
import os
from dataclasses import dataclass

TOOL = "slipway"

# Sizes in MB of the scripts whose times per MB are compared.
GROWTH_FROM, GROWTH_TO = 10, 100


@dataclass(frozen=True)
class Target:
    workload: str
    measure: str
    limit: str          # a number, or the tool whose figure it is


@dataclass(frozen=True)
class Verdict:
    target: Target
    limit: str          # as measured, where it is another tool's figure
    measured: str
    passed: bool


def read_targets():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "target.tsv")
    with open(path, encoding="utf-8") as file:
        return [Target(*line.rstrip("\n").split("\t")) for line in file if not line.startswith("#")]


def find(results, workload, tool):
    return next((summary for summary in results.get(workload, []) if summary.tool == tool), None)


def seconds_per_megabyte(summary):
    return summary.wall / summary.size * 1e6


def growth(results, tool):
    small = find(results, f"script-{GROWTH_FROM}mb", tool)
    large = find(results, f"script-{GROWTH_TO}mb", tool)
    if small is None or large is None or small.wall is None or large.wall is None:
        return None
    return seconds_per_megabyte(large) / seconds_per_megabyte(small)


def measure(results, target, tool):
    """The figure, None if there is none."""
    if target.measure == "growth":
        return growth(results, tool)
    summary = find(results, target.workload, tool)
    if summary is None or summary.problem is not None:
        return None
    if target.measure == "wall":
        return summary.wall_ratio.median if summary.wall_ratio else None
    if target.measure == "round-trips":
        return summary.wire["trips"] if summary.wire else None
    return summary.client_kb / 1000 if summary.client_kb else None


def limit_of(target):
    """The number, None where it is the figure of a tool."""
    try:
        return float(target.limit)
    except ValueError:
        return None


def was_run(results, target):
    """Is all there that is needed for a verdict, be it right or wrong?"""
    if target.measure == "growth":
        return all(find(results, f"script-{megabytes}mb", TOOL) for megabytes in (GROWTH_FROM, GROWTH_TO))
    tools = [TOOL] if limit_of(target) is not None else [TOOL, target.limit]
    return all(find(results, target.workload, tool) for tool in tools)


def show(value):
    if value is None:
        return "wrong"
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.2f}"


def judge(results):
    """The verdicts on those targets whose workloads were run."""
    verdicts = []
    for target in read_targets():
        if not was_run(results, target):
            continue
        limit = limit_of(target)
        if limit is None:
            limit = measure(results, target, target.limit)
        measured = measure(results, target, TOOL)
        passed = measured is not None and limit is not None and measured <= limit
        verdicts.append(Verdict(target, show(limit), show(measured), passed))
    return verdicts
