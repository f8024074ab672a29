"""A change of one file: shown as a patch, and made whole or not at all."""

from __future__ import annotations

import difflib
import os
import tempfile
from pathlib import Path

_NO_END = "\n\\ No newline at end of file\n"


def unified_patch(before: bytes, after: bytes, name: str) -> str:
    """The change as a unified patch that ``git apply`` takes; nothing where nothing differs."""
    return "".join(
        line if line.endswith("\n") else line + _NO_END
        for line in difflib.unified_diff(
            _lines(before), _lines(after), f"a/{name}", f"b/{name}", lineterm="\n"
        )
    )


def _lines(content: bytes) -> list[str]:
    """Lines as git counts them: only a line feed ends one."""
    parts = content.decode("utf-8").split("\n")
    lines = [f"{part}\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def replace_file(path: Path, before: bytes, after: bytes) -> None:
    """Put ``after`` in the place of ``before``, keeping mode and links.

    Raises:
        OSError: the file cannot be written, or no longer holds ``before``.
    """
    target = path.resolve()
    if target.read_bytes() != before:
        raise OSError(f"{path} has been changed meanwhile")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(after)
        temporary.chmod(target.stat().st_mode & 0o7777)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
