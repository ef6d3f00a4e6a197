"""A table, for a terminal or as Markdown."""


class Table:
    """Rows of strings; columns whose header begins with ":" are aligned to the left."""

    def __init__(self, *headers):
        self.left = [header.startswith(":") for header in headers]
        self.headers = [header.lstrip(":") for header in headers]
        self.rows = []

    def add(self, *cells):
        self.rows.append([str(cell) for cell in cells])

    def text(self):
        widths = [max(len(row[n]) for row in [self.headers] + self.rows) for n in range(len(self.headers))]
        lines = []
        for row in [self.headers] + self.rows:
            cells = [cell.ljust(width) if left else cell.rjust(width)
                     for cell, width, left in zip(row, widths, self.left)]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)

    def markdown(self):
        lines = [self.headers, ["---" if left else "---:" for left in self.left]]
        lines += [[cell.replace("|", "\\|") for cell in row] for row in self.rows]
        return "\n".join("| " + " | ".join(line) + " |" for line in lines)
