"""Print the syllabus as a table in Markdown: ``python -m i2dl.syllabus``."""

from i2dl.syllabus import as_table

if __name__ == "__main__":
    print(as_table(), end="")
