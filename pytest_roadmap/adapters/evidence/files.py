"""Files that appear whole or not at all, below one folder, and reading that trusts nothing."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
FILE_MODE = 0o644


class EvidenceError(Exception):
    """Evidence could not be written or may not be written; the sentence says why."""


class UnreadableFileError(Exception):
    """A file is no plain file of bearable size; the sentence says what it is."""


@contextmanager
def temporary_copy(
    folder: Path, stem: str, content: bytes, *, durable: bool = True
) -> Iterator[Path]:
    """A hidden file with this content beside its target, removed at the end.

    ``durable`` waits until the content is on the disk.

    Raises:
        EvidenceError: the folder cannot be written, or the disk is full.
    """
    path = folder / f".{stem}.{os.getpid()}.{uuid4().hex[:8]}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        with open(handle, "wb") as stream:  # noqa: PTH123 (opened from a descriptor)
            stream.write(content)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        yield path
    except OSError as error:
        raise EvidenceError(f"cannot write {folder / stem}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def publish_new(temporary: Path, target: Path) -> bool:
    """Give the whole file its name unless the name is taken; whether it got it."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        return _publish_without_links(temporary, target)
    return True


def _publish_without_links(temporary: Path, target: Path) -> bool:
    """For file systems without hard links: claim the name, then rename over the claim."""
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE))
    except FileExistsError:
        return False
    temporary.replace(target)
    return True


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_plain_file(path: Path, limit: int) -> bytes:
    """The content of a regular file that is no symbolic link.

    Raises:
        UnreadableFileError: it is something else, too large, or cannot be read.
    """
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | os.O_NONBLOCK)
    except OSError as error:
        linked = error.errno == errno.ELOOP
        reason = "is a symbolic link" if linked else f"cannot be read: {error.strerror}"
        raise UnreadableFileError(f"{path.name} {reason}") from error
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise UnreadableFileError(f"{path.name} is not a regular file")
        if found.st_size > limit:
            raise UnreadableFileError(f"{path.name} is larger than {limit} bytes")
        with open(handle, "rb", closefd=False) as stream:
            return stream.read(limit)
    except OSError as error:
        raise UnreadableFileError(f"{path.name} cannot be read: {error.strerror}") from error
    finally:
        os.close(handle)
