from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.problems import Stop, Usage
from generator.verta.account import account, parse_address
from tests.support import write

KEY = {"VERTA_HOST": "verta.example", "VERTA_EMAIL": "a@b.example", "VERTA_DEV_KEY": "k-1"}
TOKEN = {"VERTA_HOST": "verta.example", "VERTA_JWT_TOKEN": "t.t.t", "VERTA_JWT_TOKEN_SIG": "s"}


@pytest.mark.parametrize(
    ("text", "shown", "scheme", "port", "path"),
    [
        ("app.verta.example", "app.verta.example", "https", 443, ""),
        ("app.verta.example:8443", "app.verta.example:8443", "https", 8443, ""),
        ("https://app.verta.example/", "app.verta.example", "https", 443, ""),
        ("https://example.com:8443/tools/verta/", "example.com:8443/tools/verta", "https", 8443, "/tools/verta"),
        ("http://verta.example", "verta.example", "http", 80, ""),
        ("HTTPS://Verta.Example", "verta.example", "https", 443, ""),
        ("http://[::1]:3000", "[::1]:3000", "http", 3000, ""),
        ("10.1.2.3", "10.1.2.3", "https", 443, ""),
    ],
)
def test_a_host_has_a_port_a_path_and_a_scheme(text: str, shown: str, scheme: str, port: int, path: str) -> None:
    address = parse_address(text)
    assert (str(address), address.scheme, address.port, address.path) == (shown, scheme, port, path)


@pytest.mark.parametrize(
    "text",
    [
        "", "ftp://verta.example", "https://", "https:///x", "verta.example:0", "verta.example:99999",
        "verta.example:x",
        "https://verta.example/a/../b", "https://verta.example/a b", "https://verta.example?x=1", "ver ta", "[::1",
        "https://user:pass-marker@verta.example", "verta.example#pass-marker", "https://verta.example//a",
        "ünï.example",
    ],
)  # fmt: skip
def test_what_is_no_host_is_a_wrong_call_that_shows_no_password(text: str) -> None:
    with pytest.raises(Usage, match=r"^VERTA_HOST") as caught:
        account({**KEY, "VERTA_HOST": text})
    assert "pass-marker" not in str(caught.value)


def test_only_http_to_another_machine_is_exposed() -> None:
    assert parse_address("http://verta.example").exposed
    assert not parse_address("http://localhost:3000").exposed
    assert not parse_address("verta.example").exposed


def test_a_key_is_sent_in_both_spellings_and_a_token_too() -> None:
    key = account({**KEY, "VERTA_ORG_ID": "o-1"})
    assert key.headers == {
        "Grpc-Metadata-source": "PythonClient",
        "Grpc-Metadata-email": "a@b.example",
        "Grpc-Metadata-developer_key": "k-1",
        "Grpc-Metadata-developer-key": "k-1",
        "Grpc-Metadata-organization-id": "o-1",
    }
    token = account(TOKEN)
    assert token.headers == {
        "Grpc-Metadata-source": "JWT",
        "Grpc-Metadata-bearer_access_token": "t.t.t",
        "Grpc-Metadata-bearer-access-token": "t.t.t",
        "Grpc-Metadata-bearer_access_token_sig": "s",
        "Grpc-Metadata-bearer-access-token-sig": "s",
    }
    assert "k-1" not in repr(key)
    assert "t.t.t" not in repr(token)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"VERTA_HOST": "h.example"}, "VERTA_EMAIL with VERTA_DEV_KEY is missing"),
        ({"VERTA_HOST": "h.example", "VERTA_EMAIL": "a"}, "VERTA_DEV_KEY is missing"),
        ({"VERTA_HOST": "h.example", "VERTA_DEV_KEY": "a"}, "VERTA_EMAIL is missing"),
        ({**KEY, **TOKEN}, "VERTA_DEV_KEY and VERTA_JWT_TOKEN are both given"),
        ({**KEY, "VERTA_ORG_ID": "a", "VERTA_ORG_NAME": "b"}, "VERTA_ORG_ID and VERTA_ORG_NAME are both given"),
        ({**KEY, "VERTA_DEV_KEY": "se\ncret"}, "VERTA_DEV_KEY: expected printable ASCII .*its value is not shown"),
        ({**KEY, "VERTA_DEV_KEY": "sécret"}, "VERTA_DEV_KEY: expected printable ASCII .*its value is not shown"),
        ({**KEY, "VERTA_EMAIL": " a"}, "VERTA_EMAIL: expected printable ASCII .*found ' a'"),
    ],
)
def test_what_is_missing_or_contradicts_itself_is_said(environment: dict[str, str], message: str) -> None:
    with pytest.raises(Usage, match=message):
        account(environment)


def test_a_mounted_secret_goes_before_the_environment(tmp_path: Path) -> None:
    write(tmp_path, {"VERTA_DEV_KEY": "k-2\n", "VERTA_EMAIL": "c@d.example", "..data": "x", "notes.txt": "y"})
    found = account({**KEY, "VERTA_ORG_NAME": "Acme"}, str(tmp_path))
    assert found.headers["Grpc-Metadata-developer_key"] == "k-2"
    assert found.headers["Grpc-Metadata-email"] == "c@d.example"
    assert (str(found.address), found.organization_name) == ("verta.example", "Acme")


def test_a_folder_without_a_secret_stops(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="holds no file called"):
        account(KEY, str(tmp_path))
    with pytest.raises(Stop, match="cannot be read"):
        account(KEY, str(tmp_path / "nothing"))
    write(tmp_path, {"VERTA_DEV_KEY": "k" * 100_000})
    with pytest.raises(Stop, match="larger than 64 KiB"):
        account(KEY, str(tmp_path))
    (tmp_path / "VERTA_DEV_KEY").unlink()
    os.mkfifo(tmp_path / "VERTA_DEV_KEY")
    with pytest.raises(Stop, match="no file; expected one value"):
        account(KEY, str(tmp_path))


def test_a_secret_is_taken_out_of_a_text_in_every_form() -> None:
    found = account({**KEY, "VERTA_DEV_KEY": "a/b+c=d"})
    assert found.redacted("a/b+c=d a%2Fb%2Bc%3Dd YS9iK2M9ZA== x") == "*** *** ***== x"
