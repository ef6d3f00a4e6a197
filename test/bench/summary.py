"""What the records of a workload say about a tool."""
from dataclasses import dataclass
from statistics import mean, median, quantiles
from typing import List, Optional

from record import Record

# CPU times of the server come in hundredths of a second. Below this a single run says little.
ENOUGH_CPU_SECONDS = 0.2


@dataclass(frozen=True)
class Ratio:
    """The ratios of pairs. Quartiles and extremes are None if it is one of sums."""
    median: float
    lower: Optional[float] = None
    upper: Optional[float] = None
    least: Optional[float] = None
    most: Optional[float] = None


def make_ratio(values):
    lower, _, upper = quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return Ratio(median(values), lower, upper, min(values), max(values))


@dataclass
class Summary:
    """Of one tool in one workload. Without timed runs the figures are None."""
    tool: str
    problem: Optional[str]
    rounds: int
    wall: Optional[float] = None            # medians, in seconds
    cpu: Optional[float] = None
    others: Optional[float] = None          # cores that others kept busy
    wall_ratio: Optional[Ratio] = None
    cpu_ratio: Optional[Ratio] = None
    client_kb: Optional[int] = None         # peaks
    server_private_kb: Optional[int] = None
    server_all_kb: Optional[int] = None
    size: int = 0
    wire: Optional[dict] = None


def pairs_of(runs, reference_runs):
    """(run, the reference's run of the same pair)."""
    by_pair = {run.pair: run for run in reference_runs}
    return [(run, by_pair[run.pair]) for run in runs if run.pair in by_pair]


def wall_ratio(pairs):
    return make_ratio([run.wall / reference.wall for run, reference in pairs]) if pairs else None


def cpu_ratio(pairs):
    used = [reference.cpu for _, reference in pairs]
    if not pairs or sum(used) == 0:
        return None
    if min(used) < ENOUGH_CPU_SECONDS:
        return Ratio(sum(run.cpu for run, _ in pairs) / sum(used))
    return make_ratio([run.cpu / reference.cpu for run, reference in pairs])


def peak(values):
    return max((value for value in values if value is not None), default=None)


def summarize(records: List[Record], tool, reference):
    mine = [record for record in records if record.tool == tool]
    timed = [record for record in mine if record.round > 0]
    right = [record for record in timed if record.problem is None]
    summary = Summary(tool, next((record.problem for record in mine if record.problem), None), len(timed))
    summary.wire = next((record.wire for record in reversed(mine) if record.wire), None)
    if summary.problem is not None or not right:
        return summary
    pairs = pairs_of(right, [record for record in records
                             if record.tool == reference and record.round > 0 and record.problem is None])
    summary.wall = median(run.wall for run in right)
    summary.cpu = median(run.cpu for run in right)
    summary.others = mean(run.others_cpu / run.wall for run in right)
    summary.wall_ratio = wall_ratio(pairs)
    summary.cpu_ratio = cpu_ratio(pairs)
    summary.client_kb = peak(run.client_kb for run in right)
    summary.server_private_kb = peak(run.server_private_kb for run in right)
    summary.server_all_kb = peak(run.server_all_kb for run in right)
    summary.size = right[0].size
    return summary


def summarize_workload(records, reference):
    """The summaries, the fastest first and those that were wrong last."""
    tools = dict.fromkeys(record.tool for record in records)
    summaries = [summarize(records, tool, reference) for tool in tools]
    return sorted(summaries, key=lambda summary: (summary.wall is None, summary.wall or 0))
