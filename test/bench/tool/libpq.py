import os

from adapter import BUILD, Adapter


class Limit(Adapter):
    """src/limit.c in one of its modes."""
    history = "SELECT count(*) FROM bench_history"
    is_limit = True
    mode = ""

    def version(self):
        return "src/limit.c"

    def command(self, folder, database):
        return [os.path.join(BUILD, "limit"), self.mode, database.url, "m"]


class Perfile(Limit):
    name = "libpq-perfile"
    mode = "perfile"


class Oneshot(Limit):
    name = "libpq-oneshot"
    mode = "oneshot"


class Async(Limit):
    name = "libpq-async"
    mode = "async"
