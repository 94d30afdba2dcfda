"""Two Orgs, before and after a change → Problems: what no change may do. Each rule's docstring is its page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import NamedTuple

from generator.model.effective import verta_namespace
from generator.model.org import Namespace, Org, Workspace
from generator.problems import At, Path, Problem, Related, Severity, Span

_NOT_YET_KNOWN = Span("the base", 1, 1, 1, 1)
_MANY = 40_000
"""Pairs of names that are compared at most; with more, it is no rename but a replacement."""

_ARROWS = frozenset([
    ("active", "frozen"),
    ("frozen", "active"),
    ("frozen", "decommission"),
    ("decommission", "frozen"),
    ("decommission", "active"),
])  # fmt: skip
_MOVE = (
    "put it back; to move, add the new namespace with a new workspace (a workspace cannot get a second mapping), "
    "move the models, then take the old namespace through `frozen` and `decommission`, and retire it"
)


class Rename(NamedTuple):
    """A namespace that seems to be an old one under a new name, and what says so."""

    name: str
    why: str


@dataclass(frozen=True)
class Context:
    """What a rule must know beside the two organizations."""

    allow_removals: int | None = None
    """Removals that whoever runs the check allows, in the place of the base's `policy.maxRemovals`."""
    locate: Callable[[At], Span] = field(default=lambda at: _NOT_YET_KNOWN, repr=False)
    """Where a place of the base is written."""
    renames: Mapping[str, Rename] = field(default_factory=dict)
    unknown: frozenset[Path] = frozenset()
    """Namespaces and workspaces of the base of which only the name could be read."""

    def before(self, message: str, *path: str | int, key: bool = True) -> tuple[Related, ...]:
        """A place of the base, as a related place."""
        return (Related(self.locate(At(path, key)), message),)


class HistoryRule(NamedTuple):
    """A rule about a change and how much it weighs; none can be ignored or weighed differently."""

    find: Callable[[Org, Org, Context], Iterator[Problem]]
    severity: Severity = "error"

    @property
    def id(self) -> str:
        """The rule's name in kebab-case; it is never changed."""
        return self.find.__name__.replace("_", "-")


def organization_renamed(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """The organization keeps its name.

    The name is a label on everything that belongs to the organization, and part of what the engine selects by. A file
    with another name is another organization: most often two files were swapped.

    Fails: `organization: {name: acme}` that becomes `organization: {name: acme-eu}`.

    Fix: put the name back; `description` is there for what people read. For a new organization, add a new file.
    """
    yield from _renamed("organization", base.organization.name, head.organization.name, context)


def cluster_renamed(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """The cluster keeps its name.

    The name is part of every mapping in Verta (`cluster--namespace`), which cannot be changed, and of every path below
    `rendered/`. With another name, every namespace would be left behind and made again elsewhere.

    Fails: `cluster: {name: prod-us}` that becomes `cluster: {name: prod-eu}`.

    Fix: put the name back. An organization on another cluster is another organization, in a file of its own.
    """
    yield from _renamed("cluster", base.cluster.name, head.cluster.name, context)


def workspace_remapped(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """A workspace keeps its namespace.

    Verta maps a workspace to a namespace for ever: a workspace from before multiple namespaces may be assigned one,
    once, and no mapping is ever changed or taken back. Verta would refuse the change, or deploy to the old namespace
    while everything here speaks of the new one.

    Fails:

        workspaces:
          fraud-detection: {namespace: fraud}      # before
          fraud-detection: {namespace: fraud-2}    # after

    Fix: put the mapping back. To move: create the new namespace with a new workspace, move the models there, and take
    the old namespace through `frozen` and `decommission`.
    """
    for name, workspace in base.workspaces.items():
        if name not in head.workspaces or ("workspaces", name) in context.unknown:
            continue
        before, after = _mapping(base, workspace), _mapping(head, head.workspaces[name])
        if before and before != after:
            what = f'to "{after}"' if after else "away"
            message = (
                f'workspace "{name}" is mapped to "{before}", and Verta cannot map it {what}: a mapping is for ever; '
                + _MOVE
            )
            at = At(("workspaces", name, "namespace"))
            yield Problem(message, at, context.before("mapped here", "workspaces", name, "namespace", key=False))
    yield from _all_remapped(base, head, context)


def _all_remapped(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """What changes many mappings with one line: the format, and the namespace that unmapped workspaces live in."""
    mapped = [each for each in base.workspaces.values() if _mapping(base, each)]
    unmapped = [name for name, each in base.workspaces.items() if not _mapping(base, each)]
    if mapped and base.cluster.name == head.cluster.name:
        example = _mapping(base, mapped[0])
        before, after = verta_namespace(base, example), verta_namespace(head, example)
        if before != after:
            message = (
                f'{_count(mapped, "mapping")} such as "{before}" would become "{after}" or the like, which '
                "Verta cannot change; put the format back"
            )
            at = At(("verta", "namespaceFormat"))
            yield Problem(message, at, context.before("the format", "verta", "namespaceFormat", key=False))
    left = [name for name in unmapped if name in head.workspaces and not _mapping(head, head.workspaces[name])]
    old, new = base.verta.primary_namespace, head.verta.primary_namespace
    if left and old != new:
        message = (
            f'{_count(left, "workspace")} without a namespace, such as "{left[0]}", live in "{old}"; calling it '
            f'"{new}" does not move them; put the name back'
        )
        at = At(("verta", "primaryNamespace"))
        yield Problem(message, at, context.before("the name", "verta", "primaryNamespace", key=False))


def workspace_removed(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """A workspace disappears only with a namespace that went through the lifecycle.

    Its models, endpoints and experiments live in it, and its namespace keeps serving them. Only when the namespace was
    in `decommission` before the change is it known that nobody needs them.

    Fails: `fraud-detection` is taken out while the state of its namespace `fraud` is `active` or `frozen`.

    Fix: put it back. To remove it, write `state: frozen` in the namespace, then `state: decommission`, let each be
    applied, and remove both in a later change. A workspace cannot be renamed either: the new name is a new workspace.
    """
    heirs = {workspace.namespace: name for name, workspace in head.workspaces.items() if name not in base.workspaces}
    for name, workspace in base.workspaces.items():
        namespace = _mapping(base, workspace)
        known = ("workspaces", name) not in context.unknown
        if name in head.workspaces or (known and (not namespace or _state(base, namespace) == "decommission")):
            continue
        if not known:
            message = f'workspace "{name}" disappears, and of the base only its name could be read; put it back'
        elif heir := heirs.get(namespace):
            message = (
                f'workspace "{name}" disappears and "{heir}" takes its namespace "{namespace}": a workspace cannot be '
                f"renamed, and its namespace cannot be mapped a second time; keep the name, or give "
                f'"{heir}" a namespace of its own'
            )
        else:
            message = (
                f'workspace "{name}" disappears, but the state of its namespace "{namespace}" was '
                f'"{_shown_state(base, namespace, context)}" and not "decommission"; put it back, and take the '
                "namespace through `frozen` and `decommission` first"
            )
        yield Problem(message, At(("workspaces", name), key=True), context.before("was here", "workspaces", name))


def legacy_workspace_removed(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """A workspace that disappears from the primary namespace leaves its models there.

    It has no namespace of its own whose state could say that it is not needed any more, so this is all that is said.

    Fails: `old-experiments: {legacy: true}` is taken out.

    Fix: make sure in Verta that nothing of it is in use; otherwise put it back.
    """
    for name, workspace in base.workspaces.items():
        if name not in head.workspaces and _is_unmapped(base, workspace, context):
            message = (
                f'workspace "{name}" disappears; its endpoints stay in the primary namespace '
                f'"{base.verta.primary_namespace}" until somebody removes them in Verta'
            )
            yield Problem(message, At(("workspaces", name), key=True), context.before("was here", "workspaces", name))


def namespace_removed_without_decommission(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """A namespace disappears only after `state: decommission`.

    A namespace that is not in the file any more is one that the engine may delete, with every volume and endpoint in
    it. A lost fragment, a wrong merge and a half-written file look the same. So the namespace must have been in
    `decommission` *before* the change.

    Fails: `fraud` is taken out of `namespaces` while its state was `active` or `frozen`.

    Fix: put it back. To remove it: `state: frozen`, later `state: decommission`, and in a third change remove it and
    list it under `retired`.
    """
    for name in base.namespaces:
        if name not in head.namespaces and name not in context.renames and _state(base, name) != "decommission":
            message = (
                f'namespace "{name}" disappears, but its state was "{_shown_state(base, name, context)}" and not '
                '"decommission": everything in it would be lost; put it back, and take it through `frozen` and '
                "`decommission` first"
            )
            yield Problem(message, At(("namespaces", name), key=True), context.before("was here", "namespaces", name))


def namespace_renamed(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """A namespace keeps its name.

    Neither Kubernetes nor Verta can rename a namespace. A key that is edited is a namespace that is deleted, with all
    that is in it, and an empty one beside it.

    Fails:

        namespaces:
          fraud: {labels: {cost-center: "4711"}}         # before
          fraud-team: {labels: {cost-center: "4711"}}    # after

    Fix: put the name back. To move: add the new namespace with a new workspace (a workspace cannot get a second
    mapping), move the models, take the old namespace through `frozen` and `decommission`, remove it and list it under
    `retired`.
    """
    for old, (new, why) in context.renames.items():
        message = (
            f'namespace "{old}" disappears beside the new "{new}", which {why}: a namespace cannot be renamed, and '
            f'everything in "{old}" would be lost; {_MOVE}'
        )
        at = At(("namespaces", new), key=True)
        yield Problem(message, at, context.before(f'"{old}" was here', "namespaces", old))


def state_transition(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """The state of a namespace moves one step at a time.

    `active → frozen → decommission`: what is to be removed is first frozen, so that whoever still needs it notices
    while nothing is lost. The way back is always open, from `decommission` too.

    Fails: `state: active` that becomes `state: decommission`.

    Fix: write `state: frozen`, let that be applied, and write `state: decommission` in a later change.
    """
    for name, namespace in base.namespaces.items():
        after = head.namespaces[name].state if name in head.namespaces else namespace.state
        if (
            after != namespace.state
            and (namespace.state, after) not in _ARROWS
            and ("namespaces", name) not in context.unknown
        ):
            message = f'namespace "{name}" goes from "{namespace.state}" to "{after}" in one change; freeze it first'
            related = context.before("the state before", "namespaces", name, "state", key=False)
            yield Problem(message, At(("namespaces", name, "state")), related)


def removal_without_tombstone(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """A namespace that is removed is listed under `retired` in the same change.

    Its name stays in dashboards, invoices and audit logs, and its mapping in Verta is for ever. The tombstone keeps the
    name from being used again.

    Fails: `churn` (in `decommission` before) is taken out, and `retired` does not name it.

    Fix: add what the message says to `retired`, with the day of the removal.
    """
    owners = {_mapping(base, workspace): name for name, workspace in base.workspaces.items()}
    for name in base.namespaces:
        if name in head.namespaces or _state(base, name) != "decommission":
            continue
        owner, tombstone = owners.get(name, ""), head.retired.get(name)
        entry = f"{name}: {{workspace: {owner}}}" if owner else f"{name}: {{}}"
        related = context.before("was here", "namespaces", name)
        if tombstone is None:
            message = f'namespace "{name}" is removed without a tombstone; add `{entry}` to `retired`'
            yield Problem(message, At(("retired", name), key=True), related)
        elif owner and tombstone.workspace != owner:
            message = f'the tombstone of namespace "{name}" must name its workspace; write `{entry}`'
            yield Problem(message, At(("retired", name), key=True), related)


def tombstone_removed(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """A tombstone stays.

    It is what keeps a name from being used again; without it, the next namespace of that name is taken for the old one.

    Fails: `churn` is taken out of `retired`, or names another workspace than before.

    Fix: put it back as it was.
    """
    for name, tombstone in base.retired.items():
        after = head.retired.get(name)
        related = context.before("was here", "retired", name)
        if after is None:
            yield Problem(f'the tombstone of "{name}" is gone; put it back', At(("retired", name), key=True), related)
        elif tombstone.workspace and after.workspace != tombstone.workspace:
            message = f'the tombstone of "{name}" named workspace "{tombstone.workspace}"; put that back'
            yield Problem(message, At(("retired", name, "workspace")), related)


def tombstone_reused(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """A name that was retired before the change is not used again, even if its tombstone is removed with it.

    The name of a removed namespace stays in dashboards, invoices and audit logs, and a mapping in Verta is for ever.

    Fails: `churn` moves from `retired` to `namespaces`.

    Fix: choose another name, and leave the tombstone where it is.
    """
    for name, tombstone in base.retired.items():
        related = context.before("retired here", "retired", name)
        if name in head.namespaces and name not in base.namespaces:
            message = f'namespace "{name}" was retired; choose another name'
            yield Problem(message, At(("namespaces", name), key=True), related)
        if tombstone.workspace in head.workspaces and tombstone.workspace not in base.workspaces:
            message = f'workspace "{tombstone.workspace}" was retired with namespace "{name}"; choose another name'
            yield Problem(message, At(("workspaces", tombstone.workspace), key=True), related)


def too_many_removals(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """One change does not remove more than `policy.maxRemovals`.

    Removals are counted by name, so that as many additions do not hide them: the namespaces that are gone, and the
    workspaces that are gone from the primary namespace. A share is of what was there before, rounded down, and at least
    one. The policy of the base counts; a change cannot lift the limit for itself.

    Fails: 3 of 20 namespaces disappear with `policy: {maxRemovals: 10%}`.

    Fix: remove them in several changes. If all are meant, whoever runs the check says so: `--allow-removals 3`.
    """
    namespaces = set(base.namespaces)
    legacy = {name for name, workspace in base.workspaces.items() if _is_unmapped(base, workspace, context)}
    gone, left = namespaces.difference(head.namespaces), legacy.difference(head.workspaces)
    there, removed = len(namespaces) + len(legacy), len(gone) + len(left)
    policy = base.policy.max_removals
    most = _most(policy, there) if context.allow_removals is None else context.allow_removals
    if removed <= most:
        return
    what = " and ".join(
        f"{len(names):,} of {len(of):,} {noun}"
        for names, of, noun in ((gone, namespaces, "namespaces"), (left, legacy, "unmapped workspaces"))
        if names
    )
    new = len(set(head.namespaces).difference(namespaces))
    if gone == namespaces and new:
        what += f", and {new:,} others stand in their place"
    limit = f'{most:,} (policy.maxRemovals "{policy}" of the base)' if context.allow_removals is None else f"{most:,}"
    message = (
        f"{what} disappear in one change, more than {limit}; remove them in several changes, or if all are meant, "
        f"allow it where the check is run: --allow-removals {removed}"
    )
    related = context.before("the policy before the change", "policy", "maxRemovals", key=False)
    yield Problem(message, At(("namespaces",), key=True), related)


def priority_class_changed(base: Org, head: Org, context: Context) -> Iterator[Problem]:
    """The priority of a tier keeps its value.

    The value of a PriorityClass cannot be changed: the API server refuses the object, and the engine stops applying
    everything that stands beside it.

    Fails: `priorityClass: {value: 1000}` that becomes `priorityClass: {value: 2000}`.

    Fix: put the value back. For another priority, add a tier and move the namespaces to it.
    """
    for name, tier in base.tiers.items():
        after = head.tiers.get(name)
        if tier.priority_class is None or after is None or after.priority_class is None:
            continue
        if tier.priority_class.value != after.priority_class.value:
            message = (
                f'the priority of tier "{name}" goes from {tier.priority_class.value} to {after.priority_class.value}, '
                "but a PriorityClass cannot be changed; put the value back, or add a tier with the new one"
            )
            path: Path = ("tiers", name, "priorityClass", "value")
            yield Problem(message, At(path), context.before("the value before", *path, key=False))


HISTORY_RULES = (
    HistoryRule(organization_renamed),
    HistoryRule(cluster_renamed),
    HistoryRule(namespace_removed_without_decommission),
    HistoryRule(namespace_renamed),
    HistoryRule(state_transition),
    HistoryRule(workspace_remapped),
    HistoryRule(workspace_removed),
    HistoryRule(legacy_workspace_removed, "warning"),
    HistoryRule(removal_without_tombstone),
    HistoryRule(tombstone_removed),
    HistoryRule(tombstone_reused),
    HistoryRule(too_many_removals),
    HistoryRule(priority_class_changed),
)

PAGES: dict[str, str] = {
    "base-unreadable": """The state before the change can be read.

    What is not understood there may be a namespace that the change removes. So what can be compared is compared, and
    the rest is an error: a file that cannot be read is never taken for an empty one.

    Fails: an org.yaml that was merged with a conflict marker in it, and a pull request that repairs it.

    Fix: name the last commit in which the file could be read: `--base <commit>`.
    """,
    "base-with-problems": """The state before the change was read, but not everything in it was understood.

    All names are known, so that nothing can be lost unseen; what the message names was taken as not written. The change
    may be the very one that mends it.

    Fails: a base that was written in another `version:`, or for an older release with other keys.

    Fix: nothing, if the change mends it; otherwise look at the place that the report names.
    """,
    "organization-removed": """An organization disappears only when its namespaces were all in `decommission`.

    With the file, nothing that is rendered of it is checked any more, and all of it may be removed without a word.

    Fails: a change that deletes `orgs/prod-eu.yaml`.

    Fix: put the file back, and take its namespaces through the lifecycle first. If it was moved, check it where it is.
    """,
}
"""The pages of what is found about the base itself, as in `reading.catalogue`; the second is a warning."""


def judge_history(
    base: Org,
    head: Org,
    context: Context = Context(),
    rules: tuple[HistoryRule, ...] = HISTORY_RULES,
) -> Iterator[Problem]:
    """What the rules find in a change, each problem with the id and the severity of its rule."""
    context = replace(context, renames=find_renames(base, head))
    for rule in rules:
        for problem in rule.find(base, head, context):
            yield replace(problem, rule=rule.id, severity=rule.severity)


def find_renames(base: Org, head: Org) -> dict[str, Rename]:
    """The namespaces that seem to be renamed, by their old names; one that was in `decommission` is just removed."""
    gone = [name for name in base.namespaces if name not in head.namespaces and _state(base, name) != "decommission"]
    new = dict.fromkeys(name for name in head.namespaces if name not in base.namespaces)
    found: dict[str, Rename] = {}
    old_homes = {each.namespace: name for name, each in base.workspaces.items()}
    for old in gone:
        owner = old_homes.get(old, "")
        home = head.workspaces[owner].namespace if owner in head.workspaces else ""
        if home in new:
            found[old] = Rename(home, f'has its workspace "{owner}"')
            del new[home]
    gone = [old for old in gone if old not in found]
    alike: dict[str, list[str]] = {}
    for name in new:
        alike.setdefault(_content(head.namespaces[name]), []).append(name)
    compared = 0
    for old in gone:
        content = _content(base.namespaces[old])
        same = [name for name in alike.get(content, ()) if name in new]
        candidates = same or list(new)
        compared += len(candidates)
        if not candidates or compared > _MANY:
            continue
        likeness, best = max((SequenceMatcher(None, old, name).ratio(), name) for name in candidates)
        if likeness >= (0.5 if same else 0.8) or (len(same) == 1 and content != _NOTHING):
            says = "says the same of tier, labels, quota and owners" if same else "is called almost the same"
            found[old] = Rename(best, says)
            del new[best]
    return found


def _content(namespace: Namespace) -> str:
    """All that a namespace says but its name and its state."""
    return repr(replace(namespace, name="", state="active"))


_NOTHING = _content(Namespace(name=""))


def _renamed(what: str, before: str, after: str, context: Context) -> Iterator[Problem]:
    if before and before != after:
        message = (
            f'the {what} is called "{before}", and the change makes it "{after}"; put the name back, or was the wrong '
            "file compared or overwritten?"
        )
        yield Problem(message, At((what, "name")), context.before("the name before", what, "name", key=False))


def _mapping(org: Org, workspace: Workspace) -> str:
    """The namespace that a workspace is mapped to; empty for one that lives in the primary namespace."""
    primary = workspace.namespace == org.verta.primary_namespace and not org.verta.multiple_namespaces
    return "" if primary else workspace.namespace


def _count(things: Sequence[object], noun: str) -> str:
    return f"{len(things):,} {noun}" + ("" if len(things) == 1 else "s")


def _is_unmapped(base: Org, workspace: Workspace, context: Context) -> bool:
    return not _mapping(base, workspace) and ("workspaces", workspace.name) not in context.unknown


def _state(org: Org, namespace: str) -> str:
    found = org.namespaces.get(namespace)
    return found.state if found else ""


def _shown_state(org: Org, namespace: str, context: Context) -> str:
    return "unknown" if ("namespaces", namespace) in context.unknown else _state(org, namespace) or "unknown"


def _most(policy: str, there: int) -> int:
    """The most removals that a policy allows among so many."""
    if not policy.endswith("%"):
        return int(policy)
    share = int(policy[:-1])
    return max(there * share // 100, 1) if share else 0
