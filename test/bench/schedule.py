"""The order of the runs: drift of the machine must not favour a tool.

The reference runs between two tools and both are compared with it, so that what
is compared was measured within seconds. The tools rotate from round to round
and every second round goes backwards, so each stands before and after the
reference equally often. Where the reference takes longer than all others
together, it runs less often.
"""
from enum import Enum


class ReferenceRuns(Enum):
    FOR_TWO = "between two tools"
    EACH_ROUND = "in the middle of each round"
    ONCE = "in the middle of all"


def rotate(tools, number):
    shift = (number - 1) // 2 % len(tools) if tools else 0
    return tools[shift:] + tools[:shift]


def plan_round(tools, reference, number, rounds, how):
    """The runs of a round, counted from 1, as (tool, pair)."""
    others = rotate([tool for tool in tools if tool != reference], number)
    runs_now = reference in tools and (how != ReferenceRuns.ONCE or number == (rounds + 1) // 2)
    step = 2 if how == ReferenceRuns.FOR_TWO else max(1, len(others))
    runs = []
    for start in range(0, max(1, len(others)), step):
        group = others[start:start + step]
        if runs_now:
            group.insert((len(group) + 1) // 2, reference)
        pair = "all" if how == ReferenceRuns.ONCE else f"{number}.{start // step}"
        runs += [(tool, pair) for tool in group]
    return runs if number % 2 else runs[::-1]
