"""The CI that `init` writes: linted, pinned and run: the script in a real clone, the comment with our own `gh`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.scaffold import Answers, scaffold
from tests.git.clones import ENVIRONMENT, clone, commit, git
from tests.support import ROOT, write

ANSWERS = Answers("acme", "prod-us", "https://git.example.com/acme/platform.git", "argocd", "github")
GITHUB = {path: text for path, text in scaffold(ANSWERS).items() if path.startswith(".github/workflows/")}
CHECK, COMMENT = (yaml.safe_load(GITHUB[f".github/workflows/verta-gitops{name}.yaml"]) for name in ("", "-comment"))
SCRIPT = scaffold(Answers("acme", "prod-us"))["ci/verta-gitops.sh"]
MARKER = "<!-- verta-gitops plan -->"


def steps(workflow: Any) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def linter(name: str) -> str:
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not on PATH; the files are linted where it is")
    return found


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    tool = linter("actionlint")
    files = [str(write(tmp_path, {path: text}) / path) for path, text in GITHUB.items()]
    done = subprocess.run([tool, *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_shellcheck_finds_nothing(tmp_path: Path) -> None:
    tool = linter("shellcheck")
    scripts = {"ci.sh": SCRIPT, "comment.sh": "#!/bin/bash\n" + steps(COMMENT)[0]["run"]}
    scripts |= {f"{n}.sh": "#!/bin/bash\n" + step["run"] for n, step in enumerate(steps(CHECK)) if "run" in step}
    write(tmp_path, dict(scripts))
    done = subprocess.run([tool, *scripts], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("text", GITHUB.values(), ids=list(GITHUB))
def test_actions_are_pinned_and_permissions_are_minimal(text: str) -> None:
    workflow = yaml.safe_load(text)
    for line in text.splitlines():
        if "uses:" in line:
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
    assert workflow["permissions"] == {}
    assert all(job["permissions"] and job["timeout-minutes"] <= 15 for job in workflow["jobs"].values())
    assert "pull_request_target" not in workflow[True]  # YAML 1.1 reads `on` so
    assert "secrets." not in text
    for step in steps(workflow):
        assert "${{" not in step.get("run", ""), "an expression in a script is an injection"


def test_what_runs_the_change_may_not_write() -> None:
    assert CHECK["jobs"]["check"]["permissions"] == {"contents": "read"}
    checkout = CHECK["jobs"]["check"]["steps"][0]
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}
    assert COMMENT["jobs"]["comment"]["permissions"] == {"actions": "read", "pull-requests": "write"}
    assert not [step for step in steps(COMMENT) if "uses" in step]


def test_the_pipeline_of_gitlab_needs_no_token_and_has_the_history() -> None:
    text = scaffold(Answers("acme", "prod-us", ci="gitlab"))[".gitlab-ci.yml"]
    job = yaml.safe_load(text)["verta-gitops"]
    assert job["variables"]["GIT_DEPTH"] == "0"
    assert "TOKEN" not in text
    done = subprocess.run(["sh", "-n"], input=job["script"][0], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# The script of a change, in a clone whose branch has left main.


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone on a branch, while main went on; the commands are on PATH."""
    origin = tmp_path / "origin"
    write(origin, dict(scaffold(Answers("acme", "prod-us"))))
    run(["verta-gitops", "render"], origin, tmp_path)
    commit(origin, {}, "first")
    git(origin, "branch", "--force", "-M", "main")
    here = clone(origin, tmp_path / "here")
    git(here, "checkout", "--quiet", "-b", "change")
    (origin / "org.yaml").write_text((origin / "org.yaml").read_text().replace("sandbox", "sandpit"))
    run(["verta-gitops", "render", "-o", "elsewhere"], origin, tmp_path)
    shutil.rmtree(origin / "rendered")
    (origin / "elsewhere").rename(origin / "rendered")
    commit(origin, {}, "main goes on, and it would be a removal if it were compared with")
    git(here, "fetch", "--quiet")
    return here


def run(command: list[str], folder: Path, tmp_path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    tools = tmp_path / "bin"
    if not tools.exists():
        write(tools, {"verta-gitops": f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m generator "$@"\n'})
        (tools / "verta-gitops").chmod(0o755)
    environment = {**ENVIRONMENT, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", **more}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_script_compares_with_the_merge_base(repository: Path, tmp_path: Path) -> None:
    org = repository / "org.yaml"
    org.write_text(org.read_text().replace('requests.cpu: "16"', 'requests.cpu: "20"'))
    run(["verta-gitops", "render"], repository, tmp_path)
    commit(repository, {}, "more")
    done = run(["sh", "ci/verta-gitops.sh", "origin/main"], repository, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    plan = (repository / "plan.md").read_text()
    assert plan.startswith(MARKER)
    assert "requests.cpu" in plan
    assert "sandpit" not in plan
    assert done.stderr.splitlines()[0] == "+ verta-gitops check --base origin/main"


def test_the_script_runs_everything_and_ends_with_the_worst(repository: Path, tmp_path: Path) -> None:
    org = repository / "org.yaml"
    org.write_text(org.read_text().replace('requests.cpu: "16"', 'requests.cpu: "20"'))
    commit(repository, {}, "not rendered")
    done = run(["sh", "ci/verta-gitops.sh", "origin/main", "other.md"], repository, tmp_path)
    assert done.returncode == 1
    assert "[stale-file]" in done.stdout
    assert (repository / "other.md").read_text().startswith(MARKER)
    assert run(["sh", "ci/verta-gitops.sh", "no-such-ref"], repository, tmp_path).returncode == 3


@pytest.mark.parametrize("host", ["github", "gitlab"])
@pytest.mark.parametrize("allowed", ["", "2"])
def test_the_jobs_of_the_hosts_run_in_a_clone(repository: Path, tmp_path: Path, host: str, allowed: str) -> None:
    org = repository / "org.yaml"
    org.write_text(org.read_text().replace('requests.cpu: "16"', 'requests.cpu: "20"'))
    run(["verta-gitops", "render"], repository, tmp_path)
    commit(repository, {}, "more")
    if host == "gitlab":
        job = yaml.safe_load(scaffold(Answers("acme", "prod-us", ci="gitlab"))[".gitlab-ci.yml"])["verta-gitops"]
        scripts, plan = job["script"], repository / "plan.md"
        values = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "VERTA_GITOPS_CHECK_ALLOW_REMOVALS": allowed}
    else:
        found = [step for step in CHECK["jobs"]["check"]["steps"] if "run" in step]
        scripts = [step["run"] for step in found if step["name"] not in ("Install", "Check", "Check the change")]
        done = run(
            ["bash", "-ec", next(step["run"] for step in found if step["name"] == "Check the change")],
            repository,
            tmp_path,
            BASE="origin/main",
            VERTA_GITOPS_CHECK_ALLOW_REMOVALS=allowed,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        plan = tmp_path / "plan" / "comment.md"
        values = {"BASE": "origin/main", "NUMBER": "7", "RUNNER_TEMP": str(tmp_path)}
        values["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary")
    for script in scripts:
        done = run(["bash", "-ec", script], repository, tmp_path, **values)
        assert done.returncode == 0, script + done.stdout + done.stderr
    assert plan.read_text().startswith(MARKER)
    assert "requests.cpu" in plan.read_text()
    assert "sandpit" not in plan.read_text()


def test_the_script_stops_a_removal(repository: Path, tmp_path: Path) -> None:
    git(repository, "reset", "--quiet", "--hard", "origin/main~1")
    org = repository / "org.yaml"
    org.write_text(org.read_text().partition("# An example to replace")[0])
    commit(repository, {}, "gone")
    done = run(["sh", "ci/verta-gitops.sh", "origin/main"], repository, tmp_path)
    assert done.returncode == 1
    assert '"sandbox"' in done.stdout


# The comment: an artifact that anybody may have made.

GH = """\
import json, pathlib, sys
args = sys.argv[1:]
here = pathlib.Path(__file__).parent
with (here / "log").open("a") as log:
    log.write(" ".join(args) + "\\n")
if "--method" in args:
    body = next(arg for arg in args if arg.startswith("body=@"))
    (here / "posted").write_bytes(pathlib.Path(body[6:]).read_bytes())
elif args[1].endswith("/zip"):
    sys.stdout.buffer.write((here / "artifact.zip").read_bytes())
elif "/artifacts?" in args[1]:
    print("77", (here / "artifact.zip").stat().st_size)
elif "/pulls/" in args[1]:
    print((here / "head").read_text())
elif "/comments" in next(arg for arg in args if arg.startswith("repos/")):
    print((here / "comments").read_text(), end="")
"""


def post(folder: Path, files: dict[str, str | bytes], head: str = "c0ffee", comments: str = "") -> tuple[str, bytes]:
    """Run the second workflow's script on an artifact; what was asked of GitHub, and what was posted."""
    write(folder, {"gh.py": GH, "head": head, "comments": comments})
    write(folder, {"bin/gh": f'#!/bin/sh\nexec "{sys.executable}" "{folder}/gh.py" "$@"\n'})
    (folder / "bin" / "gh").chmod(0o755)
    with zipfile.ZipFile(folder / "artifact.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    (folder / "temp").mkdir()
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    values = {"RUNNER_TEMP": str(folder / "temp"), "REPOSITORY": "acme/p", "RUN": "5", "COMMIT": "c0ffee"}
    done = subprocess.run(
        ["bash", "-c", steps(COMMENT)[0]["run"]],
        env={**os.environ, "PATH": path, **values},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    posted = folder / "posted"
    return done.stdout + (folder / "log").read_text(), posted.read_bytes() if posted.exists() else b""


needs_tools = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "unzip", "iconv"))), reason="the runner's bash, unzip and iconv are not here"
)
PLAN = f"{MARKER}\n### Plan\n"


@needs_tools
def test_a_plan_is_posted_once_and_then_edited(tmp_path: Path) -> None:
    log, posted = post(tmp_path / "1", {"number": "12\n", "comment.md": PLAN})
    assert posted == PLAN.encode()
    assert "--method POST repos/acme/p/issues/12/comments" in log
    log, posted = post(tmp_path / "2", {"number": "12\n", "comment.md": PLAN}, comments="901\n902\n")
    assert posted == PLAN.encode()
    assert "--method PATCH repos/acme/p/issues/comments/901" in log


@needs_tools
@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"comment.md": PLAN}, "the number of the pull request is none"),
        ({"number": "", "comment.md": PLAN}, "the number of the pull request is none"),
        ({"number": "1; curl x", "comment.md": PLAN}, "the number of the pull request is none"),
        ({"number": "../../x", "comment.md": PLAN}, "the number of the pull request is none"),
        ({"number": "12345678901", "comment.md": PLAN}, "the number of the pull request is none"),
        ({"number": "12"}, "the artifact holds no plan"),
        ({"number": "12", "comment.md": "buy this"}, "the artifact holds no plan"),
        ({"number": "12", "../comment.md": PLAN}, "the artifact holds no plan"),
        ({"number": "12", "comment.md": os.urandom(300_000)}, "the artifact is larger than a plan can be"),
    ],
)
def test_an_artifact_that_is_no_plan_is_not_posted(tmp_path: Path, files: dict[str, str | bytes], said: str) -> None:
    log, posted = post(tmp_path, files)
    assert posted == b""
    assert said in log


@needs_tools
def test_no_other_pull_request_can_be_written_to(tmp_path: Path) -> None:
    log, posted = post(tmp_path, {"number": "1", "comment.md": PLAN}, head="beef")
    assert posted == b""
    assert "pull request 1 is not, or no longer, at c0ffee" in log


@needs_tools
def test_a_bomb_is_cut_to_what_a_comment_may_be(tmp_path: Path) -> None:
    _, posted = post(tmp_path, {"number": "12", "comment.md": PLAN + "ü" * 10_000_000})
    assert len(posted) <= 65_536
    posted.decode()
