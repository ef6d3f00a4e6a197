from adapter import Adapter, first_line
from migration import Migration, put

ENVIRONMENT = """import os
from alembic import context
from sqlalchemy import create_engine, pool
engine = create_engine(os.environ["DATABASE_URL"], poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""

REVISION = '''"""{name}"""
from alembic import op
revision = {number!r}
down_revision = {before!r}
branch_labels = None
depends_on = None


def upgrade():
{body}

def downgrade():
    pass
'''


class Alembic(Adapter):
    """Debian: alembic and python3-psycopg2, op.execute(), a transaction for each migration."""
    name = "alembic"
    history = "SELECT version_num::integer FROM alembic_version"

    def version(self):
        return first_line("alembic", "--version")

    def prepare(self, folder, files):
        before = None
        for migration in map(Migration, files):
            if migration.transactional:
                body = f"    op.execute({migration.sql!r})\n"
            else:
                body = "    with op.get_context().autocommit_block():\n" + "".join(
                    f"        op.execute({statement!r})\n" for statement in migration.statements())
            put(f"{folder}/alembic/versions/{migration.stem}.py",
                REVISION.format(name=migration.name, number=migration.number, before=before, body=body))
            before = migration.number
        put(f"{folder}/alembic.ini", "[alembic]\nscript_location = alembic\n")
        put(f"{folder}/alembic/env.py", ENVIRONMENT)

    def command(self, folder, database):
        return ["alembic", "upgrade", "head"]
