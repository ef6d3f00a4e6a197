import subprocess

from adapter import Adapter, first_line
from migration import put


class Slipway(Adapter):
    """slipway migrate; slipway init is not timed. No other tool looks at the schema when it has ended."""
    name = "slipway"
    snapshot = "off"
    history = "SELECT count(*) FROM slipway.schema_migrations"

    def version(self):
        return first_line("slipway", "--version")

    def write(self, folder, migration):
        text = migration.sql if migration.transactional else "-- slipway: no-transaction\n" + migration.sql
        put(f"{folder}/m/{migration.name}", migration.bom + text)

    def set_up(self, database):
        subprocess.run(["slipway", "-q", "-d", database.url, "init"], check=True)

    def command(self, folder, database):
        return ["slipway", "-d", database.url, "--dir", "m", "migrate", "--snapshot", self.snapshot]


class SlipwaySnapshot(Slipway):
    """As it is without an option: each run stores what it leaves."""
    name = "slipway-snapshot"
    snapshot = "on"
    only_in = frozenset({"small-1000", "one-new-on-1000"})
