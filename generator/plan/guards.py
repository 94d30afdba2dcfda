"""Two organizations → protected objects that are not rendered any more, and stay live until somebody deletes them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import fields

from generator.model.effective import Effective, effective
from generator.model.org import Container, Org
from generator.plan.change import Change, Detail, named
from generator.plan.spaces import Fold

_INGRESS = ("default-deny-ingress", "allow-same-namespace", "allow-from-verta")
_EGRESS = (
    "default-deny-egress",
    "allow-egress-same-namespace",
    "allow-egress-to-verta",
    "allow-egress-to-dns",
    "allow-egress-to-api-server",
)
_REASONS = {
    "networkpolicy": "the policies still forbid what org.yaml allows",
    "resourcequota": "the quota still limits what org.yaml does not",
    "limitrange": "the limits still hold for every new container",
    "rolebinding": "the service account keeps its access",
    "configmap": "the description of the workspace stays",
}


def guards_left(old: Org, new: Org) -> Iterator[Change]:
    """Protected objects of namespaces that stay, by what has to be done about them."""
    fold = Fold()
    mapped = [{each.namespace for each in org.workspaces.values()} for org in (old, new)]
    roles = [f"deployer:{org.verta.deployer.cluster_role}" if org.verta.deployer else "" for org in (old, new)]
    same = old.tiers == new.tiers and old.defaults == new.defaults and roles[0] == roles[1]
    for name, before in old.namespaces.items():
        after = new.namespaces.get(name)
        if after is None or before.state == "decommission":
            continue  # then its protection was lifted before, and the engine removes what is not rendered
        if roles[0] and roles[0] != roles[1]:
            fold.add(("rolebinding", (roles[0],)), name)
        if name in mapped[0] and name not in mapped[1]:
            fold.add(("configmap", ("verta-workspace",)), name)
        if not same or before != after:
            for kind, names in _missing(effective(old, before), effective(new, after)):
                fold.add((kind, names), name)
    for (kind, objects), names in fold.sorted():
        where = shlex.quote(names[0]) if len(names) == 1 else "<namespace>"
        command = f"kubectl delete -n {where} {kind} {' '.join(map(shlex.quote, objects))}"
        each = "to be rid of it" if len(names) == 1 else "to be rid of it, in each of them"
        yield Change(
            "guard-left-behind", named("namespace", names), "attention",
            f"it is protected, so the engine does not remove it: {_REASONS[kind]} until it is deleted by hand",
            ("namespaces", names[0]), "head", f"{kind} {', '.join(objects)}", places=names,
            details=(Detail(each, command),),
        )  # fmt: skip


def _missing(had: Effective, has: Effective) -> Iterator[tuple[str, tuple[str, ...]]]:
    if had.quota and not has.quota:
        yield "resourcequota", ("quota",)
    if _any(had.container) and not _any(has.container):
        yield "limitrange", ("limits",)
    if had.isolation != "none" and has.isolation == "none":
        yield "networkpolicy", _INGRESS
    if had.egress == "restricted" and has.egress != "restricted":
        yield "networkpolicy", _EGRESS


def _any(container: Container | None) -> bool:
    return container is not None and any(getattr(container, field.name) for field in fields(Container))
