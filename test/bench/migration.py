"""A file of a workload, for adapters that must bring it into another form."""
import os

# The first line of a file that cannot run in a transaction; each tool has its own way to say that.
MARK = "-- bench:notransaction\n"


class Migration:
    """
    name            of the file
    number          the six digits that it begins with
    bom             its byte order mark or "": to be put first in whatever is written
    sql             the text without mark and byte order mark
    transactional   without MARK
    """

    def __init__(self, path):
        self.path = path
        self.name = os.path.basename(path)
        self.number = self.name[:6]
        with open(path, newline="", encoding="utf-8") as file:
            text = file.read()
        self.bom = "\ufeff" if text.startswith("\ufeff") else ""
        text = text[len(self.bom):]
        self.transactional = not text.startswith(MARK)
        self.sql = text if self.transactional else text[len(MARK):]

    @property
    def stem(self):
        return self.name[:-len(".sql")]

    def statements(self):
        """A naive split, good enough for the files with MARK."""
        return [statement for statement in self.sql.split(";\n") if statement.strip()]


def put(path, text):
    """Writes a file, and the folders that lead to it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        file.write(text)
