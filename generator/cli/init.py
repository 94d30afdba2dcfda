"""`verta-gitops init`: a whole repository for a new organization."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from generator.problems import Usage
from generator.scaffold import CIS, ENGINES

if TYPE_CHECKING:
    from generator.model.kinds import Text
    from generator.scaffold import Answers

EPILOG = """\b
Examples:
  verta-gitops init --organization acme --cluster prod-us
  verta-gitops init platform --organization acme --cluster prod-us --engine argocd --ci github \\
      --repo-url https://git.example.com/acme/platform.git
  verta-gitops init . --organization acme --cluster prod-us --ci gitlab --configure-git

\b
Exit codes:
  0  written
  1  nothing written: a file is in the way
  2  the command was called in a wrong way
  3  could not run: a file cannot be written, or git does not know the repository
"""


@click.command(epilog=EPILOG)
@click.argument("folder", default=".", type=click.Path())
@click.option("--organization", required=True, metavar="NAME", help="Name of the Verta organization.")
@click.option("--cluster", required=True, metavar="NAME", help="Verta's name of the cluster.")
@click.option(
    "--engine", type=click.Choice(ENGINES), default="none", show_default=True, help="What applies the manifests."
)
@click.option("--ci", type=click.Choice(CIS), default="none", show_default=True, help="What checks a change.")
@click.option("--repo-url", default="", metavar="URL", help="Repository that the engine reads; needed with one.")
@click.option("--branch", default="main", show_default=True, metavar="NAME", help="Branch that is applied.")
@click.option(
    "--codeowner",
    default="",
    metavar="HANDLE",
    help="Platform team at the git host; @ORGANIZATION/platform by default.",
)
@click.option(
    "--source",
    default="https://git.example.com/tools/verta-gitops",
    show_default=True,
    metavar="URL",
    help="Where you keep verta-gitops, for CI and pre-commit.",
)
@click.option("--configure-git", is_flag=True, help="Set up the merge driver in the repository of FOLDER too.")
def init(
    folder: str,
    organization: str,
    cluster: str,
    engine: str,
    ci: str,
    repo_url: str,
    branch: str,
    codeowner: str,
    source: str,
    configure_git: bool,
) -> int:
    """Write a whole repository for a new organization.

    FOLDER, the top of a repository, gets an org.yaml that passes `check`, CI, CODEOWNERS, hooks for pre-commit and a
    README. Nothing that is there is overwritten: where something is in the way, it is named and nothing is written.
    """
    from importlib.metadata import version

    from generator.files import create_files, in_the_way
    from generator.model.schema import schema_text
    from generator.scaffold import EXECUTABLE, GIT_CONFIG, Answers, scaffold

    _require(organization, cluster, engine, repo_url, branch, codeowner, source)
    answers = Answers(
        organization,
        cluster,
        repo_url,
        engine,
        ci,
        branch,
        codeowner,
        source,
        version("verta-gitops").partition("+")[0],
    )
    files = scaffold(answers)
    files["schema/org.schema.json"] = schema_text(fragment=False)
    files["schema/fragment.schema.json"] = schema_text(fragment=True)
    if found := in_the_way(folder, files):
        for path in found:
            click.echo(f"{path}: is in the way")
        click.echo("nothing written; move these elsewhere, or name another folder")
        return 1
    if configure_git:
        from generator.git import configure

        configure(folder, GIT_CONFIG)
    create_files(folder, files, EXECUTABLE)
    for path in sorted(files):
        click.echo(f"wrote {path}")
    click.echo("\n".join(["", *_next_steps(folder, answers, configure_git)]))
    return 0


def _require(
    organization: str, cluster: str, engine: str, repo_url: str, branch: str, codeowner: str, source: str
) -> None:
    """Raises Usage where an answer would make a repository that `check` refuses."""
    from generator.model import org
    from generator.model.kinds import Text

    wanted = (
        ("--organization", organization, org.NAME),
        ("--cluster", cluster, org.SINGLE_DASH_NAME),
        ("--repo-url", repo_url, org.REPOSITORY),
        ("--branch", branch, Text(r"(?![-/.])[A-Za-z0-9._/-]+", "a branch, such as main", 200)),
        (
            "--codeowner",
            codeowner,
            Text(r"@[A-Za-z0-9._/-]+|[^\s@\"\\]+@[^\s@\"\\]+", "a handle such as @acme/platform"),
        ),
        ("--source", source, Text(r"(https|ssh)://[A-Za-z0-9._~:/@+-]+", "an https or ssh URL of a git repository")),
    )
    for option, value, kind in wanted:
        if value:
            _require_form(option, value, kind)
    for option, value in (("--organization", organization), ("--cluster", cluster), ("--branch", branch)):
        if not value:
            raise Usage(f"{option} is empty")
    if engine != "none" and not repo_url:
        raise Usage(f"--engine {engine} reads a repository; name it with --repo-url")


def _require_form(option: str, value: str, kind: Text) -> None:
    import re

    if not re.fullmatch(kind.pattern, value, re.ASCII) or (kind.longest and len(value) > kind.longest):
        raise Usage(f'{option}: "{value}" is not {kind.what}')


def _next_steps(folder: str, answers: Answers, configured: bool) -> list[str]:
    from generator.codeowners import top
    from generator.files import in_the_way
    from generator.scaffold import git_commands

    steps = [] if folder in (".", "") else [f"cd {folder}"]
    steps += [] if in_the_way(folder, [".git"]) else ["git init"]
    steps += [] if configured else git_commands()
    steps += ["verta-gitops check", "verta-gitops render", "git add -A"]
    said = [
        "Next: put your groups, namespaces and workspaces into org.yaml, and then",
        *(f"  {step}" for step in steps),
    ]
    if "git.example.com" in answers.source and answers.ci != "none":
        said += ["Where verta-gitops is kept is a placeholder (git.example.com): put it right in CI and pre-commit."]
    if (root := top(os.path.join(folder, "org.yaml"))) != os.path.realpath(folder):
        said += [f"{folder} is not the top of its repository, {root}: CI and CODEOWNERS work only there."]
    if answers.engine != "none":
        said += ["Once it is merged: kubectl apply -f rendered/" + answers.cluster + "/delivery"]
    return said
