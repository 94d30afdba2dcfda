"""An organization → the git repository that an engine follows: all manifests in it are rendered by our command."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support import invoke

TIER = {
    "quota": {"requests.cpu": "16", "requests.memory": "64Gi", "limits.cpu": "32", "limits.memory": "128Gi"}
    | {"pods": "60", "configmaps": "20"},
    "container": {
        "defaultRequest": {"cpu": "250m", "memory": "512Mi"},
        "default": {"cpu": "0.5", "memory": "1.5Gi"},
        "max": {"cpu": "8", "memory": "32Gi"},
        "min": {"cpu": "10m", "memory": "32Mi"},
    },
    "network": {"allowFrom": ["monitoring"]},
}


def organization(name: str, engine: str, url: str, namespaces: list[str]) -> dict[str, Any]:
    """An organization with one workspace a namespace; it uses every kind that is rendered."""
    first = namespaces[0] if namespaces else ""
    return {
        "version": 1,
        "organization": {"name": name},
        "cluster": {"name": name, "kubernetesVersion": "1.33"},
        "verta": {"primaryNamespace": "verta", "deployer": {"serviceAccount": "verta-deployer"}},
        "delivery": {"engine": engine, "repoURL": url},
        "policy": {"maxRemovals": 1},
        "defaults": {"tier": f"{name}-standard"},
        "tiers": {f"{name}-standard": {**TIER, "priorityClass": {"value": 1000}}},
        "groups": {group: {"subject": f"oidc:{group}"} for group in ("scientists", "leads", "on-call")},
        "roles": {
            "maintainer": {"verta": "Maintainer", "clusterRole": "view"},
            f"{name}-on-call": {
                "rules": [{"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}]
            },
        },
        "namespaces": {
            each: {
                "owners": ["leads"],
                **({"podSecurity": "restricted", "network": {"egress": "restricted"}} if each == first else {}),
            }
            for each in namespaces
        },
        "workspaces": {
            each: {
                "namespace": each,
                "access": [{"group": "leads", "role": "maintainer"}, {"group": "on-call", "role": f"{name}-on-call"}],
            }
            for each in namespaces
        },
    }


@dataclass
class Repository:
    """A working copy with its organization, and where engines find it."""

    folder: Path
    url: str
    org: dict[str, Any]

    @property
    def cluster(self) -> str:
        """The name of the cluster, which is the folder of its manifests too."""
        return str(self.org["cluster"]["name"])

    @property
    def rendered(self) -> Path:
        """Where the manifests of the cluster are."""
        return self.folder / "rendered" / self.cluster

    @property
    def namespaces(self) -> set[str]:
        """The namespaces that have a folder."""
        return {path.name for path in (self.rendered / "namespaces").iterdir()}

    def git(self, *words: str) -> str:
        """Run git here, with no settings but its own."""
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1", "HOME": str(self.folder)}
        who = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com")
        done = subprocess.run(
            ["git", *who, *words], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @property
    def head(self) -> str:
        """The commit that the branch is at."""
        return self.git("rev-parse", "HEAD")

    def render(self, message: str, *options: str) -> str:
        """Write the organization, render it and commit both; the commit."""
        (self.folder / "org.yaml").write_text(yaml.safe_dump(self.org, sort_keys=False))
        ran = invoke("render", *options, cwd=self.folder)
        assert ran.code == 0, ran.out + ran.err
        return self.commit(message)

    def commit(self, message: str) -> str:
        """Commit whatever is in the working copy; the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.head

    def remove(self, path: str) -> None:
        """Remove a folder as nobody should: past our command."""
        shutil.rmtree(self.rendered / path)

    def revert(self) -> str:
        """Undo the last commit by another; the commit."""
        self.git("revert", "--no-edit", "HEAD")
        return self.head


def created(root: Path, address: str, org: dict[str, Any]) -> Repository:
    """A new repository below what is served, with the organization rendered and committed."""
    folder = root / org["cluster"]["name"]
    folder.mkdir()
    repository = Repository(folder, f"{address}/{folder.name}.git", org)
    org["delivery"]["repoURL"] = repository.url
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.render("Begin")
    return repository
