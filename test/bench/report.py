"""The report: figures of all workloads, and the verdicts on the targets."""
import textwrap

from hard_case import HARD_CASES, VERDICTS
from summary import summarize_workload
from table import Table
from target import growth, judge, seconds_per_megabyte
from workload import GROUPS, find_workload


def show_ratio(ratio):
    """The median and the quartiles; ~ marks a ratio of sums."""
    if ratio is None:
        return "-"
    if ratio.lower is None:
        return f"~{ratio.median:.2f}"
    if ratio.least == ratio.most:
        return f"{ratio.median:.2f}"
    return f"{ratio.median:.2f} ({ratio.lower:.2f}-{ratio.upper:.2f})"


def show_extremes(ratio):
    if ratio is None or ratio.least == ratio.most:
        return "-"
    return f"{ratio.least:.2f}-{ratio.most:.2f}"


def wrap(text):
    return textwrap.fill(text, 80, subsequent_indent="   ", break_on_hyphens=False)


def show_others(summary):
    """Ticks of the clock are too coarse for a short run."""
    return f"{summary.others:.1f}" if summary.wall >= 1 else "-"


def megabytes(kilobytes):
    return "-" if kilobytes is None else f"{kilobytes / 1000:.0f}"


# Cores kept busy by others, from which on times are those of a fight for the CPU.
BUSY_CORES = 0.3


class Report:
    """
    settings, machine, versions     what stands at its beginning
    corpus                          for the sizes in the descriptions
    delays                          milliseconds that the proxy adds, by the microseconds asked for
    """

    def __init__(self, settings, machine, versions, corpus, delays):
        self.settings = settings
        self.machine = machine
        self.versions = versions
        self.corpus = corpus
        self.delays = delays
        self.results = {}           # summaries, by workload
        self.seconds = 0            # of all runs that are long enough to tell
        self.others_seconds = 0     # CPU time of others meanwhile

    def add(self, workload, records):
        self.results[workload.name] = summarize_workload(records, workload.reference)
        self.seconds += sum(record.wall for record in records if record.wall >= 1)
        self.others_seconds += sum(record.others_cpu for record in records if record.wall >= 1)

    # Descriptions

    def about(self, name):
        workload = find_workload(name)
        size = sum(self.corpus.part(part).size for part in workload.pending)
        return workload.about.format(small=f"{self.corpus.small:,}", one_liners=f"{self.corpus.one_liners:,}",
                                     pending=f"{self.corpus.pending:,}", size=f"{size / 1e6:.1f} MB")

    def heading(self):
        """(what, value) of what all figures depend on."""
        lines = list(self.machine)
        for rtt_us, delay in self.delays.items():
            lines.append(("proxy", f"adds {delay:.2f} ms to a round trip; {rtt_us / 1000:g} ms were asked for"))
        if self.others_seconds > BUSY_CORES * self.seconds:
            lines.append(("WARNING", f"others kept {self.others_seconds / self.seconds:.1f} cores busy:"
                          " the ratios of times say little, those of CPU more"))
        if self.settings.scale != 1:
            lines.append(("sizes", f"{self.settings.scale:g} of the full ones; the names of the workloads stay"))
        return lines

    # Tables

    def times(self, name):
        table = Table(":tool", "wall s", ":wall ratio", "CPU s", ":CPU ratio", "others", "runs")
        for summary in self.results[name]:
            if summary.wall is not None:
                table.add(summary.tool, f"{summary.wall:.3f}", show_ratio(summary.wall_ratio), f"{summary.cpu:.2f}",
                          show_ratio(summary.cpu_ratio), show_others(summary), summary.rounds)
        return table

    def costs(self, name):
        table = Table(":tool", "client MB", "round trips", "+ login", "queries", "connections", "KB sent")
        for summary in self.results[name]:
            if summary.wall is None:
                continue
            wire = summary.wire or {}
            counts = [wire.get(key, "-") for key in ("trips", "login_trips", "queries", "connections")]
            table.add(summary.tool, megabytes(summary.client_kb), *counts,
                      f"{wire['sent'] / 1000:.0f}" if wire else "-")
        return table

    def server_memory(self, name):
        table = Table(":tool", "server MB", "x size of script", "with shared buffers")
        for summary in self.results[name]:
            if summary.server_private_kb is not None:
                table.add(summary.tool, megabytes(summary.server_private_kb),
                          f"{summary.server_private_kb * 1000 / summary.size:.1f}", megabytes(summary.server_all_kb))
        return table

    def extremes(self, name):
        table = Table(":tool", "wall ratio, least-most", "CPU ratio, least-most")
        for summary in self.results[name]:
            if summary.wall is not None:
                table.add(summary.tool, show_extremes(summary.wall_ratio), show_extremes(summary.cpu_ratio))
        return table

    def tables(self, name, extremes=False):
        tables = [self.times(name), self.costs(name), self.server_memory(name)]
        if extremes:
            tables.append(self.extremes(name))
        return [table for table in tables if table.rows]

    def problems(self, name):
        return [f"{summary.tool}: WRONG: {summary.problem}" for summary in self.results[name] if summary.problem]

    def scaling(self):
        """Time per MB of the scripts; None unless there are several."""
        names = [name for name in GROUPS["script-scaling"] if name in self.results]
        if len(names) < 2:
            return None
        tools = [summary.tool for summary in self.results[names[0]] if summary.wall is not None]
        table = Table(":ms per MB", *[name[len("script-"):] for name in names], "growth")
        for tool in tools:
            found = [next((s for s in self.results[name] if s.tool == tool and s.wall is not None), None)
                     for name in names]
            ratio = growth(self.results, tool)
            table.add(tool, *["-" if s is None else f"{seconds_per_megabyte(s) * 1000:.0f}" for s in found],
                      "-" if ratio is None else f"{ratio:.2f}")
        return table

    def targets(self):
        table = Table(":workload", ":target", "limit", "slipway", ":")
        for verdict in judge(self.results):
            word = "PASS" if verdict.passed else "MISS"
            table.add(verdict.target.workload, verdict.target.measure, verdict.limit, verdict.measured,
                      word if self.settings.scale == 1 else "not judged")
        return table if table.rows else None

    @staticmethod
    def hard_cases(verdicts):
        table = Table(":case", *[":" + tool for tool in verdicts])
        for case in HARD_CASES:
            table.add(case.name, *[verdicts[tool][case.name] for tool in verdicts])
        return table

    @staticmethod
    def hard_cases_text(verdicts):
        """A paragraph for each tool: a table of all of them is too wide for a terminal."""
        lines = []
        for tool, found in verdicts.items():
            groups = [f"{list(found.values()).count('ok')} ok"]
            for verdict in list(VERDICTS)[1:]:
                names = [name for name in found if found[name] == verdict]
                if names:
                    groups.append(f"{verdict}: {' '.join(names)}")
            lines.append(wrap(f"{tool}: {'; '.join(groups)}"))
        return "\n".join(lines)

    # The whole

    def text(self, verdicts):
        parts = ["\n".join(wrap(f"{what}: {value}") for what, value in self.heading())]
        for name in self.results:
            lines = [wrap(f"== {name}: {self.about(name)}")]
            lines += [table.text() for table in self.tables(name)]
            parts.append("\n".join(lines + [wrap(line) for line in self.problems(name)]))
        parts += [wrap(f"== {title}") + f"\n{table.text()}" for title, table in self.overviews()]
        if verdicts:
            parts.append(f"== Hard cases\n{self.hard_cases_text(verdicts)}")
        return "\n\n".join(parts)

    def markdown(self, verdicts):
        head = Table(":", ":")
        for what, value in self.heading() + self.versions:
            head.add(what, value)
        parts = [head.markdown()]
        parts += [f"### {title}\n\n{table.markdown()}" for title, table in self.overviews()]
        if verdicts:
            meanings = "\n".join(f"- {word}: {meaning}" for word, meaning in VERDICTS.items())
            parts.append(f"### Hard cases\n\n{self.hard_cases(verdicts).markdown()}\n\n{meanings}")
        for name in self.results:
            parts.append(f"### {name}: {self.about(name)}")
            parts += [table.markdown() for table in self.tables(name, extremes=True)]
            parts += self.problems(name)
        return "\n\n".join(parts) + "\n"

    def overviews(self):
        """(title, table) of what is about several workloads."""
        tables = [("Targets", self.targets()), ("script-scaling: milliseconds per MB of script", self.scaling())]
        return [(title, table) for title, table in tables if table is not None]
