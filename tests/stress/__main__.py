"""The long measurements, run by `python -m tests.stress`; their tables are kept in `stress.md`.

What the tests try a few times is tried hundreds and thousands of times here, on estimators of all classes. Names of
sections run these alone, as in `python -m tests.stress faults threads`, and leave the others' tables as they are.
"""

import re
import sys
import time
from pathlib import Path

from tests.stress.faults import faults
from tests.stress.files import files
from tests.stress.memory import memory
from tests.stress.processes import processes
from tests.stress.scale import scale
from tests.stress.threads import threads

SECTIONS = {section.__name__: section for section in (files, faults, processes, threads, memory, scale)}
REPORT = Path(__file__).parent / "stress.md"
HEAD = """# The promises, measured

By `python -m tests.stress`; each row is one measurement over estimators of all classes.
"""
COLUMNS = "| measurement | tried | failed | seconds |\n|---|---|---|---|"


def measure(section):
    """Run a section, print and return its table."""
    lines, start = [COLUMNS], time.perf_counter()
    print(f"{section.__name__}: {section.__doc__}", flush=True)
    for measurement, n_tried, n_failed in section():
        lines.append(f"| {measurement} | {n_tried:,} | {n_failed} | {time.perf_counter() - start:.0f} |")
        print(lines[-1], flush=True)
        start = time.perf_counter()
    return "\n".join(lines)


def keep(name, table):
    """Put a table into the report, in the place of the one before."""
    report = REPORT.read_text(encoding="utf-8") if REPORT.exists() else ""
    tables = dict(re.findall(r"^## (\w+)\n\n((?:\|.*\n)+)", report, flags=re.MULTILINE)) | {name: f"{table}\n"}
    parts = [f"## {each}\n\n{tables[each]}" for each in SECTIONS if each in tables]
    REPORT.write_text("\n".join([HEAD, *parts]), encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:] or SECTIONS:
        keep(name, measure(SECTIONS[name]))
