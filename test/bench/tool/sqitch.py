from adapter import Adapter, first_line
from migration import Migration, put


class Sqitch(Adapter):
    """Debian: sqitch and libdbd-pg-perl. It starts psql for each change."""
    name = "sqitch"
    history = "SELECT count(*) FROM sqitch.changes"

    def version(self):
        return first_line("sqitch", "--version")

    def prepare(self, folder, files):
        plan = ["%syntax-version=1.0.0", "%project=bench", ""]
        for migration in map(Migration, files):
            change = "s" + migration.stem
            sql = f"BEGIN;\n{migration.sql}\n;\nCOMMIT;\n" if migration.transactional else migration.sql
            put(f"{folder}/deploy/{change}.sql", migration.bom + sql)
            plan.append(f"{change} 2024-01-01T00:00:00Z Bench <bench@example.org> # {change}")
        put(f"{folder}/sqitch.plan", "\n".join(plan) + "\n")
        put(f"{folder}/sqitch.conf",
            "[core]\n\tengine = pg\n[user]\n\tname = Bench\n\temail = bench@example.org\n")

    def command(self, folder, database):
        return ["sqitch", "deploy", f"db:pg://{database.user}@{database.host}:{database.port}/{database.name}"]
