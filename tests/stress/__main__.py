"""Stress tests, run by `python -m tests.stress [sections]`. The results are tables in `stress.md`.

They repeat hundreds or thousands of times what the tests do a few times, on estimators of all classes. With names of
sections, as in `python -m tests.stress faults threads`, only these run, and the tables of other sections are unchanged.
"""

import re
import sys
import time
from pathlib import Path

from tests.stress.batches import batches
from tests.stress.calls import calls
from tests.stress.faults import faults
from tests.stress.files import files
from tests.stress.memory import memory
from tests.stress.processes import processes
from tests.stress.scale import scale
from tests.stress.threads import threads

SECTIONS = {section.__name__: section for section in (files, faults, processes, threads, batches, calls, memory, scale)}
REPORT = Path(__file__).parent / "stress.md"
HEADER = """# Stress tests

Written by `python -m tests.stress`. Each row counts, over estimators of all classes, the trials and those that failed.
"""
COLUMNS = "| failure | trials | failed | seconds |\n|---|---|---|---|"


def measure(section):
    """Run a section; print and return its table."""
    lines, start = [COLUMNS], time.perf_counter()
    print(f"{section.__name__}: {section.__doc__}", flush=True)
    for failure, n_trials, n_failed in section():
        lines.append(f"| {failure} | {n_trials:,} | {n_failed} | {time.perf_counter() - start:.0f} |")
        print(lines[-1], flush=True)
        start = time.perf_counter()
    return "\n".join(lines)


def store(name, table):
    """Write a table to the report, where it replaces the previous table of the section."""
    report = REPORT.read_text(encoding="utf-8") if REPORT.exists() else ""
    tables = dict(re.findall(r"^## (\w+)\n\n((?:\|.*\n)+)", report, flags=re.MULTILINE)) | {name: f"{table}\n"}
    parts = [f"## {section}\n\n{tables[section]}" for section in SECTIONS if section in tables]
    REPORT.write_text("\n".join([HEADER, *parts]), encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:] or SECTIONS:
        store(name, measure(SECTIONS[name]))
