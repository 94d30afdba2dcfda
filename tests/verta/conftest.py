"""Nothing of whoever runs the tests decides which Verta is asked, or through which proxy."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from generator.verta import transport
from tests.verta.server import Verta, serving


@pytest.fixture(autouse=True)
def _no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("VERTA_") or name.lower() in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setattr(transport, "BACKOFF", 0.001)


@pytest.fixture
def server() -> Verta:
    """A server's state, to be changed by the test."""
    return Verta()


@pytest.fixture
def url(server: Verta, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of the server, which the environment names with its key."""
    with serving(server) as address:
        monkeypatch.setenv("VERTA_HOST", address)
        monkeypatch.setenv("VERTA_EMAIL", server.email)
        monkeypatch.setenv("VERTA_DEV_KEY", server.key)
        yield address
