"""Names that something has until it is whole: how they are made, swept after a crash, and swapped.

A temporary name is ``.tmp-PID-PLACE+BEGAN+RANDOM-NAME``, beside NAME, and tells who writes under it: the
process by its id, a hash of its machine and its space of ids (a container has its own), and one of when it
began, for ids are given again. What a dead process left is removed by the next one that writes the same name.
Of another place nobody can tell whether its processes live: what is from there goes when it is a day old.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import hashlib
import os
import re
import shutil
import socket
import time
import uuid
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"\.(tmp|old)-(\d+)-(\w+)-(.+)", re.DOTALL)
_HERE: Final = 16  # letters of the third part: 4 of the place, 4 of the beginning, 8 drawn
_ELSEWHERE: Final = 86_400.0  # seconds after which nobody is taken to write under a name of another place
_ENDED: Final = (
    "Z",
    "X",
)  # states of proc(5): dead, and nobody has asked how, as under some containers' init
_AT_FDCWD: Final = -100
_EXCHANGE: Final = 2  # RENAME_EXCHANGE of renameat2(2), Linux 3.15
_NO_EXCHANGE: Final = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM}


def temporary_name(final: Path, kind: str = "tmp") -> Path:
    """A new hidden name beside `final`, which ends in its name, so that every suffix is kept."""
    process = os.getpid()
    return final.parent / f".{kind}-{process}-{_place()}{_began(process)}{uuid.uuid4().hex[:8]}-{final.name}"


def sweep_beside(final: Path, elsewhere: bool = False) -> bool:
    """Remove what dead processes left that wrote `final`, or put it back; returns whether there was any.

    Where folders cannot be exchanged, replacing one moves the old one aside first (`swap`): if its process
    ended then, the old one gets its name back.

    Parameters
    ----------
    final:
        The name that they wrote.
    elsewhere:
        Take the processes of other machines and containers for dead.
    """
    if not final.parent.is_dir():
        return False
    left = [each for each in _left(final.parent, elsewhere) if _named(each) == final.name]
    for each in left:
        if each.name.startswith(".old-") and not final.exists():
            os.replace(each, final)
        else:
            _remove(each)
    return bool(left)


def sweep_within(folder: Path) -> None:
    """Remove what was left in a folder; the caller holds its lock, so nobody elsewhere writes there."""
    if folder.is_dir():
        for each in _left(folder, elsewhere=True):
            _remove(each)


def swap(temporary: Path, final: Path) -> None:
    """Put a folder in the place of another one, at once where the kernel and the file system can.

    Afterwards the former one has the temporary name. Where it cannot be done at once, it takes two renames,
    and the former folder is removed: between them nothing has the final name, and a process killed there
    leaves the former folder as ``.old-*`` (`sweep_beside` puts it back).
    """
    if _exchanged(temporary, final):
        return
    old = temporary_name(final, "old")
    os.replace(final, old)
    try:
        os.replace(temporary, final)
    except BaseException:
        os.replace(old, final)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _exchanged(one: Path, two: Path) -> bool:
    """Whether two paths have each other's name now; False where the system has no exchange.

    Raises OSError where it has one, and it fails.
    """
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    if not rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(two), _EXCHANGE):
        return True
    code = ctypes.get_errno()
    if code in _NO_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(two))


def _left(folder: Path, elsewhere: bool) -> list[Path]:
    """Paths with temporary names in a folder that nobody writes under any more."""
    return [each for each in folder.iterdir() if _NAME.fullmatch(each.name) and not _used(each, elsewhere)]


def _named(path: Path) -> str:
    found = _NAME.fullmatch(path.name)
    return found[4] if found else ""


def _used(path: Path, elsewhere: bool) -> bool:
    """Whether somebody may be writing under a temporary name."""
    found = _NAME.fullmatch(path.name)
    assert found is not None
    process, tag = int(found[2]), found[3]
    if len(tag) == _HERE and tag.startswith(_place()):
        return tag[4:8] == _began(process)
    if elsewhere:
        return False
    try:
        return time.time() - path.lstat().st_mtime < _ELSEWHERE
    except FileNotFoundError:
        return True  # it was there a moment ago: somebody does


def _began(process: int) -> str:
    """Four hex digits for when a process of this place began; none where it does not live."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()
        if fields[0] in _ENDED:
            return ""
        return hashlib.sha256(fields[19].encode()).hexdigest()[:4]  # starttime, the 22nd of proc(5)
    except (OSError, IndexError):
        return "" if Path("/proc/self/stat").exists() or not _exists(process) else "0000"


def _exists(process: int) -> bool:
    """Whether there is a process of this id, where there is no /proc to tell more."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@functools.cache
def _place() -> str:
    """Four hex digits for this machine and its space of process ids."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:  # no Linux
        space = ""
    return hashlib.sha256(f"{socket.gethostname()} {space}".encode()).hexdigest()[:4]
