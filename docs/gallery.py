"""How the examples are run for the documentation: as from a command line, with arguments that keep it short."""

import tempfile
from pathlib import Path

# the others are run on few data for few epochs, as the tests run them: in full they take minutes to hours
IN_FULL = {"plot_display.py", "plot_networks.py"}


def arguments_of(gallery_conf, script_vars):
    """Return the command line of an example, whose own pictures go where nobody looks for them."""
    example = Path(script_vars["src_file"])
    arguments = [] if example.name in IN_FULL else ["--fast"]
    if "--picture" in example.read_text(encoding="utf-8"):
        arguments += ["--picture", str(Path(tempfile.mkdtemp()) / example.stem)]
    return arguments
