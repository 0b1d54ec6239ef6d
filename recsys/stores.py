"""Files and folders in object stores, ``s3://``, ``gs://``, ``abfs://``, through fsspec.

What is read is fetched first and read as a local file; what is written is written locally, whole, and sent
when it is done. A run or a bundle is fetched into a cache, under the hash of its manifest, and checked there,
so that the next command fetches the manifest alone. Credentials are the environment's, as each store's own
tools have them (``AWS_ACCESS_KEY_ID``, ``AWS_ENDPOINT_URL``, ``GOOGLE_APPLICATION_CREDENTIALS``,
``AZURE_STORAGE_ACCOUNT_NAME``).

`pathlib` folds the two slashes of an address into one: ``s3:/bucket/key`` is read as ``s3://bucket/key``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final

from recsys import run_files
from recsys.atomic import atomic_folder
from recsys.errors import DataError, RecsysError, RunError, UsageError
from recsys.extras import install
from recsys.manifest import MANIFEST, check_manifest

PACKAGES: Final = {
    "s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "abfss": "adlfs", "az": "adlfs",
}  # fmt: skip
CACHE: Final = "RECSYS_CACHE"  # the environment's name of the cache's folder
_ADDRESS: Final = re.compile(rf"({'|'.join(PACKAGES)}):/{{1,2}}(?=[^/])")
_NOT_LOADED: Final = (run_files.CHECKPOINTS, run_files.LOGS)  # of a run: not needed to ask it
_VERSIONS: Final = 2  # of a folder that the cache keeps


def url_of(place: Path | str) -> str | None:
    """The address of a place in an object store; None for a local path."""
    found = _ADDRESS.match(str(place))
    return f"{found[1]}://{str(place)[found.end() :]}" if found else None


def shown(place: Path | str) -> str:
    """A place as it was typed."""
    return url_of(place) or str(place)


@contextlib.contextmanager
def fetched(place: Path) -> Iterator[Path]:
    """A file, or a folder of Parquet parts, to be read: itself, or a copy that lives as long as the block.

    Raises
    ------
    DataError
        There is nothing at the address, or its store cannot be reached. Errors of the block name the address.
    """
    url = url_of(place)
    if url is None:
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="recsys-") as folder:
        local = Path(folder) / PurePosixPath(url).name
        _fetch(url, local)
        try:
            yield local
        except RecsysError as error:
            error.rename(str(local), url)
            raise


def local_folder(place: Path) -> Path:
    """The folder of a run or a bundle: itself, or its copy in the cache, fetched and checked where it is new.

    The cache is ``$RECSYS_CACHE`` or ``~/.cache/recsys-climb``; it keeps the last two versions of an address.

    Raises
    ------
    DataError
        There is no manifest at the address, or the store cannot be reached.
    RunError
        What was fetched is not what its manifest says.
    """
    url = url_of(place)
    if url is None:
        return place
    with _store(url) as (store, path):
        manifest = store.cat_file(f"{path}/{MANIFEST}")
    versions = cache() / hashlib.sha256(url.encode()).hexdigest()[:16]
    folder = versions / hashlib.sha256(manifest).hexdigest()[:16] / PurePosixPath(url).name
    if not folder.is_dir():
        try:
            with atomic_folder(folder) as fresh:
                _fetch_checked(url, fresh)
        except RunError:
            if not folder.is_dir():  # else another process was quicker
                raise
        _forget(versions, folder.parent)
    return folder


@contextlib.contextmanager
def staged(place: Path, beside: Sequence[str] = ()) -> Iterator[Path]:
    """Where to write a file: the place itself, or a temporary file that is sent there if the block succeeds.

    Parameters
    ----------
    place:
        A path or an address.
    beside:
        Names of files that may be written in the same folder; one that is not is removed from the store.
    """
    url = url_of(place)
    if url is None:
        yield place
        return
    with _store(url) as (store, path):
        store.exists(path)  # credentials that are not good are said before any work is done
    with tempfile.TemporaryDirectory(prefix="recsys-") as folder:
        local = Path(folder) / PurePosixPath(url).name
        yield local
        with _store(url) as (store, path):
            parent = path.rpartition("/")[0]
            for name in beside:
                if (Path(folder) / name).is_file():
                    store.put_file(str(Path(folder) / name), f"{parent}/{name}")
                elif store.exists(f"{parent}/{name}"):
                    store.rm_file(f"{parent}/{name}")
            if local.is_file():
                store.put_file(str(local), path)


@contextlib.contextmanager
def staged_folder(place: Path, overwrite: bool, local: Path | None = None) -> Iterator[Path]:
    """Where to write a run or a bundle: the place itself, or a local folder that is sent there at the end.

    The manifest is sent last: until then, what lies at the address is refused as changed.

    Parameters
    ----------
    place:
        A path or an address.
    overwrite:
        Whether something may lie there already.
    local:
        The folder to write in where `place` is an address; it stays. None: a temporary one.
    """
    url = url_of(place)
    if url is None:
        yield place
        return
    with _store(url) as (store, path):
        if not overwrite and store.find(path):
            raise RunError(f"{url}: exists and is not empty; choose another name or remove it")
    with tempfile.TemporaryDirectory(prefix="recsys-") as folder:
        written = local or Path(folder) / PurePosixPath(url).name
        yield written
        _send(written, url)


def _send(folder: Path, url: str) -> None:
    """Copy a folder to an address, manifests last, and remove there what the folder does not hold."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = [path.relative_to(folder).as_posix() for path in files]
    names = [name for name in names if not any(part.startswith(".") for part in PurePosixPath(name).parts)]
    with _store(url) as (store, path):
        old = {each[len(path) :].strip("/") for each in store.find(path)}
        for name in sorted(names, key=lambda name: (name == MANIFEST, name.endswith(MANIFEST), name)):
            if name == MANIFEST and old - set(names):
                store.rm([f"{path}/{each}" for each in sorted(old - set(names))])
            store.put_file(str(folder / name), f"{path}/{name}")


def _fetch_checked(url: str, folder: Path) -> None:
    """Copy a run or a bundle, and hold it against its manifest."""
    try:
        _fetch(url, folder, _NOT_LOADED)
        check_manifest(folder)
    except RecsysError as error:
        error.rename(str(folder), url)
        raise


def _fetch(url: str, local: Path, without: Sequence[str] = ()) -> None:
    """Copy a file, or all files under an address but those folders, to a local path."""
    with _store(url) as (store, path):
        if store.isfile(path):
            store.get_file(path, str(local))
            return
        found = [name for name in store.find(path) if not name.endswith("/")]
        if not found:
            raise FileNotFoundError(url)
        for name in found:
            relative = _below(name[len(path) :].lstrip("/"), url)
            if relative.parts[0] not in without:
                (local / relative).parent.mkdir(parents=True, exist_ok=True)
                store.get_file(name, str(local / relative))


def _below(name: str, url: str) -> PurePosixPath:
    """A key as a path below the folder it is copied to; one that would leave it is refused."""
    relative = PurePosixPath(name)
    if not relative.parts or relative.is_absolute() or ".." in relative.parts or "\\" in name:
        raise DataError("holds a key that is no plain path", path=url, value=name, remedy="remove it")
    return relative


@contextlib.contextmanager
def _store(url: str) -> Iterator[tuple[Any, str]]:
    """The file system of an address, and the path in it; what goes wrong in the block becomes one line."""
    package = PACKAGES[url.partition(":")[0]]
    try:
        from fsspec.core import url_to_fs

        store, path = url_to_fs(url)
    except ImportError:
        raise UsageError(f"{url}: needs fsspec and {package}: {install('cloud')}") from None
    except ValueError as error:  # brackets of an IPv6 address that do not close
        raise UsageError(f"{url}: is no address ({str(error)[:60]}); correct it") from None
    try:
        store.invalidate_cache()  # a listing is remembered, and another process may have written since
        yield store, path.rstrip("/")
    except RecsysError:
        raise
    except FileNotFoundError:
        raise DataError("there is nothing there", path=url, remedy="check the address") from None
    except Exception as error:  # every store has errors of its own
        text = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        remedy = "check the address, and the credentials in the environment"
        raise DataError(f"the store cannot be used: {text}", path=url, remedy=remedy) from None


def cache() -> Path:
    """Where what can be had again is kept: ``$RECSYS_CACHE``, or ``~/.cache/recsys-climb``."""
    return Path(os.environ.get(CACHE) or Path.home() / ".cache" / "recsys-climb")


def _forget(versions: Path, used: Path) -> None:
    """Remove all but the last versions of a folder from the cache."""
    others = sorted((each for each in versions.iterdir() if each != used), key=_age)
    for each in others[_VERSIONS - 1 :]:
        shutil.rmtree(each, ignore_errors=True)


def _age(path: Path) -> float:
    """The older, the greater; of what another process has removed meanwhile, the greatest."""
    try:
        return -path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
