"""What is written down of each run, as a line of JSON."""
import json
from dataclasses import asdict, dataclass
from typing import Optional


@dataclass
class Record:
    workload: str
    tool: str
    round: int                  # 0: only counted, not timed
    pair: str                   # runs of one pair are compared with each other
    problem: Optional[str] = None   # if it has not done what it should
    wall: float = 0                 # seconds
    client_cpu: float = 0
    server_cpu: float = 0
    others_cpu: float = 0
    client_kb: int = 0
    size: int = 0                   # bytes of the pending scripts
    wire: Optional[dict] = None     # WireCount
    server_private_kb: Optional[int] = None
    server_all_kb: Optional[int] = None

    @property
    def cpu(self):
        return self.client_cpu + self.server_cpu


class Recorder:
    """Keeps the records, and writes each at once."""

    def __init__(self, path):
        self.records = []
        self.file = open(path, "w", encoding="utf-8", buffering=1)

    def add(self, record):
        self.records.append(record)
        self.file.write(json.dumps(asdict(record)) + "\n")

    def close(self):
        self.file.close()
