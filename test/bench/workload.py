"""What is measured: the workloads, as data."""
from dataclasses import dataclass
from typing import FrozenSet, Optional, Tuple

from schedule import ReferenceRuns

REFERENCE = "psql-perfile"

SCALING = (1, 10, 20, 50, 100)      # megabytes


@dataclass(frozen=True)
class Workload:
    """
    applied     parts of the corpus that a database has had from the tool itself
    pending     parts that it gets; without any there is nothing to do
    """
    name: str
    about: str                          # with {small}, {one_liners}, {pending}, {size}
    applied: Tuple[str, ...] = ()
    pending: Tuple[str, ...] = ()
    rounds: int = 5
    reference: str = REFERENCE
    reference_runs: ReferenceRuns = ReferenceRuns.FOR_TWO
    deployers: int = 1
    rtt_us: Optional[int] = None        # through the proxy
    watch_server: bool = False          # the memory of its backend
    left_out: FrozenSet[str] = frozenset()
    only: Optional[FrozenSet[str]] = None

    @property
    def parts(self):
        return self.applied + self.pending

    def takes(self, adapter):
        """Is the tool to be measured with it?"""
        if self.applied and adapter.history is None:
            return False
        if adapter.only_in is not None and self.name not in adapter.only_in:
            return False
        if adapter.stands_on is not None:
            return adapter.name == self.reference
        return adapter.name not in self.left_out and (self.only is None or adapter.name in self.only)


# What can be left out: with one pending file, or none, the two loops are the same.
SAME_WITH_ONE = frozenset({"libpq-oneshot"})
# The bare loop takes as long as everything else together, and so would psql -1.
LONG = frozenset({"libpq-perfile", "psql-single"})

NOTHING = {"about": "{small} applied, nothing to do", "applied": ("small",), "left_out": SAME_WITH_ONE}
ONE_NEW = {"about": "{small} applied, one new", "applied": ("small",), "pending": ("new",),
           "left_out": SAME_WITH_ONE}
SMALL = {"about": "{small} small migrations", "pending": ("small",)}
DEPLOYERS = {"applied": ("small",), "deployers": 8, "left_out": SAME_WITH_ONE}
DEPLOYERS_ABOUT = "{small} applied, {pending} pending, eight deployers at once"


def through(milliseconds):
    """The first three with a round trip that takes as long."""
    rtt = f"through-{milliseconds}ms"
    note = f", {milliseconds} ms per round trip"
    return [
        Workload(rtt, SMALL["about"] + note, pending=SMALL["pending"], rounds=3, rtt_us=milliseconds * 1000,
                 reference_runs=ReferenceRuns.ONCE, left_out=LONG),
        Workload("noop-" + rtt, **{**NOTHING, "about": NOTHING["about"] + note}, rtt_us=milliseconds * 1000),
        Workload("one-new-" + rtt, **{**ONE_NEW, "about": ONE_NEW["about"] + note}, rtt_us=milliseconds * 1000)]


def script(megabytes):
    # 20 MB stand for themselves; the other sizes show how it grows
    main = megabytes == 20
    return Workload(f"script-{megabytes}mb", "one script of {size}, 500 rows in each INSERT",
                    pending=(f"script-{megabytes}",), rounds=5 if main else 2, watch_server=True,
                    left_out=frozenset({"libpq-perfile"}),      # the same with one file
                    only=None if main else frozenset({REFERENCE, "slipway"}))


WORKLOADS = [
    Workload("small-1000", **SMALL, rounds=7),
    Workload("noop-1000", **NOTHING, rounds=15),
    Workload("one-new-on-1000", **ONE_NEW, rounds=7),
    Workload("eight-deployers", DEPLOYERS_ABOUT, pending=("pending",), **DEPLOYERS),
    Workload("eight-deployers-data", DEPLOYERS_ABOUT + ", data only", pending=("pending-data",), rounds=3, **DEPLOYERS),
    *through(20),
    *through(5),
    *[script(megabytes) for megabytes in SCALING],
    Workload("one-liners-10000", "{one_liners} migrations of one line", pending=("one-liners",), rounds=3,
             reference_runs=ReferenceRuns.EACH_ROUND, left_out=frozenset({"libpq-perfile"})),
    Workload("noop-10000", "{one_liners} one-liners applied, nothing to do", applied=("one-liners",), rounds=15,
             reference="psql-select-1", left_out=SAME_WITH_ONE),
]

HARD_CASES_NAME = "hard-cases"

OWN_WORKLOADS = [workload.name for workload in WORKLOADS
                 if "5ms" not in workload.name and not workload.name.endswith("-through-20ms")]
PEER_WORKLOADS = [workload.name for workload in WORKLOADS
                  if not workload.name.startswith("script-") or workload.name == "script-20mb"] + [HARD_CASES_NAME]

# A name that stands for several.
GROUPS = {"script-scaling": [f"script-{megabytes}mb" for megabytes in SCALING]}

OWN_TOOLS = ["psql-perfile", "slipway", "slipway-snapshot", "psql-single", "libpq-perfile", "libpq-oneshot"]

# What workloads start from.
BASES = {workload.applied for workload in WORKLOADS}


def choose_names(wanted, default):
    """The names of workloads, in the order of the lists above."""
    names = set()
    for name in wanted or default:
        names.update(GROUPS.get(name, [name]))
    known = [workload.name for workload in WORKLOADS] + [HARD_CASES_NAME]
    unknown = sorted(names.difference(known))
    if unknown:
        raise ValueError(f"no workload {unknown[0]}: there are {' '.join(known + list(GROUPS))}")
    return [name for name in known if name in names]


def find_workload(name):
    return next(workload for workload in WORKLOADS if workload.name == name)
