"""Where a task runs and which code it runs: host, git, library versions."""

from __future__ import annotations

import functools
import getpass
import os
import platform
import re
import socket
import subprocess
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_gov.model.execution import Git, Host

if TYPE_CHECKING:
    from collections.abc import Mapping

_GIT_TIMEOUT_SECONDS = 5
#: Where EC2's Nitro hypervisor shows the instance id; reading it needs no network.
_EC2_INSTANCE_FILE = Path("/sys/devices/virtual/dmi/id/board_asset_tag")
_RECORDED_LIBRARIES = ("airflow-gov", "apache-airflow", "duckdb", "pyarrow", "pyiceberg")


def os_user() -> str:
    """The operating system's user; the numeric id where it has no name (as in some containers)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def current_host(executor: str | None = None, environ: Mapping[str, str] = os.environ) -> Host:
    """The host and process this runs in."""
    name = socket.gethostname()
    return Host(name, _address(name), os.getpid(), _instance(environ), executor)


@functools.cache
def _address(name: str) -> str | None:
    try:
        return socket.gethostbyname(name)
    except OSError:
        return None


def _instance(environ: Mapping[str, str]) -> str | None:
    if "KUBERNETES_SERVICE_HOST" in environ:
        return environ.get("POD_NAME") or environ.get("HOSTNAME")
    try:
        tag = _EC2_INSTANCE_FILE.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return None
    return tag if tag.startswith("i-") else None


@functools.cache
def library_versions() -> Mapping[str, str]:
    """Versions of Python and of the libraries that decide what a task does."""
    versions = {"python": platform.python_version()}
    for library in _RECORDED_LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return versions


def git_of(
    file: Path,
    *,
    bundle_version: str | None = None,
    bundle_url: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Git:
    """Which code version a Dag file is.

    Learnt from the Dag bundle where it has a version (Airflow's GitDagBundle removes ``.git``), else
    from the checkout the file lies in, else from ``AIRFLOW_GOV_GIT_{REPOSITORY,COMMIT,BRANCH,TAG}``
    (images rarely carry a checkout), else empty with the reason.

    :param file: the Dag file.
    :param bundle_version: the bundle's version, a commit for a git bundle.
    :param bundle_url: the bundle's repository.
    :param environ: the environment.
    """
    if bundle_version and re.fullmatch(r"[0-9a-f]{40}([0-9a-f]{24})?", bundle_version):
        return Git(
            repository=_without_credentials(bundle_url),
            commit=bundle_version,
            tag=environ.get("AIRFLOW_GOV_GIT_TAG"),
            dirty=False,
            path=file.name,
            source="bundle",
        )
    found = _git_of_checkout(file.parent)
    if found.commit:
        return replace(found, path=_inside(file, found.path))
    if environ.get("AIRFLOW_GOV_GIT_COMMIT"):
        return Git(
            repository=_without_credentials(environ.get("AIRFLOW_GOV_GIT_REPOSITORY")),
            commit=environ["AIRFLOW_GOV_GIT_COMMIT"],
            branch=environ.get("AIRFLOW_GOV_GIT_BRANCH"),
            tag=environ.get("AIRFLOW_GOV_GIT_TAG"),
            path=file.name,
            source="environment",
        )
    return Git(
        path=str(file),
        missing=f"{found.missing}; the bundle has no git version; AIRFLOW_GOV_GIT_COMMIT is not set",
    )


def _inside(file: Path, top: str | None) -> str:
    """The file's path inside the checkout; its name where it is a link out of it."""
    resolved = file.resolve()
    return str(resolved.relative_to(top)) if top and resolved.is_relative_to(top) else file.name


@functools.lru_cache(maxsize=64)
def _git_of_checkout(folder: Path) -> Git:
    try:
        top, commit, branch = _git(
            folder, "rev-parse", "--show-toplevel", "HEAD", "--abbrev-ref", "HEAD"
        ).splitlines()
    except FileNotFoundError:
        return Git(missing="git is not installed")
    except (subprocess.SubprocessError, ValueError):
        return Git(missing=f"{folder} is in no git checkout with a commit")
    return Git(
        repository=_without_credentials(_git_or_none(folder, "config", "--get", "remote.origin.url")),
        commit=commit,
        branch=None if branch == "HEAD" else branch,
        tag=_git_or_none(folder, "describe", "--tags", "--exact-match"),
        dirty=bool(_git_or_none(folder, "status", "--porcelain", "--untracked-files=no")),
        path=top,
        source="checkout",
    )


def _git(folder: Path, *arguments: str) -> str:
    completed = subprocess.run(  # noqa: S603 - a fixed program, no shell
        ["git", "-C", str(folder), *arguments],  # noqa: S607 - the git of the worker's PATH
        capture_output=True,
        text=True,
        timeout=_GIT_TIMEOUT_SECONDS,
        check=True,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
    )
    return completed.stdout.strip()


def _git_or_none(folder: Path, *arguments: str) -> str | None:
    try:
        return _git(folder, *arguments) or None
    except (OSError, subprocess.SubprocessError):
        return None


def _without_credentials(url: str | None) -> str | None:
    return re.sub(r"(?<=://)[^/@]+@", "", url) if url else None
