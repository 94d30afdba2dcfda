"""`verta-gitops report`: the whole organization on one web page, or as data."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from generator.problems import Stop, Usage

if TYPE_CHECKING:
    from generator.page.links import Link
    from generator.pipeline import Examined
    from generator.plan.usage import Usage as Used
    from generator.views.overview import Happened, View

EPILOG = """\b
Examples:
  verta-gitops report -o report.html
  verta-gitops report -o report.html --since origin/main~20 --prices prices.yaml
  kubectl get resourcequota -A -o json > usage.json && verta-gitops report -o report.html --usage usage.json
  verta-gitops report -o report.html --live --context prod-eu
  verta-gitops report --format json | jq .capacity

\b
Exit codes:
  0  written
  1  FILE has errors; with those that would make the report wrong, nothing is written
  2  called in a way that cannot be meant
  3  could not run: a file, git or the cluster cannot be read
"""


@click.command(epilog=EPILOG)
@click.argument("file", default="org.yaml", type=click.Path())
@click.option(
    "--format",
    "form",
    type=click.Choice(["html", "csv", "json", "markdown"]),
    default="html",
    show_default=True,
    help="html for a browser, csv the workspaces for a spreadsheet, json everything, markdown a summary.",
)
@click.option("-o", "--output", default="", metavar="FILE", type=click.Path(), help="Write here, not to the terminal.")
@click.option("--label", default="cost-center", show_default=True, metavar="KEY", help="Label of the cost centre.")
@click.option("--prices", default="", metavar="FILE", help="Price list; see `verta-gitops cost --help`.")
@click.option(
    "--usage", "dump", default="", metavar="FILE", help="What is used: output of `kubectl get resourcequota -A`."
)
@click.option("--live", is_flag=True, help="Ask the cluster what is used.")
@click.option("--kubeconfig", default="", metavar="FILE", help="Kubeconfig for --live; $KUBECONFIG by default.")
@click.option("--context", default="", metavar="NAME", help="Context for --live; its current one by default.")
@click.option("--since", default="", metavar="REF", help="Also show what changed since this commit.")
@click.option(
    "--links",
    default="",
    metavar="FORM",
    help="Address of a line at the git host, with {path} and {line}; by default from delivery.repoURL.",
)
def report(
    file: str,
    form: str,
    output: str,
    label: str,
    prices: str,
    dump: str,
    live: bool,
    kubeconfig: str,
    context: str,
    since: str,
    links: str,
) -> int:
    """Write a page that shows the whole organization, or its data.

    FILE is the organization; org.yaml where not given. The page is one file that needs no network: capacity and what
    still fits, a table of workspaces, who has access to what, who may reach whom, cost shares, and problems.
    """
    from generator.cli.common import count
    from generator.cli.tables import require_org
    from generator.views.cost import require_label
    from generator.views.overview import view
    from generator.views.prices import read_prices

    if dump and live:
        raise Usage("--usage reads a file and --live the cluster; give one of them")
    if (kubeconfig or context) and not live:
        raise Usage("--kubeconfig and --context say which cluster --live asks; add --live")
    if form == "html" and not output and sys.stdout.isatty():
        raise Usage("a page is nothing for a terminal; name a file, such as -o report.html")
    listed = read_prices(prices) if prices else None
    examined = require_org(file)
    assert examined.org is not None
    require_label(examined.org, label)
    _require_other(output, (*(each.file for each in examined.sources.documents), prices, dump))
    used = _usage(dump, live, kubeconfig, context)
    changes = (since, _changes(examined, since)) if since else None
    found = view(examined.org, examined.problems, label, listed, used, changes)
    text = _written(found, examined, form, links)
    if output in ("", "-"):
        click.echo(text, nl=False)
    else:
        from generator.files import write_output

        write_output(output, text.encode("utf-8", "backslashreplace"))
        errors = found.overview.errors
        click.echo(f"{output}: written" + (f"; {count(errors, 'error')} in {file}" if errors else ""))
    return int(examined.errors)


def _require_other(output: str, inputs: Iterable[str]) -> None:
    """Raises Usage where the answer would be written over a file that it is made of."""
    for each in inputs:
        if output and each and os.path.exists(output) and os.path.exists(each) and os.path.samefile(output, each):
            raise Usage(f"-o {output} is what is read, and would be lost; name another file, such as report.html")


def _usage(dump: str, live: bool, kubeconfig: str, context: str) -> tuple[str, Used] | None:
    if not (dump or live):
        return None
    from generator.cluster.live import Kind
    from generator.views.used import usage_of

    if dump:
        from generator.cluster.dump import read_dump

        found = read_dump(dump)
    else:
        from generator.cluster.client import connect
        from generator.cluster.listing import read

        found = read(connect(kubeconfig, context), (Kind("v1", "ResourceQuota"),))
    return found.source, usage_of(found)


def _changes(head: Examined, since: str) -> list[Happened]:
    from generator.history import examine_base, find_base
    from generator.plan.planning import plan
    from generator.plan.words import headline
    from generator.problems import At
    from generator.views.overview import Happened, without_credentials

    assert head.org is not None
    try:
        base = examine_base(find_base(head.file, since))
    except Stop as stop:  # what names the commit is called otherwise here
        raise Stop(str(stop).replace("--base", "--since")) from stop
    if base.org is None and base.sources.documents:
        (first, *_) = base.problems
        raise Stop(f"--since {since}: the organization cannot be read there: {first.place}: {first.message}")
    found = []
    for change in plan(base.org, head.org).changes:
        span = None
        if change.path and change.side == "head":
            span = head.sources.locate(At(change.path, key=True))
        what = without_credentials("".join(part.text for part in headline(change)))
        where = (span.file, span.line) if span else ("", 0)
        found.append(Happened(change.risk, change.title, what, change.reason, *where))
    return found


def _written(found: View, examined: Examined, form: str, links: str) -> str:
    from generator.cli.tables import structured
    from generator.views.data import as_data

    if form == "json":
        return structured({"version": 1, **as_data(found)}, "json") + "\n"
    if form == "csv":
        from generator.cli.list_ import as_csv

        return as_csv(found.workspaces) + "\n"
    if form == "markdown":
        from generator.views.summary import summary

        return summary(found)
    from generator.page.page import page
    from generator.problems import At

    assert examined.org is not None
    places = {}
    for name in examined.org.workspaces:
        span = examined.sources.locate(At(("workspaces", name), key=True))
        places[name] = (span.file, span.line)
    return page(found, _link(examined, links), places)


def _link(examined: Examined, links: str) -> Link:
    """How a place is linked: by the form that was given, or by that of the repository's host."""
    from generator.git import repository
    from generator.page.links import checked, form_of, linker, no_link

    assert examined.org is not None
    delivery = examined.org.delivery
    form = checked(links) if links else form_of(delivery.repo_url, delivery.revision)
    if not form:
        return no_link
    folder = os.path.dirname(examined.file)
    try:
        prefix = repository(folder).prefix
    except Stop:
        if links:
            raise
        return no_link
    return linker(form, folder, prefix)
