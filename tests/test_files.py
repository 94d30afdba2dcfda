from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.files import compare, synchronize
from generator.problems import Stop
from generator.rendering.tree import HEADER
from tests.support import FRAUD, MINIMAL, ROOT, invoke, spawn, tree, write

TWO = MINIMAL + FRAUD.replace("workspaces:", "  churn: {}\nworkspaces:\n  churn-models: {namespace: churn}")
ONE = MINIMAL + FRAUD
FILES = {f"namespaces/n{n}/{name}.yaml": f"{HEADER}---\na: {n}\n" for n in range(3) for name in ("namespace", "quota")}


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    return {path: (found.st_mtime_ns, found.st_ino) for path in tree(folder) for found in [(folder / path).stat()]}


# What is written.


def test_an_empty_folder_becomes_the_tree(tmp_path: Path) -> None:
    difference = synchronize(str(tmp_path / "rendered" / "prod"), FILES)
    assert difference.added == tuple(FILES)
    assert tree(tmp_path / "rendered" / "prod") == {path: text.encode() for path, text in FILES.items()}


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    synchronize(str(tmp_path), FILES)
    before = stamps(tmp_path)
    assert not synchronize(str(tmp_path), FILES)
    assert stamps(tmp_path) == before
    changed = {**FILES, "namespaces/n1/quota.yaml": f"{HEADER}---\nb: 1\n"}
    assert synchronize(str(tmp_path), changed).changed == ("namespaces/n1/quota.yaml",)
    after = stamps(tmp_path)
    assert [path for path in before if before[path] != after[path]] == ["namespaces/n1/quota.yaml"]


def test_what_is_no_longer_produced_is_removed_with_its_folder(tmp_path: Path) -> None:
    synchronize(str(tmp_path), {**FILES, "cluster/roles.yaml": f"{HEADER}---\na: 1\n"})
    assert synchronize(str(tmp_path), FILES).removed == ("cluster/roles.yaml",)
    assert not (tmp_path / "cluster").exists()


def test_comparing_writes_nothing(tmp_path: Path) -> None:
    difference = compare(str(tmp_path / "rendered" / "prod"), FILES)
    assert difference.added == tuple(FILES)
    assert list(tmp_path.iterdir()) == []


def test_other_clusters_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE, "rendered/other/x.yaml": "mine", "rendered/README.md": "mine"})
    assert invoke("render", cwd=tmp_path).code == 0
    assert invoke("render", "--check", cwd=tmp_path).code == 0
    assert (tmp_path / "rendered/other/x.yaml").read_text() == "mine"
    assert (tmp_path / "rendered/README.md").read_text() == "mine"


PATHS = st.sampled_from(["cluster/a.yaml", "cluster/b.yaml", "delivery/c.yaml", "namespaces/n/workspace-x.yaml"])
TREES = st.dictionaries(PATHS, st.sampled_from("xyz").map(lambda text: f"{HEADER}{text}\n"))


@given(TREES, TREES)
def test_any_tree_becomes_any_other(
    tmp_path_factory: pytest.TempPathFactory, one: dict[str, str], two: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("trees")
    synchronize(str(folder / "r"), one)
    difference = synchronize(str(folder / "r"), two)
    assert set(difference.written) == {path for path in two if one.get(path) != two[path]}
    assert set(difference.removed) == set(one) - set(two)
    assert tree(folder / "r") == {path: text.encode() for path, text in two.items()}
    assert not (folder / "r/namespaces/n").exists() or any((folder / "r/namespaces/n").iterdir())


# What is refused.


@pytest.mark.parametrize(
    "foreign", ["README.md", "namespaces/fraud/mine.yaml", "namespaces/mine/x.yaml", "cluster/.gitkeep"]
)
def test_a_foreign_file_is_never_touched(foreign: str, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE, f"rendered/prod-us/{foreign}": "apiVersion: v1\n"})
    before = tree(tmp_path)
    for options in ([], ["--check"]):
        ran = invoke("render", *options, cwd=tmp_path)
        assert ran.code == 1
        assert f"rendered/prod-us/{foreign}:1:1: error: this file was not rendered from org.yaml" in ran.out
        assert "[foreign-file]" in ran.out
        assert "nothing written" in ran.out or options
        assert tree(tmp_path) == before


def test_a_foreign_file_in_the_place_of_ours_is_never_touched(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE, "rendered/prod-us/namespaces/fraud/namespace.yaml": "apiVersion: v1\n"})
    before = tree(tmp_path)
    ran = invoke("render", cwd=tmp_path)
    assert (ran.code, "[foreign-file]" in ran.out) == (1, True)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("link", ["", "/prod-us", "/prod-us/namespaces", "/prod-us/namespaces/fraud/namespace.yaml"])
@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_is_never_written_through(link: str, dangling: bool, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE, "elsewhere/keep": "mine"})
    link = f"rendered{link}"
    (tmp_path / link).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / link).symlink_to(tmp_path / ("nowhere" if dangling else "elsewhere"))
    before = tree(tmp_path)
    for options in ([], ["--check"]):
        ran = invoke("render", *options, cwd=tmp_path)
        assert ran.code == 1
        assert "[rendered-link]" in ran.out or "[foreign-file]" in ran.out
        assert tree(tmp_path) == before


def test_rendered_as_a_link_names_the_way_out(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE})
    (tmp_path / "real").mkdir()
    (tmp_path / "rendered").symlink_to("real")
    ran = invoke("render", cwd=tmp_path)
    message = "rendered is a symbolic link; put a real folder there, or name its target with -o"
    assert f"rendered:1:1: error: {message} [rendered-link]" in ran.out.splitlines()
    assert invoke("render", "-o", "real", cwd=tmp_path).code == 0


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE, "rendered": "mine"})
    ran = invoke("render", cwd=tmp_path)
    assert ran.code in (1, 3)
    assert "rendered is not a folder" in ran.out + ran.err
    assert (tmp_path / "rendered").read_text() == "mine"
    write(tmp_path, {"out/prod-us/namespaces": HEADER})
    assert invoke("render", "-o", "out", cwd=tmp_path).code in (1, 3)


def test_a_namespace_that_is_not_decommissioned_is_not_removed(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": TWO})
    assert invoke("render", cwd=tmp_path).code == 0
    before = tree(tmp_path / "rendered")
    write(tmp_path, {"org.yaml": ONE})
    for options in ([], ["--check"]):
        ran = invoke("render", *options, cwd=tmp_path)
        assert ran.code == 1
        assert 'error: namespace "churn" is not in org.yaml any more, but its rendered state is "active"' in ran.out
        assert "write `state: decommission`" in ran.out
        assert "[removal-guard]" in ran.out
        assert tree(tmp_path / "rendered") == before


def test_a_frozen_namespace_is_not_removed_either(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": TWO.replace("churn: {}", "churn: {state: frozen}")})
    assert invoke("render", cwd=tmp_path).code == 0
    write(tmp_path, {"org.yaml": ONE})
    ran = invoke("render", cwd=tmp_path)
    assert (ran.code, 'state is "frozen"' in ran.out) == (1, True)


def test_a_decommissioned_namespace_is_removed(tmp_path: Path) -> None:
    for text, gone in ((TWO, False), (TWO.replace("churn: {}", "churn: {state: decommission}"), False), (ONE, True)):
        write(tmp_path, {"org.yaml": text})
        assert invoke("render", cwd=tmp_path).code == 0
        assert (tmp_path / "rendered/prod-us/namespaces/churn").exists() != gone
    assert invoke("render", "--check", cwd=tmp_path).code == 0


def test_a_namespace_whose_rendered_state_is_lost_is_not_removed(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": TWO.replace("churn: {}", "churn: {state: decommission}")})
    assert invoke("render", cwd=tmp_path).code == 0
    (tmp_path / "rendered/prod-us/namespaces/churn/namespace.yaml").unlink()
    write(tmp_path, {"org.yaml": ONE})
    ran = invoke("render", cwd=tmp_path)
    assert (ran.code, 'state is "unknown"' in ran.out) == (1, True)


def test_an_annotation_cannot_pretend_a_state(tmp_path: Path) -> None:
    sly = '{annotations: {example.com/a: "x\\n    verta-gitops.io/state: decommission\\n"}}'
    write(tmp_path, {"org.yaml": TWO.replace("churn: {}", f"churn: {sly}")})
    assert invoke("render", cwd=tmp_path).code == 0
    write(tmp_path, {"org.yaml": ONE})
    assert "[removal-guard]" in invoke("render", cwd=tmp_path).out


def test_the_guard_holds_when_a_namespace_becomes_the_primary_one(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": TWO})
    assert invoke("render", cwd=tmp_path).code == 0
    before = tree(tmp_path / "rendered")
    text = ONE + "  churn-models: {legacy: true}\nverta: {primaryNamespace: churn}\n"
    write(tmp_path, {"org.yaml": text})
    ran = invoke("render", cwd=tmp_path)
    assert "[removal-guard]" in ran.out
    assert tree(tmp_path / "rendered") == before


def test_a_legacy_workspace_may_leave_the_primary_namespace(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE + "  old: {legacy: true}\n"})
    assert invoke("render", cwd=tmp_path).code == 0
    write(tmp_path, {"org.yaml": ONE})
    assert invoke("render", cwd=tmp_path).code == 0
    assert not (tmp_path / "rendered/prod-us/namespaces/default").exists()


# When the disk refuses, or somebody else is at work.

LIMITED = """\
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
from generator.cli import main
main()
"""


def limited(size: int, *args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command where no file may grow beyond a size: as on a full disk, also for root."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("size", [0, 100, 600, 1000])
def test_a_full_disk(size: int, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": TWO})
    ran = limited(size, "render", cwd=tmp_path)
    assert ran.returncode == 3
    assert "cannot be written: File too large; what was written is complete, render again to go on" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not [path for path in tree(tmp_path) if ".verta-gitops-" in path]
    written = tree(tmp_path / "rendered") if (tmp_path / "rendered").exists() else {}
    if size == 0:
        assert written == {}
    assert invoke("render", cwd=tmp_path).code == 0
    whole = tree(tmp_path / "rendered")
    assert {path: whole[path] for path in written} == written, "what was written was written whole"


def test_a_full_disk_while_something_changes_keeps_the_old_file(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE})
    assert invoke("render", cwd=tmp_path).code == 0
    before = tree(tmp_path / "rendered")
    write(tmp_path, {"org.yaml": ONE.replace("acme", "other")})
    assert limited(100, "render", cwd=tmp_path).returncode == 3
    assert tree(tmp_path / "rendered") == before


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root; the full disk above covers the same path")
def test_a_read_only_folder(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE})
    tmp_path.chmod(0o555)
    try:
        ran = invoke("render", cwd=tmp_path)
    finally:
        tmp_path.chmod(0o755)
    assert (ran.code, "cannot be written" in ran.err) == (3, True)
    assert not (tmp_path / "rendered").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE})
    ran = invoke("render", "-o", "/proc/verta-gitops", cwd=tmp_path)
    assert ran.code == 3
    assert ran.err.startswith("error: /proc/verta-gitops")
    assert "cannot be written" in ran.err


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE})
    (tmp_path / "rendered/prod-us/namespaces/fraud/namespace.yaml").mkdir(parents=True)
    ran = invoke("render", cwd=tmp_path)
    assert ran.code in (1, 3)
    assert "namespace.yaml" in ran.out + ran.err
    assert not [path for path in tree(tmp_path) if ".verta-gitops-" in path]


def test_a_second_run_stops_at_once(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE})
    folder = tmp_path / "rendered" / "prod-us"
    folder.mkdir(parents=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        ran = invoke("render", cwd=tmp_path)
    finally:
        os.close(descriptor)
    assert (ran.code, ran.err) == (3, "error: rendered/prod-us: another run is writing here; wait for it to end\n")
    assert tree(tmp_path / "rendered") == {}
    assert invoke("render", cwd=tmp_path).code == 0


def test_two_runs_at_once_leave_the_tree(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": TWO})
    runs = [threading.Thread(target=spawn, args=("render",), kwargs={"cwd": tmp_path}) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert invoke("render", "--check", cwd=tmp_path).code == 0


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ONE})
    assert invoke("render", cwd=tmp_path).code == 0
    expected = tree(tmp_path / "rendered")
    folder = tmp_path / "rendered/prod-us/namespaces"
    write(folder, {".verta-gitops-churn/namespace.yaml": "half", "fraud/.verta-gitops-namespace.yaml": "ha"})
    assert invoke("render", "--check", cwd=tmp_path).code == 0
    assert (folder / ".verta-gitops-churn").exists()
    assert invoke("render", cwd=tmp_path).code == 0
    assert tree(tmp_path / "rendered") == expected
    assert not (folder / ".verta-gitops-churn").exists()


KILLED = """\
import itertools, os, signal, sys
fatal = int(sys.argv.pop(1))
steps = itertools.count()

def dying(call):
    def step(*args, **more):
        if next(steps) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **more)
    return step

for name in ("open", "write", "replace", "rename", "mkdir", "unlink", "rmdir"):
    setattr(os, name, dying(getattr(os, name)))
from generator.files import synchronize
from generator.rendering.tree import HEADER
tree = {f"namespaces/n{n}/{f}.yaml": HEADER + sys.argv[2] for n in range(2) for f in ("a", "b")}
tree["cluster/" + sys.argv[2] + ".yaml"] = HEADER
synchronize(sys.argv[1], tree)
"""


def test_killed_at_any_moment_the_next_run_converges(tmp_path: Path) -> None:
    """SIGKILL before the first, the second, … system call that changes the disk, until a run comes to its end."""
    wanted = {f"namespaces/n{n}/{f}.yaml": f"{HEADER}new" for n in range(2) for f in ("a", "b")}
    wanted["cluster/new.yaml"] = HEADER
    old = {f"namespaces/n{n}/{f}.yaml": f"{HEADER}old" for n in range(1) for f in ("a", "b")}
    old["cluster/old.yaml"] = HEADER
    killed = 0
    for fatal in range(0, 200, 3):
        folder = tmp_path / str(fatal)
        synchronize(str(folder), old)
        done = subprocess.run(
            [
                sys.executable,
                "-S",
                "-c",
                f"import sys; sys.path[:0] = {sys.path!r}\n" + KILLED,
                str(fatal),
                str(folder),
                "new",
            ],
            check=False,
        )
        for path, data in tree(folder).items():
            if ".verta-gitops-" not in path:
                assert data.decode() in (old.get(path), wanted.get(path)), "every file is whole, old or new"
        synchronize(str(folder), wanted)
        assert tree(folder) == {path: text.encode() for path, text in wanted.items()}
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        killed += 1
    assert killed > 5


def test_the_text_of_a_killed_run_is_never_half(tmp_path: Path) -> None:
    """An interrupt in the midst of writing leaves nothing behind, not even a leftover."""
    seen = 0

    def tick(done: int) -> None:
        nonlocal seen
        seen = done
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synchronize(str(tmp_path), FILES, tick)
    found = tree(tmp_path)
    assert len(found) == seen == 2
    assert all(FILES[path].encode() == data for path, data in found.items())
    with pytest.raises(Stop, match=r"is not a folder|cannot be"):
        synchronize(str(tmp_path / "namespaces/n0/quota.yaml" / "x" / "y"), FILES)


def test_the_summary_counts(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": TWO})
    assert invoke("render", cwd=tmp_path).out.splitlines()[-1] == "2 workspaces → 6 files: 6 changed, 0 removed"
    assert invoke("render", cwd=tmp_path).out.splitlines()[-1] == "2 workspaces → 6 files: 0 changed, 0 removed"
    assert invoke("render", "--check", cwd=tmp_path).out.splitlines()[-1] == "2 workspaces → 6 files: up to date"
    path = tmp_path / "rendered/prod-us/namespaces/fraud/namespace.yaml"
    path.write_text(f"{HEADER}# edited\n")
    (path.parent / "workspace.yaml").unlink()
    write(tmp_path, {"rendered/prod-us/cluster/old.yaml": HEADER})
    ran = invoke("render", "--check", cwd=tmp_path)
    assert ran.code == 1
    found = [line for line in ran.out.splitlines() if "-file]" in line]
    home, remedy = "rendered/prod-us", "run `verta-gitops render`"
    assert found == [
        f"{home}/namespaces/fraud/workspace.yaml:1:1: error: this file is missing; {remedy} [missing-file]",
        f"{home}/namespaces/fraud/namespace.yaml:1:1: error: this file is stale; {remedy} [stale-file]",
        f"{home}/cluster/old.yaml:1:1: error: this file is not rendered any more; {remedy} [stale-file]",
    ]
    assert ran.out.splitlines()[-1] == "2 workspaces → 6 files: 2 changed, 1 removed if rendered"
    assert path.read_text() == f"{HEADER}# edited\n"
    assert invoke("render", cwd=tmp_path).out.splitlines()[-1] == "2 workspaces → 6 files: 2 changed, 1 removed"
