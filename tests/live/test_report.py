"""`report --live` against a real API server: what the quotas there say is used."""

from __future__ import annotations

import json
from pathlib import Path

from tests.live.control_plane import ControlPlane
from tests.support import MINIMAL, invoke, write


def test_use_is_read_from_the_cluster(control_plane: ControlPlane, tmp_path: Path) -> None:
    name = f"{control_plane.prefix}report-live"
    text = MINIMAL.replace("standard: {}", 'standard: {quota: {persistentvolumeclaims: "8", pods: "40"}}')
    write(tmp_path, {"org.yaml": f"{text}namespaces: {{{name}: {{}}}}\nworkspaces: {{one: {{namespace: {name}}}}}\n"})
    control_plane.kubectl("create", "namespace", name)
    try:
        control_plane.kubectl("create", "quota", "q", "-n", name, "--hard=persistentvolumeclaims=8,pods=40")
        hard, used = {"persistentvolumeclaims": "8", "pods": "40"}, {"persistentvolumeclaims": "5", "pods": "4"}
        status = json.dumps({"status": {"hard": hard, "used": used}})
        control_plane.kubectl("patch", "quota", "q", "-n", name, "--subresource=status", "--type=merge", "-p", status)
        ran = invoke(
            "report", "--live", "--kubeconfig", str(control_plane.kubeconfig), "--format", "json", cwd=tmp_path
        )
    finally:
        control_plane.kubectl("delete", "namespace", name, "--wait=false")
    assert ran.code == 0, ran
    assert [
        (each["resource"], each["used"], each["quota"], each["percent"]) for each in json.loads(ran.out)["usage"]
    ] == [
        ("pods", "4", "40", 10.0),
        ("persistentvolumeclaims", "5", "8", 62.5),
    ]
