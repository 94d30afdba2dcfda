"""Real programs for tests: pinned by Go modules of ours, built once into a cache outside the repository, found again.

`python -m tests.live.programs SET…` builds the sets that are not there yet. A program is looked for in
TEST_ASSET_<NAME>, in KUBEBUILDER_ASSETS, in the cache, and on the PATH.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
CACHE = (
    Path(os.environ.get("VERTA_GITOPS_PROGRAMS") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser())
    / "verta-gitops-programs"
)
"""Where built programs are kept; found when this module is imported, since tests have a cache folder of their own."""


@dataclass(frozen=True)
class Programs:
    """Programs that one Go module pins: its folder, and the package of each program."""

    folder: Path
    packages: Mapping[str, str]
    stamps: Mapping[str, str] = field(default_factory=dict)
    """Variables that the linker sets, with `{version}` for the version of `of`."""
    of: str = ""
    """The module whose version the programs say they are."""

    @property
    def version(self) -> str:
        """The pinned version, such as v1.36.3."""
        pins = (self.folder / "go.mod").read_text()
        found = re.search(rf"^\s*(?:require )?{re.escape(self.of)} (v\S+)", pins, re.MULTILINE)
        assert found is not None, self.of
        return found[1]

    @property
    def target(self) -> Path:
        """Where they are once built: a folder for exactly these pins."""
        digest = hashlib.sha256()
        for name in ("go.mod", "go.sum"):
            digest.update((self.folder / name).read_bytes())
        digest.update(repr((sorted(self.packages.items()), sorted(self.stamps.items()))).encode())
        return CACHE / f"{self.folder.name}-{digest.hexdigest()[:16]}"

    @property
    def built(self) -> bool:
        """Whether they are in the cache."""
        return all((self.target / name).is_file() for name in self.packages)

    def build(self) -> None:
        """Build what is missing; an interrupted build leaves nothing that looks finished."""
        if self.built:
            return
        if shutil.which("go") is None:
            sys.exit(f"{self.folder.name}: Go is needed to build its programs; install it from https://go.dev/dl/")
        self.target.mkdir(parents=True, exist_ok=True)
        flags = " ".join(
            ["-s", "-w", *(f"-X {name}={value.format(version=self.version)}" for name, value in self.stamps.items())]
        )
        started = time.monotonic()
        with tempfile.TemporaryDirectory(dir=self.target) as unfinished:
            for name, package in self.packages.items():
                print(f"building {name} ({package}) …", flush=True)  # noqa: T201
                command = ["go", "build", "-trimpath", "-ldflags", flags, "-o", f"{unfinished}/{name}", package]
                done = subprocess.run(command, cwd=self.folder, env={**os.environ, "CGO_ENABLED": "0"}, check=False)
                if done.returncode:
                    sys.exit(f"{self.folder.name}: {name} could not be built (see above)")
                os.replace(f"{unfinished}/{name}", self.target / name)
        print(f"{self.folder.name}: built in {time.monotonic() - started:.0f} s into {self.target}")  # noqa: T201


CONTROL_PLANE = Programs(
    TESTS / "control-plane",
    {
        "etcd": "go.etcd.io/etcd/server/v3",
        "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
        "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
        "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    },
    {"k8s.io/component-base/version.gitVersion": "{version}"},
    of="k8s.io/kubernetes",
)

SETS = {"control-plane": CONTROL_PLANE}


def find(name: str, programs: Programs | None = None) -> str | None:
    """The path of a program, or None where there is none."""
    asset = os.environ.get("TEST_ASSET_" + name.upper().replace("-", "_"))
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    places = [asset, folder and os.path.join(folder, name), programs and str(programs.target / name)]
    return next((place for place in places if place and os.access(place, os.X_OK)), None) or shutil.which(name)


def main(names: list[str]) -> None:
    """Build the named sets."""
    if not names or set(names) - set(SETS):
        sys.exit(f"name what to build: {', '.join(SETS)}")
    for name in names:
        SETS[name].build()


if __name__ == "__main__":
    main(sys.argv[1:])
