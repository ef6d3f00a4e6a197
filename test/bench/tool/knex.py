import json
import os

from adapter import Adapter, node_module, npm_version
from migration import put

CONFIGURATION = """module.exports = {
  client: 'pg', connection: process.env.DATABASE_URL, pool: { min: 1, max: 2 }, migrations: { directory: './m' },
};
"""


class Knex(Adapter):
    """npm: knex and pg, migrations that call knex.raw()."""
    name = "knex"
    history = "SELECT count(*) FROM knex_migrations"

    def version(self):
        return npm_version("knex")

    def prepare(self, folder, files):
        super().prepare(folder, files)
        os.symlink(node_module(""), f"{folder}/node_modules")
        put(f"{folder}/knexfile.js", CONFIGURATION)

    def write(self, folder, migration):
        if migration.transactional:
            code = f"exports.up = (knex) => knex.raw({json.dumps(migration.sql)});\n"
        else:
            calls = " ".join(f"await knex.raw({json.dumps(statement)});" for statement in migration.statements())
            code = f"exports.up = async (knex) => {{ {calls} }};\nexports.config = {{ transaction: false }};\n"
        put(f"{folder}/m/{migration.stem}.js", code + "exports.down = () => {};\n")

    def command(self, folder, database):
        return ["node", node_module("knex/bin/cli.js"), "migrate:latest"]
