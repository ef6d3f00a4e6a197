import os

from adapter import Adapter, node_module, npm_version
from migration import put

PROGRAM = """const { migrate } = require("postgres-migrations");
const { Client } = require("pg");
(async () => {
  const client = new Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  try {
    await migrate({ client }, "m");
  } finally {
    await client.end();
  }
})().catch((error) => { console.error(error.message); process.exitCode = 1; });
"""


class PostgresMigrations(Adapter):
    """npm: postgres-migrations and pg."""
    name = "postgres-migrations"
    history = "SELECT count(*) - 1 FROM migrations"     # it counts one of its own

    def version(self):
        return npm_version("postgres-migrations")

    def prepare(self, folder, files):
        super().prepare(folder, files)
        os.symlink(node_module(""), f"{folder}/node_modules")
        put(f"{folder}/run.cjs", PROGRAM)

    def write(self, folder, migration):
        mark = "" if migration.transactional else "-- postgres-migrations disable-transaction\n"
        put(f"{folder}/m/{migration.name}", migration.bom + mark + migration.sql)

    def command(self, folder, database):
        return ["node", "run.cjs"]
