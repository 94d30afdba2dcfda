"""`verta-gitops import`: an org.yaml from what runs in a cluster."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from generator.cli.common import ANSWER_FORMAT, FROM_DUMP, KUBE_CONTEXT, KUBECONFIG, progress
from generator.problems import Stop, Usage

if TYPE_CHECKING:
    from generator.cluster.live import Live
    from generator.importing.importing import Imported

_MOST = 5
"""Files in the way that are named."""

EPILOG = """\b
Examples:
  verta-gitops import --context prod-us --organization acme --cluster prod-us
  verta-gitops import --from-dump cluster.json.gz --organization acme --cluster prod-us --kubernetes-version 1.33
  verta-gitops import -o platform/org.yaml --split-by team
  kubectl get -A -o json \\
    namespaces,resourcequotas,limitranges,networkpolicies,rolebindings,configmaps,clusterroles,priorityclasses \\
    | gzip > cluster.json.gz

\b
Exit codes:
  0  imported, and every difference that remains is explained
  1  nothing written because a file is in the way, or something differs that nothing explains
  2  the command was called in a wrong way
  3  could not run, or only in part: the dump or the cluster cannot be read
"""


@click.command("import", epilog=EPILOG)
@KUBECONFIG
@KUBE_CONTEXT
@FROM_DUMP
@click.option("--organization", default="", metavar="NAME", help="Name of the Verta organization.")
@click.option("--cluster", default="", metavar="NAME", help="Verta's name of the cluster.")
@click.option("--kubernetes-version", default="", metavar="VERSION", help="Version of the cluster, such as 1.33.")
@click.option("--primary-namespace", default="", metavar="NAME", help="Namespace of Verta itself.")
@click.option(
    "-o", "--output", default="org.yaml", show_default=True, metavar="FILE", help="File to write, or the folder for it."
)
@click.option("--split-by", default="", metavar="LABEL", help="Write a fragment for each value of this label.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@ANSWER_FORMAT
def import_(
    dump: str,
    kubeconfig: str,
    context: str,
    organization: str,
    cluster: str,
    kubernetes_version: str,
    primary_namespace: str,
    output: str,
    split_by: str,
    force: bool,
    form: str,
) -> int:
    """Make an org.yaml of what runs in a cluster.

    Namespaces with their quotas, limits, network policies and access of groups become an organization; what most of
    them have in common becomes tiers. What org.yaml cannot say is kept as it is, in a folder of own templates, so that
    it is rendered again. Nothing is ever written to the cluster, and no file that is there is overwritten.
    """
    from generator.files import in_the_way
    from generator.importing.importing import Wanted, import_live
    from generator.importing.report import json_report, text

    if dump and (kubeconfig or context):
        raise Usage("--from-dump reads a file; leave --kubeconfig and --context out")
    if not output.endswith((".yaml", ".yml")):
        output = os.path.join(output, "org.yaml")
    folder, file = os.path.split(output)
    live, version = _live(dump, kubeconfig, context)
    wanted = Wanted(organization, cluster, kubernetes_version, primary_namespace, split_by, file, version)
    found = import_live(live, wanted)
    files, advice = _with_settings(folder, found)
    if taken := _stale(folder, files) or ([] if force else in_the_way(folder, files)):
        for path in taken[:_MOST]:
            click.echo(f"{path}: is in the way", err=True)
        if len(taken) > _MOST:
            click.echo(f"and {len(taken) - _MOST:,} more files", err=True)
        hint = "" if force else ", name another file with -o, or overwrite with --force"
        click.echo(f"nothing written; move these elsewhere{hint}", err=True)
        return 1
    _write(folder, files)
    names = [os.path.join(folder, path) for path in files]
    click.echo(json_report(found, names) if form == "json" else text(found, names))
    for line in (*found.doubts, *advice):
        click.echo(f"note: {line}", err=True)
    return int(bool(found.lost) or any(each.what == "unexplained" for each in found.residuals))


def _live(dump: str, kubeconfig: str, context: str) -> tuple[Live, str]:
    """The cluster, and its version where it says one. Raises Stop where not everything could be read."""
    if dump:
        from generator.cluster.dump import read_dump

        return read_dump(dump), ""
    from generator.cluster.client import connect
    from generator.cluster.listing import read
    from generator.importing.importing import KINDS

    cluster = connect(kubeconfig, context)
    with progress("Reading", len(KINDS)) as tick:
        live = read(cluster, KINDS, tick)
    if live.partial:
        reasons = "; ".join(each.why for each in live.unread if not each.absent)
        raise Stop(f"nothing imported, because what is missing would be said not to be there: {reasons}")
    said = cluster.get("/version").body
    return live, f"{said.get('major')}.{str(said.get('minor')).rstrip('+')}"


def _with_settings(folder: str, found: Imported) -> tuple[dict[str, str], list[str]]:
    """The files to write, and what is to be done by hand: settings that are there are not ours to rewrite."""
    from generator.importing.importing import IMPORTED, SETTINGS
    from generator.settings import find_settings

    files = dict(found.files)
    before = find_settings(os.path.join(folder, "org.yaml"))
    if SETTINGS not in files or not before.file:
        return files, []
    wanted = os.path.realpath(os.path.join(folder, IMPORTED))
    named = os.path.relpath(wanted, os.path.realpath(os.path.dirname(before.file) or "."))
    if named.split(os.sep)[0] == os.pardir:
        return files, []  # settings cannot name what is outside of their folder, and those beside the file go first
    del files[SETTINGS]
    if wanted in (os.path.realpath(each) for each in before.templates):
        return files, []
    return files, [f'{before.file}: add "{named}" to `templates`; until then what is kept there is not rendered']


def _stale(folder: str, files: Iterable[str]) -> list[str]:
    """What an earlier import wrote where everything is read, and this one does not: it would be rendered too."""
    from generator.importing.importing import READ_WHOLE

    found = []
    for place in READ_WHOLE:
        try:
            names = os.listdir(os.path.join(folder, place))
        except OSError:
            continue
        found += [os.path.join(folder, place, name) for name in sorted(names) if f"{place}/{name}" not in files]
    return found if any(each.startswith(READ_WHOLE) for each in files) else []


def _write(folder: str, files: dict[str, str]) -> None:
    """Write the files; those that are there are replaced, each whole or not at all."""
    from generator.files import create_files, replace_file

    there = {path for path in files if os.path.lexists(os.path.join(folder, path))}
    create_files(folder, {path: text for path, text in files.items() if path not in there})
    for path in sorted(there):
        replace_file(os.path.join(folder, path), files[path].encode())
