"""Environment or a mounted Secret → where Verta is, and who asks; a secret shows itself nowhere."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, quote_plus, urlsplit

from generator.problems import Stop, Usage

NAMES = (
    "VERTA_HOST", "VERTA_EMAIL", "VERTA_DEV_KEY", "VERTA_JWT_TOKEN", "VERTA_JWT_TOKEN_SIG", "VERTA_ORG_ID",
    "VERTA_ORG_NAME",
)  # fmt: skip
"""What is read, by these names: environment variables, or files of a folder. Verta's own client reads the same ones."""

_SECRET = ("VERTA_DEV_KEY", "VERTA_JWT_TOKEN", "VERTA_JWT_TOKEN_SIG")
_LARGEST = 64 << 10
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Address(NamedTuple):
    """Where Verta answers."""

    scheme: str
    host: str
    port: int
    path: str
    """What stands before every path; empty, or with a slash at its beginning."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (443 if self.scheme == "https" else 80)
        return f"{host}{'' if usual else f':{self.port}'}{self.path}"

    @property
    def exposed(self) -> bool:
        """Whether the credentials travel unencrypted to another machine."""
        return self.scheme == "http" and self.host not in _LOOPBACK


@dataclass(frozen=True)
class Account:
    """Who asks Verta, and for which organization."""

    address: Address
    organization_id: str
    organization_name: str
    form: str
    """`developer key` or `token`, for messages."""
    headers: Mapping[str, str] = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    def redacted(self, text: str) -> str:
        """A text in which no secret stands, in no form in which a server might repeat it."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        return text


def account(environment: Mapping[str, str], folder: str = "") -> Account:
    """The account that the environment describes, the files of a folder before it.

    Raises Usage where something is missing, contradicts itself or cannot be meant, and Stop where a file cannot be
    read; neither shows a secret.
    """
    given = {name: environment[name] for name in NAMES if environment.get(name)}
    given |= _files(folder) if folder else {}
    given = {name: value.strip("\r\n") for name, value in given.items()}
    for name, value in given.items():
        if not value.isascii() or not value.isprintable() or value != value.strip():
            what = "its value is not shown" if name in _SECRET else "found " + ascii(value[:80])
            raise Usage(f"{name}: expected printable ASCII characters on one line without blanks around them; {what}")
    address = parse_address(given.get("VERTA_HOST", ""))
    email, key = given.get("VERTA_EMAIL", ""), given.get("VERTA_DEV_KEY", "")
    token, signature = given.get("VERTA_JWT_TOKEN", ""), given.get("VERTA_JWT_TOKEN_SIG", "")
    if key and token:
        raise Usage("VERTA_DEV_KEY and VERTA_JWT_TOKEN are both given; keep the one that is meant")
    if not (key and email) and not token:
        missing = "VERTA_EMAIL" if key else "VERTA_DEV_KEY" if email else "VERTA_EMAIL with VERTA_DEV_KEY"
        raise Usage(
            f"{missing} is missing: set it in the environment or as a file of --credentials DIR; "
            "or give VERTA_JWT_TOKEN instead"
        )
    by_id, by_name = given.get("VERTA_ORG_ID", ""), given.get("VERTA_ORG_NAME", "")
    if by_id and by_name:
        raise Usage("VERTA_ORG_ID and VERTA_ORG_NAME are both given; keep one of them")
    if key:
        named = {"source": "PythonClient", "email": email, "developer_key": key, "developer-key": key}
    else:
        named = {"source": "JWT", "bearer_access_token": token, "bearer-access-token": token}
        if signature:
            named |= {"bearer_access_token_sig": signature, "bearer-access-token-sig": signature}
    if by_id:
        named["organization-id"] = by_id
    headers = {f"Grpc-Metadata-{name}": value for name, value in named.items()}
    secrets = tuple(form for secret in (key, token, signature) if secret for form in _forms(secret))
    return Account(address, by_id, by_name, "developer key" if key else "token", headers, secrets)


def _forms(secret: str) -> list[str]:
    """A secret as it is and as it might be written inside JSON, HTML, a URL or base64; the longest first."""
    forms = {secret, json.dumps(secret)[1:-1], html.escape(secret), quote(secret, safe=""), quote_plus(secret)}
    forms.add(base64.b64encode(secret.encode()).decode().rstrip("="))
    return sorted(forms, key=len, reverse=True)


def _files(folder: str) -> dict[str, str]:
    """The values that a folder holds, one a file; a mounted Secret looks like that."""
    found = {}
    try:
        for name in set(os.listdir(folder)) & set(NAMES):
            path = os.path.join(folder, name)
            if not os.path.isfile(path):
                raise Stop(f"{path}: no file; expected one value")  # a pipe would be waited for
            with open(path, "rb") as file:
                data = file.read(_LARGEST + 1)
            if len(data) > _LARGEST:
                raise Stop(f"{path}: larger than {_LARGEST >> 10} KiB; expected one value")
            found[name] = data.decode("ascii", "replace")
    except OSError as error:
        raise Stop(f"{folder}: the credentials cannot be read: {error.strerror}") from error
    if not found:
        raise Stop(f"{folder}: holds no file called {', '.join(NAMES[:3])} or alike; mount the Secret there")
    return {name: value for name, value in found.items() if value.strip()}


def parse_address(text: str) -> Address:
    """The address that VERTA_HOST names: a host, with or without a port, a path and `https://` or `http://`.

    Raises Usage where it is none; what stands before an `@`, a query and a fragment are not shown.
    """
    if not text:
        raise Usage("VERTA_HOST is missing: set it to the host of Verta, such as app.verta.example")
    expected = "expected the host of Verta, such as app.verta.example or https://verta.example:8443/app"
    if "@" in text or "?" in text or "#" in text:
        raise Usage(f"VERTA_HOST: holds a name before `@`, a query or a fragment; {expected}")
    with_scheme = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(with_scheme)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Usage(f"VERTA_HOST: {text!a} is no address; {expected}") from None
    if parts.scheme not in ("https", "http"):
        raise Usage(f"VERTA_HOST: {parts.scheme!a} is not spoken; {expected}")
    path = parts.path.rstrip("/")
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9a-fA-F:.]+", host) or port == 0:
        raise Usage(f"VERTA_HOST: {text!a} names no host; {expected}")
    if not re.fullmatch(r"(/(?!\.\.?(/|$))[A-Za-z0-9._~-]+)*", path):
        raise Usage(f"VERTA_HOST: the path {path!a} cannot be meant; {expected}")
    return Address(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)
