"""Imported → what `import` says of it: a summary for people, everything for programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from generator.importing.importing import CLEAN_UP, IMPORTED, Imported
from generator.objects import Identity
from generator.printing import clipped, printable

_MOST = 12
_UNKNOWN = (
    "organization.description, cluster.capacity and largestNode, owners, codeowner and delivery are not in the cluster"
)
_WORDS = {
    "added": "will be new",
    "replaced": "will stand beside their replacements until they are deleted",
    "changed": "will change",
    "orphan": "will stay, ours by their labels and declared by nobody",
    "unexplained": "differ, and nothing explains it",
}


def text(found: Imported, written: Iterable[str]) -> str:
    """The report for people; `written` are the names of the files."""
    return "\n".join(_lines(found, list(written)))


def json_report(found: Imported, written: Iterable[str]) -> str:
    """The report for programs: one object, every list in a stable order."""
    report = {
        "files": sorted(written),
        "namespaces": len(found.org.namespaces),
        "workspaces": len(found.org.workspaces),
        "tiers": dict(sorted(_tiers(found).items())),
        "excluded": found.survey.excluded,
        "refused": dict(sorted(found.draft.refused.items())),
        "kept": _named(found.kept),
        "lost": _named(found.lost),
        "alone": _named({key: why for each in found.draft.spaces.values() for key, why in each.alone.items()}),
        "left": [
            {"namespace": name, "what": what, "reason": why}
            for name, each in found.draft.spaces.items()
            for what, why in sorted(each.left.items())
        ],
        "changedOnTheWay": dict(sorted(found.draft.left.items())),
        "ignored": found.survey.others,
        "residuals": [
            {"what": each.what, **_identity(each.identity), "reason": each.reason} for each in found.residuals
        ],
        "commands": list(found.commands),
    }
    return json.dumps(report, indent=2, ensure_ascii=True)


def _named(objects: Mapping[Identity, str]) -> list[dict[str, str]]:
    return [{**_identity(key), "reason": reason} for key, reason in sorted(objects.items())]


def _identity(key: Identity) -> dict[str, str]:
    return dict(key._asdict())


def _tiers(found: Imported) -> Counter[str]:
    default = found.org.defaults.tier
    return Counter(each.tier or default for each in found.org.namespaces.values())


def _lines(found: Imported, written: list[str]) -> Iterator[str]:
    org = found.org
    yield f"{_count(len(org.namespaces), 'namespace')} and {_count(len(org.workspaces), 'workspace')} imported"
    yield from (f"  wrote {name}" for name in _short([name for name in written if f"{IMPORTED}/_" not in name]))
    if objects := sum(f"{IMPORTED}/_" in name for name in written):
        yield f"  wrote {_count(objects, 'file')} in {IMPORTED}/_objects/"
    tiers = _tiers(found)
    yield from _block(
        "tiers", (f"{name}: {tiers[name]:,}" for name in sorted(tiers, key=lambda tier: (-tiers[tier], tier)))
    )
    yield from _reasons("left out", found.survey.excluded)
    yield from _reasons("left out, because check would refuse them", found.draft.refused)
    yield from _objects(f"kept as they are, in {IMPORTED}/", found.kept)
    yield from _objects("not rendered at all; mend these by hand", found.lost)
    alone = {key: why for each in found.draft.spaces.values() for key, why in each.alone.items()}
    yield from _objects("left alone, because a controller keeps them", alone)
    left = Counter(
        f"{what.partition('.')[2] or what}: {why}"
        for each in found.draft.spaces.values()
        for what, why in each.left.items()
    )
    yield from _counted("stay on the live namespaces, and are not declared", left)
    yield from _block(
        "said otherwise than it was", (f"{what}: {why}" for what, why in sorted(found.draft.left.items()))
    )
    unlabelled = sum(each.unlabelled for each in found.draft.spaces.values())
    if unlabelled:
        which = "namespace enforces" if unlabelled == 1 else "namespaces enforce"
        yield f"{unlabelled:,} {which} no pod security, so privileged pods may run; podSecurity says so"
    yield from _remaining(found)
    if found.commands:
        yield f"{CLEAN_UP} lists the kubectl commands that remove what is replaced; none was run"
    yield f"{_UNKNOWN}; add what is missing"


def _remaining(found: Imported) -> Iterator[str]:
    if not found.residuals:
        yield "what is rendered of this is what the cluster has"
    for what, words in _WORDS.items():
        reasons = Counter(
            f"{each.identity.kind}: {_general(each.reason, each.identity)}"
            for each in found.residuals
            if each.what == what
        )
        yield from _counted(f"once applied, {_count(sum(reasons.values()), 'object')} {words}", reasons)


def _general(reason: str, key: Identity) -> str:
    return reason.replace(f" of namespace {key.namespace} ", " ") if key.namespace else reason


def _objects(head: str, objects: Mapping[Identity, str]) -> Iterator[str]:
    yield from _counted(head, Counter(f"{key.kind}: {reason}" for key, reason in objects.items()))


def _reasons(head: str, names: Mapping[str, str]) -> Iterator[str]:
    yield from _block(head, (f"{name}: {reason}" for name, reason in sorted(names.items())))


def _counted(head: str, reasons: Counter[str]) -> Iterator[str]:
    ordered = sorted(reasons, key=lambda reason: (-reasons[reason], reason))
    yield from _block(head, (f"{reasons[reason]:,} × {reason}" for reason in ordered))


def _block(head: str, lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    if listed:
        yield f"{head}:"
        yield from (f"  {line}" for line in _short(listed))


def _short(lines: list[str]) -> list[str]:
    more = len(lines) - _MOST
    return [_safe(line) for line in lines[:_MOST]] + (
        [f"and {more:,} more (--format json lists all)"] if more > 0 else []
    )


def _safe(line: str) -> str:
    """A line without what a terminal would obey: names and reasons come from the cluster."""
    return clipped(printable(line))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
