"""The commands against a real server: what they print, how they end, and what they leave behind."""

from __future__ import annotations

import base64
import html
import json
import random
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema_rs import validator_for

from generator.plan.json import plan_schema
from tests.support import Ran, invoke, spawn, write
from tests.verta.server import Reply, Request, Verta, error

ORG = """\
version: 1
organization: {name: acme}
cluster: {name: prod-us, kubernetesVersion: "1.33"}
defaults: {tier: standard}
tiers:
  standard: {}
groups:
  all: {verta: All Users}
  admins: {verta: Admins}
roles:
  super: {verta: Super User}
namespaces:
  fraud: {owners: [admins]}
  churn: {owners: [admins]}
workspaces:
  fraud: {namespace: fraud, description: Card fraud, access: [{group: all, role: super}]}
  churn: {namespace: churn, access: [{group: admins, role: super}]}
"""
APPLY = ("verta", "apply", "--skip-namespace-check")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, {"org.yaml": ORG})


def test_from_plan_to_an_empty_plan(server: Verta, url: str, folder: Path) -> None:
    server.add("churn", "")
    server.add("of nobody", "prod-us--x")
    ran = invoke("verta", "plan", "--detailed-exitcode", cwd=folder)
    assert ran.code == 1  # the mapping is held back
    assert "mapping held back: workspace churn: none → prod-us--churn" in ran.out
    assert "workspace created: fraud" in ran.out
    assert "workspace not declared: of nobody" in ran.out
    assert "org.yaml:16:3" in ran.out
    assert invoke("verta", "plan", "--allow-mapping", "--detailed-exitcode", cwd=folder).code == 2
    assert invoke("verta", "plan", "--allow-mapping", cwd=folder).code == 0
    assert invoke("verta", "plan", "--allow-mapping", "--fail-on", "danger", cwd=folder).code == 1
    ran = invoke(*APPLY, "--allow-mapping", cwd=folder)
    assert ran.out.splitlines()[-3:] == [
        'workspace "churn": mapped to prod-us--churn, granted Super User to Admins',
        'workspace "fraud": created, mapped to prod-us--fraud, granted Super User to All Users',
        "2 workspaces written",
    ]
    assert ran.code == 0
    ran = invoke("verta", "plan", "--detailed-exitcode", "--fail-on", "attention", cwd=folder)
    assert ran.code == 0
    assert "1 change: 1 safe" in ran.out
    ran = invoke(*APPLY, cwd=folder)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "nothing to write")
    assert server.wrong == []


def test_the_formats_of_a_plan(server: Verta, url: str, folder: Path) -> None:
    server.add("fraud", "prod-us--other", (("g-adm", "r-su"),))
    server.add("`evil` <img> @everyone |", "")
    ran = invoke("verta", "plan", "--format", "json", cwd=folder)
    plan = json.loads(ran.out)
    validator_for(plan_schema()).validate(plan)
    kinds = {change["kind"] for change in plan["changes"]}
    assert kinds >= {"workspace-conflict", "workspace-created", "workspace-undeclared", "access-granted"}
    assert plan["access"]["added"][0]["system"] == "verta"
    ran = invoke("verta", "plan", "--format", "markdown", cwd=folder)
    assert "- **workspace in conflict**: `fraud`, `namespace`: `prod-us--other` → `prod-us--fraud`" in ran.out
    assert "``` `evil` <img> @everyone | ```" in ran.out or "`` `evil` <img> @everyone | ``" in ran.out


def test_apply_speaks_json_lines(server: Verta, url: str, folder: Path) -> None:
    server.add("churn", "")
    server.add("fraud", "prod-us--fraud", (("g-adm", "r-su"),))
    ran = invoke(*APPLY, "--format", "json", cwd=folder)
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [line.get("finding") or line["change"] for line in lines] == [
        "mapping-held", "grant-undeclared", "changed", "changed",
    ]  # fmt: skip
    assert lines[3] == {
        "change": "changed", "workspace": "fraud", "id": "2", "mapped": None, "description": "Card fraud",
        "granted": [{"group": "All Users", "role": "Super User"}], "revoked": [],
    }  # fmt: skip
    assert ran.code == 1
    assert server.named("churn")["namespace"] == ""


def test_an_organization_with_errors_is_neither_planned_nor_applied(server: Verta, url: str, folder: Path) -> None:
    write(folder, {"org.yaml": ORG.replace("group: all,", "group: al,")})
    for command in (("verta", "plan"), APPLY):
        ran = invoke(*command, cwd=folder)
        assert ran.code == 1
        assert 'group "al" is not defined; did you mean "all"?' in ran.out
    assert "the organization has errors" in invoke("verta", "plan", "--format", "markdown", cwd=folder).out
    assert server.log == []


def test_a_surprise_says_what_was_done_and_what_was_not(server: Verta, url: str, folder: Path) -> None:
    server.forgets = ("description",)
    write(folder, {"org.yaml": ORG.replace("  churn: {namespace", "  zeta: {namespace")})
    ran = invoke(*APPLY, cwd=folder)
    assert ran.code == 1
    assert 'stopped: not done, or not known to be: "fraud", "zeta"; 0 workspaces done before that; run again' in ran.err
    assert 'error: workspace "fraud": Verta kept the description "" where "Card fraud" was written' in ran.err
    server.workspaces.clear()
    server.forgets = ()
    server.fault = lambda request: error(403, 7, "no") if b'"zeta"' in request.body else None
    ran = invoke(*APPLY, cwd=folder)
    assert ran.code == 3
    assert 'not known to be: "zeta"; 1 workspace done before that' in ran.err
    assert "error: Verta at 127.0.0.1" in ran.err


def test_calls_that_cannot_be_meant(server: Verta, url: str, folder: Path) -> None:
    for arguments, message in (
        (("plan", "org.yaml", "--from-cluster"), "cannot both say what is declared"),
        (("plan", "--organization", "x"), "need --from-cluster"),
        (("apply", "--permissions", "exact"), "need --from-cluster"),
        (("apply", "--from-cluster", "--skip-namespace-check"), "has no meaning with --from-cluster"),
        (("import", "-o", "org.yaml"), "org.yaml exists"),
        (("import", "--cluster", "a--b", "--skip-cluster"), "--cluster: 'a--b' is not a name"),
        (("import", "--kubernetes-version", "2", "--skip-cluster"), "--kubernetes-version: '2' is not"),
    ):
        ran = invoke("verta", *arguments, cwd=folder)
        assert (ran.code, ran.out) == (2, ""), arguments
        assert message in ran.err
    assert server.log == []


def test_the_credentials_may_be_mounted(server: Verta, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VERTA_HOST", "VERTA_EMAIL", "VERTA_DEV_KEY"):
        monkeypatch.delenv(name)
    assert invoke("verta", "plan", cwd=folder).code == 2
    write(folder / "secret", {"VERTA_HOST": url, "VERTA_EMAIL": server.email, "VERTA_DEV_KEY": f"{server.key}\n"})
    assert invoke("verta", "plan", "--credentials", "secret", cwd=folder).code == 0


def test_an_unencrypted_connection_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERTA_HOST", "http://verta.invalid")
    monkeypatch.setenv("VERTA_EMAIL", "a")
    monkeypatch.setenv("VERTA_DEV_KEY", "b")
    ran = invoke("verta", "plan", cwd=folder)
    assert "warning: VERTA_HOST says http" in ran.err
    assert ran.code == 3


MARKER = 'Mark3r+"Sup3r/S3cret<&'
IN_BASE64 = base64.b64encode(MARKER.encode()).decode().rstrip("=")
BEHAVIOURS: dict[str, Any] = {
    "repeats the headers": None,
    "400": error(400, 3, f"bad {MARKER}"),
    "401": error(401, 16, f"{MARKER} is wrong"),
    "403": error(403, 7, f"who is {MARKER}?"),
    "404": error(404, 5, MARKER),
    "409": error(409, 6, MARKER),
    "429": Reply(429, {"message": MARKER}),
    "500": Reply(500, {"error": MARKER}),
    "503": Reply(503, f"<html>{MARKER}</html>"),
    "long": error(400, 3, "x" * 195 + MARKER),
    "in base64 and percent": error(400, 3, f"{IN_BASE64}== {quote(MARKER, safe='')} {html.escape(MARKER)}"),
    "200 with an error": Reply(200, {"code": 13, "message": MARKER}),
    "200 with text": Reply(200, MARKER),
    "200 with another type": Reply(
        200, {"workspaces": [{"id": "1", "name": [MARKER]}], "organizations": [{"id": f"{MARKER}/"}]}
    ),
    "redirect": Reply(302, "", (("Location", f"https://evil.example/?{MARKER}"),)),
    "bad header": Reply(200, "{}", (("X", f"{MARKER}"), ("Content-Encoding", "gzip"))),
    "close": "close",
    "half": "half",
    "html": "html",
    "empty": "empty",
    "done-and-close": "done-and-close",
}  # fmt: skip


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("form", ["key", "token"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_a_secret_is_in_no_output_of_any_error(
    server: Verta, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str, form: str, debug: bool
) -> None:
    monkeypatch.delenv("VERTA_DEV_KEY")
    monkeypatch.delenv("VERTA_EMAIL")
    if form == "key":
        monkeypatch.setenv("VERTA_DEV_KEY", MARKER)
        monkeypatch.setenv("VERTA_EMAIL", server.email)
    else:
        monkeypatch.setenv("VERTA_JWT_TOKEN", MARKER)
        monkeypatch.setenv("VERTA_JWT_TOKEN_SIG", f"sig-{MARKER}")
    word = BEHAVIOURS[behaviour]
    failed = 0
    for at in (1, 2, 4, 5, 6, 7):  # while reading, before, in and after the first write
        server.log.clear()
        server.workspaces.clear()
        server.key, server.token = (MARKER, "") if form == "key" else ("", MARKER)

        def fault(request: Request, at: int = at) -> Any:
            if request.number < at:
                return None
            if word is None:
                server.key = server.token = "another"
            return word

        server.fault = fault
        arguments = ["--debug", *APPLY, "--yes"] if debug else [*APPLY]
        ran = invoke(*arguments, cwd=folder)
        failed += ran.code != 0
        for text in (MARKER, IN_BASE64, "Mark3r", "S3cret"):
            assert text not in ran.out + ran.err, (behaviour, at)
        assert ran.code in (0, 1, 3)
    assert failed == 6 or behaviour in ("done-and-close", "409", "404")


def test_a_secret_that_cannot_be_sent_is_not_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERTA_HOST", "http://127.0.0.1:1")
    monkeypatch.setenv("VERTA_EMAIL", "a")
    for value in (f"{MARKER}\r\nX: y", f"{MARKER}é", f" {MARKER}"):
        monkeypatch.setenv("VERTA_DEV_KEY", value)
        for arguments in (("verta", "plan"), ("--debug", "verta", "plan")):
            ran = invoke(*arguments, cwd=folder)
            assert ran.code == 2
            assert MARKER not in ran.out + ran.err


def test_a_traceback_of_debug_shows_no_secret(server: Verta, url: str, folder: Path) -> None:
    """An error of our own, deep in the client, while the secret is in every frame."""
    code = (
        "import sys; from unittest.mock import patch; from generator.cli import main\n"
        "sys.argv = ['verta-gitops', '--debug', 'verta', 'plan']\n"
        "with patch('generator.verta.transport.Transport._read', side_effect=RuntimeError('boom')): main()"
    )
    import subprocess
    import sys

    from tests.support import ROOT

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False,
        env={"VERTA_HOST": url, "VERTA_EMAIL": server.email, "VERTA_DEV_KEY": MARKER, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "RuntimeError: boom" in done.stderr
    assert MARKER not in done.stdout + done.stderr


def _organization(seed: int, server: Verta) -> None:
    dice = random.Random(seed)
    server.groups |= {f"g-{number}": f"Team {number} ü/{dice.choice('abc')}" for number in range(dice.randint(0, 5))}
    server.roles |= {f"r-{number}": dice.choice(("no", "Reader", "a: b", "'")) + str(number) for number in range(3)}
    names = ("fraud", "a b/c", "🚀", "007", "yes", "# no comment", "- x", '"', "x: y", "x" * 300, "{}", "~")
    for position, name in enumerate(dice.sample(names, dice.randint(1, len(names)))):
        grants = {(dice.choice([*server.groups]), dice.choice([*server.roles])) for _ in range(dice.randint(0, 4))}
        description = dice.choice(("", "text", "two\nlines\n", " blank first", "#", "tab\tin it", "é: [x]", "null"))
        mapped = "" if dice.random() < 0.2 else f"prod-eu--n{position}"
        server.add(name, mapped, tuple(sorted(grants)), description=description)


@pytest.mark.parametrize("seed", range(12))
def test_an_import_followed_by_a_plan_is_empty(server: Verta, url: str, tmp_path: Path, seed: int) -> None:
    _organization(seed, server)
    ran = invoke("verta", "import", "--skip-cluster", "--cluster", "prod-eu", "-o", "org.yaml", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "next: verta-gitops check org.yaml" in ran.out
    assert invoke("check", cwd=tmp_path).code == 0
    ran = invoke("verta", "plan", "--detailed-exitcode", cwd=tmp_path)
    assert (ran.code, ran.out.rpartition(": ")[2]) == (0, "nothing changes\n"), ran.out
    text = (tmp_path / "org.yaml").read_text()
    write(tmp_path, {"org.yaml": f"{text}verta: {{permissions: exact}}\n"})
    assert "nothing changes" in invoke("verta", "plan", cwd=tmp_path).out
    assert not any(request.method == "POST" for request in server.log)


def test_an_import_says_what_it_leaves_out(server: Verta, url: str, tmp_path: Path) -> None:
    server.add("fine", "prod-us--fine", (("g-gone", "r-su"),))
    server.add("also fine", "prod-us--other", (("g-all", "r-su"),))
    server.add("elsewhere", "prod-eu--x")
    server.add("odd", "prod-us--UPPER")
    server.add("second", "prod-us--fine")
    server.add("twin", "prod-us--t1")
    server.add("twin", "prod-us--t2")
    server.add("bell \x07", "prod-us--bell")
    server.organizations = {"org-1": "Acme Corp."}
    ran = invoke("verta", "import", "--skip-cluster", cwd=tmp_path)
    assert ran.code == 1
    assert ran.err.count("left out:") == 7
    assert "\x07" not in ran.out + ran.err
    assert 'the organization is called "Acme Corp." in Verta: set VERTA_ORG_NAME' in ran.err
    assert 'the cluster is called "prod-us"' in ran.err
    write(tmp_path, {"org.yaml": ran.out})
    assert invoke("check", cwd=tmp_path).code == 0
    assert "name: acme-corp" in ran.out


def test_an_import_understands_plain_mappings(server: Verta, url: str, tmp_path: Path) -> None:
    server.add("fraud", "team-fraud")
    ran = invoke("verta", "import", "--skip-cluster", "-o", "org.yaml", "--primary-namespace", "verta", cwd=tmp_path)
    assert ran.code == 0
    text = (tmp_path / "org.yaml").read_text()
    assert 'namespaceFormat: "{namespace}"' in text
    assert "primaryNamespace: verta" in text
    assert "nothing changes" in invoke("verta", "plan", cwd=tmp_path).out
    assert invoke("verta", "import", "--skip-cluster", "-o", "org.yaml", "--force", cwd=tmp_path).code == 0


def test_help_and_planning_start_without_what_they_do_not_need(tmp_path: Path) -> None:
    for arguments in (("verta", "--help"), ("verta", "apply", "--help")):
        ran: Ran = spawn(*arguments, cwd=tmp_path)
        assert ran.code == 0
        assert "Exit codes" in ran.out or "import" in ran.out


def test_a_large_plan_names_everything_in_one_reading(server: Verta, url: str, tmp_path: Path) -> None:
    names = [f"w{number:04}" for number in range(600)]
    body = ORG.partition("namespaces:")[0] + "namespaces:\n" + "".join(f"  n{name}: {{}}\n" for name in names)
    body += "workspaces:\n" + "".join(f"  {name}: {{namespace: n{name}}}\n" for name in names)
    write(tmp_path, {"org.yaml": body})
    for name in names[:300]:
        server.add(name, f"prod-us--n{name}")
    ran = invoke("verta", "plan", "--format", "json", cwd=tmp_path)
    assert json.loads(ran.out)["summary"]["safe"] == 300
    assert len(server.log) == 6
