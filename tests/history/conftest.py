"""The tests of the history decide themselves what git and the CI say."""

from __future__ import annotations

import os

import pytest

from tests.git.clones import ENVIRONMENT

_OF_THE_CI = ("GITHUB_", "GITLAB_", "CI", "CHANGE_", "JENKINS_")


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith((*_OF_THE_CI, "GIT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", ENVIRONMENT["GIT_CONFIG_GLOBAL"])
