import glob

from adapter import Adapter, first_line, node_module
from migration import put


class Dbmate(Adapter):
    """npm: dbmate, which ships the Go binary."""
    name = "dbmate"
    history = "SELECT count(*) FROM schema_migrations"

    def binary(self):
        return (glob.glob(node_module("@dbmate/*/bin/dbmate")) + ["dbmate"])[0]

    def version(self):
        return first_line(self.binary(), "--version")

    def write(self, folder, migration):
        up = "-- migrate:up" + ("" if migration.transactional else " transaction:false")
        put(f"{folder}/m/{migration.name}", f"{migration.bom}{up}\n{migration.sql}\n-- migrate:down\n")

    def command(self, folder, database):
        return [self.binary(), "--no-dump-schema", "-d", "m", "migrate"]
