"""Pods → which are ready, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from shlex import quote
from typing import Any, NamedTuple

from generator.printing import clipped, printable

Body = Mapping[str, Any]
_LONGEST = 200


class Unready(NamedTuple):
    """A pod that is not ready, the reason, and what to type to see more (without `kubectl`)."""

    name: str
    why: str
    look: str


def living(pods: Iterable[Body]) -> list[Body]:
    """The pods that are meant to run: not done, not being deleted, and not left behind by one that runs."""
    there = [
        pod
        for pod in pods
        if _map(pod.get("status")).get("phase") != "Succeeded" and "deletionTimestamp" not in _map(pod.get("metadata"))
    ]
    replaced = {_owner(pod) for pod in there if is_ready(pod)} - {""}
    return [pod for pod in there if _map(pod.get("status")).get("phase") != "Failed" or _owner(pod) not in replaced]


def is_ready(pod: Body) -> bool:
    """Whether a pod says that it is ready."""
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in _conditions(pod))


def unready(pods: Iterable[Body]) -> Iterator[Unready]:
    """Those that are not ready, each with its reason."""
    for pod in pods:
        if not is_ready(pod):
            metadata = _map(pod.get("metadata"))
            name, home = str(metadata.get("name")), str(metadata.get("namespace") or "")
            why, before, after = _reason(pod)
            words = [*before, name, *after, "-n", home]
            yield Unready(name, why, " ".join(quote(printable(word)) for word in words))


def _reason(pod: Body) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Why it is not ready, and the words before and after its name that show more."""
    status = _map(pod.get("status"))
    describe: tuple[tuple[str, ...], tuple[str, ...]] = ("describe", "pod"), ()
    if status.get("phase") in ("Failed", "Unknown"):
        return _said(str(status.get("reason") or status["phase"]), status.get("message")), *describe
    for each in _conditions(pod):
        if each.get("type") == "PodScheduled" and each.get("status") == "False":
            return _said(str(each.get("reason") or "Unschedulable"), each.get("message")), *describe
    containers = [*_maps(status.get("initContainerStatuses")), *_maps(status.get("containerStatuses"))]
    for container in containers:
        name = str(container.get("name"))
        state, last = _map(container.get("state")), _map(_map(container.get("lastState")).get("terminated"))
        waiting, ended = _map(state.get("waiting")), _map(state.get("terminated"))
        if reason := waiting.get("reason"):
            if reason == "PodInitializing":
                continue
            before = f"; before: {_ended(last)}" if last else ""
            restarts = container.get("restartCount")
            times = f", {restarts} restarts" if isinstance(restarts, int) and restarts else ""
            crashed = bool(last) and reason == "CrashLoopBackOff"
            look = (("logs",), ("-c", name, "--previous")) if crashed else describe
            return f"{_said(f'container {name}: {reason}{times}', waiting.get('message'))}{before}", *look
        if ended and ended.get("exitCode") not in (0, None):
            return f"container {printable(name)}: {_ended(ended)}", ("logs",), ("-c", name)
    for container in containers:
        if "running" in _map(container.get("state")) and container.get("ready") is False:
            name = printable(str(container.get("name")))
            return f"container {name} runs, but its readiness probe does not succeed", *describe
    if status.get("phase") == "Pending":
        return "it has not been started yet", *describe
    return "it is not ready, and does not say why", *describe


def _ended(state: Body) -> str:
    return _said(str(state.get("reason") or "ended"), f"exit code {state.get('exitCode')}")


def _said(reason: str, message: Any) -> str:
    more = f" ({clipped(printable(message.strip()), _LONGEST)})" if isinstance(message, str) and message.strip() else ""
    return f"{printable(reason)}{more}"


def _owner(pod: Body) -> str:
    owners = _map(pod.get("metadata")).get("ownerReferences")
    return str(_map(owners[0]).get("uid") or "") if isinstance(owners, list) and owners else ""


def _conditions(pod: Body) -> list[Body]:
    return _maps(_map(pod.get("status")).get("conditions"))


def _maps(value: Any) -> list[Body]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _map(value: Any) -> Body:
    return value if isinstance(value, Mapping) else {}
