"""`verta-gitops drift`: how a live cluster, or a dump of it, differs from what the organization declares."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from generator.cli.common import ANY_CLUSTER, FROM_DUMP, KUBE_CONTEXT, KUBECONFIG, print_problems, progress, totals

if TYPE_CHECKING:
    from generator.cluster.comparing import Difference
    from generator.cluster.drift import Declared, Drift
    from generator.cluster.drifttext import Where
    from generator.cluster.live import Kind, Live
    from generator.model.org import Org
    from generator.pipeline import Examined
    from generator.problems import Span

EPILOG = """\b
Examples:
  verta-gitops drift
  verta-gitops drift orgs/prod-eu.yaml --context prod-eu
  verta-gitops drift --from-dump cluster.json.gz --format json
  kubectl get -A -o json --show-managed-fields \\
    namespaces,resourcequotas,limitranges,networkpolicies,rolebindings,configmaps,clusterroles,priorityclasses \\
    | gzip > cluster.json.gz

\b
Exit codes:
  0  the cluster is as declared
  1  something differs, or FILE has errors
  2  called in a way that cannot be meant
  3  could not run, or a part of the answer is missing
"""


@click.command(epilog=EPILOG)
@click.argument("file", default="org.yaml", type=click.Path())
@KUBECONFIG
@KUBE_CONTEXT
@FROM_DUMP
@ANY_CLUSTER
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="text for people, json for programs, github for annotations at the line.",
)
def drift(file: str, kubeconfig: str, context: str, dump: str, any_cluster: bool, form: str) -> int:
    """Show how a live cluster differs from what the organization declares.

    FILE is the organization; org.yaml where not given. What it renders to is compared with the cluster object by
    object: objects that are missing or being deleted, fields that have another value, fields that were added by hand,
    and objects that carry the organization's label and that nobody declares. Nothing is written, neither to the
    cluster nor to a file.
    """
    from generator.cluster.drift import declare, find_drift, kinds
    from generator.pipeline import examine
    from generator.problems import Usage
    from generator.rendering.environment import Templates
    from generator.rendering.tree import render

    if dump and (kubeconfig or context):
        raise Usage("--from-dump reads no cluster; leave out --kubeconfig and --context")
    head = examine(file)
    org = head.org
    if org is None or head.unsafe or head.failed:
        print_problems(head.problems, form, [head])
        if form == "text":
            click.echo(f"not compared: {totals(head.problems)}")
        return 3 if head.failed else 1
    with progress("Rendering", len(org.namespaces)) as tick:
        done = 0
        tree = {}
        for path, text in render(org, Templates(head.settings.templates)):
            tree[path] = text
            if path.endswith("/namespace.yaml"):
                done += 1
                tick(done)
    declared = declare(org, tree)
    live = _live(org, kinds(org, declared), kubeconfig, context, dump, any_cluster)
    found = find_drift(org, declared, live)
    click.echo(_written(found, org, declared, head, form))
    return 3 if found.partial else int(bool(found.differences))


def _live(org: Org, wanted: tuple[Kind, ...], kubeconfig: str, context: str, dump: str, any_cluster: bool) -> Live:
    """What is there. Raises Usage where it is the cluster of another organization."""
    from dataclasses import replace

    from generator.cluster.belonging import require_own, strange

    if dump:
        from generator.cluster.dump import read_dump

        live = read_dump(dump)
    else:
        from generator.cluster.client import connect
        from generator.cluster.listing import read

        with progress("Reading", len(wanted)) as tick:
            live = read(connect(kubeconfig, context), wanted, tick)
    if not any_cluster:
        require_own(org, live)
    return replace(live, doubts=(*live.doubts, *strange(org, live)))


def _written(found: Drift, org: Org, declared: Declared, head: Examined, form: str) -> str:
    where = _where(declared, head)
    if form == "json":
        from generator.cluster.driftjson import json_drift

        return json_drift(found, org, declared, where)
    if form == "github":
        from generator.cluster.drifttext import problems
        from generator.report.github import github

        return github(problems(found, where, head.file))
    from generator.cluster.drifttext import text

    folder = os.path.join(os.path.dirname(head.file), "rendered", org.cluster.name)
    return text(found, org, where, folder)


def _where(declared: Declared, head: Examined) -> Where:
    from generator.problems import At

    def where(difference: Difference) -> Span | None:
        manifest = declared.objects.get(difference.identity)
        path = manifest.origin if manifest else None
        return head.sources.locate(At(path, key=True)) if path else None

    return where
