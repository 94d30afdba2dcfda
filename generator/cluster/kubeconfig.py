"""A kubeconfig and a context, or the credentials of a pod → where the API server is, and how to speak to it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from generator.model.kinds import nearest
from generator.printing import clipped, printable
from generator.problems import Stop

_DEFAULT = "~/.kube/config"
_SECTIONS = ("clusters", "contexts", "users")


class Access(NamedTuple):
    """How to reach a cluster."""

    context: str
    """Name of the context; `in-cluster` for the credentials of a pod."""
    cluster: str
    """What the kubeconfig calls the cluster; a hint at most, since everybody names clusters as they like."""
    configuration: Any
    """The `Configuration` of the Kubernetes client."""
    impersonation: tuple[tuple[str, str], ...] = ()
    """Headers that ask the server to act as somebody else (`as` of a kubeconfig)."""


def find_access(kubeconfig: str = "", context: str = "") -> Access:
    """What a kubeconfig says: the given one, that of $KUBECONFIG, ~/.kube/config, or else a pod's own credentials.

    Raises Stop where there is none, or where it is broken or names what it does not hold.
    """
    files = _files(kubeconfig)
    if not files:
        return _in_cluster(context)
    from kubernetes.client.configuration import Configuration
    from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

    shown = printable(os.pathsep.join(files))
    try:
        merger: Any = KubeConfigMerger(os.pathsep.join(files))  # type: ignore[no-untyped-call]
        content = merger.config.value
        sections = {section: _by_name(content[section]) for section in _SECTIONS}
    except Exception as error:  # a broken file makes the loader fail in every way that Python knows
        raise Stop(
            f"{shown}: is no kubeconfig ({_reason(error)}); expected what `kubectl config view` shows"
        ) from error
    name = _chosen(context, content.get("current-context"), sections["contexts"], shown)
    chosen = _map(sections["contexts"][name].get("context"))
    cluster, user = str(chosen.get("cluster") or ""), str(chosen.get("user") or "")
    server = _map(sections["clusters"].get(cluster, {}).get("cluster")).get("server")
    if not isinstance(server, str) or not server.startswith(("https://", "http://")):
        what = "has no server with https://" if cluster in sections["clusters"] else "is not in the file"
        raise Stop(f'{shown}: context "{printable(name)}" means cluster "{printable(cluster)}", which {what}; mend it')
    if user and user not in sections["users"]:
        raise Stop(
            f'{shown}: context "{printable(name)}" means user "{printable(user)}", who is not in the file; mend it'
        )
    person = _map(sections["users"].get(user, {}).get("user"))
    configuration = type.__call__(Configuration)
    with _overheard() as said:
        try:
            loader: Any = KubeConfigLoader(  # type: ignore[no-untyped-call]
                merger.config, name, config_base_path=None, config_persister=merger.save_changes
            )
            loader.load_and_set(configuration)
        except Exception as error:
            raise Stop(f'{shown}: context "{printable(name)}" cannot be used: {_reason(error)}') from error
    if "exec" in person and not (configuration.api_key or configuration.cert_file):
        raise Stop(_plugin_failed(person, user, said))
    return Access(name, cluster, configuration, tuple(_impersonation(person)))


def _files(kubeconfig: str) -> list[str]:
    """The kubeconfigs to read, later ones adding to earlier ones; none where the credentials of a pod are meant."""
    named = kubeconfig or os.environ.get("KUBECONFIG", "")
    wanted = [os.path.expanduser(each) for each in (named or _DEFAULT).split(os.pathsep) if each]
    there = [each for each in wanted if os.path.exists(each)]
    if there and (not kubeconfig or len(there) == len(wanted)):
        return there
    if named:
        source = "--kubeconfig" if kubeconfig else "$KUBECONFIG"
        missing = next(each for each in wanted if each not in there)
        raise Stop(f"{printable(missing)}: no such kubeconfig (named by {source}); correct the name")
    if os.environ.get("KUBERNETES_SERVICE_HOST"):
        return []
    raise Stop(
        f"no kubeconfig: {_DEFAULT} does not exist; give --kubeconfig FILE, set KUBECONFIG, "
        "or read a dump of the cluster with --from-dump FILE"
    )


def _in_cluster(context: str) -> Access:
    from kubernetes.client.configuration import Configuration
    from kubernetes.config.incluster_config import load_incluster_config

    if context:
        raise Stop(f'there is no kubeconfig, so there is no context "{printable(context)}"; give --kubeconfig FILE')
    configuration = type.__call__(Configuration)
    try:
        load_incluster_config(configuration)  # type: ignore[no-untyped-call]
    except Exception as error:
        why = f"this pod's own credentials cannot be used: {_reason(error)}"
        raise Stop(f"no kubeconfig, and {why}; mount a service account's token, or give --kubeconfig FILE") from error
    return Access("in-cluster", "", configuration)


def _by_name(entries: Any) -> dict[str, Any]:
    """The entries of a section of a merged kubeconfig."""
    return {str(entry.value["name"]): entry.value for entry in entries}


def _chosen(wanted: str, current: Any, contexts: dict[str, Any], shown: str) -> str:
    known = ", ".join(f'"{clipped(printable(name), 80)}"' for name in sorted(contexts)[:20]) or "none"
    name = wanted or (current if isinstance(current, str) else "")
    if not name:
        raise Stop(f"{shown}: no current-context; name one with --context: {known}")
    if name not in contexts:
        how = "" if wanted else " (its current-context)"
        near = printable(nearest(name, contexts))
        there = f"{near} There are" if near else "; there are"
        raise Stop(f'{shown}: no context "{printable(name)}"{how}{there} {known}')
    return name


@contextmanager
def _overheard() -> Iterator[list[str]]:
    """What the loader logs instead of raising it: why a credential plugin gave nothing."""
    said: list[str] = []
    ears = logging.Handler()
    ears.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(ears)
    try:
        yield said
    finally:
        logging.getLogger().removeHandler(ears)


def _plugin_failed(person: dict[str, Any], user: str, said: list[str]) -> str:
    plugin = _map(person["exec"])
    why = clipped(printable(" ".join(said)), 400) or "it printed none"
    hint = plugin.get("installHint")
    more = f"; {clipped(printable(hint), 400)}" if isinstance(hint, str) else ""
    command = printable(str(plugin.get("command")))
    return f'the plugin "{command}" gave no credentials for user "{printable(user)}": {why}{more}'


def _impersonation(person: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The client of Python does not know `as`, and acting with more rights than asked for would be worse than none."""
    if isinstance(name := person.get("as"), str):
        yield "Impersonate-User", name
    if isinstance(uid := person.get("as-uid"), str):
        yield "Impersonate-Uid", uid
    for group in person.get("as-groups") or ():
        yield "Impersonate-Group", str(group)
    for key, values in _map(person.get("as-user-extra")).items():
        yield from ((f"Impersonate-Extra-{key}", str(value)) for value in values)


def _reason(error: Exception) -> str:
    """Why a kubeconfig cannot be used, without its content: the loader's own messages quote tokens and keys."""
    if mark := getattr(error, "problem_mark", None):
        return f"line {mark.line + 1}, column {mark.column + 1}: {getattr(error, 'problem', '')}"
    if type(error).__name__ == "ConfigException":
        return printable(str(error).partition("{")[0])
    if isinstance(error, OSError):
        return printable(f"{error.filename or ''}: {error.strerror}".removeprefix(": "))
    return type(error).__name__


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
