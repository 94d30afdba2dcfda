"""`verta-gitops verify`: whether endpoints can be deployed in each workspace, and if not, why and what to do."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from generator.cli.common import (
    ANY_CLUSTER,
    FROM_DUMP,
    KUBE_CONTEXT,
    KUBECONFIG,
    count,
    print_problems,
    progress,
    totals,
)
from generator.cli.names import WORKSPACE_OR_NAMESPACE
from generator.problems import Stop, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

    from generator.cluster.drift import Declared
    from generator.cluster.live import Live
    from generator.cluster.verify import Verification
    from generator.model.org import Org
    from generator.pipeline import Examined

EPILOG = """\b
Examples:
  verta-gitops verify
  verta-gitops verify fraud-detection
  verta-gitops verify -f orgs/prod-eu.yaml --context prod-eu
  verta-gitops verify --watch
  verta-gitops verify --format junit > verify.xml
  verta-gitops verify --print-role | kubectl apply -f -
  kubectl get namespaces,resourcequotas,limitranges,networkpolicies,rolebindings,configmaps,pods,events \\
    -A -o json | gzip > cluster.json.gz && verta-gitops verify --from-dump cluster.json.gz

\b
Exit codes:
  0  every workspace is ready (or frozen, as declared)
  1  a workspace is degraded or cannot deploy, or FILE has errors
  2  called in a way that cannot be meant, or the cluster is another organization's
  3  could not run, or a part of the answer is missing
"""


@click.command(epilog=EPILOG)
@click.argument("workspaces", nargs=-1, type=WORKSPACE_OR_NAMESPACE, metavar="[WORKSPACE]...")
@click.option("-f", "--file", default="org.yaml", type=click.Path(), show_default=True, help="The organization.")
@KUBECONFIG
@KUBE_CONTEXT
@FROM_DUMP
@ANY_CLUSTER
@click.option("--watch", is_flag=True, help="Ask again and again, on a terminal, until interrupted.")
@click.option(
    "--interval", type=click.IntRange(1, 3600), default=10, show_default=True, metavar="SECONDS", help="With --watch."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "junit"]),
    default="text",
    show_default=True,
    help="text for people, json for programs, junit for CI servers.",
)
@click.option("--print-role", is_flag=True, help="Print the ClusterRole that reading needs, and ask nothing.")
def verify(
    workspaces: tuple[str, ...],
    file: str,
    kubeconfig: str,
    context: str,
    dump: str,
    any_cluster: bool,
    watch: bool,
    interval: int,
    form: str,
    print_role: bool,
) -> int:
    """Say for each workspace whether endpoints can be deployed in the cluster, and if not, why.

    WORKSPACE is its name, or the name of its namespace; all where none is named. The verdict is ready, degraded or
    cannot deploy; `frozen` is what org.yaml itself wants.
    The namespace must exist, be ours, be protected and limited as declared, have room in its quota, let Verta deploy,
    and Verta must run in it. Each cause comes with the command to type next. Only lists are read; nothing is written.
    """
    from generator.pipeline import examine

    _require(workspaces, kubeconfig, context, dump, watch, form, print_role)
    head = examine(file)
    org = head.org
    if org is None or head.unsafe or head.failed:
        print_problems(head.problems, form, [head])
        if form == "text":
            click.echo(f"not verified: {totals(head.problems)}")
        return 3 if head.failed else 1
    workspaces = _chosen(org, workspaces)
    homes = _homes(org, workspaces)
    declared = _declared(head, org, homes)
    if print_role:
        from generator.reader import needed, role

        click.echo(role(needed(org, declared)), nl=False)
        return 0
    kubectl = _kubectl(kubeconfig, context)
    folder = os.path.join(os.path.dirname(file), "rendered", org.cluster.name)

    def ask(read: Callable[[], Live]) -> Verification:
        from generator.cluster.belonging import require_own
        from generator.cluster.verify import verify as judge

        live = read()
        if not any_cluster:
            require_own(org, live)
        bodies = {identity: manifest.body for identity, manifest in declared.objects.items()}
        now = None if dump else datetime.now(UTC)
        return judge(org, bodies, live, now, workspaces or None, kubectl, folder)

    read = _reader(org, kubeconfig, context, dump, homes)
    if watch:
        return _watch(lambda: ask(read), interval)
    found = ask(read)
    _show(found, form, detailed=bool(workspaces))
    return _code(found)


def _require(
    workspaces: tuple[str, ...],
    kubeconfig: str,
    context: str,
    dump: str,
    watch: bool,
    form: str,
    print_role: bool,
) -> None:
    """Raises Usage where options do not go together."""
    if dump and (kubeconfig or context):
        raise Usage("--from-dump reads no cluster; leave out --kubeconfig and --context")
    if watch and (dump or form != "text"):
        raise Usage(f"--watch shows a cluster to people; leave out {'--from-dump' if dump else '--format'}")
    if watch and not sys.stdout.isatty():
        raise Usage("--watch needs a terminal; run verify without it, as often as needed")
    if print_role and (workspaces or dump or watch):
        raise Usage("--print-role prints a manifest for the whole cluster; leave out what to verify")


def _chosen(org: Org, names: Sequence[str]) -> tuple[str, ...]:
    """The workspaces that are named, or whose namespace is. Raises Usage where there is none."""
    from generator.model.kinds import nearest

    found = []
    for name in names:
        mapped = [each.name for each in org.workspaces.values() if each.namespace == name]
        if name not in org.workspaces and not mapped:
            hint = nearest(name, [*org.workspaces, *org.namespaces])
            if name.endswith((".yaml", ".yml")):
                hint = f"; the organization's file is named with -f {name}"
            elif name in org.namespaces:
                hint = "; the namespace of that name has none"
            raise Usage(f'there is no workspace "{name}" in this organization{hint}')
        found += [name] if name in org.workspaces else mapped
    return tuple(dict.fromkeys(found))


def _homes(org: Org, workspaces: Sequence[str]) -> frozenset[str]:
    """The namespaces of some workspaces, or all where there are none."""
    from generator.model.naming import home

    if workspaces:
        return frozenset(home(org, org.workspaces[name]) for name in workspaces)
    return frozenset((*org.namespaces, *(home(org, each) for each in org.workspaces.values())))


def _declared(head: Examined, org: Org, homes: frozenset[str]) -> Declared:
    """What is declared in some namespaces."""
    from generator.cluster.drift import declare
    from generator.rendering.environment import Templates
    from generator.rendering.tree import render

    tree = {}
    done = set()
    with progress("Rendering", len(homes)) as tick:
        templates = Templates(head.settings.templates)
        for path, text in render(org, templates, lambda place, _: None if place in homes else ()):
            tree[path] = text
            done.add(path.split("/")[1])
            tick(len(done))
    return declare(org, tree)


def _reader(org: Org, kubeconfig: str, context: str, dump: str, homes: frozenset[str]) -> Callable[[], Live]:
    """What reads the cluster, as often as it is called; one namespace alone is asked for alone."""
    if dump:
        from generator.cluster.dump import read_dump

        return lambda: read_dump(dump)
    from generator.cluster.client import connect
    from generator.cluster.listing import read
    from generator.cluster.verify import keep, kinds

    cluster = connect(kubeconfig, context)
    wanted = kinds(org)
    only = next(iter(homes)) if len(homes) == 1 else ""

    def once() -> Live:
        with progress("Reading", len(wanted)) as tick:
            return read(cluster, wanted, tick, only, lambda kind, body: keep(homes, kind, body))

    return once


def _kubectl(kubeconfig: str, context: str) -> str:
    """How the commands to type begin, so that they ask the same cluster."""
    from shlex import quote

    parts = [f"--{name}={quote(value)}" for name, value in (("kubeconfig", kubeconfig), ("context", context)) if value]
    return " ".join(["kubectl", *parts])


def _code(found: Verification) -> int:
    return 3 if found.partial else int(not found.ready)


def _show(found: Verification, form: str, detailed: bool) -> None:
    from generator.cluster import verifytext

    if form != "text":
        click.echo(verifytext.json_report(found) if form == "json" else verifytext.junit(found))
        return
    if sys.stdout.isatty() and not detailed and len(found.verdicts) > 1:
        from rich.console import Console

        Console().print(_table(found))
    click.echo(verifytext.text(found))


_STYLES = {"ready": "green", "frozen": "cyan", "degraded": "yellow", "cannot deploy": "bold red", "unknown": "magenta"}
_ROWS = 40
"""Of more workspaces, a terminal shows only those that are not ready."""


def _table(found: Verification) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    from generator.cluster import verifytext

    table = Table("workspace", "namespace", "verdict", "cause", box=None, pad_edge=False)
    verdicts = verifytext.ordered(found.verdicts)
    if len(verdicts) > _ROWS:
        verdicts = [verdict for verdict in verdicts if verdict.word != "ready"][:_ROWS]
    for verdict in verdicts:
        first = verdict.findings[0].cause if verdict.findings else ""
        more = f" and {count(len(verdict.findings) - 1, 'other')}" if len(verdict.findings) > 1 else ""
        table.add_row(
            Text(verifytext.name(verdict)),
            Text(verdict.namespace),
            Text(verdict.word, style=_STYLES[verdict.word]),
            Text(first + more),
        )
    return table


def _watch(ask: Callable[[], Verification], interval: int) -> int:
    """Shows the verdicts again and again; the exit code is that of the last. A cluster that is away may come back."""
    import gc

    from rich.console import Console, Group
    from rich.text import Text

    from generator.cluster import verifytext

    gc.enable()  # this one may live long
    code = 0
    console = Console()
    try:
        while True:
            try:
                found = ask()
                shown: RenderableType = Group(_table(found), Text("\n" + verifytext.text(found)))
                code = _code(found)
            except Stop as error:
                shown, code = Text(f"error: {error}"), 3
            console.clear()
            console.print(shown)
            console.print(Text(f"{datetime.now(UTC):%H:%M:%S} UTC, again every {interval} s; Ctrl-C ends", "dim"))
            time.sleep(interval)
    except KeyboardInterrupt:
        return code
