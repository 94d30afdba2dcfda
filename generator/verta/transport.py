"""One HTTP request to Verta → the JSON that it answers; or why there is none, without a word of what is secret."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import urlencode

from generator.printing import clipped, printable
from generator.problems import Stop
from generator.verta.account import Account

if TYPE_CHECKING:
    import urllib3

CONNECT, READ, DEADLINE = 10.0, 30.0, 120.0
"""Seconds for connecting, for the next bytes, and for a whole answer however slowly it comes."""

LARGEST = 64 << 20
"""Bytes of an answer that are read."""

ATTEMPTS = 4
BACKOFF = 0.5
"""Seconds before the second attempt; doubled for each one after it."""

LONGEST_WAIT = 60
_AGAIN = (502, 503, 504)
"""What a gateway says for a server that is not there at the moment; Verta's own client repeats these three."""

_ALREADY_EXISTS, _NOT_FOUND = 6, 5
"""Codes of gRPC, which the gateway puts into the body of an error."""


class Refused(Stop):
    """Verta answered, and the answer is no."""

    def __init__(self, message: str, status: int, code: int) -> None:
        super().__init__(message)
        self.status, self.code = status, code

    @property
    def absent(self) -> bool:
        """Whether what was asked for does not exist, as Verta (and not some proxy) says."""
        return self.status == 404 and self.code == _NOT_FOUND

    @property
    def exists(self) -> bool:
        """Whether what was to be created is there already."""
        return self.status == 409 or self.code == _ALREADY_EXISTS


class Unsure(Stop):
    """A write was sent, and nobody knows whether it was done."""


class _Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    data: bytes


class _Lost(Exception):
    """No answer; `sent` says whether the request may have reached the server."""

    def __init__(self, why: str, sent: bool, final: bool = False) -> None:
        super().__init__(why)
        self.sent, self.final = sent, final


class Transport:
    """A connection to Verta that speaks for one account.

    Reads are repeated on 502, 503, 504 and lost connections; writes only where the caller says that this is safe, or
    where the request cannot have arrived. 429 is repeated always: it says that nothing was done.
    """

    def __init__(self, account: Account, pause: Callable[[float], None] = time.sleep) -> None:
        self.account = account
        self.requests = 0
        self._pause = pause
        self._pool = _pool(account)

    def get(self, path: str, query: Mapping[str, Any], what: str) -> dict[str, Any]:
        """What Verta answers; `what` names it in messages. Raises Stop or Refused."""
        text = urlencode(query)
        return self._ask("GET", f"{path}?{text}" if text else path, None, what, repeat=True)

    def post(self, path: str, body: bytes, what: str, repeat: bool) -> dict[str, Any]:
        """What Verta answers to a write. Raises Refused, Stop, or Unsure where it may have been done."""
        return self._ask("POST", path, body, what, repeat)

    def _ask(self, method: str, path: str, body: bytes | None, what: str, repeat: bool) -> dict[str, Any]:
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                answer = self._once(method, path, body)
            except _Lost as lost:
                if lost.final or last or not (repeat or not lost.sent):
                    self._give_up(what, str(lost), unsure=body is not None and lost.sent)
                wait = 0.0
            else:
                again = answer.status == 429 or (answer.status in _AGAIN and repeat)
                if last or not again:
                    return self._read(answer, what, wrote=body is not None)
                wait = _retry_after(answer.headers.get("Retry-After", ""))
            self._pause(max(wait, BACKOFF * 2 ** (attempt - 1)))
        raise AssertionError  # the last attempt returns or raises

    def _once(self, method: str, path: str, body: bytes | None) -> _Answer:
        import urllib3
        from urllib3 import exceptions

        self.requests += 1
        headers = {**self.account.headers, "Accept": "application/json", "Accept-Encoding": "identity"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        address = self.account.address
        host = f"[{address.host}]" if ":" in address.host else address.host
        url = f"{address.scheme}://{host}:{address.port}{address.path}{path}"
        try:
            response = self._pool.request(
                method, url, body=body, headers=headers, retries=False, redirect=False, preload_content=False,
                timeout=urllib3.Timeout(connect=CONNECT, read=READ),
            )  # fmt: skip
            try:
                data = _content(response)
            except BaseException:
                response.close()  # what was not read must not be taken for the next answer
                raise
            response.release_conn()
            return _Answer(response.status, response.headers, data)
        except (exceptions.NewConnectionError, exceptions.ConnectTimeoutError, exceptions.ProxyError) as error:
            raise _Lost(_reason(error), sent=False) from None
        except exceptions.SSLError as error:
            why = f"the connection cannot be secured: {clipped(self.account.redacted(printable(str(error))), 200)}"
            raise _Lost(why, sent=False, final=True) from None
        except exceptions.TimeoutError:
            raise _Lost("no answer in time", sent=True) from None
        except (exceptions.HTTPError, OSError, ValueError):
            raise _Lost("the connection was closed before the answer was complete", sent=True) from None

    def _give_up(self, what: str, why: str, unsure: bool) -> NoReturn:
        where = f"Verta at {self.account.address}: {what}: {why}"
        if unsure:
            raise Unsure(f"{where}; whether it was done is not known") from None
        hint = "check VERTA_HOST, the network and the proxy (HTTPS_PROXY, NO_PROXY)"
        if "secured" in why:
            hint = "an authority of your own is named by SSL_CERT_FILE"
        raise Stop(f"{where}; {hint}") from None

    def _read(self, answer: _Answer, what: str, wrote: bool) -> dict[str, Any]:
        where = f"Verta at {self.account.address}: {what}"
        status, data = answer.status, answer.data
        try:
            found: Any = json.loads(data)
        except (ValueError, RecursionError):
            found = None
        said = found if isinstance(found, dict) else {}
        code = said.get("code") if type(said.get("code")) is int else 0
        assert isinstance(code, int)
        if 200 <= status < 300 and isinstance(found, dict) and not (code or said.get("error")):
            return found
        if 300 <= status < 400:
            raise Stop(f"{where}: is redirected elsewhere ({status}), which is not followed; correct VERTA_HOST")
        message = said.get("message") or said.get("error")
        shown = self.account.redacted(printable(message)) if isinstance(message, str) else ""
        shown = f": “{clipped(shown, 200)}”" if shown else ""
        if 200 <= status < 300 and not said:
            kind = (
                "an empty body" if not data.strip() else "an HTML page" if data.lstrip()[:1] == b"<" else "no JSON map"
            )
            text = f"{where}: {status} with {kind} instead of an answer; VERTA_HOST may name something else than Verta"
            raise Unsure(f"{text}, and whether the write was done is not known") if wrote else Stop(text)
        if status in (401, 407) or code == 16:
            # What the server says here may quote a part of what it was sent, so that is not shown.
            raise Refused(
                f"{where}: the {self.account.form} is not accepted ({status}): it is wrong, or has expired; "
                "make a new one in Verta, and check that VERTA_EMAIL belongs to it", status, code,
            )  # fmt: skip
        if status == 403 or code == 7:
            raise Refused(
                f"{where}: refused ({status}{shown}); the account needs to be an administrator of the organization",
                status, code,
            )  # fmt: skip
        if wrote and status in (500, *_AGAIN):
            raise Unsure(f"{where}: {status}{shown}; whether it was done is not known")
        hint = ""
        if status == 404 and not code:
            hint = "; this address has no such interface: check VERTA_HOST, and whether this Verta has workspaces yet"
        raise Refused(f"{where}: {status}{shown}{hint}", status, code)


def _pool(account: Account) -> urllib3.PoolManager:
    from urllib.request import getproxies, proxy_bypass

    import urllib3

    address = account.address
    context = ssl.create_default_context() if address.scheme == "https" else None  # it reads every authority there is
    proxy = getproxies().get(address.scheme)
    if proxy and not proxy_bypass(f"{address.host}:{address.port}"):
        try:
            return urllib3.ProxyManager(proxy, ssl_context=context)
        except (urllib3.exceptions.HTTPError, ValueError):
            raise Stop(f"{address.scheme.upper()}_PROXY is no address of a proxy; expected http://host:port") from None
    return urllib3.PoolManager(ssl_context=context)


def _content(response: urllib3.BaseHTTPResponse) -> bytes:
    """The whole body, bounded in size and in time: one that comes drop by drop ends too."""
    until = time.monotonic() + DEADLINE
    parts, size = [], 0
    while part := response.read1(1 << 16):
        parts.append(part)
        size += len(part)
        if size > LARGEST or time.monotonic() > until:
            raise ValueError("too much, or too slow")
    if response.length_remaining:
        raise ValueError("incomplete")
    return b"".join(parts)


def _reason(error: Exception) -> str:
    text = type(error).__name__
    known = {"NameResolutionError": "the name of the host is not known", "ConnectTimeoutError": "no connection in time"}
    return known.get(text, "the proxy gives no connection" if text == "ProxyError" else "no connection: refused")


def _retry_after(text: str) -> float:
    """Seconds that a server asks to wait; a date is not looked at, since clocks differ."""
    return float(min(int(text), LONGEST_WAIT)) if text.isascii() and text.isdigit() and len(text) < 6 else 0.0
