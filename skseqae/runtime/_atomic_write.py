"""Atomic replacement of a file."""

import os
import secrets
import stat


def write_file(path, content):
    """Write a file atomically: even after an error, the file is either the old or the new one, and no other is left.

    Raises
    ------
    OSError
        If the content cannot be written. The previous file is kept.
    """
    path = os.path.realpath(os.path.expanduser(path))  # replaces the target of a link, not the link
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"{path} cannot be written: there is no folder {folder}.")
    before = os.stat(path) if os.path.exists(path) else None
    if before and not stat.S_ISREG(before.st_mode):
        raise FileExistsError(f"{path} exists and is not a regular file: it would be replaced.")
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
    """Make the new name survive a power failure, if the system supports that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
