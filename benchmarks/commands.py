"""What the commands of all benchmarks do alike: take names of parts, and write below a mark in a page."""

import argparse

FAST = ("--fast", {"action": "store_true", "help": "only show that all of it runs; writes nothing"})


def parse(command, description, part, known, *options):
    """Return the arguments of a command; `names` are those of the known parts to take, all by default."""
    parser = argparse.ArgumentParser(
        prog=command, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar=part, help=f"of {', '.join(known)}; all by default")
    for name, settings in options:
        parser.add_argument(name, **settings)
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(known)
    if unknown:
        parser.error(f"there is no {part} {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    arguments.names = arguments.names or list(known)
    return arguments


def write_below_mark(page, command, text):
    """Replace what a command wrote into a page before."""
    mark = f"<!-- what follows is written by `{command}` -->"
    before, _, _ = page.read_text().partition(mark)
    page.write_text(f"{before}{mark}\n\n{text}\n")
