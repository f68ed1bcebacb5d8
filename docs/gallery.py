"""How examples are run for the documentation: as from a command line."""

import tempfile
from pathlib import Path


def arguments_of(gallery_conf, script_vars):
    """Return the command line of an example, whose own pictures go where nobody looks for them."""
    example = Path(script_vars["src_file"])
    takes_pictures = "--picture" in example.read_text(encoding="utf-8")
    return ["--picture", str(Path(tempfile.mkdtemp()) / example.stem)] if takes_pictures else []
