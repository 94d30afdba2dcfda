"""Verdicts → lines for people, JSON for programs, JUnit for CI servers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from generator.cluster.verify import WORDS, Verdict, Verification
from generator.printing import clipped, printable
from generator.report.text import visible

_LONGEST_NAME = 60


def text(found: Verification, verdicts: Sequence[Verdict] | None = None) -> str:
    """The verdicts that are not `ready` with their causes, what was not read, and the totals.

    `verdicts` are those to show in the place of all that have findings.
    """
    lines = []
    for verdict in ordered(found.verdicts) if verdicts is None else verdicts:
        if verdict.findings:
            lines += [f"{name(verdict)} in namespace {verdict.namespace}: {verdict.word}", *details(verdict), ""]
    lines += [f"not read: {printable(each.why)}" for each in found.unread]
    lines += [f"note: {printable(doubt)}" for doubt in found.doubts]
    return "\n".join([*lines, summary(found)])


def name(verdict: Verdict) -> str:
    """What a verdict is about."""
    return clipped(printable(verdict.workspace), _LONGEST_NAME) or "no workspace"


def details(verdict: Verdict) -> list[str]:
    """The findings of a verdict, and the command that belongs to the first."""
    lines = [f"  {'note: ' if each.weight == 'note' else ''}{printable(each.message)}" for each in verdict.findings]
    commands = [each.next for each in verdict.findings if each.next and each.weight != "note"]
    commands = commands or [each.next for each in verdict.findings if each.next]
    return [*lines, f"  next: {commands[0]}"] if commands else lines


def ordered(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """What is worst first; otherwise as they are."""
    return sorted(verdicts, key=lambda verdict: WORDS.index(verdict.word))


def summary(found: Verification) -> str:
    """`12 ready, 1 cannot deploy in cluster prod-us (context "prod")`."""
    numbers = Counter(verdict.word for verdict in found.verdicts)
    counted = ", ".join(f"{numbers[word]:,} {word}" for word in reversed(WORDS) if numbers[word]) or "nothing to verify"
    partial = "; not everything could be read, so this is not the whole answer" if found.partial else ""
    return f"{counted} in cluster {found.cluster} ({printable(found.source)}){partial}"


def json_report(found: Verification) -> str:
    """The same for programs; `complete` says whether everything could be read."""
    numbers = Counter(verdict.word for verdict in found.verdicts)
    body: dict[str, Any] = {
        "organization": found.organization,
        "cluster": found.cluster,
        "source": found.source,
        "server": found.server,
        "complete": not found.partial,
        "ready": found.ready and not found.partial,
        "totals": {word: numbers[word] for word in WORDS},
        "workspaces": [
            {
                "workspace": verdict.workspace or None,
                "namespace": verdict.namespace,
                "verdict": verdict.word,
                "findings": [
                    {"weight": each.weight, "cause": each.cause, "message": each.message, "next": each.next or None}
                    for each in verdict.findings
                ],
            }
            for verdict in found.verdicts
        ],
        "unread": [{"kind": each.kind.kind, "group": each.kind.group, "why": each.why} for each in found.unread],
        "notes": list(found.doubts),
    }
    return json.dumps(body, indent=2, ensure_ascii=False)


def junit(found: Verification) -> str:
    """One case for each workspace: it fails where it is not ready, and is an error where that is not known."""
    cases = []
    failures = errors = 0
    for verdict in found.verdicts:
        about = verdict.workspace or f"namespace {verdict.namespace}"
        head = f"    <testcase classname={_attribute(verdict.namespace)} name={_attribute(about)}"
        if verdict.word in ("ready", "frozen"):
            cases.append(f"{head}/>")
            continue
        tag = "error" if verdict.word == "unknown" else "failure"
        errors, failures = errors + (tag == "error"), failures + (tag == "failure")
        first = _attribute(verdict.findings[0].message)
        body = escape("\n".join(map(visible, details(verdict))))
        cases += [f"{head}>", f"      <{tag} message={first} type={_attribute(verdict.word)}>{body}</{tag}>"]
        cases.append("    </testcase>")
    for each in found.unread:
        errors += 1
        head = f"    <testcase classname={_attribute(found.source)} name={_attribute(f'reading {each.kind.kind}')}>"
        cases += [head, f'      <error message={_attribute(each.why)} type="unread"/>', "    </testcase>"]
    numbers = f'tests="{len(found.verdicts) + len(found.unread)}" failures="{failures}" errors="{errors}"'
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<testsuites name="verta-gitops verify" {numbers}>',
            f"  <testsuite name={_attribute(found.cluster)} {numbers}>",
            *cases,
            "  </testsuite>",
            "</testsuites>",
        ]
    )


def _attribute(value: str) -> str:
    return quoteattr(visible(value))
