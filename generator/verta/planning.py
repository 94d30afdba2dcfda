"""(desired state, actual state) → what has to be written, workspace by workspace, and what somebody has to know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from generator.verta.client import Actual, Named, Pair, Workspace
from generator.verta.desired import Desired, Wanted

BLOCKING = (
    "workspace-conflict", "mapping-held", "group-missing", "role-missing", "workspace-personal", "permission-model",
    "declaration-refused",
)  # fmt: skip
"""Kinds of finding that somebody has to mend: what is declared is not reached."""


class Finding(NamedTuple):
    """Something to know that is not written to Verta."""

    kind: str
    name: str
    """The workspace, group or role that it is about."""
    reason: str
    what: str = ""
    """What of it; for a grant the role, and `name` is the group."""
    old: str | None = None
    new: str | None = None
    places: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether what is declared cannot be reached."""
        return self.kind in BLOCKING


@dataclass(frozen=True, slots=True)
class Step:
    """What is written of one workspace, in one request. Groups and roles are by id."""

    wanted: Wanted
    id: str = "0"
    """`0` creates."""
    maps: bool = False
    describes: bool = False
    granted: frozenset[Pair] = frozenset()
    revoked: frozenset[Pair] = frozenset()

    @property
    def creates(self) -> bool:
        """Whether the workspace does not exist yet."""
        return self.id == "0"

    def within(self, planned: Step) -> bool:
        """Whether this is a part of what was planned, so that nothing is done that nobody was shown."""
        return (
            (self.id == planned.id)
            and self.maps <= planned.maps
            and self.describes <= planned.describes
            and self.granted <= planned.granted
            and self.revoked <= planned.revoked
        )


@dataclass(frozen=True, slots=True)
class VertaPlan:
    """What has to be done in Verta, and what cannot."""

    actual: Actual
    steps: tuple[Step, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether something declared cannot be reached."""
        return any(finding.blocks for finding in self.findings)

    def names(self, pair: Pair) -> tuple[str, str]:
        """The names of a group and a role; the id where Verta has no such thing."""
        groups, roles = _by_id(self.actual.groups), _by_id(self.actual.roles)
        return groups.get(pair[0], pair[0]), roles.get(pair[1], pair[1])


@dataclass(frozen=True, slots=True)
class Rules:
    """What a plan may do beyond the usual."""

    allow_mapping: bool = False
    """Whether a workspace that has no namespace is mapped to one; that cannot be undone."""
    allow_unknown_fields: bool = False
    """Whether a workspace is written of which Verta says more than is published, so that this is lost."""


def plan(desired: Desired, actual: Actual, rules: Rules = Rules()) -> VertaPlan:
    """What leads from the actual to the desired state, without ever mapping anew or deleting."""
    if desired.by_organization:
        reason = (
            "before the new permission system the mapping stands on the organization, for which no interface is known; "
            "nothing is compared and nothing is written"
        )
        remedies = ("have Verta enable workspaces, then write `verta: {permissionModel: workspaces}`",)
        return VertaPlan(actual, (), (Finding("permission-model", desired.organization, reason, remedies=remedies),))
    look = Look(desired, actual)
    steps: list[Step] = []
    findings = [
        Finding("declaration-refused", each.workspace, each.reason, places=(each.place,)) for each in desired.unusable
    ]
    for wanted in desired.workspaces:
        step, found = look.workspace(wanted, rules)
        findings += found
        if step is not None:
            steps.append(step)
    return VertaPlan(actual, tuple(steps), (*_fold(findings), *look.undeclared()))


def held(plan: VertaPlan, faults: Mapping[str, str]) -> VertaPlan:
    """The plan without the steps that would tie a workspace to a namespace of the cluster with a fault."""
    steps, findings = [], list(plan.findings)
    for step in plan.steps:
        fault = faults.get(step.wanted.home) if step.wanted.home and step.maps else None
        if fault is None:
            steps.append(step)
            continue
        reason = f"its namespace {fault}: endpoints would fail to deploy, and a mapping cannot be changed"
        remedies = ("create the namespace first: apply the rendered manifests", "or give --skip-namespace-check")
        name = step.wanted.name
        findings.append(
            Finding("workspace-conflict", name, reason, "namespace", new=step.wanted.home, remedies=remedies)
        )
    return replace(plan, steps=tuple(steps), findings=tuple(findings))


class Look:
    """The actual state, by everything that is looked for in it."""

    def __init__(self, desired: Desired, actual: Actual) -> None:
        self.desired, self.actual = desired, actual
        self.names: dict[str, list[Workspace]] = {}
        self.mapped: dict[str, list[Workspace]] = {}
        for workspace in actual.workspaces:
            self.names.setdefault(workspace.name, []).append(workspace)
            if workspace.namespace:
                self.mapped.setdefault(workspace.namespace, []).append(workspace)
        self.groups, self.roles = _by_name(actual.groups), _by_name(actual.roles)
        self.declared = {wanted.name for wanted in desired.workspaces} | {each.workspace for each in desired.unusable}

    def renew(self, old: Workspace | None, new: Workspace | None) -> None:
        """Take what was read again of one workspace for what was known of it."""
        for workspace, gone in ((old, True), (new, False)):
            if workspace is None:
                continue
            for index, key in ((self.names, workspace.name), (self.mapped, workspace.namespace)):
                rest = [each for each in index.get(key, []) if each.id != workspace.id]
                if key:
                    index[key] = rest if gone else [*rest, workspace]

    def still(self, planned: Step, rules: Rules) -> Step | None:
        """What of a step is still to be done, now that its workspace was read again; None for nothing.

        Raises ValueError with the reason where the workspace is not any more what the plan was made for.
        """
        step, findings = self.workspace(planned.wanted, rules)
        for finding in findings:
            if finding.blocks and not (finding.kind == "mapping-held" and not planned.maps):
                raise ValueError(finding.reason)
        if step is None:
            return None
        if planned.creates and not step.creates:
            raise ValueError("somebody else created it meanwhile, and not as it is declared")
        if step.creates and not planned.creates:
            raise ValueError("it is gone, or has another name")
        if not step.within(planned):
            raise ValueError("it was changed meanwhile, and would need more than what was planned")
        return step

    def workspace(self, wanted: Wanted, rules: Rules) -> tuple[Step | None, list[Finding]]:
        """The step of one workspace, and what there is to know; nothing is written where something blocks it."""
        findings = list(self._standing(wanted, rules))
        grants: set[Pair] = set()
        for pair in sorted(wanted.permissions):
            missing = list(self._missing(pair, wanted.name))
            findings += missing
            if not missing:
                grants.add((self.groups[pair[0]][0], self.roles[pair[1]][0]))
        if any(finding.blocks and finding.kind != "mapping-held" for finding in findings):
            return None, findings
        same = self.names.get(wanted.name, [])
        if not same:
            return Step(
                wanted, maps=bool(wanted.namespace), describes=bool(wanted.description), granted=frozenset(grants)
            ), findings
        workspace = same[0]
        extra = workspace.permissions - grants
        if not self.desired.exact:
            findings += self._kept(extra, wanted.name)
        step = Step(
            wanted,
            workspace.id,
            maps=workspace.namespace != wanted.namespace and rules.allow_mapping,
            describes=wanted.description not in ("", workspace.description),
            granted=frozenset(grants - workspace.permissions),
            revoked=extra if self.desired.exact else frozenset(),
        )
        return (step if step.maps or step.describes or step.granted or step.revoked else None), findings

    def _standing(self, wanted: Wanted, rules: Rules) -> Iterator[Finding]:
        """What is to be said of the workspace itself."""
        name, same = wanted.name, self.names.get(wanted.name, [])
        if wanted.personal:
            reason = (
                "personal workspaces are decommissioned: it falls back to the primary namespace, and nothing is written"
            )
            yield Finding("workspace-personal", name, reason, remedies=("move its models to a team workspace",))
            return
        if len(same) > 1:
            ids = ", ".join(sorted(each.id for each in same))
            reason = f"Verta has {len(same)} workspaces of this name, and it is not known which is meant"
            yield Finding(
                "workspace-conflict",
                name,
                reason,
                "name",
                ids,
                remedies=("rename or delete the others in Verta by hand",),
            )
            return
        others = (
            [each for each in self.mapped.get(wanted.namespace, []) if each.name != name] if wanted.namespace else []
        )
        if not same:
            yield from self._missing_workspace(wanted, others)
            return
        workspace = same[0]
        if workspace.unknown and not rules.allow_unknown_fields:
            fields = ", ".join(workspace.unknown)
            reason = "Verta says more of it than is published, which writing it would drop; nothing is written"
            yield Finding(
                "workspace-conflict",
                name,
                reason,
                "fields",
                fields,
                remedies=("update verta-gitops", "or give --allow-unknown-fields"),
            )
        if workspace.namespace == wanted.namespace:
            if others:
                yield self._shared(wanted, others)
        elif workspace.namespace:
            yield _elsewhere(wanted, workspace)
        elif others:
            yield self._shared(wanted, others)
        elif not rules.allow_mapping:
            reason = (
                "it has no namespace yet; mapping it to one cannot be undone, and is done only with --allow-mapping"
            )
            yield Finding("mapping-held", name, reason, new=wanted.namespace)

    def _missing_workspace(self, wanted: Wanted, others: list[Workspace]) -> Iterator[Finding]:
        if others:
            yield self._shared(wanted, others)
        elif not wanted.namespace and self.desired.multiple_namespaces:
            reason = (
                "Verta has no such workspace, and the models of a new workspace without a namespace cannot be deployed"
            )
            remedies = ("give it a namespace of its own in org.yaml", f"or correct the name{self._near(wanted.name)}")
            yield Finding("workspace-conflict", wanted.name, reason, remedies=remedies)

    def _shared(self, wanted: Wanted, others: list[Workspace]) -> Finding:
        reason = (
            "another workspace is mapped to its namespace; each namespace belongs to exactly one workspace, for ever"
        )
        remedies = (
            "if it was renamed in Verta by hand: rename it back there, or rename the workspace in org.yaml",
            "otherwise give this workspace a namespace of its own",
        )
        names = ", ".join(sorted(each.name for each in others))
        return Finding(
            "workspace-conflict",
            wanted.name,
            reason,
            f"namespace {wanted.namespace}",
            names,
            wanted.name,
            remedies=remedies,
        )

    def _near(self, name: str) -> str:
        from generator.model.kinds import nearest

        return nearest(name, sorted(self.names.keys() - self.declared)[:5000])

    def _missing(self, pair: Pair, workspace: str) -> Iterator[Finding]:
        from generator.model.kinds import nearest

        for word, name, known in (("group", pair[0], self.groups), ("role", pair[1], self.roles)):
            ids = known.get(name, [])
            if len(ids) > 1:
                reason = (
                    f"Verta has {len(ids)} {word}s of this name, and it is not known which is meant; nothing is written"
                )
                yield Finding(
                    f"{word}-missing", name, reason, places=(workspace,), remedies=("rename the others in Verta",)
                )
            elif not ids:
                near = nearest(name, list(known)).removeprefix("; ")
                reason = f"Verta has no such {word}; nothing is written of the workspaces that name it"
                remedies = (
                    (near,) if near else (f"create the {word} in Verta, or correct `{word}s.<name>.verta` in org.yaml",)
                )
                yield Finding(f"{word}-missing", name, reason, places=(workspace,), remedies=remedies)

    def _kept(self, extra: frozenset[Pair], workspace: str) -> Iterator[Finding]:
        groups, roles = _by_id(self.actual.groups), _by_id(self.actual.roles)
        for group, role in sorted(extra):
            reason = "nobody declared it; it stays, since `verta.permissions` is additive"
            yield Finding(
                "grant-undeclared", groups.get(group, group), reason, roles.get(role, role), places=(workspace,)
            )

    def undeclared(self) -> Iterator[Finding]:
        """Workspaces of Verta that nobody declares."""
        for workspace in sorted(self.actual.workspaces, key=lambda each: (each.name, each.id)):
            if workspace.name in self.declared:
                continue
            reason = "nobody declares it; it is not touched"
            if workspace.built_in:
                reason += " (built into Verta)"
            elif not workspace.namespace and self.desired.multiple_namespaces:
                reason += " (it has no namespace: from before multiple namespaces, or personal)"
            yield Finding("workspace-undeclared", workspace.name, reason, workspace.namespace or "no namespace")


def _elsewhere(wanted: Wanted, workspace: Workspace) -> Finding:
    reason = "the mapping of a workspace cannot be changed once it was made; nothing is written"
    new = wanted.namespace or None
    keep = f'declare the namespace that it is mapped to: "{workspace.namespace}"'
    remedies = (keep, "or create a workspace of another name for the new namespace, and move the models there")
    return Finding("workspace-conflict", wanted.name, reason, "namespace", workspace.namespace, new, remedies=remedies)


def _fold(findings: list[Finding]) -> Iterator[Finding]:
    """Findings, those that differ only in their place as one."""
    places: dict[Finding, list[str]] = {}
    for finding in findings:
        places.setdefault(finding._replace(places=()), []).extend(finding.places)
    for finding, names in places.items():
        yield finding._replace(places=tuple(sorted(set(names))))


def _by_id(named: tuple[Named, ...]) -> dict[str, str]:
    return {each.id: each.name for each in named}


def _by_name(named: tuple[Named, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in named:
        found.setdefault(each.name, []).append(each.id)
    return found
