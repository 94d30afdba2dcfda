"""The page as text: its policy names its own scripts, data cannot end their element, the library is the pinned one."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.page.links import checked, form_of, linker
from generator.page.page import FILES, script_data
from generator.problems import Usage
from tests.page.conftest import HOSTILE
from tests.support import ROOT, invoke, write


def page(folder: Path, text: str, *options: str) -> str:
    write(folder, {"org.yaml": text})
    ran = invoke("report", "-o", "out.html", *options, cwd=folder)
    assert ran.code == 0, ran
    return (folder / "out.html").read_text()


def test_the_policy_names_every_script_and_the_style_by_digest(tmp_path: Path) -> None:
    text = page(tmp_path, HOSTILE)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    said = policy[1].replace("&#39;", "'")
    assert said.startswith("default-src 'none'; script-src 'sha256-")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert (len(scripts), len(styles)) == (2, 1)
    for each in scripts + styles:
        assert f"'sha256-{b64encode(sha256(each.encode()).digest()).decode()}'" in said
    assert "unsafe-eval" not in said
    assert "script-src 'unsafe-inline'" not in said


def test_the_same_organization_gives_the_same_page(tmp_path: Path) -> None:
    assert page(tmp_path / "a", HOSTILE) == page(tmp_path / "b", HOSTILE)


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_data_in_a_script_is_data(content: object) -> None:
    text = script_data(content)
    assert json.loads(text) == content
    assert not set(text) & set("<>&\u2028\u2029")


def test_our_files_end_no_element() -> None:
    for name, end in (("page.js", "</script"), ("charts.js", "</script"), ("page.css", "</style")):
        assert end not in (FILES / name).read_text().lower()


def test_the_library_is_the_one_that_was_built() -> None:
    digest, _, name = (ROOT / "vendor/charts/SHA256").read_text().strip().partition("  ")
    assert sha256((ROOT / name).read_bytes()).hexdigest() == digest
    wanted = json.loads((ROOT / "vendor/charts/package.json").read_text())["dependencies"]["echarts"]
    first = (ROOT / name).read_text().partition("\n")[0]
    assert f"Apache ECharts {wanted} (Apache-2.0)" in first
    assert f"==== echarts {wanted} ====" in (FILES / "charts.LICENSES.txt").read_text()


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ("https://github.com/acme/platform.git", "https://github.com/acme/platform/blob/main/org.yaml#L7"),
        ("git@github.com:acme/platform.git", "https://github.com/acme/platform/blob/main/org.yaml#L7"),
        ("ssh://git@gitlab.acme.example:2222/ml/p.git", "https://gitlab.acme.example/ml/p/-/blob/main/org.yaml#L7"),
        ("https://bot:s3cret@gitlab.com/acme/p", "https://gitlab.com/acme/p/-/blob/main/org.yaml#L7"),
        ("https://bitbucket.org/acme/p", "https://bitbucket.org/acme/p/src/main/org.yaml#lines-7"),
        ("https://codeberg.org/acme/p", "https://codeberg.org/acme/p/src/branch/main/org.yaml#L7"),
        ("https://git.example.com/acme/p.git", ""),
        ("https://notgithub.com/acme/p.git", ""),
        ("file:///srv/git/p.git", ""),
        ("https://github.com/{line}/p", "https://github.com/%7Bline%7D/p/blob/main/org.yaml#L7"),
        ("", ""),
    ],
)
def test_links(repository: str, expected: str) -> None:
    link = linker(form_of(repository, "refs/heads/main"), "", "")
    assert link("org.yaml", 7) == expected


def test_a_link_names_the_path_in_the_repository() -> None:
    link = linker("https://x.example/{path}?l={line}", "orgs", "clusters/orgs/")
    assert link("orgs/teams/a b.yaml", 3) == "https://x.example/clusters/orgs/teams/a%20b.yaml?l=3"
    assert link("orgs/../../../etc/passwd", 3) == ""
    assert link("", 3) == ""
    assert link("orgs/x.yaml", 0) == ""


@pytest.mark.parametrize("form", ["javascript:alert({path}{line})", "https://x/{path}", 'https://x/"{path}{line}', "x"])
def test_a_form_of_links_must_be_one(form: str) -> None:
    with pytest.raises(Usage, match="expected a form such as"):
        checked(form)


def test_no_password_of_the_repository_is_shown(tmp_path: Path) -> None:
    text = HOSTILE + "delivery: {repoURL: 'https://bot:s3cret@git.example.com/acme/p.git'}\n"
    for form in ("html", "json", "markdown", "csv"):
        write(tmp_path, {"org.yaml": text})
        ran = invoke("report", "--format", form, cwd=tmp_path)
        assert ran.code == 0
        assert "s3cret" not in ran.out
