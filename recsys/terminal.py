"""Running a command: whatever goes wrong on purpose becomes one line and an exit code.

A `RecsysError` or a wrong call is one line on standard error and exit code 2; an interrupted command exits
with 130; anything else is a defect and shows its traceback.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import typer

from recsys.errors import OF_DISKS, RecsysError, lacks_memory, one_line, refused_by_system
from recsys.extras import missing_part
from recsys.nouns import spoken


def single(command: Callable[..., Any]) -> typer.Typer:
    """An app of one command, for ``python train.py`` and ``python -m workflows.sends``."""
    app = typer.Typer(
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.command()(command)
    return app


def run(app: typer.Typer, name: str, words: Sequence[str] | None = None) -> int:
    """Run an app on the arguments of the process, or on `words`, and return its exit code."""
    # How long OpenMP's threads spin before they sleep. By default so long that two programs on two cores slow
    # each other tenfold; not at all would halve the speed on free cores.
    os.environ.setdefault("GOMP_SPINCOUNT", "3000")
    warnings.simplefilter("ignore")  # Merlin's and torch's notes to their own developers
    logging.getLogger("distributed").setLevel(logging.ERROR)
    try:
        result = app(words, prog_name=name, standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except RecsysError as error:
        return _fail(error.with_options())
    except ModuleNotFoundError as error:
        needed = missing_part(error)
        if needed is None:
            raise
        return _fail(f"this needs {needed}")
    except typer.TyperException as error:
        command = getattr(getattr(error, "ctx", None), "command_path", name)
        message = error.format_message()
        return _fail(f"{message} (see {command} --help)") if message else 2
    except (KeyboardInterrupt, typer.Abort):
        print("interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader went away; nothing is left to say, also at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        return _fail(_told(refused_by_system(error) or error))
    except Exception as error:  # a library may say it in words of its own: Lightning, of what it logs
        if lacks_memory(error):
            return _fail("memory ran out; end other programs, or ask for less: smaller settings, fewer rows")
        refused = refused_by_system(error)
        if refused is None or refused.errno not in OF_DISKS:
            raise
        return _fail(_told(refused))


def _told(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}{_remedy(error)}"


def _remedy(error: OSError) -> str:
    """What to do about a folder that cannot be used; a container's mount is often its owner's alone."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"; make the folder, or give it to user {os.getuid()} (chown), or choose another"
    remedies = {errno.EROFS: "choose a folder that can be written to", errno.ENOSPC: "free some space"}
    return f"; {remedies[error.errno]}" if error.errno in remedies else ""


def _fail(message: str) -> int:
    print(one_line(spoken("error: " + " ".join(message.split()))), file=sys.stderr)
    return 2
