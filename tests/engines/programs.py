"""Argo CD and Flux for tests: pinned by Go modules, built once into a cache outside the repository.

`python -m tests.engines.programs` builds what is not there yet; with `--built`, it only says whether all is there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.live.programs import Programs, find

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Engine(Programs):
    """Programs of an engine, and what its modules carry besides: definitions of its own kinds, and scripts it calls."""

    files: tuple[tuple[str, str], ...] = ()
    """Module and pattern of what is copied out of it."""

    @property
    def copied(self) -> Path:
        """Where the copies are: a folder that is there only if it is complete."""
        return self.target / "files"

    @property
    def definitions(self) -> list[Path]:
        """The definitions of its own kinds."""
        return sorted(self.copied.glob("*.yaml"))

    @property
    def built(self) -> bool:
        """Whether all is in the cache."""
        return super().built and self.copied.is_dir()

    def build(self) -> None:
        """Build the programs and copy the files; an interrupted run leaves nothing that looks finished."""
        if self.built:
            return
        super().build()
        unfinished = self.target / f"files.{os.getpid()}"
        unfinished.mkdir(exist_ok=True)
        for module, pattern in self.files:
            command = ["go", "list", "-m", "-json", module]
            found = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
            for file in sorted(Path(json.loads(found.stdout)["Dir"]).glob(pattern)):
                if file.name != "kustomization.yaml":
                    shutil.copyfile(file, unfinished / file.name)
                    (unfinished / file.name).chmod(0o755 if file.suffix == ".sh" else 0o644)
        os.replace(unfinished, self.copied)


ARGOCD = Engine(
    HERE / "argocd",
    {"argocd": "github.com/argoproj/argo-cd/v3/cmd", "redis": "./redis"},
    of="github.com/argoproj/argo-cd/v3",
    files=(
        ("github.com/argoproj/argo-cd/v3", "manifests/crds/*.yaml"),
        ("github.com/argoproj/argo-cd/v3", "hack/git-*.sh"),
        ("github.com/argoproj/argo-cd/v3", "hack/gpg-*.sh"),
    ),
)
FLUX = Engine(
    HERE / "flux",
    {
        "kustomize-controller": "github.com/fluxcd/kustomize-controller",
        "source-controller": "github.com/fluxcd/source-controller",
    },
    of="github.com/fluxcd/kustomize-controller",
    files=(
        ("github.com/fluxcd/kustomize-controller", "config/crd/bases/*.yaml"),
        ("github.com/fluxcd/source-controller", "config/crd/bases/*.yaml"),
    ),
)


def program(name: str, engine: Engine) -> str:
    """The path of a program that is known to be there."""
    path = find(name, engine)
    assert path is not None, name
    return path


def redis() -> str:
    """The path of a Redis: a real one where it is installed, otherwise the one that is built beside Argo CD."""
    return shutil.which("redis-server") or program("redis", ARGOCD)


def missing() -> list[str]:
    """The engines that are not in the cache."""
    return [engine.folder.name for engine in (ARGOCD, FLUX) if not engine.built]


if __name__ == "__main__":
    if "--built" in sys.argv:
        sys.exit(f"not built: {', '.join(missing())}" if missing() else 0)
    for each in (FLUX, ARGOCD):
        each.build()
