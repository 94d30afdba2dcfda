"""Answers → every file of a new repository, by its path: what `init` writes, and the only source of the CI examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "files"
ENGINES = ("argocd", "flux", "none")
CIS = ("github", "gitlab", "none")
EXECUTABLE = frozenset(["ci/verta-gitops.sh"])
"""What is to be run by its name."""

_COMMENTS = 37
"""Column of the comments in org.yaml."""

GIT_CONFIG = {
    "merge.verta-gitops.name": "rendered by verta-gitops",
    "merge.verta-gitops.driver": "verta-gitops merge-driver %O %A %B %P",
}
"""How git finds the merge driver that .gitattributes names; git never takes this from a repository by itself."""

_ALWAYS = {
    "org.yaml": "org.yaml",
    "README.md": "README.md",
    ".gitattributes": "gitattributes",
    ".gitignore": "gitignore",
    ".pre-commit-config.yaml": "pre-commit-config.yaml",
}
_BY_CI = {
    "github": {
        ".github/workflows/verta-gitops.yaml": "github/check.yaml",
        ".github/workflows/verta-gitops-comment.yaml": "github/comment.yaml",
        ".github/CODEOWNERS": "CODEOWNERS",
    },
    "gitlab": {".gitlab-ci.yml": "gitlab-ci.yml", "CODEOWNERS": "CODEOWNERS"},
    "none": {"ci/verta-gitops.sh": "verta-gitops.sh", "CODEOWNERS": "CODEOWNERS"},
}
_CI_TEXT = {
    "github": "`.github/workflows/verta-gitops.yaml` checks every pull request; `verta-gitops-comment.yaml` writes\n"
    "the plan into it as a comment. The second takes what the first leaves as data and runs nothing of it.",
    "gitlab": "`.gitlab-ci.yml` checks every merge request, and shows the plan as an artifact of it.",
    "none": "`ci/verta-gitops.sh [BASE]` is what a CI runs for every change: it needs the whole history, and BASE is\n"
    "the branch that the change is to go into.",
}


@dataclass(frozen=True)
class Answers:
    """What a new repository is about."""

    organization: str
    cluster: str
    repo_url: str = ""
    engine: str = "none"
    ci: str = "none"
    branch: str = "main"
    codeowner: str = ""
    """Handle of the platform team at the git host."""
    source: str = "https://git.example.com/tools/verta-gitops"
    """Where this program is kept, for the CI and pre-commit."""
    version: str = "0.1.0"


def scaffold(answers: Answers) -> dict[str, str]:
    """The text of every file of the repository, by its path."""
    names = _ALWAYS | _BY_CI[answers.ci]
    values = dict(_values(answers))
    made = {path: _filled((FOLDER / name).read_text(encoding="utf-8"), values) for path, name in names.items()}
    return {**made, "org.yaml": _aligned(made["org.yaml"])}


def _values(answers: Answers) -> Iterator[tuple[str, str]]:
    from generator.codeowners import empty_block

    yield "organization", answers.organization
    yield "cluster", answers.cluster
    yield "organization-yaml", _quoted(answers.organization)
    yield "cluster-yaml", _quoted(answers.cluster)
    yield "codeowner-yaml", _quoted(answers.codeowner or f"@{answers.organization}/platform")
    yield "delivery", "\n".join(_delivery(answers))
    yield "branch", answers.branch
    yield "branch-yaml", _quoted(answers.branch)
    yield "source", answers.source
    yield "revision-yaml", _quoted(f"v{answers.version}")
    yield "tool", f"git+{answers.source}@v{answers.version}"
    yield "tool-yaml", _quoted(f"git+{answers.source}@v{answers.version}")
    yield "source-yaml", _quoted(answers.source)
    yield "codeowners-block", empty_block("org.yaml").rstrip("\n")
    yield "git-config-console", "\n".join(f"$ {line}" for line in git_commands())
    yield "ci", _CI_TEXT[answers.ci]


def git_commands() -> list[str]:
    """The lines that configure the merge driver in a clone."""
    return [f'git config {name} "{value}"' for name, value in GIT_CONFIG.items()]


def _delivery(answers: Answers) -> Iterator[str]:
    yield "delivery:"
    yield f"  engine: {answers.engine}"
    if answers.repo_url:
        yield f"  repoURL: {_quoted(answers.repo_url)}"
    if answers.engine != "none":
        yield f"  revision: {_quoted(f'refs/heads/{answers.branch}')}"
        yield "  path: rendered"


def _quoted(text: str) -> str:
    """A YAML scalar in double quotes: a name such as `no` or `123` stays a text."""
    return json.dumps(text, ensure_ascii=False)


def _filled(text: str, values: dict[str, str]) -> str:
    """The text with `@@name@@` replaced, once: a value is never looked through for further names."""
    parts = text.split("@@")
    return "".join(values[part] if position % 2 else part for position, part in enumerate(parts))


def _aligned(text: str) -> str:
    """The text with its comments behind values in one column again, whatever the values are."""
    return re.sub(r"(?m)^( *[^ #\n].*?) {2,}(?=# )", lambda found: found[1].ljust(_COMMENTS - 1) + " ", text)
