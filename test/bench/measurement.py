"""The runs of a workload."""
from dataclasses import asdict

from backend_memory import BackendMemory
from bed import describe_failure, say
from cpu import CpuMeter
from proxy import Proxy
from record import Record
from schedule import plan_round
from server import ServerError


class Measurement:
    """Of one workload; the records go to the recorder."""

    def __init__(self, bed, workload, recorder):
        self.bed = bed
        self.workload = workload
        self.recorder = recorder

    def tools(self):
        reference = self.workload.reference
        names = [reference] + [name for name in self.bed.tools if name != reference]
        return [name for name in names if self.workload.takes(self.bed.adapters[name])]

    def run(self, rounds, count_first):
        """With count_first each tool runs once more before, and goes on only if it was right."""
        tools = self.tools()
        if count_first and self.workload.rtt_us is None:
            tools = self.count_round_trips(tools)
        for number in range(1, rounds + 1):
            ended = set()
            for tool, pair in plan_round(tools, self.workload.reference, number, rounds, self.workload.reference_runs):
                record = self.measure(tool, number, pair, self.workload.rtt_us)
                if record.problem is not None or self.is_slow(record):
                    ended.add(tool)
            tools = [tool for tool in tools if tool not in ended]

    def is_slow(self, record):
        return record.tool != self.workload.reference and record.wall > self.bed.settings.slow

    def count_round_trips(self, tools):
        """Through the proxy without delay, which also warms up. Returns the tools that were right."""
        return [tool for tool in tools if self.measure(tool, 0, "0", 0).problem is None]

    def measure(self, tool, number, pair, rtt_us):
        """One run, checked and recorded. An rtt_us of None is without the proxy."""
        try:
            record = self.measure_on(self.bed.database_for(self.workload, tool), tool, number, pair, rtt_us)
        except ServerError as error:
            record = Record(self.workload.name, tool, number, pair, str(error))
        self.recorder.add(record)
        say(f"{self.workload.name} {number} {tool}: " +
            (f"{record.wall:.3f} s" if record.problem is None else f"WRONG: {record.problem}"))
        return record

    def measure_on(self, database, tool, number, pair, rtt_us):
        parts = self.workload.parts
        self.bed.prepare(tool, parts)
        self.bed.server.settle(database.name)
        record = Record(self.workload.name, tool, number, pair, size=self.bed.size(self.workload.pending))
        if rtt_us is None:
            failure = self.run_tool(record, database)
        else:
            with Proxy(database.port, rtt_us) as proxy:
                failure = self.run_tool(record, database.through(proxy.port))
            record.wire = asdict(proxy.count)
        problems = [failure, self.bed.find_problem(tool, parts, database.name)]
        record.problem = "; ".join(filter(None, problems)) or None
        if record.problem is None and not self.workload.applied:
            self.bed.keep(tool, parts)
        return record

    def run_tool(self, record, database):
        """Fills in what it has cost. Returns how it has failed, None if it has not."""
        workload = self.workload
        memory = BackendMemory(self.bed.server, database.name) if workload.watch_server else None
        meter = CpuMeter(self.bed.server)
        cost = self.bed.run(record.tool, workload.parts, database, self.bed.log(workload.name, record.tool),
                            workload.deployers)
        record.server_cpu, record.others_cpu = meter.stop(cost.cpu)
        if memory is not None:
            memory.stop()
            record.server_private_kb, record.server_all_kb = memory.private, memory.all
        record.wall, record.client_cpu, record.client_kb = cost.wall, cost.cpu, cost.memory
        return describe_failure(cost, workload.deployers)
