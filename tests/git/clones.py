"""Real git repositories for tests: a few lines make one, without the settings of the machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.support import write

ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.org",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.org",
}


def git(folder: Path, *args: str) -> str:
    """Run git in a folder, and return what it says."""
    options = ("-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false")
    done = subprocess.run(
        ["git", *options, *args], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(folder: Path, files: dict[str, str | bytes | None], message: str = "change") -> str:
    """Write (or, with None, remove) files, commit everything, and return the commit; the first call makes the clone."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ".git").exists():
        git(folder, "init", "--quiet")
    for name, content in files.items():
        if content is None:
            (folder / name).unlink()
    write(folder, {name: content for name, content in files.items() if content is not None})
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def clone(source: Path, folder: Path, *options: str) -> Path:
    """Clone a repository through its transport, so that `--depth` counts."""
    git(source, "clone", "--quiet", *options, f"file://{source}", str(folder))
    return folder
