"""The commands that edit: what they show, ask, check and write, and when they refuse."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from generator.editing import writing
from generator.files import read_file, replace_file
from generator.problems import Stop
from tests.support import MINIMAL, ROOT, invoke, tree, write

ORG = (
    MINIMAL
    + """\
groups: # who
  leads: {}
  analysts: {}
roles:
  reader: {clusterRole: view}
  writer: {clusterRole: edit}
namespaces:
  fraud: {owners: [leads]} # keep this comment
workspaces:
  fraud-detection:
    namespace: fraud
    access:
      - {group: leads, role: writer}
"""
)
ALL = [
    ["add", "workspace", "churn", "--owner", "leads", "--grant", "analysts:reader", "--label", "cost-center=007"],
    ["add", "group", "interns", "--subject", "oidc:interns"],
    ["set", "namespaces.fraud.labels.cost-center", "4711"],
    ["unset", "namespaces.fraud.owners"],
    ["grant", "fraud-detection", "analysts:reader"],
    ["revoke", "fraud-detection", "leads:writer"],
    ["move-tier", "fraud", "--to", "large"],
    ["freeze", "fraud"],
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, {"org.yaml": ORG.replace("  standard: {}\n", "  standard: {}\n  large: {}\n")})


def org(folder: Path) -> str:
    return (folder / "org.yaml").read_bytes().decode()


def test_what_to_type_next_names_the_file(folder: Path) -> None:
    (folder / "prod eu.yaml").write_bytes((folder / "org.yaml").read_bytes())
    ran = invoke("freeze", "fraud", "-f", "prod eu.yaml", cwd=folder)
    assert ran.out.endswith("\nwrote prod eu.yaml\nnext: verta-gitops render 'prod eu.yaml'\n")
    (folder / "org.yaml").write_bytes(b"\n" + (folder / "org.yaml").read_bytes())
    assert invoke("fmt", cwd=folder).out.endswith("\nwrote org.yaml\n"), "nothing changes in rendered/"


@pytest.mark.parametrize("args", ALL, ids=lambda args: args[0] + " " + args[1])
def test_an_edit_is_shown_and_written_or_only_shown(args: list[str], folder: Path) -> None:
    before = tree(folder)
    shown = invoke(*args, "--dry-run", cwd=folder)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith("--- org.yaml\n+++ org.yaml\n@@ ")
    assert shown.out.endswith("\nnothing written\n")
    assert tree(folder) == before
    written = invoke(*args, cwd=folder)
    assert (written.code, written.err) == (0, "")
    assert written.out == shown.out.replace("nothing written\n", "wrote org.yaml\nnext: verta-gitops render\n")
    diff = shown.out.partition("\n\n")[0]
    (folder / "patch").write_text(diff + "\n")
    after = org(folder)
    (folder / "org.yaml").write_bytes(before["org.yaml"])
    subprocess.run(["git", "apply", "-p0", "--unsafe-paths", "patch"], cwd=folder, check=True)
    assert org(folder) == after, "what was shown is what was written"
    assert "# keep this comment" in after


@pytest.mark.parametrize("args", ALL, ids=lambda args: args[0] + " " + args[1])
def test_json_has_the_diff_the_effect_and_whether_it_was_written(args: list[str], folder: Path) -> None:
    ran = invoke(*args, "--format", "json", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    said = json.loads(ran.out)
    assert (said["written"], said["dryRun"]) == (True, False)
    assert [each["file"] for each in said["files"]] == ["org.yaml"]
    assert said["files"][0]["diff"].startswith("--- org.yaml\n")
    assert said["changes"]
    assert all(each["severity"] == "warning" for each in said["problems"])


def test_what_an_edit_does_is_said_in_a_line(folder: Path) -> None:
    ran = invoke("freeze", "fraud", cwd=folder)
    assert "\nattention: namespace frozen: fraud, state: active → frozen\n" in ran.out
    ran = invoke("grant", "fraud-detection", "analysts:writer", cwd=folder)
    assert "danger: access granted: Kubernetes group analysts: ClusterRole edit, in namespace fraud" in ran.out


def test_twice_is_once(folder: Path) -> None:
    for args in (
        ["freeze", "fraud"],
        ["grant", "fraud-detection", "analysts:reader"],
        ["set", "verta.primaryNamespace", "x"],
    ):
        assert invoke(*args, cwd=folder).code == 0
        before = org(folder)
        ran = invoke(*args, cwd=folder)
        assert (ran.code, ran.out) == (0, "nothing to do: it is so already\n")
        assert org(folder) == before
        ran = invoke(*args, "--format", "json", cwd=folder)
        assert json.loads(ran.out)["files"] == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["set", "namespaces.fraud.owners", "[nobody]"], 'group "nobody" is not defined'),
        (["set", "namespaces.fraud.quota.pods", "many"], "many"),
        (["set", "namespaces.fraud.tier", "gigantic"], 'tier "gigantic" is not defined'),
        (["unset", "groups.leads"], 'group "leads" is not defined'),
        (["unset", "organization.name"], '"name" is missing'),
        (["unset", "namespaces.fraud"], "its state was"),
        (["set", "workspaces.fraud-detection.namespace", "other"], "a mapping is for ever"),
        (["add", "workspace", "x", "--namespace", "fraud"], "fraud"),
        (["add", "group", "Not A Name"], "Not A Name"),
    ],
)
def test_what_would_break_something_is_not_written(args: list[str], said: str, folder: Path) -> None:
    before = tree(folder)
    ran = invoke(*args, cwd=folder)
    assert (ran.code, ran.err) == (1, "")
    assert said in ran.out
    assert ran.out.endswith("nothing written: the edit would break what is well now\n")
    ran = invoke(*args, "--format", "json", cwd=folder)
    assert ran.code == 1
    assert any(said in each["message"] for each in json.loads(ran.out)["problems"])
    assert tree(folder) == before


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["freeze", "fruad"], 'there is no namespace "fruad"; did you mean "fraud"?'),
        (["decommission", "fraud"], 'namespace "fraud" is active; freeze it first'),
        (["retire", "fraud"], 'namespace "fraud" is active; only after `decommission` was applied'),
        (["grant", "fraud-detection", "leads"], '"leads" is not GROUP:ROLE'),
        (["grant", "fraud-detection", "leads:writr"], 'there is no role "writr"; did you mean "writer"?'),
        (["revoke", "fraud-detection", "analysts"], 'no access for "analysts"; it has leads:writer'),
        (["add", "workspace", "fraud-detection"], 'workspace "fraud-detection" exists already'),
        (["add", "workspace"], "name the workspace; only a terminal is asked for it"),
        (["add", "workspace", "日本"], "name one with --namespace"),
        (["add", "workspace", "x", "--label", "a"], '"a" is not KEY=VALUE'),
        (["add", "workspace", "x", "--in", "other.yaml"], "other.yaml is not a file of this organization"),
        (["set", "namespaces.fraud.teir", "x"], 'did you mean "tier"?'),
        (["unset", "namespaces.fraud.tier"], "is not written in org.yaml"),
        (["move-tier", "fraud", "--to", "x"], 'there is no tier "x"; known: standard, large'),
    ],
)
def test_what_cannot_be_meant_is_usage(args: list[str], said: str, folder: Path) -> None:
    before = tree(folder)
    ran = invoke(*args, cwd=folder)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert tree(folder) == before


def test_no_file_is_exit_3(tmp_path: Path) -> None:
    ran = invoke("freeze", "x", cwd=tmp_path)
    assert ran.code == 3
    assert "no such file" in ran.err


def test_a_problem_elsewhere_is_no_obstacle(folder: Path) -> None:
    text = ORG.replace("defaults: {tier: standard}\n", "defaults: {tier: standard, colour: red}\n")
    write(folder, {"org.yaml": text})
    assert invoke("check", cwd=folder).code == 1
    ran = invoke("freeze", "fraud", cwd=folder)
    assert ran.code == 0, ran.out
    assert org(folder) == text.replace("owners: [leads]}", "owners: [leads], state: frozen}")


def test_a_problem_that_gets_worse_is_refused(folder: Path) -> None:
    write(folder, {"org.yaml": ORG.replace("owners: [leads]", "owners: [nobody]")})
    ran = invoke("set", "namespaces.fraud.owners", "[nobody, noone]", cwd=folder)
    assert ran.code == 1
    assert 'group "noone" is not defined' in ran.out


def test_a_file_that_changes_in_the_meantime_is_left_alone(folder: Path) -> None:
    real = read_file

    def other(path: str, size: int) -> bytes:
        (folder / "org.yaml").write_text(ORG + "# somebody was here\n")
        return real(path, size)

    with patch.object(writing, "read_file", other):
        ran = invoke("freeze", "fraud", cwd=folder)
    assert ran.code == 3
    assert "org.yaml: was changed by somebody else in the meantime" in ran.err
    assert org(folder) == ORG + "# somebody was here\n"


def test_all_files_are_written_or_none(tmp_path: Path) -> None:
    fragment = "workspaces:\n  fraud-detection: {namespace: fraud}\n"
    text = MINIMAL + "include: [teams/*.yaml]\nnamespaces:\n  fraud: {state: decommission}\n"
    folder = write(tmp_path, {"org.yaml": text, "teams/a.yaml": fragment})
    before = tree(folder)
    real = replace_file
    calls: list[str] = []

    def failing(path: str, data: bytes) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise Stop("the disk is full")
        real(path, data)

    with patch.object(writing, "replace_file", failing):
        ran = invoke("retire", "fraud", "--on", "2026-03-31", cwd=folder)
    assert ran.code in (1, 3), ran.out
    assert tree(folder) == before


@pytest.mark.parametrize("args", [["freeze", "fraud"], ["grant", "x", "a:b"], ["move-tier", "fraud", "--to", "x"]])
def test_a_name_is_not_missed_in_a_file_that_cannot_be_read(args: list[str], folder: Path) -> None:
    write(folder, {"org.yaml": MINIMAL + "groups: {\n"})
    ran = invoke(*args, cwd=folder)
    assert ran.code == 1
    assert "is not closed" in ran.out
    assert "there is no" not in ran.out + ran.err


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_protected_file_is_not_replaced(folder: Path) -> None:
    (folder / "org.yaml").chmod(0o444)
    before = org(folder)
    ran = invoke("freeze", "fraud", cwd=folder)
    assert (ran.code, org(folder)) == (3, before)
    assert ran.err == "error: org.yaml: is write-protected; nothing was written\n"


def test_permissions_and_links_stay(folder: Path) -> None:
    (folder / "org.yaml").chmod(0o640)
    (folder / "link.yaml").symlink_to("org.yaml")
    assert invoke("freeze", "fraud", "-f", "link.yaml", cwd=folder).code == 0
    assert (folder / "link.yaml").is_symlink()
    assert stat.S_IMODE((folder / "org.yaml").stat().st_mode) == 0o640
    assert "state: frozen" in org(folder)


def git(folder: Path, *args: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e@x.y", *args], cwd=folder, check=True, capture_output=True
    )


@pytest.mark.parametrize("base", [["--base", "HEAD"], []], ids=["named", "the last commit"])
def test_a_namespace_is_taken_out_step_by_step(base: list[str], folder: Path) -> None:
    text = org(folder).replace("    access:\n", "    access: # who\n") + "  other: {namespace: more}\n"
    text = text.replace("# keep this comment\n", "# keep this comment\n  more: {}\n")
    write(folder, {"org.yaml": text})
    git(folder, "init", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-m", "one")
    assert invoke("freeze", "fraud", *base, cwd=folder).code == 0
    refused = invoke("decommission", "fraud", *base, cwd=folder)
    assert refused.code == 1, "it was not frozen at the base"
    git(folder, "commit", "-am", "two")
    assert invoke("decommission", "fraud", *base, cwd=folder).code == 0
    refused = invoke("retire", "fraud", *base, cwd=folder)
    assert refused.code == 1
    assert 'its state was "frozen" and not "decommission"' in refused.out
    git(folder, "commit", "-am", "three")
    ran = invoke("retire", "fraud", "--on", "2026-03-31", *base, cwd=folder)
    assert ran.code == 0, ran.out
    after = org(folder)
    assert after.endswith(
        "namespaces:\n  more: {}\nworkspaces:\n  other: {namespace: more}\n"
        "retired:\n  fraud: {workspace: fraud-detection, on: 2026-03-31}\n"
    )
    assert invoke("check", "--base", "HEAD", cwd=folder).code == 0


def test_a_frozen_namespace_is_active_again(folder: Path) -> None:
    before = org(folder)
    assert invoke("freeze", "fraud", cwd=folder).code == 0
    assert invoke("unfreeze", "fraud", cwd=folder).code == 0
    assert org(folder) == before


def test_formatting(folder: Path) -> None:
    text = org(folder).replace("namespaces:", "\n\nnamespaces:  ").replace("{owners", "{quota: {pods: 1000m}, owners")
    write(folder, {"org.yaml": text + "\n\n"})
    assert invoke("fmt", "--check", cwd=folder).code == 1
    assert org(folder) == text + "\n\n"
    ran = invoke("fmt", cwd=folder)
    assert (ran.code, ran.err) == (0, "")
    assert "it changes nothing in the cluster" in ran.out
    assert org(folder) == text.replace("\n\n\n", "\n\n").replace(":  \n", ":\n").replace("1000m", '"1"')
    assert invoke("fmt", "--check", cwd=folder).code == 0
    write(folder, {"org.yaml": "version: [1\n"})
    assert invoke("fmt", cwd=folder).code == 1


def test_nothing_of_a_file_reaches_a_terminal_as_a_command(folder: Path) -> None:
    write(folder, {"org.yaml": ORG.replace("# keep this comment", "# \u200bevil\ttab")})
    ran = invoke("freeze", "fraud", "--dry-run", cwd=folder)
    assert "\u200b" not in ran.out
    assert "# \\u200bevil\ttab" in ran.out


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.seen = ""
        self.child, self.end = pty.fork()
        if self.child == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests may have it ignored
            os.chdir(folder)
            os.environ.update(PYTHONPATH=str(ROOT), TERM="xterm", COLUMNS="200")
            os.execv(sys.executable, [sys.executable, "-m", "generator", *args])

    def expect(self, text: str) -> None:
        while text not in self.seen:
            if not self.more():
                os.kill(self.child, signal.SIGKILL)
                self.ended()
                raise AssertionError(f"{text!r} did not come; seen: {self.seen!r}")
        self.seen = self.seen[self.seen.index(text) + len(text) :]

    def type(self, text: str) -> None:
        os.write(self.end, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C, as somebody does: again, where it came before the question was ready for it."""
        for _ in range(60):
            self.type("\x03")
            self.more(0.5)
            if "interrupted" in self.seen:
                return

    def more(self, seconds: float = 30) -> bool:
        if not select.select([self.end], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.end, 65536)
        except OSError:  # the other end is closed
            data = b""
        self.seen += data.decode()
        return bool(data)

    def ended(self) -> tuple[int, str]:
        while self.more():
            pass
        os.close(self.end)
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1]), self.seen


def test_a_terminal_is_asked_before_anything_is_written(folder: Path) -> None:
    before = org(folder)
    terminal = Terminal(folder, "freeze", "fraud")
    terminal.expect("\x1b[32m+")
    terminal.expect("Write this? [Y/n]")
    terminal.type("n\n")
    code, seen = terminal.ended()
    assert (code, "nothing written" in seen) == (0, True)
    assert org(folder) == before
    terminal = Terminal(folder, "freeze", "fraud", "--yes")
    code, seen = terminal.ended()
    assert (code, "Write this?" in seen) == (0, False)
    assert "state: frozen" in org(folder)


def test_add_workspace_asks_with_what_there_is_and_completes(folder: Path) -> None:
    text = (
        org(folder)
        .replace("  large: {}", "  large: {quota: {pods: '30'}}")
        .replace("standard: {}", "standard: {quota: {pods: '10'}}")
    )
    text = text.replace('Version: "1.33"}', 'Version: "1.33", capacity: {pods: "100"}}')
    text = text.replace("defaults:", "policy: {requiredLabels: [cost-center]}\ndefaults:")
    text = text.replace("owners: [leads]", 'owners: [leads], labels: {cost-center: "1"}')
    write(folder, {"org.yaml": text})
    terminal = Terminal(folder, "add", "workspace")
    for question, answer in (
        ("Name of the workspace", "fraud-detection\n"),
        ("exists already", "Motor Pricing\n"),
        ("What is it for", "Premiums: motor\n"),
        ("Namespace [motor-pricing]", "\n"),
        ("standard: 9 more fit (pods: 90 left, 10 each)", ""),
        ("large: 3 more fit (pods: 90 left, 30 each)", ""),
        ("Tier [standard]", "huge\n"),
        ('there is no "huge"; known: standard, large', "la\t\n"),
        ("Group that answers for it", "lea\t\n"),
        ("Group that answers for it", "\n"),
        ("Label cost-center", "007\n"),
        ("Group with access", "analysts\n"),
        ("Role of analysts", "rea\t\n"),
        ("Group with access", "\n"),
        ("Write this? [Y/n]", "\n"),
    ):
        terminal.expect(question)
        terminal.type(answer)
    code, seen = terminal.ended()
    assert code == 0, seen
    assert "wrote org.yaml" in seen
    after = org(folder)
    assert "  motor-pricing:" in after
    assert re.search(r'motor-pricing: ?{tier: large, owners: \[leads\], labels: {cost-center: "007"}}', after)
    assert after.endswith(
        '  Motor Pricing:\n    namespace: motor-pricing\n    description: "Premiums: motor"\n'
        "    access:\n      - {group: analysts, role: reader}\n"
    )
    assert invoke("check", cwd=folder).code == 0


def test_an_interrupted_question_leaves_everything_as_it_was(folder: Path) -> None:
    before = tree(folder)
    terminal = Terminal(folder, "add", "workspace")
    terminal.expect("Name of the workspace")
    terminal.type("x\n")
    terminal.expect("What is it for")
    terminal.interrupt()
    code, seen = terminal.ended()
    assert (code, "interrupted" in seen) == (130, True)
    assert tree(folder) == before
