"""Which names a quota and a container may have, after k8s.io/kubernetes/pkg/apis/core/validation."""

from __future__ import annotations

import pytest

from generator.rules.nearby import Neighbours
from generator.rules.resources import extended_in_quota, measure, unknown_in_container, unknown_in_quota

HELD = """
cpu memory ephemeral-storage requests.cpu limits.memory requests.ephemeral-storage limits.ephemeral-storage
requests.storage persistentvolumeclaims pods services services.loadbalancers services.nodeports secrets configmaps
replicationcontrollers resourcequotas count/pods count/secrets count/deployments.apps count/jobs.batch
count/models.example.com gold.storageclass.storage.k8s.io/requests.storage hugepages-2Mi requests.hugepages-1Gi
gold.storageclass.storage.k8s.io/persistentvolumeclaims requests.nvidia.com/gpu requests.amd.com/gpu
gpu.deviceclass.resource.k8s.io/devices
"""


@pytest.mark.parametrize("name", HELD.split())
def test_a_quota_holds(name: str) -> None:
    assert unknown_in_quota(name) == extended_in_quota(name) == ""


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("request.cpu", "requests.cpu"),
        ("limit.memory", "limits.memory"),
        ("CPU", "cpu"),
        ("pod", "pods"),
        ("storage", "requests.storage"),
        ("gpu", "requests.nvidia.com/gpu"),
        ("requests.gpu", "requests.nvidia.com/gpu"),
        ("count/deployments", "count/deployments.apps"),
        ("count/deployment.apps", "count/deployments.apps"),
        ("count/Deployments.apps", "count/deployments.apps"),
        ("count/cronjobs.batchs", "count/cronjobs.batch"),
        ("limits.hugepages-2Mi", ""),
        ("hugepages-big", ""),
        ("whatever", ""),
    ],
)
def test_a_quota_does_not_hold(name: str, near: str) -> None:
    assert unknown_in_quota(name)
    assert f'did you mean "{near}"' in unknown_in_quota(name) or not near


@pytest.mark.parametrize("name", ["nvidia.com/gpu", "limits.nvidia.com/gpu", "example.com/fpga"])
def test_a_device_in_a_quota_is_not_enforced(name: str) -> None:
    assert extended_in_quota(name) == name.removeprefix("limits.")
    assert unknown_in_quota(name) == ""


@pytest.mark.parametrize("name", ["cpu", "memory", "ephemeral-storage", "hugepages-2Mi", "nvidia.com/gpu"])
def test_a_container_has(name: str) -> None:
    assert unknown_in_container(name) == ""


@pytest.mark.parametrize("name", ["requests.cpu", "pods", "gpu", "storage", "mem", "hugepages-x", "count/pods"])
def test_a_container_has_not(name: str) -> None:
    assert unknown_in_container(name)


def test_measures() -> None:
    assert [measure(name) for name in ("cpu", "limits.cpu", "memory", "requests.storage", "hugepages-2Mi")] == [
        "cpu", "cpu", "bytes", "bytes", "bytes",
    ]  # fmt: skip
    assert measure("gold.storageclass.storage.k8s.io/requests.storage") == "bytes"
    for name in (
        "pods",
        "count/pods",
        "requests.nvidia.com/gpu",
        "nvidia.com/gpu",
        "a.com/memory",
        "services.nodeports",
    ):
        assert measure(name) == "count"
    assert measure("gold.storageclass.storage.k8s.io/persistentvolumeclaims") == "count"


def test_neighbours() -> None:
    near = Neighbours(["monitoring", "fraud", "db"])
    for word in ("fruad", "frauds", "frad", "freud"):
        assert near.of(word) == "fraud"
    assert near.of("fraud") == near.of("dbs") == near.of("churn") == ""
