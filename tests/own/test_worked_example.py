"""The worked example of docs/own-rules-and-templates.md does what that page says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support import ROOT, invoke, load_1_1, write

PAGE = (ROOT / "docs" / "own-rules-and-templates.md").read_text()


def _files() -> dict[str, str | bytes]:
    """The files of the example: fenced blocks whose first line names one."""
    return dict(re.findall(r"(?m)^```\w+ (\S+)\n((?:.*\n)*?)```$", PAGE))


def test_the_example(tmp_path: Path) -> None:
    write(tmp_path, _files())
    checked = invoke("check", cwd=tmp_path)
    said = re.findall(r"(?m)^```console\n\$ verta-gitops check\n((?:.*\n)*?)```$", PAGE)
    assert said == [checked.out]
    assert invoke("rules", "namespace-prefix", cwd=tmp_path).code == 0
    assert invoke("render", cwd=tmp_path).code == 0
    for name in ("risk-fraud", "churn"):
        folder = tmp_path / "rendered" / "prod-us" / "namespaces" / name
        (contact,) = load_1_1((folder / "contact.yaml").read_text())
        assert contact["data"] == {"owners": "fraud-leads"}
        (limits,) = load_1_1((folder / "limitrange.yaml").read_text())
        assert [each["type"] for each in limits["spec"]["limits"]] == ["Container", "PersistentVolumeClaim"]
    assert invoke("render", "--check", cwd=tmp_path).code == 0
