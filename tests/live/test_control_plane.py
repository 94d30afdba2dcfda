"""The control plane that the other tests of this folder rely on does what they rely on."""

from __future__ import annotations

import json

from tests.live.control_plane import ControlPlane


def test_it_is_a_whole_cluster(control_plane: ControlPlane) -> None:
    """Quotas are counted and namespaces go away: the controllers run, not only the API server."""
    name = f"{control_plane.prefix}control-plane-itself"
    control_plane.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n")
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q", "namespace": name}}
    control_plane.apply(json.dumps(quota | {"spec": {"hard": {"configmaps": "5"}}}))

    def counted() -> bool:
        _, body = control_plane.request("GET", f"/api/v1/namespaces/{name}/resourcequotas/q")
        return "configmaps" in (body.get("status") or {}).get("used", {})

    control_plane.wait("a counted quota", counted)
    control_plane.kubectl("delete", "namespace", name)
    assert control_plane.request("GET", f"/api/v1/namespaces/{name}")[0] == 404


def test_a_user_without_a_binding_may_do_nothing(control_plane: ControlPlane) -> None:
    nobody = control_plane.user(f"{control_plane.prefix}nobody")
    done = control_plane.kubectl("--kubeconfig", str(nobody), "get", "namespaces", check=False)
    assert "forbidden" in done.stderr.lower()
