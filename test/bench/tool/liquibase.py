import glob

from adapter import Adapter, first_line, node_module, npm_version
from migration import put


class Liquibase(Adapter):
    """npm: liquibase, which ships the jars; Debian: default-jre-headless. Formatted SQL."""
    name = "liquibase"
    history = "SELECT count(*) FROM databasechangelog"

    def version(self):
        version, java = npm_version("liquibase"), first_line("java", "-version")
        return f"{version}, {java}" if version and java else None

    def prepare(self, folder, files):
        super().prepare(folder, files)
        put(f"{folder}/changelog.yaml", "databaseChangeLog:\n  - includeAll:\n      path: m/\n")

    def write(self, folder, migration):
        options = "splitStatements:false" if migration.transactional else \
            "splitStatements:true runInTransaction:false"
        put(f"{folder}/m/{migration.name}",
            f"{migration.bom}--liquibase formatted sql\n"
            f"--changeset bench:{migration.number} {options} stripComments:false\n{migration.sql}\n")

    def command(self, folder, database):
        home = node_module("liquibase/dist/liquibase")
        jars = glob.glob(f"{home}/internal/lib/*.jar") + glob.glob(f"{home}/lib/*.jar")
        return ["java", "-Xmx2g", "-cp", ":".join(jars), "liquibase.integration.commandline.LiquibaseCommandLine",
                "--log-level=off", "--changelog-file=changelog.yaml",
                f"--url=jdbc:postgresql://{database.host}:{database.port}/{database.name}?sslmode=disable",
                f"--username={database.user}", "--password=x", "update"]
