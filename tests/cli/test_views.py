"""`list`, `show`, `who`, `cost` and `report`: what they print, in every form, for good and bad input."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support import FRAUD, MINIMAL, ROOT, Ran, invoke, load_1_1, load_1_2, write

EVIL = (
    MINIMAL
    + """\
groups: {leads: {}}
roles: {maintainer: {verta: "Main\\ttainer", clusterRole: edit}}
"""
    + FRAUD.replace(
        "{namespace: fraud}",
        """
    namespace: fraud
    description: "=HYPERLINK(\\"https://evil.example\\") | \\u202e `x` \\n# head"
    access: [{group: leads, role: maintainer}]""",
    )
)


def run(*args: str) -> Ran:
    return invoke(*args, cwd=ROOT)


def test_list_is_a_table() -> None:
    ran = run("list", "--tier", "gpu")
    assert ran.out.splitlines() == [
        "WORKSPACE          NAMESPACE      TIER  STATE   OWNERS",
        "claims-vision      claims-vision  gpu   active  claims-leads",
        "service-assistant  assistant      gpu   active  customer-leads",
    ]
    assert (ran.code, ran.err) == (0, "2 of 11 workspaces\n")


def test_list_for_programs() -> None:
    data = json.loads(run("list", "-o", "json").out)
    assert data["version"] == 1
    assert [each["workspace"] for each in data["workspaces"]] == run("list", "-o", "name").out.splitlines()
    assert data["workspaces"][5]["quota"]["requests.memory"] == "256Gi"
    text = run("list", "-o", "yaml").out
    assert load_1_1(text) == [data]
    assert load_1_2(text) == [data]
    table = list(csv.DictReader(io.StringIO(run("list", "-o", "csv").out)))
    assert [row["requests.cpu"] for row in table][:3] == ["", "64", "48"]
    assert run("list", "--format", "json").out == run("list", "-o", "json").out


def test_an_empty_list() -> None:
    ran = run("list", "--state", "decommission", "-o", "name")
    assert (ran.code, ran.out) == (0, "")
    assert json.loads(run("list", "--state", "decommission", "-o", "json").out)["workspaces"] == []
    assert run("list", "--state", "decommission").out.split() == ["WORKSPACE", "NAMESPACE", "TIER", "STATE", "OWNERS"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["list", "--tier", "gp"], 'there is no tier "gp" in this organization; did you mean "gpu"?'),
        (["list", "--owner", "fraud-lead"], 'did you mean "fraud-leads"?'),
        (["list", "--label", "=x"], "--label: expected KEY or KEY=VALUE"),
        (["list", "--label", "cost-centre=1"], 'no namespace has a label "cost-centre"; did you mean "cost-center"?'),
        (["cost", "--label", "cost-centre"], 'no namespace has a label "cost-centre"; did you mean "cost-center"?'),
        (["report", "--label", "cost-centre"], 'no namespace has a label "cost-centre"; did you mean "cost-center"?'),
        (["show", ""], 'there is no workspace ""'),
        (["who", "nobody"], 'there is no group "nobody"'),
        (["show", "fraud-detecton"], 'did you mean "fraud-detection"?'),
        (["report", "--context", "prod"], "add --live"),
        (["report", "--live", "--usage", "x.json"], "give one of them"),
        (["report", "--links", "javascript:x"], "--links: expected a form"),
    ],
)
def test_called_wrongly(args: list[str], message: str) -> None:
    ran = run(*args)
    assert ran.code == 2
    assert message in ran.err


@pytest.mark.parametrize("args", [["list"], ["show", "x"], ["who", "x"], ["cost"], ["report"]])
def test_errors_that_would_make_the_answer_wrong(args: list[str], tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + "namespaces: {fraud: {tier: nope}, fraud: {}}\n"})
    ran = invoke(*args, cwd=tmp_path)
    assert ran.code == 1
    assert "org.yaml:" in ran.out
    assert "nothing shown: " in ran.out
    ran = invoke(*args, "absent.yaml" if args[0] in ("list", "cost", "report") else "--file=absent.yaml", cwd=tmp_path)
    assert ran.code == 3


def test_show() -> None:
    out = run("show", "fraud-detection").out
    assert "  applied by: Argo CD, Application argocd/prod-east--fraud\n" in out
    assert "  mapping in Verta: prod-east--fraud\n" in out
    assert any(
        line.split() == ["max.memory", "128Gi", "org.yaml:142:33:", "namespace,", "over", "tier", "dedicated:", "64Gi"]
        for line in out.splitlines()
    )
    assert "  in from: claims-triage, monitoring, verta\n" in out
    assert "  rendered/prod-east/namespaces/fraud/resourcequota.yaml\n" in out
    assert run("show", "fraud").out == out, "by the name of its namespace"
    data = json.loads(run("show", "fraud", "--format", "json").out)
    files = {path for path in data["files"] if (ROOT / path).is_file()}
    assert files == {f"rendered/prod-east/namespaces/fraud/{name}" for name in ROOT_FILES}
    quota = {each["path"]: each["value"] for each in data["quota"]}
    assert quota['namespaces.fraud.quota["requests.cpu"]'] == "64"
    assert data["access"][0]["group"] == "fraud-ds"


ROOT_FILES = sorted(path.name for path in (ROOT / "rendered/prod-east/namespaces/fraud").iterdir())


def test_show_a_workspace_without_a_namespace() -> None:
    out = run("show", "Actuarial Sandbox").out
    assert "namespace: verta, the primary one: it has none of its own\n" in out
    (file,) = [line.strip() for line in out.splitlines() if line.startswith("  rendered/")]
    assert (ROOT / file).is_file()


def test_who() -> None:
    ran = run("who", "model-risk")
    assert ran.out.splitlines()[:2] == [
        "model-risk: oidc:model-risk (Kubernetes), Model Risk (Verta), @northlake/model-risk (git host)",
        "answers for fraud",
    ]
    assert "fraud-research   fraud-research  auditor  Reader  ClusterRole view" in ran.out
    assert run("who", "model-risk", "-o", "name").out.split() == ["fraud-detection", "fraud-research", "pricing"]
    assert len(json.loads(run("who", "model-risk", "-o", "json").out)["rights"]) == 3


def test_cost() -> None:
    lines = run("cost").out.splitlines()
    assert lines[0].split() == [
        "COST-CENTER", "NAMESPACES", "SHARE", "%",
        "REQUESTS.CPU", "REQUESTS.MEMORY", "REQUESTS.NVIDIA.COM/GPU", "PODS",
    ]  # fmt: skip
    assert lines[1].split() == ["4100", "2", "38.2", "112", "640Gi", "8", "160"]
    text = run("cost", "-o", "yaml").out
    assert load_1_1(text) == load_1_2(text) == [json.loads(run("cost", "-o", "json").out)]
    lines = run("cost", "--label", "northlake.example/data-class").out.splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["(none)", "8"], ["confidential", "2"]]


def test_what_people_wrote_harms_no_terminal_spreadsheet_or_page(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": EVIL})
    for args in (["list", "-o", "wide"], ["show", "fraud"], ["who", "leads"], ["list", "-o", "name"]):
        out = invoke(*args, cwd=tmp_path).out
        assert "\u202e" not in out
        assert "\t" not in out
        assert "\n# head" not in out
    (row,) = csv.DictReader(io.StringIO(invoke("list", "-o", "csv", cwd=tmp_path).out))
    assert row["description"].startswith("'=HYPERLINK(")
    markdown = invoke("report", "--format", "markdown", cwd=tmp_path).out
    assert "\n# head" not in markdown
    data: Any = json.loads(invoke("list", "-o", "json", cwd=tmp_path).out)
    text = invoke("list", "-o", "yaml", cwd=tmp_path).out
    assert load_1_1(text) == load_1_2(text) == [data]


def test_report_as_data() -> None:
    data = json.loads(run("report", "--format", "json").out)
    assert (data["overview"]["workspaces"], data["overview"]["states"]["frozen"]) == (11, 1)
    assert {each["resource"]: each["percent"] for each in data["capacity"]["resources"]}["requests.cpu"] == 65.1
    assert data["usage"] is None
    assert run("report", "--format", "csv").out == run("list", "-o", "csv").out
    markdown = run("report", "--format", "markdown").out
    assert "| `requests.cpu` | 400 | 614.4 | 65.1 % |  |" in markdown


def test_report_says_what_changed_and_what_is_used(tmp_path: Path) -> None:
    def git(*args: str) -> None:
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *args], cwd=tmp_path, check=True)

    write(tmp_path, {"org.yaml": MINIMAL + FRAUD})
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "one")
    quota = '{"kind": "ResourceQuota", "apiVersion": "v1", "metadata": {"name": "q", "namespace": "fraud"}, '
    usage = quota + '"status": {"used": {"pods": "3"}}}'
    tiered = (MINIMAL + FRAUD).replace("standard: {}", 'standard: {quota: {pods: "4"}}')
    write(tmp_path, {"org.yaml": tiered, "usage.json": usage})
    args = ["report", "--format", "json", "--since", "HEAD", "--usage", "usage.json"]
    data = json.loads(invoke(*args, cwd=tmp_path).out)
    assert [(each["resource"], each["used"], each["percent"]) for each in data["usage"]] == [("pods", "3", 75.0)]
    assert data["since"] == "HEAD"
    assert any("pods" in change["what"] and change["line"] == 6 for change in data["changes"])
    ran = invoke("report", "--since", "HEAD", "--usage", "usage.json", "-o", "out.html", cwd=tmp_path)
    assert ran == Ran(0, "out.html: written\n", "")
    assert "Changes since HEAD" in (tmp_path / "out.html").read_text()
    ran = invoke("report", "--since", "nowhere", cwd=tmp_path)
    assert (ran.code, ran.err.count("--base"), ran.err.count("--since")) == (3, 0, 2)
    write(tmp_path, {"org.yaml": tiered + "delivery: {repoURL: 'https://bot:s3cret@git.example.com/acme/p.git'}\n"})
    for form in ("html", "json", "markdown"):
        ran = invoke("report", "--since", "HEAD", "--format", form, cwd=tmp_path)
        assert "git.example.com/acme/p.git" in ran.out
        assert "s3cret" not in ran.out
    assert invoke("report", "-o", "org.yaml/x.html", cwd=tmp_path).code == 3
    assert invoke("report", "--usage", "absent.json", cwd=tmp_path).code == 3


def test_report_is_not_written_over_what_it_is_made_of(tmp_path: Path) -> None:
    fragment = "namespaces: {second: {}}\nworkspaces: {second: {namespace: second}}\n"
    prices = "prices: {pods: {price: 1, per: 1}}\n"
    files: dict[str, str | bytes] = {
        "org.yaml": MINIMAL + "include: [teams/*.yaml]\n" + FRAUD,
        "teams/a.yaml": fragment,
        "p.yaml": prices,
    }
    write(tmp_path, files)
    (tmp_path / "link.html").symlink_to("org.yaml")
    for output in ("org.yaml", "./org.yaml", "teams/a.yaml", "p.yaml", "link.html"):
        ran = invoke("report", "--prices", "p.yaml", "-o", output, cwd=tmp_path)
        assert ran.code == 2
        assert f"-o {output} is what is read, and would be lost" in ran.err
    assert {name: (tmp_path / name).read_text() for name in files} == files


def test_report_goes_where_it_is_sent(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD, "real/old.html": "old"})
    page = invoke("report", cwd=tmp_path).out
    (tmp_path / "link.html").symlink_to("real/old.html")
    assert invoke("report", "-o", "link.html", cwd=tmp_path).code == 0
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "real/old.html").read_text() == page
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen("cat pipe > got.html", shell=True, cwd=tmp_path):
        assert invoke("report", "-o", "pipe", cwd=tmp_path).code == 0
    assert (tmp_path / "got.html").read_text() == page
    assert (tmp_path / "pipe").is_fifo(), "a pipe or a device is written into, not replaced"
    ran = invoke("report", "-o", "real", cwd=tmp_path)
    assert ran == Ran(3, "", "error: real: is a folder; name a file in it\n")


def test_show_names_the_files_of_one_workspace_only(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + "workspaces: {a: {legacy: true}, x-a: {legacy: true}}\n"})
    files = json.loads(invoke("show", "a", "--format", "json", cwd=tmp_path).out)["files"]
    assert [Path(file).name for file in files] == ["workspace-a.yaml"]
