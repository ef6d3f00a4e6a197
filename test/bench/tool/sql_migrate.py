from adapter import Adapter, debian_version
from migration import put


class SqlMigrate(Adapter):
    """Debian: sql-migrate. Each file is one block, as its manual asks for bodies in dollar quotes."""
    name = "sql-migrate"
    history = "SELECT count(*) FROM gorp_migrations"

    def version(self):
        return debian_version("sql-migrate")

    def prepare(self, folder, files):
        super().prepare(folder, files)
        put(f"{folder}/dbconfig.yml",
            "development:\n  dialect: postgres\n  datasource: ${DATABASE_URL}\n  dir: m\n")

    def write(self, folder, migration):
        if migration.transactional:
            up = f"-- +migrate Up\n-- +migrate StatementBegin\n{migration.sql}\n-- +migrate StatementEnd\n"
        else:
            up = f"-- +migrate Up notransaction\n{migration.sql}"
        put(f"{folder}/m/{migration.name}", f"{migration.bom}{up}\n-- +migrate Down\n")

    def command(self, folder, database):
        return ["sql-migrate", "up"]
