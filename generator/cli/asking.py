"""A terminal and what an organization has → the answers that make a new workspace."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from generator.printing import printable

if TYPE_CHECKING:
    from generator.editing.drafting import Draft
    from generator.editing.wishes import NewWorkspace
    from generator.model.org import Org

_SHOWN = 12
"""Names that are listed; of more, Tab completes all."""


def ask_workspace(draft: Draft, file: str) -> NewWorkspace:
    """Ask for a workspace, question by question; an empty answer ends a list. Ctrl-C leaves everything as it was."""
    from generator.editing.wishes import NewWorkspace, namespace_name

    name = _ask("Name of the workspace", check=_is_new(draft, "workspaces"))
    description = _ask("What is it for (may be empty)", default="")
    proposed = namespace_name(name)
    namespace = _ask("Namespace", default=proposed or None, check=_is_new(draft, "namespaces"))
    tier = _ask_tier(draft)
    groups, roles = draft.names("groups"), draft.names("roles")
    _list("groups", groups)
    owners = _ask_several("Group that answers for it", groups)
    labels = {key: _ask(f"Label {key}") for key in _required_labels(draft)}
    _list("roles", roles)
    grants = []
    while groups and roles and (group := _ask("Group with access (empty: no more)", groups, default="")):
        grants.append((group, _ask(f"Role of {group}", roles)))
    return NewWorkspace(name, namespace, tier, tuple(owners), labels, description, tuple(grants), file)


def _ask_tier(draft: Draft) -> str:
    """A tier, with what still fits of each; empty for the default one."""
    tiers = draft.names("tiers")
    if not tiers:
        return ""
    room = _room(draft)
    click.echo("Tiers:", err=True)
    for tier in tiers:
        click.echo(f"  {printable(tier)}{room.get(tier, '')}", err=True)
    default = draft.value(("defaults", "tier"))
    chosen = _ask("Tier", tiers, default=str(default) if default in tiers else None)
    return "" if chosen == default else chosen


def _room(draft: Draft) -> Mapping[str, str]:
    """What can be said of each tier: how many more namespaces of it fit into the cluster, and what runs out first."""
    from generator.model.decode import decode

    if not draft.sources.complete:
        return {}
    org, problems = decode(draft.sources.documents)
    return {} if problems else _fits(org)


def _fits(org: Org) -> Mapping[str, str]:
    from generator.model.quantity import Quantity
    from generator.plan.spaces import in_long_form
    from generator.views.capacity import capacity
    from generator.views.data import readable

    found = capacity(org)
    resources = {each.resource: each for each in found.resources}
    said = {}
    for fit in found.fits:
        bound = resources.get(fit.bound)
        if fit.more is None or bound is None or bound.allowed is None:
            continue
        rest = Quantity(max(0, bound.allowed.nanos - bound.amount.nanos), bound.allowed.form)
        needs = readable(in_long_form(org.tiers[fit.tier].quota)[fit.bound])
        more = f"{fit.more:,} more {'fits' if fit.more == 1 else 'fit'}"
        said[fit.tier] = f": {more} ({fit.bound}: {readable(rest)} left, {needs} each)"
    return said


def _required_labels(draft: Draft) -> list[str]:
    from generator.reading.document import Seq

    node = draft.value(("policy", "requiredLabels"))
    return [str(each) for each in node] if isinstance(node, Seq) else []


def _is_new(draft: Draft, section: str) -> Callable[[str], str]:
    known = set(draft.names(section))
    return lambda answer: f'"{answer}" exists already' if answer in known else ""


def _ask_several(question: str, known: Sequence[str]) -> list[str]:
    found: list[str] = []
    while known and (answer := _ask(f"{question} (empty: no more)", known, default="")):
        found.append(answer)
    return list(dict.fromkeys(found))


def _ask(
    question: str, known: Sequence[str] = (), default: str | None = None, check: Callable[[str], str] | None = None
) -> str:
    """One answer; of those that are `known`, where there are, which Tab completes."""
    from generator.model.kinds import nearest

    aside = not sys.stdout.isatty()  # a line is edited and completed on standard output only
    with _completing(known):
        while True:
            answer = str(
                click.prompt(question, default=default, show_default=bool(default), err=aside, type=str)
            ).strip()
            if not answer and default is None:
                continue
            if known and answer and answer not in known:
                hint = nearest(answer, list(known)) or f"; known: {', '.join(map(printable, known[:_SHOWN]))}"
                click.echo(f'there is no "{printable(answer)}"{hint}', err=True)
            elif check and (wrong := check(answer)):
                click.echo(printable(wrong), err=True)
            else:
                return answer


def _list(what: str, names: Sequence[str]) -> None:
    shown = ", ".join(map(printable, names[:_SHOWN]))
    rest = f" and {len(names) - _SHOWN:,} more; Tab completes them" if len(names) > _SHOWN else ""
    if names:
        click.echo(f"There are {what} {shown}{rest}", err=True)


@contextmanager
def _completing(known: Sequence[str]) -> Iterator[None]:
    """Let Tab complete names, where the interpreter can."""
    try:
        import readline
    except ImportError:
        yield
        return
    before = readline.get_completer()
    delimiters = readline.get_completer_delims()

    def complete(text: str, state: int) -> str | None:
        found = [name for name in known if name.startswith(text)]
        return found[state] if state < len(found) else None

    readline.set_completer(complete)
    readline.set_completer_delims("")
    readline.parse_and_bind("tab: complete")
    try:
        yield
    finally:
        readline.set_completer(before)
        readline.set_completer_delims(delimiters)
