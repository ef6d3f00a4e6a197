from adapter import Adapter, first_line


class PsqlSelect1(Adapter):
    """The least that a program which asks a server something takes."""
    name = "psql-select-1"
    history = "SELECT count(*) FROM bench_history"
    is_limit = True
    stands_on = "psql-perfile"

    def version(self):
        return first_line("psql", "--version")

    def prepare(self, folder, files):
        pass

    def command(self, folder, database):
        return ["psql", "-X", "-c", "select 1"]
