import os

from adapter import Adapter, node_module, npm_version
from migration import put

PROGRAM = """import fs from 'node:fs';
import pg from 'pg';
import { Kysely, Migrator, PostgresDialect, sql } from 'kysely';
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
const db = new Kysely({ dialect: new PostgresDialect({ pool }) });
const provider = {
  async getMigrations() {
    const all = {};
    for (const file of fs.readdirSync('m').sort()) {
      const text = fs.readFileSync('m/' + file, 'utf8');
      all[file] = { up: (db) => sql.raw(text).execute(db) };
    }
    return all;
  },
};
const { error } = await new Migrator({ db, provider }).migrateToLatest();
await db.destroy();
if (error) { console.error(error.message); process.exitCode = 1; }
"""


class Kysely(Adapter):
    """npm: kysely and pg. All that is pending is one transaction."""
    name = "kysely"
    history = "SELECT count(*) FROM kysely_migration"

    def version(self):
        return npm_version("kysely")

    def prepare(self, folder, files):
        super().prepare(folder, files)
        os.symlink(node_module(""), f"{folder}/node_modules")
        put(f"{folder}/run.mjs", PROGRAM)

    def write(self, folder, migration):
        put(f"{folder}/m/{migration.name}", migration.bom + migration.sql)

    def command(self, folder, database):
        return ["node", "run.mjs"]
