"""Every id that a problem can carry → its page: the rules, and what is found outside of them.

The page of a rule is its docstring; the other pages stand here and in `reading.catalogue`, in the same form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from generator.lint import unknown_kubernetes_version
from generator.problems import Severity
from generator.reading.catalogue import PAGES as READING
from generator.rules import RULES, Rule
from generator.rules.history import HISTORY_RULES, HistoryRule
from generator.rules.history import PAGES as BASE
from generator.rules.organizations import TOGETHER, TogetherRule


class Entry(NamedTuple):
    """One id: its weight, where it comes from, and its page; a `firm` one can be neither ignored nor changed."""

    id: str
    severity: Severity
    group: str
    text: str
    firm: bool = False

    @property
    def page(self) -> str:
        """The page without the indentation of the code that it stands in."""
        from inspect import cleandoc

        return cleandoc(self.text)

    @property
    def title(self) -> str:
        """The first line of the page."""
        return self.text.strip().partition("\n")[0]


FIRM = frozenset([
    "cluster-of-two-organizations",
    "delivery-name-taken",
    "namespace-shared",
    "reserved-label",
    "reserved-namespace",
    "unknown-group",
    "unknown-namespace",
    "unknown-role",
    "unknown-tier",
    "workspace-name-collision",
])  # fmt: skip
"""Rules that rendering relies on: where one is broken, what would be written overwrites or unguards something."""

SURROUNDINGS = (Rule(unknown_kubernetes_version, "warning"),)
"""Rules that ask about more than the organization itself: here, which schemas are installed."""

_COMMENTS: dict[str, str] = {
    "invalid-ignore": """A comment that asks to ignore something says what, and why.

    Whoever reads the file next must know whether the reason still holds.

    Fails:

        tier: standard  # verta-gitops: ignore[capacity-exceeded]

    Fix: `# verta-gitops: ignore[rule-id] reason`; several ids are separated by commas.
    """,
    "unused-ignore": """A comment that asks to ignore something has something to ignore.

    What was mended needs no comment; one that stays would hide the next problem of that kind.

    Fails: a comment that stands on no line of what a rule found.

    Fix: remove the comment, or move it to a line of the span that the report shows.
    """,
}
_SETTINGS: dict[str, str] = {
    "firm-rule": """What makes rendering safe cannot be ignored or changed.

    A file that cannot be understood, and a reference to something that does not exist, have no meaning to render.

    Fails:

        [tool.verta-gitops]
        ignore = ["duplicate-key"]

    Fix: mend what was found, and remove the id.
    """,
    "invalid-settings": """The settings can be read, and say what they should.

    They stand in `verta-gitops.toml`, or in `pyproject.toml` under `[tool.verta-gitops]`.

    Fails:

        [tool.verta-gitops]
        ingore = ["legacy-workspace"]

    Fix: the message names the key that is meant, the values that are known, or the file that is missing.
    """,
    "unknown-rule": """An id that is named is the id of a rule.

    A misspelt one would ignore nothing, and nobody would know why.

    Fails:

        fraud: {}  # verta-gitops: ignore[namespace-without-teir] until May

    Fix: correct the id; `verta-gitops rules` lists them.
    """,
}
_OWN: dict[str, str] = {
    "own-rules": """A file with rules of your own can be loaded.

    It is Python, and defines `RULES`, a tuple of `generator.rules.Rule`.

    Fails:

        RULES = [names_begin_with_team]

    Fix: `RULES = (Rule(names_begin_with_team, "warning"),)`; see docs/own-rules-and-templates.md.
    """,
    "template-duplicate": """Two templates do not render the same object, or the same file.

    The engine would apply both in turn, and never be in sync.

    Fails: a template `acme-templates/namespace/quota.yaml.j2` with a ResourceQuota named `quota`.

    Fix: to replace a template of ours, give yours its name (`resourcequota.yaml.j2`); otherwise name the object
    differently.
    """,
    "template-guard": """A Namespace of your own template keeps its guard.

    The annotations that forbid pruning and deletion, and the state, are what keeps a namespace alive when an
    Application or a folder is lost. They are lifted by `state: decommission` alone.

    Fails: a `namespace/namespace.yaml.j2` that writes annotations of its own instead of `namespace.annotations`.

    Fix: write `{{ namespace.annotations | plus(...) | block(4) }}` and `{{ namespace.labels | plus(...) | block(4) }}`.
    """,
    "template-kind": """The engine may apply every kind that is rendered.

    The AppProject of the organization lists the kinds that Argo CD may apply; another one makes the whole Application
    fail.

    Fails: a template `acme-templates/namespace/serviceaccount.yaml.j2`.

    Fix: override `delivery/argocd/appproject.yaml.j2` too, and add the kind to its list.
    """,
    "template-object": """A template renders Kubernetes objects.

    Each document is a map with `apiVersion`, `kind` and `metadata.name`. What is not would make the engine refuse the
    whole folder.

    Fails:

        ---
        {{ namespace.name }}: {}

    Fix: render a manifest, or nothing at all.
    """,
    "template-scope": """A template renders objects of its scope.

    The folder of a namespace holds objects of that namespace: no cluster-scoped kind, and nothing of another namespace.
    In the cluster scope stands what belongs to no namespace.

    Fails: a ClusterRole in `acme-templates/namespace/`.

    Fix: move the template to `acme-templates/cluster/`, or write `namespace: {{ namespace.name }}`.
    """,
}
_RENDERED: dict[str, str] = {
    "codeowner-missing": """A group that owns something has a handle at the git host.

    CODEOWNERS names people as the git host knows them. A group without a handle is left out, and its files are reviewed
    by the other owners, or by nobody in particular. Asked only where a CODEOWNERS has our block.

    Fails: `fraud-leads: {subject: "oidc:fraud-leads"}`, named under `owners`.

    Fix: `fraud-leads: {codeowner: "@acme/fraud-leads"}`.
    """,
    "codeowners-block": """The block in CODEOWNERS has a beginning and an end.

    Between the two lines everything is written anew by `render`; the rest of the file is kept.

    Fails: a CODEOWNERS in which one of the lines was removed, or stands twice.

    Fix: put back `# verta-gitops: begin org.yaml` and, below it, `# verta-gitops: end org.yaml`.
    """,
    "codeowners-too-large": """CODEOWNERS is not larger than what the git host reads.

    GitHub ignores a file above 3 MB as a whole, and then nobody is asked for a review.

    Fails: some 40,000 namespaces with owners of their own.

    Fix: let fewer namespaces have owners, or split the organization's repository.
    """,
    "foreign-file": """Every file in the folder of a cluster was rendered.

    The engine applies what stands there; a file that somebody put there by hand would be applied with it, and this
    program neither keeps nor removes what is not its own.

    Fails: `rendered/prod-us/namespaces/fraud/notes.yaml`.

    Fix: move the file elsewhere; what should be applied with every namespace is a template of your own.
    """,
    "missing-file": """Every file of the organization is rendered (`render --check`).

    Fails: a change of org.yaml without `verta-gitops render`.

    Fix: run `verta-gitops render`, and commit what it writes.
    """,
    "removal-guard": """A namespace disappears only after `state: decommission`.

    Removing its folder makes the engine delete it, with every volume and every endpoint in it. So the last state that
    was rendered has to be `decommission`.

    Fails: a namespace that was removed from org.yaml, or whose fragment was.

    Fix: put it back; to remove it, write `state: decommission`, let that be applied, and remove it in a later change.
    """,
    "rendered-link": """The folder of a cluster is a folder.

    Through a symbolic link in its place, files elsewhere would be overwritten and removed.

    Fails: `rendered/prod-us` that is a link, or a file.

    Fix: put a real folder there, or name another one with `-o`.
    """,
    "schema-violation": """What is rendered fits the schema that Kubernetes publishes for its version.

    This is the second line behind the rules: the API server would refuse the object.

    Fails: a template of your own that writes `podSelectr:`.

    Fix: correct the template; where no template of yours is concerned, it is a fault of verta-gitops: report it.
    """,
    "stale-file": """Every rendered file is what org.yaml says now (`render --check`).

    Fails: a file that was edited by hand, or a change of org.yaml without `verta-gitops render`.

    Fix: run `verta-gitops render`, and commit what it writes.
    """,
}
_EDITS = {
    "edit-refused": """An edit can be made where it is wanted.

    The commands that edit a file change as few bytes as they can, and make sure that what is read afterwards is what
    was meant. Where that cannot be had, nothing is written.

    Fails: `verta-gitops set namespaces.fraud.tier gpu` where `namespaces` is no map, or where the key is there twice.

    Fix: mend what the message names, or make this change in an editor.
    """,
}
WRITTEN = "<!-- Written by `verta-gitops rules -o`; edit the docstring of the rule instead. -->"
"""First line of every page."""

_WARNINGS = frozenset(["base-with-problems", "codeowner-missing", "unused-ignore"])
_GROUPS = (
    ("the state before a change", BASE),
    ("reading", READING),
    ("comments", _COMMENTS),
    ("settings", _SETTINGS),
    ("own rules and templates", _OWN),
    ("rendering", _RENDERED),
    ("edits", _EDITS),
)


def catalogue(own: Sequence[Rule] = ()) -> dict[str, Entry]:
    """Every id with its entry, in the order of the list: the rules, an organization's own, and everything else."""
    return {entry.id: entry for entry in _entries(own)}


def _entries(own: Sequence[Rule]) -> Iterator[Entry]:
    groups: tuple[tuple[str, Sequence[Rule | TogetherRule | HistoryRule]], ...] = (
        ("rules", (*RULES, *SURROUNDINGS)),
        ("several organizations", TOGETHER),
        ("changes", HISTORY_RULES),
        ("own rules", own),
    )
    for group, rules in groups:
        for rule in rules:
            text = rule.find.__doc__ or "This rule has no description."
            yield Entry(rule.id, rule.severity, group, text, rule.id in FIRM or group == "changes")
    for group, pages in _GROUPS:
        for name, page in pages.items():
            severity: Severity = "warning" if name in _WARNINGS else "error"
            yield Entry(name, severity, group, page, firm=True)


def pages(entries: Sequence[Entry]) -> dict[str, str]:
    """The files of the documentation: a page for each entry, and the index."""
    texts = {f"{entry.id}.md": markdown(entry) for entry in entries} | {"README.md": _markdown_index(entries)}
    return {name: f"{WRITTEN}\n\n{text}" for name, text in texts.items()}


def markdown(entry: Entry) -> str:
    """The page of an entry as a file of the documentation."""
    weight = entry.severity + (", cannot be ignored or changed" if entry.firm else "")
    lines = [f"# {entry.id}", "", f"*{weight}* · {entry.group}", ""]
    fenced = False
    blank = False
    for line in entry.page.splitlines():
        if not line:
            blank = True
            continue
        code = line.startswith("    ")
        if fenced and not code:
            lines.append("```")
        if blank:
            lines.append("")
        if code and not fenced:
            lines.append("```yaml" if not line.lstrip().startswith("[tool.") else "```toml")
        lines.append(line.removeprefix("    ") if code else line)
        fenced, blank = code, False
    return "\n".join(lines) + ("\n```\n" if fenced else "\n")


def _markdown_index(entries: Sequence[Entry]) -> str:
    """The list of all pages, by group."""
    lines = [
        "# Rules",
        "",
        "Everything that `verta-gitops` can find, by its id. `make docs` writes these pages from the docstrings of the",
        "rules; `verta-gitops rules RULE-ID` prints the same text.",
    ]
    group = ""
    for entry in entries:
        if entry.group != group:
            group = entry.group
            lines += ["", f"## {group.capitalize()}", "", "| id | severity | |", "|---|---|---|"]
        title = entry.title.replace("|", "\\|")
        lines.append(f"| [{entry.id}]({entry.id}.md) | {entry.severity} | {title} |")
    return "\n".join(lines) + "\n"
