from adapter import Adapter, first_line
from migration import Migration, put


class PsqlSingle(Adapter):
    """psql -1: all files in one transaction, with no history and no lock."""
    name = "psql-single"
    is_limit = True

    def version(self):
        return first_line("psql", "--version")

    def prepare(self, folder, files):
        put(f"{folder}/all.sql", "".join(Migration(file).sql for file in files))

    def command(self, folder, database):
        return ["psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-f", "all.sql"]
