"""A kubeconfig and a context → a cluster that answers GET requests, patiently and never more than that."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from shlex import quote
from typing import Any, NamedTuple

from generator.cluster.kubeconfig import Access, find_access
from generator.printing import clipped, printable
from generator.problems import Stop

_CONNECT, _ANSWER = 10.0, 60.0
"""Seconds to wait for a connection, and for the next bytes of an answer."""
_ATTEMPTS = 5
_LONGEST_PAUSE = 30.0
_BUSY = (429, 500, 502, 503, 504)
LARGEST = 512 << 20
"""Bytes of one answer; a page of 500 objects is far smaller."""


class Answer(NamedTuple):
    """What the server said: 200, 403, 404 or 410, and the body, which is a map."""

    status: int
    body: dict[str, Any]


@dataclass
class Cluster:
    """An API server that is asked, in the name of a context; only GET is spoken."""

    server: str
    context: str
    called: str = ""
    """What the kubeconfig calls the cluster."""
    requests: int = 0
    """HTTP requests that were made, repeated ones too."""
    pause: Callable[[float], None] = time.sleep
    pool: Any = field(default=None, repr=False)
    headers: Callable[[], Any] = field(default=dict, repr=False)

    @property
    def source(self) -> str:
        """What is asked, in words for a message."""
        return f'context "{printable(self.context)}"'

    def get(self, path: str, query: Mapping[str, str | int] | None = None) -> Answer:
        """One answer, asked for again where the server is busy or the line is lost.

        Raises Stop where there is none: not reached, not who it should be, not let in, or no Kubernetes.
        """
        for attempt in range(1, _ATTEMPTS + 1):
            status, data, wait, failure = self._try(path, query)
            if failure is not None and not (self.requests > attempt and failure.again):
                raise Stop(failure.message)
            if failure is None and status not in _BUSY:
                return self._judged(status, data, path)
            if attempt < _ATTEMPTS:
                spread = random.uniform(0.8, 1.2)  # noqa: S311 - so that many do not come back at the same moment
                self.pause(min(wait or 0.5 * 2 ** (attempt - 1) * spread, _LONGEST_PAUSE))
        if failure is not None:
            raise Stop(f"{failure.message} (after {self.requests} requests, {_ATTEMPTS} of them for this)")
        said = _message(_decoded(data)) or "no reason given"
        raise Stop(
            f"{self._place} is too busy or broken: {status} for {path}, {_ATTEMPTS} times ({said}); try again later"
        )

    @property
    def _place(self) -> str:
        return f"the API server of {self.source} ({self.server})"

    def _try(self, path: str, query: Mapping[str, str | int] | None) -> tuple[int, bytes, float, _Failure | None]:
        """(status, body, seconds that the server asks to wait, what failed)."""
        import urllib3

        self.requests += 1
        try:
            answer = self.pool.request(
                "GET",
                self.server + path,
                fields=query,
                headers=self.headers(),
                timeout=urllib3.Timeout(connect=_CONNECT, read=_ANSWER),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                data = answer.read(LARGEST + 1)
            finally:
                answer.release_conn()
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return 0, b"", 0.0, self._failure(error)
        if len(data) > LARGEST:
            raise Stop(f"{self._place} answers more than {LARGEST >> 20} MiB for {path}; use a dump and --from-dump")
        return answer.status, data, _seconds(answer.headers.get("Retry-After")), None

    def _judged(self, status: int, data: bytes, path: str) -> Answer:
        if status == 401:
            there = f" --context {quote(printable(self.context))}" if self.context != "in-cluster" else ""
            raise Stop(
                f"{self._place} does not accept the credentials (401 Unauthorized): a token or a client certificate "
                f"that has expired, or one of another cluster; log in again, and try `kubectl auth whoami{there}`"
            )
        body = {} if status == 404 else _decoded(data)  # a path that nobody serves is answered in plain text
        if body is None or status not in (200, 403, 404, 410):
            said = _message(body) or "no JSON" if status == 200 else _message(body)
            raise Stop(
                f"{self._place} answers {status} for {path}{f' ({said})' if said else ''}, as no Kubernetes API does; "
                "see that the server of the kubeconfig is an API server, and what a proxy in between does"
            )
        return Answer(status, body)

    def _failure(self, error: Exception) -> _Failure:
        """What a failed request means, in words, and whether the same request may fare better soon."""
        from urllib3 import exceptions as known

        root = _root(error)
        verify = getattr(root, "verify_message", "")
        if verify:
            hint = "renew it" if "expired" in verify else "see certificate-authority of the kubeconfig"
            return _Failure(
                f"{self._place} shows a certificate that is not trusted: {printable(verify)}; {hint}", False
            )
        text = clipped(printable(str(getattr(root, "strerror", None) or root)), 300)
        if isinstance(error, known.ProxyError):
            hint = "see HTTPS_PROXY, NO_PROXY, and proxy-url of the kubeconfig"
            return _Failure(f"the proxy to {self._place} does not answer: {text}; {hint}", True)
        if isinstance(error, known.SSLError) or type(root).__module__ == "ssl":
            return _Failure(f"no TLS with {self._place}: {text}; see the certificates of the kubeconfig", False)
        if isinstance(error, known.NameResolutionError):
            return _Failure(f"{self._place} has a name that is not known: {text}; see the network, or VPN", True)
        if isinstance(error, known.TimeoutError) and not isinstance(error, known.NewConnectionError):
            return _Failure(f"{self._place} does not answer in time; see the network, VPN or firewall", True)
        if isinstance(error, (known.NewConnectionError, known.ProtocolError)):
            return _Failure(f"{self._place} cannot be reached: {text}; see that it runs, and the network or VPN", True)
        return _Failure(f"{self._place} cannot be asked: {text}; see the context in the kubeconfig", False)


class _Failure(NamedTuple):
    message: str
    again: bool


def connect(kubeconfig: str = "", context: str = "") -> Cluster:
    """A cluster to ask; nothing is asked yet. Raises Stop where the kubeconfig does not say which and how."""
    import urllib3
    from kubernetes.client.rest import RESTClientObject

    access = find_access(kubeconfig, context)
    if not access.configuration.verify_ssl:  # as the kubeconfig wants it
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    try:
        pool = RESTClientObject(access.configuration).pool_manager
    except ImportError as error:
        raise Stop("proxies over SOCKS need the package PySocks; install it beside verta-gitops") from error
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise Stop(
            f'context "{printable(access.context)}": the proxy cannot be used: {printable(str(error))}'
        ) from error
    server = access.configuration.host.rstrip("/")
    return Cluster(server, access.context, access.cluster, pool=pool, headers=lambda: _headers(access))


def _headers(access: Access) -> Any:
    from urllib3 import HTTPHeaderDict

    headers = HTTPHeaderDict({"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "verta-gitops"})
    key = access.configuration.get_api_key_with_prefix("BearerToken", "authorization")
    if key:
        headers["Authorization"] = key.strip()
    for name, value in access.impersonation:
        headers.add(name, value)
    return headers


def _root(error: BaseException) -> BaseException:
    """The error that was first, however the libraries wrapped it."""
    for _ in range(9):
        inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else error.__cause__
        if inner is None:
            break
        error = inner
    return error


def _decoded(data: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _message(body: dict[str, Any] | None) -> str:
    text = (body or {}).get("message")
    return clipped(printable(text), 300) if isinstance(text, str) else ""


def _seconds(text: str | None) -> float:
    """What a Retry-After asks for; a date, which no API server sends, counts as nothing."""
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 0.0
