from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import pytest

from generator.cli import COMMANDS, cli, main
from tests.support import FRAUD, MINIMAL, ROOT, invoke, spawn, write

BROKEN = MINIMAL.replace("standard}", "standrad}") + FRAUD


@pytest.mark.parametrize("command", ["", *COMMANDS])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(command: str, option: str, tmp_path: Path) -> None:
    ran = invoke(*filter(None, [command, option]), cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: verta-gitops {command}".rstrip())
    assert "Examples:" in ran.out
    assert f"  verta-gitops {command}".rstrip() in ran.out
    if command:
        first = COMMANDS[command]
        assert first in " ".join(ran.out.split()), "the list of commands and the command's own help say the same"
    else:
        assert all(f"  {name}" in ran.out for name in COMMANDS)
        assert "Exit codes:" in ran.out


def test_every_option_is_explained(tmp_path: Path) -> None:
    import click

    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{name} {parameter.opts}"


def helps(tmp_path: Path) -> dict[str, str]:
    """The help of every command, and of the commands below one."""
    import click

    found = {}
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        below = [f"{name} {each}" for each in command.commands] if isinstance(command, click.Group) else []
        for words in (name, *below):
            found[words] = invoke(*words.split(), "--help", cwd=tmp_path).out
    return found


def test_every_help_can_be_relied_on(tmp_path: Path) -> None:
    found = helps(tmp_path)
    for words, said in found.items():
        assert "Examples:" in said, words
        assert not [line for line in said.splitlines() if line.endswith("...") and "  " in line.strip()], words
        if words not in ("schema", "completion", "verta"):
            codes = said.partition("Exit codes:")[2]
            assert "\n    0  " in codes, words
            assert "\n    3  could not run" in codes, words


def test_examples_over_two_lines_can_be_copied(tmp_path: Path) -> None:
    for words, said in helps(tmp_path).items():
        examples = said.partition("Examples:\n")[2].partition("\n\n")[0].splitlines()
        for line, following in pairwise(examples):
            if len(following) - len(following.lstrip()) > 4:
                assert line.endswith("\\"), f"{words}: {line}"


def test_version(tmp_path: Path) -> None:
    assert invoke("--version", cwd=tmp_path).out == f"verta-gitops {version('verta-gitops')}\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["chekc"], 'No such command "chekc". Did you mean "check"?'),
        (["rendr", "org.yaml"], 'No such command "rendr". Did you mean "render"?'),
        (["frobnicate"], 'No such command "frobnicate".\n'),
        (["check", "--nonsense"], "No such option"),
        (["check", "--formt", "json"], "No such option"),
        (["check", "--format", "xml"], "'xml' is not one of"),
        (["render", "a.yaml", "b.yaml"], "unexpected extra argument"),
        (["completion", "tcsh"], "'tcsh' is not one of"),
        (["completion"], "Missing argument"),
        (["--nonsense"], "No such option"),
    ],
)
def test_a_wrong_call_is_exit_2(args: list[str], message: str, tmp_path: Path) -> None:
    ran = invoke(*args, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.startswith("Usage: verta-gitops")


def test_without_a_command_the_help_is_shown(tmp_path: Path) -> None:
    ran = invoke(cwd=tmp_path)
    assert "Usage: verta-gitops" in ran.out + ran.err
    assert ran.code in (0, 2)


@pytest.mark.parametrize(
    ("text", "code"), [(MINIMAL + FRAUD, 0), (MINIMAL + "workspaces: {old: {legacy: true}}\n", 0), (BROKEN, 1), ("", 1)]
)
@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_exit_codes_do_not_depend_on_the_format(text: str, code: int, form: str, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": text})
    assert invoke("check", "--format", form, cwd=tmp_path).code == code
    assert invoke("render", "--format", form, cwd=tmp_path).code == code
    assert (tmp_path / "rendered").exists() == (code == 0)


@pytest.mark.parametrize("command", ["check", "render"])
def test_what_cannot_be_read_is_exit_3(command: str, tmp_path: Path) -> None:
    ran = invoke(command, cwd=tmp_path)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "error: org.yaml: no such file; name the organization's file, or run where org.yaml is\n"


def test_several_organizations(tmp_path: Path) -> None:
    write(
        tmp_path, {"a.yaml": MINIMAL + FRAUD, "b.yaml": BROKEN.replace("acme", "other").replace("prod-us", "prod-eu")}
    )
    ran = invoke("check", "a.yaml", "b.yaml", cwd=tmp_path)
    assert ran.code == 1
    assert 'b.yaml:4:18: error: tier "standrad" is not defined' in ran.out
    assert "2 workspaces in 2 namespaces: 1 error" in ran.out


def test_json_is_json(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": BROKEN + "  fraud-again: {namespace: fraud}\n"})
    report = json.loads(invoke("check", "--format", "json", cwd=tmp_path).out)
    assert report["version"] == 1
    by_rule = {problem["rule"]: problem for problem in report["problems"]}
    tier = by_rule["unknown-tier"]
    assert {
        key: tier[key] for key in ("severity", "path", "file", "line", "column", "endLine", "endColumn", "related")
    } == {
        "severity": "error",
        "path": "defaults.tier",
        "file": "org.yaml",
        "line": 4,
        "column": 18,
        "endLine": 4,
        "endColumn": 26,
        "related": [],
    }
    (related,) = by_rule["namespace-shared"]["related"]
    assert (related["file"], related["line"], related["column"]) == ("org.yaml", 10, 32)
    write(tmp_path, {"org.yaml": MINIMAL})
    assert json.loads(invoke("check", "--format", "json", cwd=tmp_path).out)["problems"] == []


def test_github_annotations(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": BROKEN, "a,b:c.yaml": "version: 100%\n"})
    lines = invoke("check", "--format", "github", cwd=tmp_path).out.splitlines()
    assert any(
        line.startswith("::error file=org.yaml,line=4,endLine=4,col=18,endColumn=26,title=unknown-tier::")
        for line in lines
    )
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in lines)
    out = invoke("check", "--format", "github", "a,b:c.yaml", cwd=tmp_path).out
    assert "file=a%2Cb%3Ac.yaml," in out
    assert "found `100%25`" in out


@pytest.mark.parametrize(
    ("shell", "expected"),
    [
        ("bash", "complete -o nosort -F"),
        ("zsh", "#compdef verta-gitops"),
        ("fish", "complete --no-files --command verta-gitops"),
    ],
)
def test_completion_scripts(shell: str, expected: str, tmp_path: Path) -> None:
    ran = invoke("completion", shell, cwd=tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert expected in ran.out
    assert "_VERTA_GITOPS_COMPLETE" in ran.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [("verta-gitops ch", "check"), ("verta-gitops ", "render"), ("verta-gitops render --ch", "--check")],
)
def test_completion_works(words: str, expected: str, tmp_path: Path) -> None:
    position = str(len(words.split(" ")) - 1)
    ran = spawn(cwd=tmp_path, _VERTA_GITOPS_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=position)
    assert ran.code == 0
    assert f"plain,{expected}" in ran.out.split()


def test_a_script_of_bash_is_a_script(tmp_path: Path) -> None:
    ran = invoke("completion", "bash", cwd=tmp_path)
    done = subprocess.run(["bash", "-n"], input=ran.out, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"TERM": "dumb"},
    ],
    ids=str,
)
def test_every_terminal_can_show_it(environment: dict[str, str], tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + "workspaces: {実験 🦊: {legacy: true}, x: {}}\n"})
    ran = spawn("check", cwd=tmp_path, **environment)
    assert ran.code == 1
    assert "internal error" not in ran.err
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD})
    ran = spawn("render", cwd=tmp_path, **environment)
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("name", ["\udcff.yaml", "\u2028.yaml", "a\nb.yaml", "-.yaml", "%.yaml", "🦊.yaml"])
@pytest.mark.parametrize("there", [False, True])
def test_every_file_name_can_be_named(name: str, there: bool, tmp_path: Path) -> None:
    if there:
        (tmp_path / name).write_text(BROKEN)
    done = subprocess.run(
        [sys.executable, "-m", "generator", "check", "--", os.fsencode(name)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    assert b"internal error" not in done.stderr
    assert done.returncode == (1 if there else 3)


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m generator schema | head -c 10"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


def test_colours_are_for_terminals(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": BROKEN})
    assert "\x1b" not in invoke("check", cwd=tmp_path).out


def test_an_internal_error_is_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault")

    monkeypatch.chdir(write(tmp_path, {"org.yaml": MINIMAL}))
    monkeypatch.setattr("generator.pipeline.examine", fail)
    monkeypatch.setattr(sys, "argv", ["verta-gitops", "check"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 3
    assert capsys.readouterr().err.startswith(
        "error: internal error: RuntimeError: a fault\nThis is a fault of verta-gitops"
    )
    monkeypatch.setattr(sys, "argv", ["verta-gitops", "--debug", "check"])
    with pytest.raises(RuntimeError, match="a fault"):
        main()
    gc.enable()


def test_a_file_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "org.yaml").write_text("version: 2\n")
    ran = invoke("check", "org.yaml", "nobody.yaml", cwd=tmp_path)
    assert ran.code == 3
    assert "org.yaml:1:10: error: expected version 1" in ran.out
    assert "nobody.yaml: no such file" in ran.err
