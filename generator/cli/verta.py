"""`verta-gitops verta`: the workspaces of Verta, planned, applied and imported through Verta's own interface."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from generator.cli.common import count, print_problems, progress, totals
from generator.problems import Stop, Usage

if TYPE_CHECKING:
    from generator.cluster.client import Cluster
    from generator.pipeline import Examined
    from generator.plan.change import Change
    from generator.problems import Span
    from generator.verta.account import Account
    from generator.verta.applying import Done
    from generator.verta.client import Client
    from generator.verta.desired import Desired
    from generator.verta.planning import Rules, VertaPlan

_CODES = """\b
Exit codes:
  0  {clean}
  1  {found}
  2  the command was called in a wrong way{detailed}
  3  could not run: a file, Verta or the cluster cannot be reached, or does not let us in
"""
_ENVIRONMENT = """\b
Environment (or files of these names in --credentials DIR):
  VERTA_HOST                       host of Verta; https unless it begins with http://
  VERTA_EMAIL, VERTA_DEV_KEY       who asks; or instead:
  VERTA_JWT_TOKEN, VERTA_JWT_TOKEN_SIG
  VERTA_ORG_NAME or VERTA_ORG_ID   where Verta calls the organization otherwise than org.yaml
"""
EPILOG = """\b
Examples:
  verta-gitops verta plan
  verta-gitops verta apply
  verta-gitops verta import -o org.yaml
"""
PLAN_EPILOG = (
    """\b
Examples:
  verta-gitops verta plan
  verta-gitops verta plan --format markdown > comment.md
  verta-gitops verta plan --from-cluster --context prod

"""
    + _ENVIRONMENT
    + "\n"
    + _CODES.format(
        clean="planned (with --detailed-exitcode: and nothing changes)",
        found="FILE has errors, something declared cannot be reached, or --fail-on holds",
        detailed="; with --detailed-exitcode: something changes",
    )
)
APPLY_EPILOG = (
    """\b
Examples:
  verta-gitops verta apply
  verta-gitops verta apply --allow-mapping --yes
  verta-gitops verta apply --from-cluster --credentials /etc/verta --format json

"""
    + _ENVIRONMENT
    + "\n"
    + _CODES.format(
        clean="Verta is as declared", found="FILE has errors, or something declared was not reached", detailed=""
    )
)
IMPORT_EPILOG = (
    """\b
Examples:
  verta-gitops verta import -o org.yaml
  verta-gitops verta import --cluster prod-us --kubernetes-version 1.33 --skip-cluster > org.yaml

"""
    + _ENVIRONMENT
    + "\n"
    + _CODES.format(clean="imported", found="something of Verta is not in the file", detailed="")
)

F = TypeVar("F", bound=Callable[..., Any])


def _options(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


_CREDENTIALS = click.option(
    "--credentials", default="", metavar="DIR", help="Folder with a file for each variable, such as a mounted Secret."
)
_CLUSTER = _options(
    click.option(
        "--kubeconfig", default="", metavar="FILE", help="Where the cluster is; as for kubectl where not given."
    ),
    click.option("--context", default="", metavar="NAME", help="Context of the kubeconfig."),
)
_SOURCE = _options(
    click.argument("file", default=None, required=False, type=click.Path()),
    click.option("--from-cluster", is_flag=True, help="Take what is declared from the cluster instead of FILE."),
    click.option("--organization", default="", metavar="NAME", help="Organization in the cluster (--from-cluster)."),
    click.option(
        "--permissions", type=click.Choice(["additive", "exact"]), default="additive", show_default=True,
        help="As verta.permissions of org.yaml (--from-cluster).",
    ),
    click.option(
        "--primary-namespace", default="", metavar="NAME",
        help="Believe the ConfigMaps of legacy workspaces in this namespace (--from-cluster).",
    ),
    click.option("--single-namespace", is_flag=True, help="Multiple namespaces are not enabled (--from-cluster)."),
    _CREDENTIALS,
    _CLUSTER,
    click.option("--allow-mapping", is_flag=True, help="Map workspaces without a namespace; this cannot be undone."),
    click.option(
        "--allow-unknown-fields", is_flag=True,
        help="Write workspaces of which Verta says more than is published, and lose that.",
    ),
)  # fmt: skip


@click.group(epilog=EPILOG)
def verta() -> None:
    """Plan, apply or import the workspaces, mappings and access in Verta itself.

    What org.yaml declares is compared with what Verta has, through Verta's own interface. Nothing is ever deleted, and
    no workspace is ever mapped to another namespace.
    """


@dataclass(frozen=True)
class _Asked:
    """What was asked for, read and compared."""

    account: Account
    client: Client
    desired: Desired
    plan: VertaPlan
    rules: Rules
    examined: Examined | None
    cluster: Cluster | None


@verta.command(epilog=PLAN_EPILOG)
@_SOURCE
@click.option(
    "--format", "form", type=click.Choice(["text", "markdown", "json"]), default="text", show_default=True,
    help="text for people, markdown for a comment on a pull request, json for programs.",
)  # fmt: skip
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where something changes, and 0 where nothing does.")
@click.option("--fail-on", type=click.Choice(["danger", "attention"]), default=None, help="Exit 1 from this risk on.")
def plan(form: str, detailed_exitcode: bool, fail_on: str | None, **source: Any) -> int:
    """Show what would change in Verta, and what stands in the way.

    FILE is the organization; org.yaml where not given. Workspaces that nobody declares are reported and never touched.
    Where a cluster is named, with --context, --kubeconfig or --from-cluster, its namespaces are looked at too. Nothing
    is written.
    """
    from generator.verta.showing import shown

    look_at_cluster = bool(source["from_cluster"] or source["kubeconfig"] or source["context"])
    asked = _ask(form, look_at_cluster, **source)
    if isinstance(asked, int):
        return asked
    found = shown(asked.plan, asked.account)
    click.echo(_written(found, form, asked.examined), nl=form != "markdown")
    risks = {"danger": ("danger",), "attention": ("danger", "attention")}
    if asked.plan.blocked or (fail_on and found.worst() in risks[fail_on]):
        return 1
    return 2 if detailed_exitcode and asked.plan.steps else 0


@verta.command(epilog=APPLY_EPILOG)
@_SOURCE
@click.option("--skip-namespace-check", is_flag=True, help="Do not ask the cluster whether the namespaces exist.")
@click.option("--yes", is_flag=True, help="Do not ask on a terminal.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="text for people, json for programs: a line for each change and each thing to know.",
)  # fmt: skip
def apply(form: str, yes: bool, skip_namespace_check: bool, **source: Any) -> int:
    """Bring Verta to what is declared.

    What `verta plan` shows is done, and only that: each workspace is read again, written whole, read back and compared.
    The first surprise stops the work. Running it again is safe at any time. A workspace is created only where its
    namespace exists in the cluster.
    """
    from generator.verta.showing import finding_line, shown

    if skip_namespace_check and source["from_cluster"]:
        raise Usage("--skip-namespace-check has no meaning with --from-cluster, which reads the namespaces anyway")
    asked = _ask("text", not skip_namespace_check, **source)
    if isinstance(asked, int):
        return asked
    if form == "text":
        click.echo(_written(shown(asked.plan, asked.account), "text", asked.examined))
    for finding in asked.plan.findings if form == "json" else ():
        click.echo(finding_line(finding))
    if asked.plan.steps and not yes and form == "text" and sys.stdin.isatty() and sys.stdout.isatty():
        click.confirm(f"Write {count(len(asked.plan.steps), 'workspace')} to Verta?", abort=True)
    return _apply(asked, form)


def _apply(asked: _Asked, form: str) -> int:
    from generator.printing import clipped, printable
    from generator.verta.applying import Surprise, apply
    from generator.verta.showing import done_line, done_words

    finished: list[Done] = []
    failure = ""
    surprised = False
    try:
        for done in apply(asked.client, asked.desired, asked.plan, asked.rules):
            finished.append(done)
            if form == "json":
                click.echo(done_line(done, asked.plan))
            else:
                what = clipped(printable(done_words(done, asked.plan)), 400)
                click.echo(f'workspace "{clipped(printable(done.step.wanted.name), 80)}": {what}')
    except Surprise as surprise:
        surprised, failure = True, str(surprise)
    except Stop as stop:
        failure = str(stop)
        raise
    except BaseException:
        failure = failure or "interrupted"
        raise
    finally:
        left = [step.wanted.name for step in asked.plan.steps[len(finished) :]]
        if failure and left:
            names = ", ".join(f'"{clipped(printable(name), 80)}"' for name in left[:10])
            more = f" and {len(left) - 10:,} more" if len(left) > 10 else ""
            done_so_far = f"{count(len(finished), 'workspace')} done before that"
            click.echo(f"stopped: not done, or not known to be: {names}{more}; {done_so_far}; run again", err=True)
        if asked.cluster is not None and asked.examined is None:
            _tell(asked, failure, left)
    if surprised:
        click.echo(f"error: {failure}", err=True)
    elif form == "text":
        click.echo(_summary(finished, asked.plan))
    return 1 if surprised or asked.plan.blocked else 0


def _summary(finished: list[Done], plan: VertaPlan) -> str:
    changed = sum(done.outcome != "already" for done in finished)
    blocked = sum(finding.blocks for finding in plan.findings)
    said = f"{count(changed, 'workspace')} written" if changed else "nothing to write"
    return said + (f"; {count(blocked, 'thing')} to mend first" if blocked else "")


def _tell(asked: _Asked, failure: str, left: list[str]) -> None:
    """An Event for every workspace that is not applied, on the Namespace that it is mapped to."""
    from generator.cluster.events import warn

    assert asked.cluster is not None
    homes = {wanted.name: wanted.home for wanted in asked.desired.workspaces}
    homes |= {each.workspace: each.place for each in asked.desired.unusable}
    reasons: dict[str, str] = {}
    for finding in asked.plan.findings:
        about = [finding.name] if finding.name in homes and not finding.kind.endswith("-missing") else finding.places
        for name in about if finding.blocks else ():
            reasons.setdefault(name, finding.reason if finding.name == name else f"{finding.name}: {finding.reason}")
    if failure and left:
        reasons.setdefault(left[0], failure)
    for name, reason in sorted(reasons.items()):
        message = f'workspace "{name}" is not applied to Verta: {reason}'
        if homes.get(name) and not warn(asked.cluster, homes[name], "VertaNotApplied", message):
            click.echo(f"warning: no Event could be written on namespace {homes[name]}", err=True)


def _ask(
    form: str,
    look_at_cluster: bool,
    *,
    file: str | None,
    from_cluster: bool,
    organization: str,
    permissions: str,
    primary_namespace: str,
    single_namespace: bool,
    credentials: str,
    kubeconfig: str,
    context: str,
    allow_mapping: bool,
    allow_unknown_fields: bool,
) -> _Asked | int:
    """Both states and the plan between them; an exit code where the organization has errors, which are shown."""
    from generator.verta.account import account as read_account
    from generator.verta.client import Client
    from generator.verta.declared import declared, homes
    from generator.verta.desired import desired as wanted
    from generator.verta.planning import Rules, held
    from generator.verta.planning import plan as compare
    from generator.verta.transport import Transport

    given = (organization, primary_namespace, single_namespace, permissions != "additive")
    if from_cluster and file is not None:
        raise Usage("FILE and --from-cluster cannot both say what is declared; leave one out")
    if not from_cluster and any(given):
        raise Usage("--organization, --permissions, --primary-namespace and --single-namespace need --from-cluster")
    examined = None
    if not from_cluster:
        from generator.pipeline import examine

        examined = examine(file or "org.yaml")
        if examined.org is None or examined.errors or examined.failed:
            return _show_problems(examined, form)
    account = read_account(os.environ, credentials)
    if account.address.exposed:
        click.echo("warning: VERTA_HOST says http, so the credentials are sent unencrypted", err=True)
    cluster, live = (_cluster(kubeconfig, context)) if look_at_cluster else (None, [])
    if examined is not None and examined.org is not None:
        desired = wanted(examined.org)
    else:
        from generator.verta.cluster import config_maps

        assert cluster is not None
        maps = config_maps(cluster, primary_namespace)
        exact = permissions == "exact"
        desired = declared(live, maps, organization, primary_namespace, not single_namespace, exact)
    client = Client(Transport(account))
    rules = Rules(allow_mapping, allow_unknown_fields)
    if desired.by_organization:
        from generator.verta.client import Actual, Named

        actual = Actual(Named("", desired.organization))  # Verta is not asked: it has no such interface
    else:
        with progress("reading Verta", len(desired.workspaces)) as tick:
            actual = client.actual(client.organization(account, desired.organization), tick)
    found = compare(desired, actual, rules)
    if cluster is not None:
        found = held(found, homes(desired, live))
    return _Asked(account, client, desired, found, rules, examined, cluster)


def _cluster(kubeconfig: str, context: str) -> tuple[Cluster, list[Any]]:
    from generator.cluster.client import connect
    from generator.verta.cluster import namespaces

    cluster = connect(kubeconfig, context)
    return cluster, namespaces(cluster)


def _show_problems(examined: Examined, form: str) -> int:
    if form == "markdown":
        from generator.plan.markdown import markdown_problems

        click.echo(markdown_problems(examined.problems), nl=False)
    else:
        print_problems(examined.problems, form, [examined])
        if form == "text":
            click.echo(f"no plan: {totals(examined.problems)}")
    return 3 if examined.failed else 1


def _written(found: Any, form: str, examined: Examined | None) -> str:
    def where(change: Change) -> Span | None:
        from generator.problems import At

        if examined is None or not change.path or not examined.sources.documents:
            return None
        return examined.sources.locate(At(change.path, key=True))

    if form == "markdown":
        from generator.plan.markdown import markdown

        return markdown(found, where)
    if form == "json":
        from generator.plan.json import json_plan

        return json_plan(found, where)
    from generator.plan.text import text

    return text(found, where)


@verta.command(
    name="import",
    epilog=IMPORT_EPILOG,
    short_help="Write an org.yaml that declares what Verta has.",
)
@click.option("-o", "--output", default="", metavar="FILE", help="Write here instead of to standard output.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.option("--cluster", "cluster_name", default="", metavar="NAME", help="Verta's name of the cluster.")
@click.option(
    "--kubernetes-version", default="", metavar="1.X", help="Version of the cluster; asked for where not given."
)
@click.option("--primary-namespace", default="", metavar="NAME", help="Namespace of Verta itself.")
@click.option("--skip-cluster", is_flag=True, help="Do not look into the cluster.")
@_CREDENTIALS
@_CLUSTER
def import_(
    output: str,
    force: bool,
    cluster_name: str,
    kubernetes_version: str,
    primary_namespace: str,
    skip_cluster: bool,
    credentials: str,
    kubeconfig: str,
    context: str,
) -> int:
    """Write an org.yaml that declares what Verta has: workspaces, mappings, groups, roles and access.

    Namespaces are matched with those of the cluster. What org.yaml cannot say is left out and told. Quotas and the
    other guards of the namespaces come from `verta-gitops import`, or are yours to write.
    """
    from generator.model import org as model
    from generator.verta.account import account as read_account
    from generator.verta.adopting import adopt
    from generator.verta.client import Client
    from generator.verta.declared import names_of
    from generator.verta.transport import Transport

    for option, value, kind in (
        ("--cluster", cluster_name, model.SINGLE_DASH_NAME),
        ("--kubernetes-version", kubernetes_version, model.KUBERNETES_VERSION),
        ("--primary-namespace", primary_namespace, model.SINGLE_DASH_NAME),
    ):
        if value and not kind._match(value):
            raise Usage(f"{option}: {value!a} is not {kind.what}")
    if output and os.path.lexists(output) and not force:
        raise Usage(f"{output} exists; name another file, or give --force to overwrite it")
    account = read_account(os.environ, credentials)
    live = None
    if not skip_cluster:
        cluster, bodies = _cluster(kubeconfig, context)
        live = frozenset(names_of(bodies))
        kubernetes_version = kubernetes_version or _version(cluster)
    client = Client(Transport(account))
    actual = client.actual(client.organization(account, ""))
    found = adopt(actual, cluster_name, kubernetes_version, live, primary_namespace)
    if output:
        from generator.files import write_output

        write_output(output, found.text.encode())
        click.echo(
            f"{output}: {count(len(actual.workspaces), 'workspace')} of Verta; next: verta-gitops check {output}"
        )
    else:
        click.echo(found.text, nl=False)
    for line in found.notes:
        click.echo(f"note: {line}", err=True)
    for line in found.left_out:
        click.echo(f"left out: {line}", err=True)
    return 1 if found.left_out else 0


def _version(cluster: Cluster) -> str:
    """The version of a cluster, such as 1.33; empty where it does not say."""
    import re

    body = cluster.get("/version").body
    minor = re.match(r"[0-9]{1,3}", str(body.get("minor", "")), re.ASCII)
    return f"1.{minor[0]}" if minor and body.get("major") == "1" else ""
