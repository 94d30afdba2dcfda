"""The sync on a real API server: what is rendered is accepted, enough, and no more than enough."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.rules.sync import schedule_fault
from tests.live.control_plane import ControlPlane
from tests.support import Ran, invoke, tree, write
from tests.verta.server import Verta, serving

DIGEST = "@sha256:" + "0123456789abcdef" * 4
ORG = f"""\
version: 1
organization: {{name: vs-acme}}
cluster: {{name: prod-us, kubernetesVersion: "1.33"}}
verta:
  primaryNamespace: vs-verta
  sync: {{image: "registry.example.com/verta-gitops:0.1.0{DIGEST}", secretName: verta-api}}
defaults: {{tier: standard}}
tiers:
  standard: {{podSecurity: restricted}}
groups:
  ds: {{verta: All Users}}
roles:
  super: {{verta: Super User}}
namespaces:
  vs-fraud: {{owners: [ds]}}
  vs-churn: {{owners: [ds]}}
workspaces:
  fraud/x: {{namespace: vs-fraud, description: Card fraud, access: [{{group: ds, role: super}}]}}
  churn: {{namespace: vs-churn, access: [{{group: ds, role: super}}]}}
  old: {{legacy: true, access: [{{group: ds, role: super}}]}}
"""
PRIMARY = """\
apiVersion: v1
kind: Namespace
metadata:
  name: vs-verta
  labels: {pod-security.kubernetes.io/enforce: restricted}
"""


class Sync:
    """The CronJob's command, run as its ServiceAccount against a server of ours.

    Whatever is called vs-… or verta-gitops-sync has the prefix before it in the cluster, and not in the words that
    tests give and get.
    """

    def __init__(self, plane: ControlPlane, verta: Verta, folder: Path, kubeconfig: Path) -> None:
        self.plane, self.verta, self.folder, self.kubeconfig = plane, verta, folder, kubeconfig

    def kubectl(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """kubectl as the administrator."""
        return self.plane.kubectl(*(_named(self.plane, word) for word in words), check=check)

    def invoke(self, *arguments: str) -> Ran:
        """Run the command against both, with the rights of the ServiceAccount."""
        ran = invoke(*arguments, "--kubeconfig", str(self.kubeconfig), cwd=self.folder)
        return Ran(ran.code, self.plane.bare(ran.out), self.plane.bare(ran.err))

    def run(self) -> Ran:
        """What the CronJob would do now."""
        job = json.loads(self.kubectl("get", "cronjob", "-n", "vs-verta", "verta-gitops-sync", "-o", "json").stdout)
        (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
        assert container["command"] == ["verta-gitops"]
        (mount,) = container["volumeMounts"]
        arguments = [str(self.folder / "secret") if each == mount["mountPath"] else each for each in container["args"]]
        return self.invoke(*arguments)

    def add(self, workspace: str, mapped: str) -> None:
        """A workspace that Verta has, with its mapping."""
        self.verta.add(workspace, _named(self.plane, mapped))

    def mapped(self, workspace: str) -> str:
        """The mapping that Verta has of a workspace."""
        return self.plane.bare(self.verta.named(workspace)["namespace"])

    def may(self, *words: str) -> bool:
        """Whether the ServiceAccount may do something."""
        account = "--as=system:serviceaccount:vs-verta:verta-gitops-sync"
        return self.kubectl("auth", "can-i", *words, account, check=False).stdout.strip() == "yes"

    def events(self, namespace: str) -> list[dict[str, Any]]:
        """The Events of ours in a namespace."""
        said = self.plane.bare(self.kubectl("get", "events", "-n", namespace, "-o", "json").stdout)
        return [each for each in json.loads(said)["items"] if each["source"].get("component") == "verta-gitops"]


def _named(plane: ControlPlane, text: str) -> str:
    return plane.named(plane.named(text, "vs-"), "verta-gitops-sync")


@pytest.fixture(scope="module")
def sync(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sync]:
    folder = write(tmp_path_factory.mktemp("sync"), {"org.yaml": control_plane.named(ORG, "vs-")})
    control_plane.kubectl("apply", "--server-side", "-f", "-", text=control_plane.named(PRIMARY, "vs-"))
    assert invoke("render", "org.yaml", cwd=folder).code == 0
    files = tree(folder / "rendered")
    for part in ("/namespaces/", "/cluster/"):
        text = "\n".join(data.decode() for path, data in files.items() if part in f"/{path}")
        text = control_plane.named(text, "verta-gitops-sync")  # the name is ours to choose only in a cluster of our own
        control_plane.kubectl("apply", "--server-side", "--validate=strict", "-f", "-", text=text)
    config = yaml.safe_load(control_plane.kubeconfig.read_text())
    verta = Verta(organizations={"org-1": f"{control_plane.prefix}vs-acme"})
    found = Sync(control_plane, verta, folder, folder / "kubeconfig")
    token = found.kubectl("create", "token", "-n", "vs-verta", "verta-gitops-sync").stdout.strip()
    config["users"][0]["user"] = {"token": token}
    write(folder, {"kubeconfig": yaml.safe_dump(config)})
    with serving(verta) as url:
        secret: dict[str, str | bytes] = {"VERTA_HOST": url, "VERTA_EMAIL": verta.email, "VERTA_DEV_KEY": verta.key}
        write(folder / "secret", secret)
        yield found
    found.kubectl("delete", "namespace", "vs-verta", "vs-fraud", "vs-churn", "--wait=false")
    found.kubectl("delete", "clusterrole,clusterrolebinding", "-l", "verta-gitops.io/organization=vs-acme")


@pytest.fixture(autouse=True)
def _fresh(sync: Sync) -> Iterator[None]:
    sync.verta.workspaces.clear()
    sync.verta.add("old")
    sync.verta.log.clear()
    yield
    assert sync.verta.wrong == []


def test_the_command_reaches_what_is_declared_with_its_own_rights(sync: Sync) -> None:
    ran = sync.run()
    assert ran.code == 0, ran.err
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert [(line["change"], line["workspace"], line["mapped"]) for line in lines] == [
        ("created", "churn", "prod-us--vs-churn"),
        ("created", "fraud/x", "prod-us--vs-fraud"),
        ("changed", "old", None),
    ]
    assert sync.verta.named("fraud/x")["description"] == "Card fraud"
    again = sync.run()
    assert (again.code, again.out) == (0, "")
    ran = sync.invoke("verta", "plan", "--credentials", "secret", "--detailed-exitcode")
    assert (ran.code, "nothing changes" in ran.out) == (0, True), ran.out + ran.err


def test_the_rights_are_the_fewest(sync: Sync) -> None:
    assert sync.may("list", "namespaces")
    assert sync.may("list", "configmaps/verta-workspace", "-A")
    assert sync.may("create", "events", "-n", "vs-fraud")
    assert sync.may("list", "configmaps", "-n", "vs-verta")
    for words in (
        ("list", "configmaps", "-A"), ("list", "configmaps", "-n", "vs-fraud"),
        ("get", "configmaps/other", "-n", "vs-fraud"),
        ("get", "secrets", "-n", "vs-verta"), ("list", "secrets", "-A"), ("list", "pods", "-A"), ("get", "namespaces"),
        ("watch", "namespaces"), ("patch", "namespaces"), ("delete", "namespaces"), ("create", "namespaces"),
        ("update", "configmaps", "-n", "vs-fraud"), ("delete", "events", "-n", "vs-fraud"),
        ("create", "pods", "-n", "vs-verta"),
        ("*", "*", "-A"),
    ):  # fmt: skip
        assert not sync.may(*words), words


def test_every_right_is_needed(sync: Sync) -> None:
    role = json.loads(sync.kubectl("get", "clusterrole", "verta-gitops-sync", "-o", "json").stdout)
    for position, rule in enumerate(role["rules"]):
        fewer = [each for each in role["rules"] if each is not rule]
        sync.kubectl("patch", "clusterrole", "verta-gitops-sync", "--type=merge", "-p", json.dumps({"rules": fewer}))
        try:
            if rule["resources"] == ["events"]:
                sync.verta.workspaces.clear()  # the legacy workspace is gone, which nobody could be told
                sync.add("churn", "prod-us--elsewhere")
                ran = sync.run()
                assert ran.code == 1
                assert "warning: no Event could be written on namespace vs-churn" in ran.err
            else:
                ran = sync.run()
                assert ran.code == 3, position
                assert "forbidden" in ran.err
        finally:
            sync.kubectl(
                "patch", "clusterrole", "verta-gitops-sync", "--type=merge", "-p", json.dumps({"rules": role["rules"]})
            )


def test_a_conflict_ends_with_1_and_an_event_on_the_namespace(sync: Sync) -> None:
    sync.add("fraud/x", "prod-us--elsewhere")
    ran = sync.run()
    assert ran.code == 1
    line = next(json.loads(line) for line in ran.out.splitlines() if "workspace-conflict" in line)
    assert (line["name"], line["old"], line["new"]) == ("fraud/x", "prod-us--elsewhere", "prod-us--vs-fraud")
    assert sync.mapped("churn") == "prod-us--vs-churn"  # the others are applied
    said = 'workspace "fraud/x" is not applied to Verta: the mapping of a workspace'
    (event,) = [each for each in sync.events("vs-fraud") if each["message"].startswith(said)]
    assert (event["involvedObject"]["kind"], event["involvedObject"]["name"]) == ("Namespace", "vs-fraud")
    assert event["reason"] == "VertaNotApplied"


def test_what_a_team_edits_in_its_namespace_is_not_believed(sync: Sync) -> None:
    sync.kubectl("create", "rolebinding", "-n", "vs-fraud", "team", "--clusterrole=admin", "--user=vs-eve")
    eve = sync.plane.user(f"{sync.plane.prefix}vs-eve")
    program = ["--kubeconfig", str(eve)]
    old = json.loads(sync.kubectl("get", "configmap", "-n", "vs-fraud", "verta-workspace", "-o", "json").stdout)
    text = sync.plane.bare(old["data"]["workspace.json"]).replace("vs-fraud", "vs-churn")
    patch = json.dumps({"data": {"workspace.json": text}})
    sync.kubectl(*program, "patch", "configmap", "-n", "vs-fraud", "verta-workspace", "--type=merge", "-p", patch)
    try:
        mark = json.dumps({"metadata": {"annotations": {"verta-gitops.io/workspace-digest": "sha256:0"}}})
        tried = sync.kubectl(*program, "patch", "namespace", "vs-fraud", "--type=merge", "-p", mark, check=False)
        assert "forbidden" in tried.stderr
        ran = sync.run()
        assert ran.code == 1
        assert [each["name"] for each in sync.verta.workspaces.values()] == ["old", "churn"]
        assert "not the one that was rendered" in ran.out
        assert any("not the one that was rendered" in each["message"] for each in sync.events("vs-fraud"))
    finally:
        patch = json.dumps({"data": old["data"]})
        sync.kubectl("patch", "configmap", "-n", "vs-fraud", "verta-workspace", "--type=merge", "-p", patch)


def test_a_workspace_is_not_created_before_its_namespace(sync: Sync) -> None:
    text = ORG.replace("namespaces:\n", "namespaces:\n  vs-new: {owners: [ds]}\n", 1) + "  new: {namespace: vs-new}\n"
    write(sync.folder / "more", {"org.yaml": sync.plane.named(text, "vs-")})
    arguments = ("more/org.yaml", "--credentials", "secret")
    ran = sync.invoke("verta", "apply", *arguments)
    assert ran.code == 1
    assert "its namespace does not exist in the cluster" in ran.out
    assert {each["name"] for each in sync.verta.workspaces.values()} == {"old", "churn", "fraud/x"}
    ran = invoke("verta", "apply", *arguments, "--skip-namespace-check", cwd=sync.folder)
    assert ran.code == 0
    assert sync.mapped("new") == "prod-us--vs-new"


def test_the_job_passes_the_strictest_pod_security(sync: Sync) -> None:
    sync.kubectl("create", "job", "-n", "vs-verta", "--from=cronjob/verta-gitops-sync", "by-hand")

    def pods() -> Any:
        found = sync.kubectl("get", "pods", "-n", "vs-verta", "-l", "job-name=by-hand", "-o", "json").stdout
        return json.loads(found)["items"]

    (pod,) = sync.plane.wait("a pod of the job", pods)
    spec = pod["spec"]
    assert sync.plane.bare(spec["serviceAccountName"]) == "verta-gitops-sync"
    assert spec["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    sync.kubectl("delete", "job", "-n", "vs-verta", "by-hand", "--wait=false")


def test_an_import_knows_the_namespaces_and_the_version_of_the_cluster(sync: Sync) -> None:
    sync.add("fraud/x", "prod-us--vs-fraud")
    sync.add("gone", "prod-us--vs-gone")
    ran = sync.invoke("verta", "import", "--credentials", "secret")
    assert ran.code == 0, ran.err
    assert 'namespace "vs-gone" of workspace "gone" does not exist in the cluster' in ran.err
    assert "vs-fraud" not in ran.err
    minor = ".".join(sync.plane.version.removeprefix("v").split(".")[:2])
    assert f'kubernetesVersion: "{minor}"' in ran.out


def _schedules() -> list[str]:
    dice = random.Random(7)
    known = [
        "* * * * *", "*/15 * * * *", "0 0 1 1 0", "59 23 31 12 6", "60 * * * *", "* 24 * * *", "* * 0 * *",
        "* * 32 * *",
        "* * * 0 *", "* * * 13 *", "* * * * 7", "*/0 * * * *", "5-1 * * * *", "1-5/2,7 * * JAN-jun mon", "? ? ? ? ?",
        "* * * *", "* * * * * *", "@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually", "@midnight",
        "@every 30m", "@every 1h30m", "@fortnightly", "@every", "@every x", "TZ=UTC * * * * *", "CRON_TZ=UTC 0 0 * * *",
        "a * * * *", "1,,2 * * * *", "1, * * * *", "-1 * * * *", "1- * * * *", "*/ * * * *", "1/2/3 * * * *",
        "* * L * *",
        "* * * jan-13 *", "0  0   * * *", "1/99 * * * *", "janu * * * *", "* * * mon *", "1-2-3 * * * *",
        "5/10 * * * *",
        "*-5 * * * *",
    ]  # fmt: skip
    pieces = ("*", "?", "0", "1", "5", "23", "31", "59", "60", "1-5", "5-1", "*/5", "2/3", "1-9/2", "1,2", "jan", "SUN")
    return known + [" ".join(dice.choice(pieces) for _ in range(5)) for _ in range(150)]


ON_PURPOSE = {
    "*-5 * * * *": "the server takes * and forgets the rest, which nobody can mean",
    "1,,2 * * * *": "an empty item of a list is a slip",
    "1, * * * *": "as above",
}
"""What `check` refuses although the server takes it, and why."""


def test_check_accepts_the_schedules_that_the_server_accepts(control_plane: ControlPlane) -> None:
    home = f"{control_plane.prefix}schedules" if control_plane.prefix else "default"
    if control_plane.prefix:
        control_plane.kubectl("create", "namespace", home)
    container = {"name": "a", "image": "a"}
    differ = {}
    for position, schedule in enumerate(_schedules()):
        spec = {"containers": [container], "restartPolicy": "Never"}
        body = {
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": f"vs-{position}"},
            "spec": {"schedule": schedule, "jobTemplate": {"spec": {"template": {"spec": spec}}}},
        }  # fmt: skip
        status, answer = control_plane.request("POST", f"/apis/batch/v1/namespaces/{home}/cronjobs?dryRun=All", body)
        assert status in (201, 422), answer
        if (status == 201) != (schedule_fault(schedule) == ""):
            differ[schedule] = answer.get("message", "accepted")
    assert differ.keys() == ON_PURPOSE.keys(), differ
