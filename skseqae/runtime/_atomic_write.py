"""Replace a file in one step."""

import os
import secrets
import stat


def write_file(path, content):
    """Replace a file in one step: whatever happens, there is the old one or the new one, and nothing beside it.

    Raises
    ------
    OSError
        If the bytes cannot be written there. What was there before stays.
    """
    path = os.path.realpath(path)  # what a link points to is replaced, not the link
    before = os.stat(path) if os.path.exists(path) else None
    if before and not stat.S_ISREG(before.st_mode):
        raise FileExistsError(f"{path} is there and no regular file: it would be replaced.")
    temporary = os.path.join(os.path.dirname(path), f".skseqae-{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if before:
            os.chmod(temporary, stat.S_IMODE(before.st_mode))
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    _sync_folder(os.path.dirname(path))


def _sync_folder(folder):
    """Let the new name outlast a loss of power, where the system can do that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
