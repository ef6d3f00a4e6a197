import json
import os

from adapter import Adapter, node_module, npm_version
from migration import Migration, put

PROGRAM = """import pg from 'pg';
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
try {
  await migrate(drizzle(client), { migrationsFolder: 'm' });
} finally {
  await client.end();
}
"""


class Drizzle(Adapter):
    """npm: drizzle-orm and pg. All that is pending is one transaction; there is no lock."""
    name = "drizzle"
    history = "SELECT count(*) FROM drizzle.__drizzle_migrations"

    def version(self):
        return npm_version("drizzle-orm")

    def prepare(self, folder, files):
        entries = []
        for number, migration in enumerate(map(Migration, files)):
            put(f"{folder}/m/{migration.name}", migration.bom + migration.sql)
            entries.append({"idx": number, "version": "7", "when": 1700000000000 + number,
                            "tag": migration.stem, "breakpoints": True})
        put(f"{folder}/m/meta/_journal.json",
            json.dumps({"version": "7", "dialect": "postgresql", "entries": entries}))
        os.symlink(node_module(""), f"{folder}/node_modules")
        put(f"{folder}/run.mjs", PROGRAM)

    def command(self, folder, database):
        return ["node", "run.mjs"]
