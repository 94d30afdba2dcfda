"""`verta-gitops plan`: what a change of an organization does, to whom, and how risky it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from generator.cli.common import print_problems, totals

if TYPE_CHECKING:
    from generator.history import Base
    from generator.pipeline import Examined
    from generator.plan.change import Change, Plan
    from generator.plan.manifests import Trees
    from generator.plan.usage import Usage
    from generator.plan.words import Where
    from generator.problems import Span

EPILOG = """\b
Examples:
  verta-gitops plan
  verta-gitops plan --base origin/main --format markdown > comment.md
  verta-gitops plan --detailed-exitcode --fail-on danger
  verta-gitops plan orgs/prod-eu.yaml --base-dir ../before
  kubectl get resourcequota -A -o json > usage.json && verta-gitops plan --usage usage.json

\b
Exit codes:
  0  planned (with --detailed-exitcode: and nothing changes)
  1  FILE has errors, or --fail-on holds
  2  with --detailed-exitcode: something changes
  3  could not run: a file, git or the base cannot be read
"""


@click.command(epilog=EPILOG)
@click.argument("file", default="org.yaml", type=click.Path())
@click.option(
    "--base", "base_ref", default="", metavar="REF", help="Commit to compare with; the merge base by default."
)
@click.option("--base-dir", default="", metavar="DIR", help="Folder to compare with instead, without git.")
@click.option("--base-file", default="", metavar="FILE", help="Name of the file at the base, where it was another one.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="text for people, markdown for a comment on a pull request, json for programs.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where something changes, and 0 where nothing does.")
@click.option("--fail-on", type=click.Choice(["danger", "attention"]), default=None, help="Exit 1 from this risk on.")
@click.option(
    "--usage", default="", metavar="FILE", help="What is used: the output of `kubectl get resourcequota -A -o json`."
)
def plan(
    file: str,
    base_ref: str,
    base_dir: str,
    base_file: str,
    form: str,
    detailed_exitcode: bool,
    fail_on: str | None,
    usage: str,
) -> int:
    """Show what a change of an organization does, to whom, and how risky it is.

    FILE is the organization; org.yaml where not given. It is compared with the commit that the change grew from: who
    gains or loses access, which quotas and networks change, what is promised of the cluster, and what is destroyed.
    With errors in FILE they are shown, and no plan. Nothing is written.
    """
    from generator.entries import Entries
    from generator.history import examine_base, find_base
    from generator.pipeline import examine

    used = _usage(usage) if usage else {}
    entries = Entries(file)
    head = examine(file, reader=entries.read)
    if head.org is None or head.errors or head.failed:
        _show_problems(head, form)
        return 3 if head.failed else 1
    place = find_base(file, base_ref, base_dir, base_file)
    if not head.settings.rules:  # they may do what they like with what was read
        entries.learn(head.sources, head.org)
    base = examine_base(place, entries.read)
    found = _plan(head, base, place, used)
    click.echo(_written(found, form, _where(head, base)), nl=form != "markdown")
    risks = {"danger": ("danger",), "attention": ("danger", "attention")}
    if fail_on and found.worst() in risks[fail_on]:
        return 1
    return 2 if found and detailed_exitcode else 0


def _usage(file: str) -> Usage:
    from generator.plan.usage import parse_usage
    from generator.reading.store import DISK

    (data,) = DISK.read([file], 1 << 30)
    return parse_usage(data.decode("utf-8", "replace"), file)


def _show_problems(head: Examined, form: str) -> None:
    if form == "markdown":
        from generator.plan.markdown import markdown_problems

        click.echo(markdown_problems(head.problems), nl=False)
        return
    print_problems(head.problems, form, [head])
    if form == "text":
        click.echo(f"no plan: {totals(head.problems)}")


def _plan(head: Examined, base: Examined, place: Base, usage: Usage) -> Plan:
    from generator.plan.planning import plan as compare
    from generator.plan.planning import plan_without_base

    assert head.org is not None
    errors = [problem for problem in base.problems if problem.severity == "error"]
    if not base.sources.documents:
        return compare(None, head.org, None, usage)
    trees, failure = _trees(head, base, place)
    if base.org is None:
        why = f"{base.sources.locate(errors[0].place)}: {errors[0].message}" if errors else ""
        return plan_without_base(head.org, trees, why)
    doubts = [f"{base.sources.locate(error.place)}: {error.message}" for error in errors] + failure
    return compare(base.org, head.org, trees, usage, doubts)


def _trees(head: Examined, base: Examined, place: Base) -> tuple[Trees | None, list[str]]:
    """What was and is rendered, and why it cannot be compared; nothing where the base has no rendered files."""
    import os
    from functools import cache

    from generator.history import rendered_at
    from generator.incremental import rendered_now
    from generator.own.templates import own_template
    from generator.plan.manifests import Trees, untouched
    from generator.rendering.environment import Templates
    from generator.rendering.tree import render

    org = head.org
    assert org is not None
    rendered = os.path.join(os.path.dirname(head.file), "rendered")
    folder = os.path.join(rendered, (base.org or org).cluster.name)
    templates = Templates(head.settings.templates)

    @cache
    def now() -> dict[str, bytes]:
        made = rendered_now(org, head.sources, templates, os.path.join(rendered, org.cluster.name))
        return {path: text.encode() for path, text in made.items()}

    found = rendered_at(place, folder, now)
    if not found:
        return None, []
    before = {path: data.decode("utf-8", "backslashreplace") for path, data in found.items()}
    after = {path: data.decode() for path, data in now().items()}
    replayed = after
    if base.org is not None:
        same = untouched(base.org, org)
        try:
            again = dict(render(base.org, templates, lambda home, _: () if home in same else None))
        except LookupError as error:
            return None, [f"the base cannot be rendered again, so changes of templates are not shown: {error}"]
        kept = {path: text for path, text in after.items() if path.startswith("namespaces/") and _home(path) in same}
        replayed = {**kept, **{path: text or "" for path, text in again.items()}}
    own = frozenset(
        path
        for path in (sorted({**before, **after}) if head.settings.templates else ())
        if before.get(path) != after.get(path) and own_template(head.settings.templates, path)
    )
    return Trees(before, replayed, after, own), []


def _home(path: str) -> str:
    return path.split("/")[1]


def _where(head: Examined, base: Examined) -> Where:
    from generator.problems import At

    def where(change: Change) -> Span | None:
        sources = base.sources if change.side == "base" else head.sources
        if not change.path or not sources.documents:
            return None
        span = sources.locate(At(change.path, key=True))
        return span._replace(file=span.file.removesuffix(" at base"))

    return where


def _written(found: Plan, form: str, where: Where) -> str:
    if form == "markdown":
        from generator.plan.markdown import markdown

        return markdown(found, where)
    if form == "json":
        from generator.plan.json import json_plan

        return json_plan(found, where)
    from generator.plan.text import text

    return text(found, where)
