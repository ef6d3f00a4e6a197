from adapter import Adapter, debian_version
from migration import put


class Yoyo(Adapter):
    """Debian: yoyo and python3-psycopg2. It splits files into statements itself."""
    name = "yoyo"
    history = "SELECT count(*) FROM _yoyo_migration"

    def version(self):
        return debian_version("yoyo")

    def write(self, folder, migration):
        text = migration.sql if migration.transactional else "-- transactional: false\n" + migration.sql
        put(f"{folder}/m/{migration.name}", migration.bom + text)

    def command(self, folder, database):
        url = f"postgresql://{database.user}@{database.host}:{database.port}/{database.name}"
        return ["yoyo", "apply", "--batch", "--no-config-file", "--database", url, "m"]
