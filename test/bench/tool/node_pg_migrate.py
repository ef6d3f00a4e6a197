import json
import os

from adapter import Adapter, node_module, npm_version
from migration import put


class NodePgMigrate(Adapter):
    """
    npm: node-pg-migrate and pg, a transaction for each migration. NODE_PG_MIGRATE_ARGS
    adds arguments, such as "--advisory-lock-mode wait": its default is to fail at once.
    """
    name = "node-pg-migrate"
    history = "SELECT count(*) FROM pgmigrations"

    def version(self):
        return npm_version("node-pg-migrate")

    def write(self, folder, migration):
        if migration.transactional:
            put(f"{folder}/m/{migration.name}",
                f"{migration.bom}-- Up Migration\n{migration.sql}\n-- Down Migration\n")
        else:
            calls = " ".join(f"pgm.sql({json.dumps(statement)});" for statement in migration.statements())
            put(f"{folder}/m/{migration.stem}.cjs",
                f"exports.up = (pgm) => {{ pgm.noTransaction(); {calls} }};\nexports.down = false;\n")

    def command(self, folder, database):
        return ["node", node_module("node-pg-migrate/bin/node-pg-migrate.js"), "up", "-m", "m",
                "--no-single-transaction", "--no-verbose"] + os.environ.get("NODE_PG_MIGRATE_ARGS", "").split()
