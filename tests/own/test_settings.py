"""Settings are read strictly, and every mistake in them has its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import FRAUD, MINIMAL, invoke, write

LEGACY = MINIMAL + FRAUD + "  old: {legacy: true}\n"


def test_rules_are_ignored_and_weighed(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": LEGACY})
    assert "[legacy-workspace]" in invoke("check", cwd=tmp_path).out
    write(tmp_path, {"verta-gitops.toml": 'ignore = ["legacy-workspace"]\n'})
    assert "[legacy-workspace]" not in invoke("check", cwd=tmp_path).out
    write(tmp_path, {"verta-gitops.toml": 'severity = {legacy-workspace = "error"}\n'})
    ran = invoke("check", cwd=tmp_path)
    assert "error: legacy workspace" in ran.out
    assert ran.code == 1
    assert invoke("render", cwd=tmp_path).code == 1
    write(tmp_path, {"verta-gitops.toml": 'fail-on = "warning"\n'})
    assert invoke("check", cwd=tmp_path).code == 1
    assert invoke("check", "--fail-on", "error", cwd=tmp_path).code == 0


def test_an_error_that_was_made_a_warning_does_not_stop_rendering(tmp_path: Path) -> None:
    org = MINIMAL + "namespaces:\n  idle: {}\n"
    write(tmp_path, {"org.yaml": org})
    assert invoke("render", cwd=tmp_path).code == 1
    write(tmp_path, {"verta-gitops.toml": '[severity]\nnamespace-without-workspace = "warning"\n'})
    assert invoke("render", cwd=tmp_path).code == 0


def test_settings_stand_beside_the_file_or_in_the_working_directory(tmp_path: Path) -> None:
    write(tmp_path, {"orgs/org.yaml": LEGACY, "verta-gitops.toml": 'ignore = ["legacy-workspace"]\n'})
    assert "[legacy-workspace]" not in invoke("check", "orgs/org.yaml", cwd=tmp_path).out
    write(tmp_path, {"orgs/pyproject.toml": "[tool.verta-gitops]\n"})
    assert "[legacy-workspace]" in invoke("check", "orgs/org.yaml", cwd=tmp_path).out


def test_a_pyproject_without_our_table_is_somebody_elses(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL, "pyproject.toml": '[project]\nname = "verta-gitops-user"\nignore = 1\n'})
    assert invoke("check", cwd=tmp_path).code == 0


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ('ingore = ["x"]', '1:1: error: unknown key "ingore"; did you mean "ignore"? [invalid-settings]'),
        ("\nignore = 3", "2:1: error: `ignore` is a list of texts"),
        (
            'ignore = [\n  "legacy-worspace",\n]',
            'error: there is no rule "legacy-worspace"; did you mean',
        ),
        ('# legacy-worspace\nignore = ["legacy-worspace"]', "2:12: error: there is no rule"),
        ('ignore = ["duplicate-key"]', '1:12: error: "duplicate-key" can be neither ignored nor changed'),
        ('ignore = ["unknown-group"]', "[firm-rule]"),
        ('severity = {unknown-key = "warning"}', "[firm-rule]"),
        ('severity = {legacy-workspace = "eror"}', '`legacy-workspace` is "error" or "warning"; did you mean "error"?'),
        ('fail-on = "never"', '1:1: error: `fail-on` is "error" or "warning" [invalid-settings]'),
        ('ignore = ["a"', "1:1: error: the file is not TOML"),
        ('rules = ["../evil.py"]', '1:11: error: "../evil.py" leaves the folder of verta-gitops.toml'),
        ('rules = ["/etc/evil.py"]', "leaves the folder"),
        ('rules = ["link.py"]', "leaves the folder"),
        ('rules = ["none.py"]', 'there is no file "none.py" beside verta-gitops.toml'),
        ('templates = ["none"]', 'there is no folder "none" beside verta-gitops.toml'),
        ('templates = ["acme"]', '"acme/namespaces" is no scope of templates; did you mean "namespace"?'),
    ],
)
def test_a_mistake_has_its_line(settings: str, problem: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "repository", {"org.yaml": MINIMAL, "verta-gitops.toml": settings})
    write(folder, {"acme/namespaces/x.yaml.j2": ""})
    (folder / "link.py").symlink_to(write(tmp_path, {"evil.py": "raise SystemExit(99)\n"}) / "evil.py")
    ran = invoke("check", cwd=folder)
    assert f"verta-gitops.toml:{problem}" in ran.out or problem in ran.out, ran.out
    assert ran.out.startswith("verta-gitops.toml:")
    assert ran.code == 1


def test_settings_that_are_not_text(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL, "verta-gitops.toml": b"\xff"})
    assert "not UTF-8" in invoke("check", cwd=tmp_path).out


def test_org_yaml_cannot_name_what_is_run(tmp_path: Path) -> None:
    evil = "raise SystemExit(99)\n"
    write(tmp_path, {"org.yaml": MINIMAL + "rules: [evil.py]\ntemplates: [evil]\n", "evil.py": evil})
    ran = invoke("check", cwd=tmp_path)
    assert ran.code == 1
    assert 'unknown key "rules"' in ran.out
    write(tmp_path, {"org.yaml": MINIMAL + "include: [sub/*.yaml]\n", "sub/verta-gitops.toml": 'rules = ["evil.py"]'})
    write(tmp_path, {"sub/evil.py": evil, "sub/a.yaml": "namespaces: {}\n"})
    assert invoke("check", cwd=tmp_path).code == 0
