"""`check` with a choice of rules, several files and exit codes; `rules`, which lists them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from generator.cli import COMMANDS
from tests.support import FRAUD, MINIMAL, invoke, spawn, write

LEGACY = MINIMAL + FRAUD + "  old: {legacy: true}\n"


def test_select_and_ignore(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": LEGACY.replace("fraud: {}", "fraud: {tier: ulta}")})
    everything = invoke("check", cwd=tmp_path).out
    assert "[unknown-tier]" in everything
    assert "[legacy-workspace]" in everything
    selected = invoke("check", "--select", "legacy-workspace", cwd=tmp_path)
    assert "[legacy-workspace]" in selected.out
    assert "[unknown-tier]" not in selected.out
    assert selected.code == 0
    both = invoke("check", "--select", "legacy-workspace,unknown-tier", "--select", "unknown-role", cwd=tmp_path)
    assert both.out.count("[") == 2
    assert "[legacy-workspace]" not in invoke("check", "--ignore", "legacy-workspace", cwd=tmp_path).out
    assert "[legacy-workspace]" in invoke("check", "--select", "legacy-workspace", cwd=tmp_path).out


def test_what_cannot_be_read_is_always_reported(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": LEGACY + "tires: {}\n"})
    ran = invoke("check", "--select", "legacy-workspace", cwd=tmp_path)
    assert "[unknown-key]" in ran.out
    assert ran.code == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            ("--select", "legacy-worspace"),
            '--select: there is no rule "legacy-worspace"; did you mean',
        ),
        (("--ignore", "x,legacy-workspace"), '--ignore: there is no rule "x"'),
        (("--ignore", "duplicate-key"), '--ignore: "duplicate-key" cannot be ignored: rendering relies on it'),
        (("--ignore", "unknown-group"), '--ignore: "unknown-group" cannot be ignored'),
        (("--fail-on", "never"), "--fail-on"),
    ],
)
def test_a_wrong_choice_is_a_wrong_call(options: tuple[str, ...], said: str, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL})
    ran = invoke("check", *options, cwd=tmp_path)
    assert said in ran.err
    assert ran.code == 2


def test_fail_on(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": LEGACY})
    assert invoke("check", cwd=tmp_path).code == 0
    assert invoke("check", "--fail-on", "warning", cwd=tmp_path).code == 1
    write(tmp_path, {"org.yaml": MINIMAL})
    assert invoke("check", "--fail-on", "warning", cwd=tmp_path).code == 0


def test_several_organizations(tmp_path: Path) -> None:
    second = MINIMAL.replace("acme", "other")
    write(tmp_path, {"a.yaml": MINIMAL, "b.yaml": second, "c.yaml": second.replace("prod-us", "prod-eu")})
    ran = invoke("check", "a.yaml", "b.yaml", "c.yaml", cwd=tmp_path)
    assert "b.yaml:3:17: error: " in ran.out
    assert "[cluster-of-two-organizations]" in ran.out
    assert "c.yaml:2:22: warning: " in ran.out
    assert ran.code == 1
    assert invoke("check", "a.yaml", "c.yaml", cwd=tmp_path).code == 0
    assert invoke("check", "a.yaml", "a.yaml", cwd=tmp_path).code == 0
    assert (
        "[organization-twice]"
        not in invoke("check", "b.yaml", "c.yaml", "--ignore", "organization-twice", cwd=tmp_path).out
    )
    comment = "  # verta-gitops: ignore[organization-twice] so"
    ignored = second.replace("prod-us", "prod-eu").replace("\ncluster", f"{comment}\ncluster")
    write(tmp_path, {"c.yaml": ignored})
    assert "[organization-twice]" not in invoke("check", "b.yaml", "c.yaml", cwd=tmp_path).out
    assert "unused-ignore" not in invoke("check", "c.yaml", cwd=tmp_path).out


def test_settings_of_two_files_are_their_own_and_said_once(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": MINIMAL, "b.yaml": MINIMAL.replace("acme", "b").replace("prod-us", "c")})
    write(tmp_path, {"verta-gitops.toml": "ingore = 1"})
    assert invoke("check", "a.yaml", "b.yaml", cwd=tmp_path).out.count("unknown key") == 1


def test_rules_lists_prints_and_writes(tmp_path: Path) -> None:
    listed = invoke("rules", cwd=tmp_path)
    assert listed.code == 0
    assert "  error    unknown-tier!" in listed.out
    assert "  warning  legacy-workspace " in listed.out
    assert "duplicate-key!" in listed.out
    page = invoke("rules", "unknown-tier", cwd=tmp_path).out
    assert page.startswith("unknown-tier (error, cannot be ignored or changed)\n\nA tier that is named is defined.\n")
    data = json.loads(invoke("rules", "--format", "json", cwd=tmp_path).out)["rules"]
    assert len(data) == listed.out.count("  error    ") + listed.out.count("  warning  ")
    assert json.loads(invoke("rules", "unknown-tier", "--format", "json", cwd=tmp_path).out)["rules"][0]["firm"] is True
    ran = invoke("rules", "unknown-teir", cwd=tmp_path)
    assert 'no rule "unknown-teir"; did you mean "unknown-tier"?' in ran.err
    assert ran.code == 2


def test_pages_of_rules_that_are_gone_are_removed_and_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, {"pages/mine.md": "# Mine\n", "pages/gone.md": ""})
    invoke("rules", "-o", "pages", cwd=tmp_path)
    first = (tmp_path / "pages" / "unknown-tier.md").read_text().splitlines()[0]
    write(tmp_path, {"pages/gone.md": f"{first}\n\n# gone\n"})
    invoke("rules", "-o", "pages", cwd=tmp_path)
    assert (tmp_path / "pages" / "mine.md").exists()
    assert not (tmp_path / "pages" / "gone.md").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command: str, tmp_path: Path) -> None:
    ran = invoke(command, "--help", cwd=tmp_path)
    assert ran.code == 0
    assert f"  verta-gitops {command}" in ran.out.partition("Examples:")[2]


def test_the_help_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['verta-gitops', '--help']\n"
        "from generator.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = ('yaml', 'jinja2', 'rich', 'tomllib', 'generator.rules', 'generator.report')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_terminal_gets_source_lines_and_colours(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": LEGACY})
    plain = spawn("check", cwd=tmp_path)
    assert "|" not in plain.out
    primary, secondary = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm"}
    with subprocess.Popen(
        [sys.executable, "-m", "generator", "check"],
        cwd=tmp_path,
        env=environment,
        stdout=secondary,
        stderr=secondary,
        stdin=secondary,
    ) as process:
        os.close(secondary)
        shown = b""
        try:
            while more := os.read(primary, 4096):
                shown += more
        except OSError:
            pass  # the other end is closed
    os.close(primary)
    assert process.returncode == 0
    text = shown.decode()
    assert "\x1b[33mwarning:" in text
    assert "old: {legacy: true}" in text
    assert "^^^" in text
