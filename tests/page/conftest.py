"""A real browser for the tests of the page: Debian's Chromium, or the one that $CHROMIUM names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.support import FRAUD, MINIMAL, ROOT, corpus, invoke, write

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

NASTY = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>\u2028{{ 7 * 7 }} & \"'"
HOSTILE = (
    MINIMAL.replace(
        "{name: acme}", '{name: acme, description: "<b>bold</b> </title><script>window.hacked = 3</script>"}'
    )
    + """\
groups:
  leads: {subject: "<script>window.hacked = 4</script>"}
roles:
  maintainer: {verta: "<i>Maintainer</i>", clusterRole: view}
"""
    + FRAUD.replace(
        "{namespace: fraud}",
        """
    namespace: fraud
    description: "</script><script>window.hacked = 1</script>\\
      <img src=x onerror='window.hacked = 2'>\\u2028{{ 7 * 7 }} & \\"'"
    access: [{group: leads, role: maintainer}]
  "<img src=x onerror='window.hacked = 5'>": {legacy: true}""",
    )
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no Chromium: neither $CHROMIUM nor the PATH names one (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=FLAGS, headless=True)
        yield started
        started.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages of the example, of an organization that means harm, and of the corpus where it is at hand."""
    folder = tmp_path_factory.mktemp("pages")
    write(folder, {"hostile.yaml": HOSTILE})
    files = {"example": ROOT / "org.yaml", "hostile": folder / "hostile.yaml", "corpus": corpus()}
    found = {}
    for name, file in files.items():
        if file is not None:
            found[name] = folder / f"{name}.html"
            ran = invoke("report", str(file), "-o", str(found[name]), cwd=folder)
            assert ran.code == 0, ran
    return found


class Watched:
    """A page in a browser, and everything that it said or asked for."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.said: list[str] = []
        self.requests: list[str] = []
        self.answered: list[str] = []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("response", lambda response: self.answered.append(response.url))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, file: Path) -> Page:
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("html[data-ready]", state="attached")
        return self.page


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield Watched(context)
    context.close()
