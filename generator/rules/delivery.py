"""Rules about delivery: what the engine needs to know."""

from __future__ import annotations

from collections.abc import Iterator

from generator.model.naming import application, cluster_role, engine_namespace, home
from generator.model.org import Org
from generator.problems import At, Problem, Related
from generator.rules.quota import objects

_MOST_OBJECTS = {"argocd": 1000, "flux": 500}
"""Objects of one Application or Kustomization, beyond which the engine becomes slow and then breaks."""


def delivery_without_repository(org: Org) -> Iterator[Problem]:
    """An engine knows the repository that it reads.

    Without `delivery.repoURL` neither Argo CD nor Flux has anything to apply.

    Fails:

        delivery: {engine: argocd}

    Fix: write `repoURL`, or `engine: none` to render the manifests alone.
    """
    if org.delivery.engine != "none" and not org.delivery.repo_url:
        message = f'engine "{org.delivery.engine}" needs `repoURL`, the repository that it reads'
        yield Problem(message, At(("delivery", "engine")))


def delivery_destination(org: Org) -> Iterator[Problem]:
    """A destination is one server or one name, and only Argo CD has one.

    Argo CD refuses an Application with both; Flux always applies to its own cluster.

    Fails:

        delivery: {engine: flux, destination: {name: prod}}

    Fix: keep one of the two, and none for Flux.
    """
    destination = org.delivery.destination
    if destination is None:
        return
    at = At(("delivery", "destination"), key=True)
    if bool(destination.server) == bool(destination.name):
        yield Problem("a destination has either `server` or `name`", at)
    if org.delivery.engine == "flux":
        yield Problem("Flux applies to its own cluster and has no destination; remove it", at)


def flux_repository(org: Org) -> Iterator[Problem]:
    """Flux can read the repository.

    A GitRepository takes `https://`, `http://` and `ssh://` addresses and the name of a branch; the API server refuses
    the short form `git@host:path`, and `HEAD` is no branch. Argo CD takes all of them.

    Fails:

        delivery: {engine: flux, repoURL: "git@git.example.com:acme/platform.git"}

    Fix: write `ssh://git@git.example.com/acme/platform.git`, and the branch under `revision`.
    """
    delivery = org.delivery
    if delivery.engine != "flux":
        return
    if delivery.repo_url and not delivery.repo_url.startswith(("https://", "http://", "ssh://")):
        host, _, path = delivery.repo_url.partition(":")
        better = f"; write ssh://{host}/{path.lstrip('/')}" if "@" in host and "/" not in host else ""
        message = f'Flux cannot read "{delivery.repo_url}"; it takes https://, http:// and ssh://{better}'
        yield Problem(message, At(("delivery", "repoURL")))
    if delivery.revision == "HEAD":
        yield Problem('"HEAD" is no branch to Flux; name it, such as refs/heads/main', At(("delivery", "revision")))


def revision_pinned(org: Org) -> Iterator[Problem]:
    """The engine follows a branch.

    With a commit as `revision` nothing that is merged later is ever applied, and nobody is told.

    Fails:

        delivery: {engine: argocd, revision: 0123456789abcdef0123456789abcdef01234567}

    Fix: write `refs/heads/main`.
    """
    revision = org.delivery.revision
    if org.delivery.engine != "none" and len(revision) == 40 and not set(revision) - set("0123456789abcdef"):
        message = f'revision "{revision[:12]}…" is a commit: nothing that is merged later is applied; name a branch'
        yield Problem(message, At(("delivery", "revision")))


def delivery_name_taken(org: Org) -> Iterator[Problem]:
    """What the engine gets from us has names of its own.

    `default` is Argo CD's own project, and `flux-system` what Flux installs itself from: an object of that name would
    replace them. Names of Applications are made of the cluster and the namespace, shortened to 63 characters with a
    digest; should two come out alike, the later one would replace the earlier.

    Fails:

        organization: {name: default}
        delivery: {engine: argocd}

    Fix: choose another name.
    """
    engine = org.delivery.engine
    if engine == "argocd" and org.organization.name == "default":
        message = 'the organization\'s project would replace "default" of Argo CD; choose another name'
        yield Problem(message, At(("organization", "name")))
    if engine == "flux" and org.cluster.name == engine_namespace(org):
        message = f'the GitRepository and the Kustomization "{org.cluster.name}" belong to Flux; choose another name'
        yield Problem(message, At(("cluster", "name")))
    if engine == "none":
        return
    first: dict[str, At] = {org.cluster.name: At(("cluster", "name"))}
    if engine == "argocd":
        first[org.organization.name] = At(("organization", "name"))
    for name in org.namespaces:
        at = At(("namespaces", name), key=True)
        called = application(org, name)
        other = first.setdefault(called, at)
        if other != at:
            message = f'the name "{called}" that namespace "{name}" gets in the engine is taken; rename one'
            yield Problem(message, at, (Related(other, "taken here"),))


def source_repos_without_argocd(org: Org) -> Iterator[Problem]:
    """A team's Argo CD project needs Argo CD.

    With another engine, `argocd` in a namespace has no effect.

    Fails:

        delivery: {engine: flux}
        namespaces:
          fraud: {argocd: {sourceRepos: ["https://git.example.com/fraud/serving.git"]}}

    Fix: remove it.
    """
    if org.delivery.engine == "argocd":
        return
    for name, namespace in org.namespaces.items():
        if namespace.argocd:
            message = f'`argocd` has no effect with engine "{org.delivery.engine}"; remove it'
            yield Problem(message, At(("namespaces", name, "argocd"), key=True))


def application_too_large(org: Org) -> Iterator[Problem]:
    """An Application has at most 1,000 objects, a Kustomization 500.

    The engines compare all of its objects on every change, become slow, and near three times as many they break. There
    is one for each namespace, and one for the primary namespace with a ConfigMap for each workspace that lives there.

    Fails: more than 1,000 legacy workspaces.

    Fix: assign the workspaces namespaces of their own; in a namespace, shorten `allowFrom` and `access`.
    """
    most = _MOST_OBJECTS.get(org.delivery.engine)
    if most is None:
        return
    one = "Application" if org.delivery.engine == "argocd" else "Kustomization"
    mapped = {home(org, workspace): workspace for workspace in org.workspaces.values()}
    shared = sum(home(org, workspace) not in org.namespaces for workspace in org.workspaces.values())
    if shared > most:
        message = (
            f'{shared:,} workspaces live in the primary namespace "{org.verta.primary_namespace}", and the {one} of it '
            f"has an object for each; more than {most:,} make the engine slow, so assign them namespaces"
        )
        yield Problem(message, At(("workspaces",), key=True))
    wide = sum(bool(cluster_role(role) and role.rules) for role in org.roles.values())
    wide += sum(tier.priority_class is not None for tier in org.tiers.values())
    if wide > most:
        message = f"{wide:,} roles and priority classes are in one {one}; more than {most:,} make the engine slow"
        yield Problem(message, At(("roles",), key=True))
    for name, namespace in org.namespaces.items():
        workspace = mapped.get(name)
        allowed = len(namespace.network.allow_from or ()) if namespace.network else 0
        if allowed + (len(workspace.access) if workspace else 0) < most - 20:
            continue
        number = sum(objects(org, namespace, workspace).values())
        if number > most:
            message = f'namespace "{name}" has {number:,} objects in one {one}; more than {most:,} make the engine slow'
            yield Problem(message, At(("namespaces", name), key=True))
