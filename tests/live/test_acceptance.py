"""Everything that we render is accepted by a real API server, and comes back as it was written, to the letter."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.cluster.comparing import diff
from generator.objects import Identity, Manifest, identity, manifests
from generator.pipeline import examine
from generator.rendering.environment import Templates
from generator.rendering.tree import render
from tests.live.api import PLURALS, Api
from tests.live.control_plane import ControlPlane, started
from tests.support import ROOT, corpus, load_1_2, write

DELIVERY = "delivery objects need the kinds of an engine; they are applied in the tests of the engines"

EVERYTHING = r"""
version: 1
organization: {name: everything, description: "all that can be said"}
cluster:
  name: prod-all
  kubernetesVersion: "1.33"
  apiServer: [10.0.0.1/32, "fd00::1/128"]
verta:
  primaryNamespace: verta-everything
  deployer: {serviceAccount: verta-deployer, namespace: verta-everything, clusterRole: edit}
  runtime: {selector: app=verta}
defaults: {tier: full}
tiers:
  full:
    description: "colons: and 'quotes' \" # and more"
    quota: {requests.cpu: 1500m, requests.memory: 1.5Gi, limits.cpu: "2.5", limits.memory: "3e9", pods: "20",
      requests.ephemeral-storage: 0.5Ti, requests.storage: "1e12", requests.nvidia.com/gpu: "2",
      services.nodeports: "0", count/deployments.apps: 1k, count/jobs.batch: "100", configmaps: "10",
      hugepages-2Mi: 64Mi,
      fast.storageclass.storage.k8s.io/requests.storage: 100Gi,
      fast.storageclass.storage.k8s.io/persistentvolumeclaims: "3"}
    container:
      defaultRequest: {cpu: 100m, memory: 128Mi}
      default: {cpu: 0.5, memory: 0.25Gi, nvidia.com/gpu: "0"}
      max: {cpu: "2", memory: 1Gi, nvidia.com/gpu: "2"}
      min: {cpu: 1m, memory: 4Mi}
    podSecurity: restricted
    network: {isolation: namespace, egress: restricted, allowFrom: [monitoring, logging],
      allowTo: [10.0.0.0/8, "fd00::/8", "2001:db8::/32"]}
    priorityClass: {value: 1000000}
  lower: {priorityClass: {value: -2147483648}, network: {isolation: none}, podSecurity: privileged,
    podSecurityReason: device drivers}
  derived: {container: {max: {cpu: "4"}, min: {memory: 16Mi}}}
groups:
  people: {subject: "oidc:people, and: others #1", verta: People}
  others: {}
roles:
  viewer: {verta: Reader, clusterRole: view}
  own:
    verta: Operator
    rules:
      - {apiGroups: ["", apps], resources: [pods, pods/log, deployments], verbs: [get, list, watch]}
      - {apiGroups: [""], resources: [configmaps], verbs: [get], resourceNames: ["one:two", three]}
  system: {clusterRole: "system:aggregate-to-view"}
namespaces:
  active-one: {owners: [people], labels: {cost-center: "4711", acme.example.com/team: ""},
    annotations: {acme.example.com/note: "line one\nline two: {x}\n", acme.example.com/yes: "yes"}}
  frozen-one: {state: frozen, owners: [people, others]}
  leaving-one: {state: decommission}
  lower-one: {tier: lower}
  derived-one: {tier: derived, network: {egress: restricted, allowTo: []}}
workspaces:
  "Active One ✓": {namespace: active-one, description: "über\n- all", access: [{group: people, role: viewer},
    {group: people, role: own}, {group: others, role: system}]}
  frozen: {namespace: frozen-one, access: [{group: others, role: viewer}]}
  leaving: {namespace: leaving-one, access: [{group: others, role: viewer}]}
  lower: {namespace: lower-one, access: [{group: others, role: viewer}]}
  derived: {namespace: derived-one, access: [{group: others, role: viewer}]}
  "Old / Experiments": {legacy: true, access: [{group: others, role: viewer}]}
"""
"""An organization in which every field that reaches a Kubernetes object is used, also in odd spellings."""


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """For these tests alone, unless one is lent: what they apply is in nobody's way, and goes when they end."""
    if control_plane.prefix:
        yield control_plane
        control_plane.clear()
        return
    with started(tmp_path_factory.mktemp("acceptance")) as found:
        yield found


def declared(file: Path, choose: int = 0) -> dict[Identity, Manifest]:
    """The rendered objects of an organization but those of its engine; of `choose` of its namespaces if given."""
    examined = examine(str(file))
    assert examined.org is not None
    assert not examined.errors, [str(problem) for problem in examined.problems if problem.severity == "error"][:5]
    homes = sorted(examined.org.namespaces)
    chosen = set(random.Random(1).sample(homes, choose)) if choose else set(homes)
    chosen.add(examined.org.verta.primary_namespace)
    found = {}
    for path, text in render(examined.org, Templates()):
        scope, _, rest = path.partition("/")
        if scope == "cluster" or (scope == "namespaces" and rest.partition("/")[0] in chosen):
            found.update({manifest.identity: manifest for manifest in manifests(text or "")})
    return found


def unequal(declared: Any, live: Any, path: str = "") -> Iterator[str]:
    """Where a live object says something else than declared, to the letter; what it has besides does not count."""
    if isinstance(declared, dict) and isinstance(live, dict):
        for key, value in declared.items():
            if key not in live:
                yield f"{path}.{key}: gone"
            else:
                yield from unequal(value, live[key], f"{path}.{key}")
    elif isinstance(declared, list) and isinstance(live, list) and len(declared) == len(live):
        for position, (one, two) in enumerate(zip(declared, live, strict=True)):
            yield from unequal(one, two, f"{path}[{position}]")
    elif type(declared) is not type(live) or declared != live:
        yield f"{path}: {json.dumps(declared)} became {json.dumps(live)}"


def renamed(text: str, prefix: str) -> str:
    """An organization with the prefix before all that names an object, or a namespace to be made."""
    (org,) = load_1_2(text)

    def keys(section: str) -> None:
        org[section] = {f"{prefix}{name}": value for name, value in org.get(section, {}).items()}

    def values(field: str, *places: dict[str, Any] | None) -> None:
        for place in places:
            if place and place.get(field):
                place[field] = f"{prefix}{place[field]}"

    for section in ("tiers", "roles", "namespaces"):
        keys(section)
    verta = org["verta"]
    homes, workspaces = [each or {} for each in org["namespaces"].values()], list(org["workspaces"].values())
    values("name", org["organization"])
    values("primaryNamespace", verta)
    values("tier", org["defaults"], *homes)
    values("namespace", verta.get("deployer"), *workspaces)
    values("role", *(access for each in workspaces for access in each.get("access", ())))
    return json.dumps(org, default=str)  # a date is a text there


def organization(name: str, folder: Path, prefix: str) -> tuple[Path, int]:
    if name != "corpus":
        text = EVERYTHING if name == "everything" else (ROOT / "org.yaml").read_text()
        return write(folder, {"org.yaml": renamed(text, prefix) if prefix else text}) / "org.yaml", 0
    if prefix:
        pytest.skip("200 namespaces of the corpus need a cluster of their own; KUBECONFIG_TEST lends one")
    found = corpus()
    if found is None:
        pytest.skip("no corpus: $VERTA_GITOPS_CORPUS names no folder that has it")
    return found, 200


@pytest.mark.parametrize("name", ["example", "everything", "corpus"])
def test_what_we_render_is_accepted_and_read_back_to_the_letter(name: str, plane: ControlPlane, tmp_path: Path) -> None:
    file, choose = organization(name, tmp_path, plane.prefix)
    objects = declared(file, choose)
    bodies = {key: manifest.body for key, manifest in objects.items()}
    assert {key.kind for key in bodies} <= set(PLURALS), DELIVERY
    api = Api.of(plane)
    there = {key.name for key in bodies if key.kind == "Namespace"}
    outside = sorted({key.namespace for key in bodies} - there - {""})  # Verta's own namespace, made by Verta
    first = [body for body in bodies.values() if body["kind"] == "Namespace"]
    first += [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}} for home in outside]
    rest = [body for body in bodies.values() if body["kind"] != "Namespace"]
    refused = [answer.body["message"] for answer in [*api.apply(first), *api.apply(rest)] if not answer.accepted]
    assert refused == []

    live: dict[Identity, dict[str, Any]] = {}
    for version, kind in sorted({(body["apiVersion"], body["kind"]) for body in bodies.values()}):
        live.update({identity(body): body for body in api.listed(version, kind)})
    changed = [f"{key}{where}" for key, body in bodies.items() for where in unequal(body, live[key])]
    assert changed == []
    assert list(diff(bodies, live)) == []  # and our own comparison sees nothing either
    kinds = Counter(key.kind for key in bodies)
    print(f"{name}: {len(bodies):,} objects accepted and read back: {dict(kinds)}")  # noqa: T201 (shown by pytest -s)
