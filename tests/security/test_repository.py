"""A repository that a stranger prepared: nothing in it runs, leads elsewhere, or makes a command wait for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator import git as client
from generator.git import repository
from generator.problems import Stop
from tests.git.clones import commit
from tests.support import FRAUD, MINIMAL, invoke, spawn, tree, write

ORG = MINIMAL + FRAUD
SETTINGS = """\
[core]
 repositoryformatversion = 1
 bare = false
 worktree = ..
[extensions]
 partialClone = evil
[remote "evil"]
 url = ext::sh -c "touch% {mark}"
 promisor = true
[protocol "ext"]
 allow = always
"""
"""With these, git runs a program as soon as it misses an object."""


@pytest.fixture
def disguised(tmp_path: Path) -> Path:
    """A clone with a folder that git takes for a repository of its own; the mark appears where its settings count."""
    top = tmp_path / "clone"
    commit(top, {"orgs/org.yaml": ORG, "orgs/deep/org.yaml": ORG})
    write(
        top / "orgs",
        {
            "HEAD": "ref: refs/heads/main\n",
            "refs/heads/main": "0123456789012345678901234567890123456789\n",
            "objects/keep": "",
            "config": SETTINGS.format(mark=tmp_path / "mark"),
        },
    )
    return top


@pytest.mark.parametrize("folder", ["orgs", "orgs/deep"])
@pytest.mark.parametrize("args", [("plan", "--base", "main"), ("check", "--base", "main"), ("check", "--base", "auto")])
def test_settings_of_a_repository_within_the_repository_do_not_count(
    disguised: Path, folder: str, args: tuple[str, ...]
) -> None:
    ran = invoke(*args, cwd=disguised / folder)
    assert ran.code == 3
    assert "within a bare repository, whose settings are not trusted" in ran.err
    assert not (disguised.parent / "mark").exists()


@pytest.mark.parametrize("folder", ["orgs", "orgs/deep"])
def test_a_git_that_does_not_know_of_that_is_not_believed(
    disguised: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_SAFE", client._SAFE[:-2])  # as git before 2.38 takes it
    with pytest.raises(Stop, match="within a bare repository"):
        repository(str(disguised / folder))
    assert repository(str(disguised)).prefix == ""


@pytest.mark.parametrize("ref", ["--output=mark", "-h", "--upload-pack=touch mark", "main --all", "main\n", "\0"])
def test_a_base_is_never_an_option(tmp_path: Path, ref: str) -> None:
    commit(tmp_path, {"org.yaml": ORG})
    ran = invoke("check", f"--base={ref}", cwd=tmp_path)
    assert ran.code == 3
    assert "is not the name of a commit" in ran.err
    assert sorted(each.name for each in tmp_path.iterdir()) == [".git", "org.yaml"]


def test_programs_that_a_repository_names_are_not_run(tmp_path: Path) -> None:
    first = commit(tmp_path, {"org.yaml": ORG})
    mark = tmp_path / "mark"
    program = write(tmp_path, {"program": f"#!/bin/sh\ntouch '{mark}'\ncat\n"}) / "program"
    program.chmod(0o755)
    files = ["filter", "diff"]
    commit(tmp_path, {".gitattributes": "* " + " ".join(f"{name}=evil" for name in files), "org.yaml": ORG + "#\n"})
    for name in ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv"):
        client.configure(str(tmp_path), {name: str(program)})
    client.configure(str(tmp_path), {"diff.external": str(program), "core.fsmonitor": str(program)})
    mark.unlink(missing_ok=True)
    for args in (("plan",), ("check",), ("freeze", "fraud", "--dry-run")):
        assert invoke(*args, "--base", first, cwd=tmp_path).code in (0, 1)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["org.yaml", "verta-gitops.toml", "pyproject.toml"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_not_waited_for(tmp_path: Path, name: str, kind: str) -> None:
    write(tmp_path, {"org.yaml": ORG})
    (tmp_path / name).unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(tmp_path / name)
    else:
        (tmp_path / name).symlink_to("/dev/zero")
    ran = invoke("check", cwd=tmp_path)
    assert (ran.code, ran.err) == (3, f"error: {name}: not a file\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ignore = " + "[" * 50_000, "nested too deeply"),
        ("ignore" + ".a" * 5_000 + " = 1", "nested too deeply"),
        ("ignore = " + "9" * 5_000, "a number in it is too long"),
        ('templates = ["a\\u0000b"]', r'"a\u0000b" leaves the folder'),
        ('"\\u202e" = 1', r'unknown key "\u202e"'),
    ],
)
def test_settings_that_no_one_meant_are_a_problem(tmp_path: Path, content: str, message: str) -> None:
    write(tmp_path, {"org.yaml": ORG, "verta-gitops.toml": content})
    ran = invoke("check", cwd=tmp_path)
    assert ran.code == 1
    assert message in ran.out
    assert "[invalid-settings]" in ran.out


@pytest.mark.parametrize("content", ["".join(f"k{each} = 1\n" for each in range(5_000)), f"ignore = {list('ab' * 9)}"])
def test_not_every_mistake_of_settings_is_told(tmp_path: Path, content: str) -> None:
    write(tmp_path, {"org.yaml": ORG, "verta-gitops.toml": content})
    ran = invoke("check", cwd=tmp_path)
    assert ran.code == 1
    assert 0 < ran.out.count("verta-gitops.toml:") <= 100


def test_settings_are_not_read_without_end(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ORG, "verta-gitops.toml": "#" * (1 << 18) + "\n"})
    assert "verta-gitops.toml: larger than 262,144 bytes" in invoke("check", cwd=tmp_path).err


CODE = "__import__('os').mkdir('mark')"


@pytest.mark.parametrize(
    "expression",
    [
        "('ab'|map('upper')).gi_frame.f_builtins['eval'](code)",
        "('ab'|map('upper')).gi_frame.f_globals['__builtins__']['eval'](code)",
        "('ab'|map('upper')|attr('gi_frame')).f_builtins['eval'](code)",
        "('ab'|map('upper')).gi_code.co_code",
        "namespace.__class__.__mro__",
        "namespace.name.format.__globals__",
        "'{0.__class__}'.format(namespace)",
        "cycler.__init__.__globals__.os",
        "lipsum.__globals__",
        "range(10000000)|list",
    ],
)
def test_a_template_reaches_nothing_but_its_data(tmp_path: Path, expression: str) -> None:
    content = '{% set code = "' + CODE + '" %}\n# {{ ' + expression + " }}\n"
    write(tmp_path, {"org.yaml": ORG, "own/namespace/x.yaml.j2": content, "verta-gitops.toml": 'templates = ["own"]'})
    ran = invoke("render", cwd=tmp_path)
    assert (ran.code, (tmp_path / "mark").exists()) == (3, False)
    assert ran.err.startswith("error: own/namespace/x.yaml.j2:2: ")


def test_a_template_that_calls_itself_for_ever_is_named(tmp_path: Path) -> None:
    content = "{% macro a() %}{{ a() }}{% endmacro %}\n# {{ a() }}\n"
    write(tmp_path, {"org.yaml": ORG, "own/namespace/x.yaml.j2": content, "verta-gitops.toml": 'templates = ["own"]'})
    ran = spawn("render", cwd=tmp_path)
    assert ran.code == 3
    assert ran.err.startswith("error: own/namespace/x.yaml.j2:1: maximum recursion depth exceeded")


MARKED = "# verta-gitops: begin org.yaml\n# verta-gitops: end org.yaml\n"
OWNED = (
    ORG.replace("fraud: {}", "fraud: {owners: [leads]}")
    + 'groups: {leads: {codeowner: "@acme/leads"}}\npolicy: {platformOwners: [leads]}\n'
)


@pytest.mark.parametrize("link", ["CODEOWNERS", ".github", ".gitlab"])
def test_a_file_elsewhere_is_not_written_through_a_link(tmp_path: Path, link: str) -> None:
    clone, outside = tmp_path / "clone", tmp_path / "outside"
    write(clone, {"org.yaml": OWNED, ".git/HEAD": ""})
    write(outside, {"CODEOWNERS": MARKED})
    (clone / link).symlink_to(outside / "CODEOWNERS" if link == "CODEOWNERS" else outside)
    assert invoke("render", cwd=clone).code == 0
    assert (outside / "CODEOWNERS").read_text() == MARKED


def test_the_file_at_home_is_written(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": OWNED, ".git/HEAD": "", ".github/CODEOWNERS": MARKED})
    assert invoke("render", cwd=tmp_path).code == 0
    assert "/org.yaml @acme/leads" in (tmp_path / ".github/CODEOWNERS").read_text()


@pytest.mark.parametrize(
    ("glob", "rule"),
    [
        ("../*", "include-escapes"),
        ("/etc/*", "include-escapes"),
        ("a/../../secret", "include-escapes"),
        ("~/x", "include-escapes"),
        ("link.yaml", "include-escapes"),
        ("folder/*.yaml", "include-escapes"),
        ("pipe", "include-invalid"),
        ("**", "include-invalid"),
        ("***", "include-invalid"),
        ("loop/loop/loop/none", "include-without-match"),
    ],
)
def test_nothing_outside_is_included(tmp_path: Path, glob: str, rule: str) -> None:
    inside = tmp_path / "inside"
    write(tmp_path, {"secret/x.yaml": "namespaces: {secret-name: {}}\n"})
    write(inside, {"org.yaml": f'{ORG}include: ["{glob}"]\n'})
    (inside / "link.yaml").symlink_to("../secret/x.yaml")
    (inside / "folder").symlink_to("../secret")
    (inside / "loop").symlink_to(".")
    os.mkfifo(inside / "pipe")
    ran = invoke("check", cwd=inside)
    assert ran.code == 1
    assert f"[{rule}]" in ran.out
    assert "secret-name" not in ran.out


@pytest.mark.parametrize("linked", ["org.yaml", "orgs", "verta-gitops.toml"])
@pytest.mark.parametrize(
    "command", [("check", "--context"), ("list",), ("set", "namespaces.fraud.state", "frozen", "-f")]
)
def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path, command: tuple[str, ...], linked: str) -> None:
    inside: dict[str, str | bytes] = {
        "org.yaml": "secret: [",
        "verta-gitops.toml": "secret = [",
        "orgs/org.yaml": "secret: [",
    }
    outside = write(tmp_path / "outside", inside)
    clone = tmp_path / "clone"
    commit(clone, {"org.yaml": ORG} if linked == "verta-gitops.toml" else {"kept.txt": ""})
    (clone / linked).symlink_to(outside / linked)
    before = tree(outside)
    ran = invoke(*command, "orgs/org.yaml" if linked == "orgs" else "org.yaml", cwd=clone)
    assert ran.code == 3
    assert "a link that leads out of the repository" in ran.err
    assert "secret" not in ran.out + ran.err
    assert tree(outside) == before


def test_a_link_within_the_repository_is_followed_and_so_is_any_where_there_is_none(tmp_path: Path) -> None:
    clone, plain = tmp_path / "clone", tmp_path / "plain"
    commit(clone, {"orgs/prod.yaml": ORG})
    (clone / "org.yaml").symlink_to("orgs/prod.yaml")
    plain.mkdir()
    (plain / "org.yaml").symlink_to(clone / "orgs" / "prod.yaml")
    for folder in (clone, plain):
        assert invoke("check", cwd=folder).code == 0
