"""Measures migration tools on a running server. See doc/performance.md."""
import os
import signal
import sys

from adapter import load_adapters
from bed import Bed, say
from hard_case import try_hard_cases
from machine import describe
from measurement import Measurement
from proxy import measure_delay
from record import Recorder
from report import Report
from server import Server
from setting import die, read_settings
from workload import HARD_CASES_NAME, OWN_TOOLS, OWN_WORKLOADS, PEER_WORKLOADS, choose_names, find_workload


def choose_tools(settings, adapters):
    """The names of those to measure, and all (name, version); those that are not installed are left out."""
    default = [name for name, adapter in adapters.items() if adapter.stands_on is None]
    wanted = settings.tools or (default if settings.peers else OWN_TOOLS)
    for name in wanted:
        if name not in adapters:
            die(f'no tool "{name}": there are {" ".join(sorted(adapters))}')
    versions = [(name, adapters[name].version()) for name in wanted]
    for name, version in versions:
        if version is None:
            say(f"not installed, left out: {name}")
    return [(name, version) for name, version in versions if version is not None]


def choose_workloads(settings):
    try:
        return choose_names(settings.workloads, PEER_WORKLOADS if settings.peers else OWN_WORKLOADS)
    except ValueError as error:
        die(str(error))


def run_workloads(bed, recorder, report, names):
    """All of them; the verdicts on the hard cases."""
    for name in names:
        if name == HARD_CASES_NAME:
            return try_hard_cases(bed)
        workload = find_workload(name)
        # With the tools of others the proxied workloads have to do for the counts.
        Measurement(bed, workload, recorder).run(bed.settings.rounds or workload.rounds, not bed.settings.peers)
        report.add(workload, [record for record in recorder.records if record.workload == name])
    return {}


def write_report(settings, report, verdicts):
    path = os.path.join(settings.out, "report.md")
    with open(path, "w", encoding="utf-8") as file:
        file.write(report.markdown(verdicts))
    print(report.text(verdicts))
    say(f"report: {path}")


def main():
    settings = read_settings(sys.argv[1:])
    adapters = load_adapters(settings.tool_folders)
    names = choose_workloads(settings)
    versions = choose_tools(settings, adapters)
    server = Server(settings)
    recorder = Recorder(os.path.join(settings.out, "runs.jsonl"))
    bed = Bed(settings, server, adapters, [name for name, _ in versions])
    delays = dict.fromkeys(find_workload(name).rtt_us for name in names if name != HARD_CASES_NAME)
    delays = {rtt_us: measure_delay(server.database("postgres"), rtt_us) for rtt_us in delays if rtt_us}
    report = Report(settings, describe(server, settings.data, settings.peers), versions, bed.corpus, delays)
    verdicts = run_workloads(bed, recorder, report, names)
    recorder.close()
    write_report(settings, report, verdicts)


if __name__ == "__main__":
    # As an exception, so that what was started is ended on the way out.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    main()
