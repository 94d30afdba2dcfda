"""Rules about delivery: what the engine needs to know."""

from __future__ import annotations

from collections.abc import Iterator

from generator.model.org import Org
from generator.problems import At, Problem


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
