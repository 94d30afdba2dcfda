"""Programs for tests are found where people keep them, and are pinned."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.programs import SETS, Programs, find


@pytest.mark.parametrize("programs", SETS.values(), ids=SETS.keys())
def test_every_program_is_pinned(programs: Programs) -> None:
    pins = (programs.folder / "go.mod").read_text()
    assert programs.version.startswith("v")
    for package in programs.packages.values():
        assert f"\t{package}\n" in pins or f"tool {package}\n" in pins


def test_a_program_is_found_by_its_usual_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "kube-apiserver"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert find("kube-apiserver") is None
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert find("kube-apiserver") == str(program)
    monkeypatch.delenv("KUBEBUILDER_ASSETS")
    monkeypatch.setenv("TEST_ASSET_KUBE_APISERVER", str(program))
    assert find("kube-apiserver") == str(program)
