import hashlib

from adapter import Adapter, node_module, npm_version
from migration import Migration, put


class GraphileMigrate(Adapter):
    """npm: graphile-migrate, with committed migrations, each of which has the hash of the one before."""
    name = "graphile-migrate"
    history = "SELECT count(*) FROM graphile_migrate.migrations"

    def version(self):
        return npm_version("graphile-migrate")

    def prepare(self, folder, files):
        before = None
        for migration in map(Migration, files):
            mark = "" if migration.transactional else "--! no-transaction\n"
            body = (mark + migration.sql).strip() + "\n"
            text = f"{before or ''}\n{body.strip()}".strip() + "\n"
            digest = "sha1:" + hashlib.sha1(text.encode()).hexdigest()
            put(f"{folder}/migrations/committed/{migration.number}.sql",
                f"{migration.bom}--! Previous: {before or '-'}\n--! Hash: {digest}\n\n{body}")
            before = digest
        put(f"{folder}/.gmrc", "{}\n")
        put(f"{folder}/migrations/current.sql", "")

    def command(self, folder, database):
        root = f"ROOT_DATABASE_URL=postgresql://{database.user}@{database.host}:{database.port}/template1"
        return ["env", root, "node", node_module("graphile-migrate/dist/cli.js"), "migrate"]
