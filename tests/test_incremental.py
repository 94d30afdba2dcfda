from __future__ import annotations

import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.cache import _program
from generator.model.decode import decode
from generator.reading.sources import load
from tests.support import CASES, FRAUD, MINIMAL, invoke, tree, write

ORG = MINIMAL + FRAUD.replace(
    "workspaces:", "  churn:\n    labels: {a: b}\nworkspaces:\n  churn-models:\n    namespace: churn"
)


@pytest.fixture(autouse=True)
def _remember_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are remembered however young they are, so that no test has to wait."""
    monkeypatch.setattr("generator.memory._RACY", -(10**12))


EDITS = [
    ("churn:\n    labels: {a: b}", "churn:\n    labels: {a: c}"),
    ("churn:\n    labels: {a: b}", "churn:\n    labels: {a: b}\n    annotations:\n      c: |\n        d\n        e"),
    ("fraud: {}", "fraud: {labels: {a: b}}"),
    ("fraud: {}", 'fraud: {quota: {pods: "5"}}'),
    ("namespace: churn", "namespace: churn\n    description: x"),
    ("{namespace: fraud}", "{namespace: fraud, description: x}"),
    ("standard: {}", 'standard: {quota: {pods: "5"}}'),
    ("standard: {}", "standard: {podSecurity: restricted}"),
    ("name: acme", "name: other"),
    ('"1.33"', '"1.32"'),
    ("fraud: {}", "fraud: {state: frozen}"),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_with_a_memory_the_tree_is_the_same(
    before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert before in ORG
    write(tmp_path, {"org.yaml": ORG})
    for _ in range(2):
        assert invoke("render", cwd=tmp_path).code == 0
    changed = ORG.replace(before, after)
    write(tmp_path, {"org.yaml": changed})
    ran = invoke("check", cwd=tmp_path)
    if ran.code:
        pytest.fail(ran.out)
    assert invoke("render", "--check", cwd=tmp_path).code == 1
    assert invoke("render", cwd=tmp_path).code == 0
    with_memory = tree(tmp_path / "rendered")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no memory"))
    assert invoke("render", "-o", "fresh", cwd=tmp_path).code == 0
    assert with_memory == tree(tmp_path / "fresh")


def test_a_file_that_somebody_changed_is_seen(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ORG})
    assert invoke("render", cwd=tmp_path).code == 0
    for path in sorted((tmp_path / "rendered").rglob("*.yaml")):
        text = path.read_text()
        path.write_text(text + "# edited\n")
        ran = invoke("render", "--check", cwd=tmp_path)
        assert (ran.code, str(path.relative_to(tmp_path)) in ran.out) == (1, True)
        assert invoke("render", cwd=tmp_path).code == 0
        assert path.read_text() == text
        path.unlink()
        assert "[missing-file]" in invoke("render", "--check", cwd=tmp_path).out
        assert invoke("render", cwd=tmp_path).code == 0
        assert path.read_text() == text


def test_a_damaged_memory_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(tmp_path, {"org.yaml": ORG})
    assert invoke("render", cwd=tmp_path).code == 0
    before = tree(tmp_path / "rendered")
    memories = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert memories
    for damage in ("", "{", "[]", "null", '{"version": 1}', "\x00", '{"version": 1, "common": "x", "units": {"a": 1}}'):
        for memory in memories:
            memory.write_text(damage)
        assert invoke("render", cwd=tmp_path).code == 0
        assert tree(tmp_path / "rendered") == before


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"org.yaml": ORG, "cache": "a file"})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for _ in range(2):
        assert invoke("render", cwd=tmp_path).code == 0


TEAMS = ("fraud", "churn", "vision")
HEAD = """\
version: 1
organization: {name: acme}
cluster: {name: prod-us, kubernetesVersion: "1.33"}
delivery: {engine: flux, repoURL: "https://git.example.com/acme/platform.git"}
defaults: {tier: standard}
policy: {maxRemovals: 100%}
"""
CHOICES: dict[str, tuple[str, ...]] = {
    "tier": ("standard: {}", "standard: {podSecurity: restricted}", 'standard: {quota: {pods: "50"}}'),
    "namespace": (
        "{}",
        "{labels: {a: b}}",
        '{quota: {pods: "5"}}',
        "{network: {allowFrom: [fraud]}}",
        "\\n    description: |",
        "{state: decommission}",
        "{owners: [leads]}  # why",
        "\\n    annotations:\\n      a: |\\n        workspaces:\\n          x: {}\\n",
        '{annotations: {a: "\\n  fraud: {}\\n  "}}',
    ),
    "workspace": (
        "",
        ", description: x",
        ", access: [{group: leads, role: viewer}]",
        ", legacy: false",
        ", kind: other",
    ),
    "group": ("{}", "{subject: a}", '{subject: "b", codeowner: "@acme/leads"}'),
    "end": ("", "# end\n", "...\n", "policy: {}\n", '# verta-gitops: ignore[unused-group] "kept"\n'),
}
pieces = st.fixed_dictionaries(
    {
        "tier": st.sampled_from(CHOICES["tier"]),
        "group": st.sampled_from(CHOICES["group"]),
        "end": st.sampled_from(CHOICES["end"]),
        "teams": st.lists(
            st.tuples(
                st.sampled_from(TEAMS), st.sampled_from(CHOICES["namespace"]), st.sampled_from(CHOICES["workspace"])
            ),
            max_size=4,
        ),
        "fragment": st.booleans(),
        "codeowners": st.booleans(),
    }
)


def organization(chosen: dict[str, Any]) -> dict[str, str | bytes]:
    """The files of an organization, good or bad; the last of its teams in a fragment."""
    teams: list[tuple[str, str, str]] = [("first", "{}", ""), *chosen["teams"]]
    inside, apart = (teams[:-1], teams[-1:]) if chosen["fragment"] and len(teams) > 1 else (teams, [])

    def sections(some: list[tuple[str, str, str]]) -> str:
        spaces = "".join(f"  {name}: {about.encode().decode('unicode_escape')}\n" for name, about, _ in some)
        rooms = "".join(f"  {name}-models: {{namespace: {name}{about}}}\n" for name, _, about in some)
        return f"namespaces:\n{spaces}\nworkspaces:\n{rooms}"

    roles = "roles: {viewer: {clusterRole: view}}\n"
    top = f"{HEAD}tiers:\n  {chosen['tier']}\ngroups:\n  leads: {chosen['group']}\n{roles}"
    files: dict[str, str | bytes] = {
        "org.yaml": top + ("include: [teams/*.yaml]\n" if apart else "") + sections(inside) + chosen["end"],
        "CODEOWNERS": "# verta-gitops: begin org.yaml\n# verta-gitops: end org.yaml\n" if chosen["codeowners"] else "",
    }
    return {**files, "teams/one.yaml": sections(apart)} if apart else files


@settings(max_examples=settings().max_examples // 4)
@given(st.lists(pieces, min_size=2, max_size=5))
def test_after_any_edits_all_is_as_without_a_memory(edits: list[dict[str, Any]]) -> None:
    """Whatever is edited in turn: the same files, words and exit codes as if nothing had been before."""
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name)
        (folder / ".git").mkdir()

        def run(cache: str, *args: str) -> tuple[int, str, str]:
            patch.setenv("XDG_CACHE_HOME", str(folder / "caches" / cache))
            return invoke(*args, cwd=folder)

        def the_same(*args: str) -> int:
            warm, cold = run("kept", *args), run(f"new-{time.time_ns()}", *args)
            assert warm == cold
            return warm[0]

        for position, chosen in enumerate([*edits, edits[-1]]):
            shutil.rmtree(folder / "teams", ignore_errors=True)
            write(folder, organization(chosen))
            for form in ("text", "sarif"):
                the_same("render", "--check", "--format", form)
            if (folder / "before").exists():
                the_same("plan", "--base-dir", "before")
            if (folder / "rendered").exists():
                shutil.copytree(folder / "rendered", folder / f"copy-{position}")
            owners = (folder / "CODEOWNERS").read_bytes()
            warm = run("kept", "render")
            after = (folder / "CODEOWNERS").read_bytes()
            (folder / "CODEOWNERS").write_bytes(owners)
            cold = run(f"new-{time.time_ns()}", "render", "-o", f"copy-{position}")
            assert warm[0] == cold[0]
            assert warm[1].replace("rendered/", f"copy-{position}/") == cold[1]
            made, copied = folder / "rendered", folder / f"copy-{position}"
            assert (tree(made) if made.exists() else {}) == (tree(copied) if copied.exists() else {})
            (folder / "CODEOWNERS").write_bytes(after)
            if warm[0] == 0:
                assert the_same("render", "--check") == 0
                assert run(f"new-{time.time_ns()}", "render", "-o", f"fresh-{position}")[0] == 0
                assert tree(folder / "rendered") == tree(folder / f"fresh-{position}")
                (folder / "CODEOWNERS").write_bytes(after)
                shutil.rmtree(folder / "before", ignore_errors=True)
                write(folder / "before", organization(chosen))


class Examined(Exception):
    """The organization was looked at again."""


def answered(*args: str, cwd: Path) -> bool:
    """Whether a command is answered from memory, without looking at the organization."""

    def examine(*_: object, **__: object) -> None:
        raise Examined

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generator.pipeline.examine", examine)
        try:
            invoke(*args, cwd=cwd)
        except AssertionError:
            return False  # an internal error, which `invoke` does not allow
    return True


FILES: dict[str, str | bytes] = {
    "org.yaml": "include: [teams/*.yaml]\n" + ORG.replace("tiers:", "groups: {leads: {}}\ntiers:"),
    "teams/one.yaml": "namespaces:\n  vision: {}\nworkspaces:\n  vision-models: {namespace: vision}\n",
    "verta-gitops.toml": 'templates = ["own"]\n',
    "own/namespace/more.yaml.j2": (
        "{% include '_part.txt' %}"
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: more\n  namespace: {{ namespace.name }}\n"
    ),
    "own/_part.txt": "# a part\n",
    "CODEOWNERS": "# verta-gitops: begin org.yaml\n# verta-gitops: end org.yaml\n",
    ".git/HEAD": "",
}


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that was rendered, so that the same command is answered from memory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = write(tmp_path / "repository", FILES)
    ran = invoke("render", cwd=folder)
    assert ran.code == 0, ran.out
    assert answered("render", cwd=folder)
    assert answered("render", "--check", cwd=folder)
    return folder


@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
@pytest.mark.parametrize("context", ["--context", "--no-context"])
def test_an_answer_from_memory_has_the_same_words(
    form: str, context: str, done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    args = ("render", "--check", "--format", form, context)
    assert answered(*args, cwd=done)
    from_memory = invoke(*args, cwd=done)
    monkeypatch.setenv("XDG_CACHE_HOME", str(done / "nothing"))
    assert from_memory == invoke(*args, cwd=done)
    assert from_memory.code == 0
    assert "unused-group" in from_memory.out


CHANGES: dict[str, dict[str, str | bytes]] = {
    "the file": {"org.yaml": f"{FILES['org.yaml']!s}# more\n"},
    "a fragment": {"teams/one.yaml": f"{FILES['teams/one.yaml']!s}# more\n"},
    "one more fragment": {"teams/two.yaml": "namespaces: {}\n"},
    "the settings": {"verta-gitops.toml": 'templates = ["own"]\nignore = ["unused-group"]\n'},
    "an own template": {"own/namespace/more.yaml.j2": f"{FILES['own/namespace/more.yaml.j2']!s}data: {{}}\n"},
    "what an own template includes": {"own/_part.txt": "# another part\n"},
    "one more own template": {"own/namespace/last.yaml.j2": ""},
    "CODEOWNERS": {"CODEOWNERS": f"# other\n{FILES['CODEOWNERS']!s}"},
    "one more CODEOWNERS": {".github/CODEOWNERS": FILES["CODEOWNERS"]},
    "own rules": {"verta-gitops.toml": 'templates = ["own"]\nrules = ["rule.py"]\n', "rule.py": ""},
    "a rendered file": {"rendered/prod-us/namespaces/fraud/namespace.yaml": "# other\n"},
    "one more file": {"rendered/prod-us/namespaces/fraud/other.yaml": ""},
    "one more folder": {"rendered/prod-us/other/other.yaml": ""},
    "what is unfinished": {"rendered/prod-us/namespaces/.verta-gitops-x/namespace.yaml": ""},
}


@pytest.mark.parametrize("what", CHANGES)
def test_nothing_is_answered_from_memory_once_something_changed(
    what: str, done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(done, CHANGES[what])
    assert not answered("render", "--check", cwd=done)
    with_memory = invoke("render", "--check", cwd=done)
    monkeypatch.setenv("XDG_CACHE_HOME", str(done.parent / "nothing"))
    assert with_memory == invoke("render", "--check", cwd=done)


def test_a_file_that_is_gone_or_a_link_is_not_answered_from_memory(done: Path) -> None:
    file = done / "rendered/prod-us/namespaces/fraud/namespace.yaml"
    elsewhere = file.rename(done / "elsewhere.yaml")
    assert not answered("render", "--check", cwd=done)
    file.symlink_to(elsewhere)
    assert not answered("render", "--check", cwd=done)
    assert "[foreign-file]" in invoke("render", "--check", cwd=done).out


def test_a_folder_that_a_killed_run_left_is_removed_and_not_answered_from_memory(done: Path) -> None:
    left = done / "rendered/prod-us/namespaces/.verta-gitops-new"
    left.mkdir()
    assert not answered("render", cwd=done)
    assert invoke("render", cwd=done).code == 0
    assert not left.exists()


def test_what_own_rules_do_to_the_organization_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = (
        "from generator.rules import Rule\n\n\ndef spoils(org):\n"
        '    """Title.\n\n    Why.\n\n    Fails:\n\n        a: b\n\n    Fix: it.\n    """\n'
        "    for namespace in org.namespaces.values():\n"
        "        namespace.labels['spoilt'] = 'yes'\n"
        "    yield from ()\n\n\nRULES = (Rule(spoils, 'warning'),)\n"
    )
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    more = "".join(f"  n{number}: {{labels: {{a: b}}}}\n" for number in range(3))
    text = ORG.replace("namespaces:\n", f"namespaces:\n{more}", 1).replace(
        "workspaces:\n", "workspaces:\n" + "".join(f"  m{number}: {{namespace: n{number}}}\n" for number in range(3)), 1
    )
    write(tmp_path, {"org.yaml": text, "verta-gitops.toml": 'rules = ["rule.py"]\n', "rule.py": rule})
    assert invoke("render", cwd=tmp_path).code == 0
    (tmp_path / "verta-gitops.toml").unlink()
    write(tmp_path, {"org.yaml": text.replace("fraud: {}", "fraud: {labels: {a: b}}")})
    assert invoke("render", "-o", "other", cwd=tmp_path).code == 0
    assert not [path for path, data in tree(tmp_path / "other").items() if b"spoilt" in data]


def test_a_folder_that_is_a_link_is_not_answered_from_memory(done: Path) -> None:
    (done / "rendered").rename(done / "elsewhere")
    (done / "rendered").symlink_to("elsewhere")
    assert "[rendered-link]" in invoke("render", "--check", cwd=done).out


@pytest.mark.parametrize("what", ["generator.cache._program", "generator.lint.known_versions"])
def test_another_program_does_not_answer_from_the_memory_of_this_one(
    what: str, done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ("1.33", "1.34") if what.endswith("versions") else "another"
    monkeypatch.setattr(what.replace("lint", "incremental"), lambda: made)
    assert not answered("render", "--check", cwd=done)


def test_another_python_does_not_answer_from_the_memory_of_this_one(
    done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.version", "another")
    monkeypatch.setattr("generator.cache._program", _program.__wrapped__)
    assert not answered("render", "--check", cwd=done)


def test_own_rules_are_always_asked(tmp_path: Path) -> None:
    rule = (
        "from generator.problems import At, Problem\nfrom generator.rules import Rule\n\n\ndef said(org):\n"
        '    """Title.\n\n    Why.\n\n    Fails:\n\n        a: b\n\n    Fix: it.\n    """\n'
        "    from pathlib import Path\n\n"
        "    yield Problem(Path('said.txt').read_text(), At(()))\n\n\nRULES = (Rule(said, 'warning'),)\n"
    )
    write(tmp_path, {"org.yaml": ORG, "verta-gitops.toml": 'rules = ["rule.py"]\n', "rule.py": rule, "said.txt": "one"})
    for said in ("one", "two"):
        write(tmp_path, {"said.txt": said})
        assert f"warning: {said}" in invoke("render", cwd=tmp_path).out


def test_every_file_of_the_memory_may_be_damaged_or_belong_to_somebody_else(
    done: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(done, CHANGES["the file"])
    before = tree(done / "rendered")
    memories = [path for path in (done.parent / "cache").rglob("*") if path.is_file()]
    assert {path.suffixes[0] for path in memories} == {".answer", ".entries", ".rendered"}
    whole = {path: path.read_bytes() for path in memories}
    lost = f"{FILES['org.yaml']!s}".replace("fraud: {}", "fraud: {labels: {a: b}}")
    for damage in (b"", b"{}", b"\x00" * 99, b"cut", b"flip", b"swap"):
        for path, content in whole.items():
            mixed = {b"cut": content[:-9], b"flip": content.replace(b"a", b"b", 1), b"swap": whole[memories[0]]}
            path.write_bytes(mixed.get(damage, damage))
        assert invoke("render", "--check", cwd=done).code == 0
        write(done, {"org.yaml": lost})
        assert invoke("render", cwd=done).code == 0
        assert tree(done / "rendered") != before
        write(done, CHANGES["the file"])
        assert invoke("render", cwd=done).code == 0
        assert tree(done / "rendered") == before
    monkeypatch.setattr("os.geteuid", lambda: memories[0].stat().st_uid + 1)
    assert not answered("render", "--check", cwd=done)


def test_no_file_of_the_memory_is_in_the_rendered_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "rendered" / "prod-us"))
    write(tmp_path, {"org.yaml": ORG})
    for _ in range(2):
        assert invoke("render", cwd=tmp_path).code == 0
    assert not [path for path in tree(tmp_path / "rendered") if path.endswith(".json")]


def test_a_young_file_is_not_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.memory._RACY", 10**12)
    write(tmp_path, {"org.yaml": ORG})
    assert invoke("render", cwd=tmp_path).code == 0
    assert not answered("render", "--check", cwd=tmp_path)
    assert invoke("render", "--check", cwd=tmp_path).code == 0


def test_what_is_wrong_with_the_form_is_an_error() -> None:
    """Entries are remembered where there are no errors: then none of them has a problem that would be forgotten."""
    severities = set()
    for path in sorted(CASES.glob("*/org.yaml")):
        sources = load(str(path))
        _, problems = decode(sources.documents)
        severities |= {problem.severity for problem in (*sources.problems, *problems)}
    assert severities == {"error"}
