"""File name → organization and problems: reading, decoding and judging in one call."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from generator.catalogue import SURROUNDINGS, Entry, catalogue
from generator.model.decode import decode
from generator.model.kinds import nearest
from generator.model.org import Org
from generator.problems import At, Path, Problem
from generator.reading.comments import Ignore, ignores
from generator.reading.reader import read
from generator.reading.sources import Reader, Sources, load
from generator.reading.store import DISK, Store
from generator.rules import RULES, Rule, judge
from generator.rules.organizations import judge_together
from generator.settings import Settings, find_settings


@dataclass(frozen=True)
class Selection:
    """Which rules are asked: all, or those in `select`; never those in `ignore`."""

    select: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()

    def __contains__(self, rule: str) -> bool:
        return rule not in self.ignore and (not self.select or rule in self.select)


EVERYTHING = Selection()


@dataclass(frozen=True)
class Examined:
    """What is known of one file: the organization as far as it could be read, and all problems by place."""

    file: str
    sources: Sources
    org: Org | None
    problems: tuple[Problem, ...]
    settings: Settings = field(default_factory=Settings)
    entries: dict[str, Entry] = field(default_factory=dict, repr=False)
    asked: tuple[str, ...] = ()
    """The rules that were asked, by id."""
    failed: bool = False
    """Whether an own rule could not do its work."""

    @property
    def errors(self) -> bool:
        """Whether something must be mended before rendering."""
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def unsafe(self) -> bool:
        """Whether something is broken that rendering relies on, so that nothing may even be rendered in memory."""
        return any(problem.severity == "error" and self.entries[problem.rule].firm for problem in self.problems)


@dataclass(frozen=True)
class Rulebook:
    """The rules that hold for an organization: ours and its own, and what is wrong with its settings."""

    settings: Settings
    own: tuple[Rule, ...]
    entries: dict[str, Entry]
    problems: tuple[Problem, ...]


def rulebook(file: str) -> Rulebook:
    """The rules that hold for a file, by the settings beside it."""
    settings = find_settings(file)
    own: tuple[Rule, ...] = ()
    problems = list(settings.problems)
    if settings.rules:
        from generator.own.rules import load_rules

        own, found = load_rules(settings.rules, catalogue())
        problems += found
    entries = catalogue(own)
    firm = [entry.id for entry in entries.values() if entry.firm]
    if len(problems) == len(settings.problems):  # otherwise an id may be unknown because its file was not loaded
        problems += settings.unknown_rules(entries, firm)
    return Rulebook(settings, own, entries, tuple(problems))


def asked_rules(book: Rulebook, selection: Selection = EVERYTHING) -> tuple[Rule, ...]:
    """The rules that are asked, own ones last, each as heavy as the settings say."""
    return tuple(_asked((*RULES, *SURROUNDINGS, *book.own), book.settings, selection))


def examine(
    file: str,
    selection: Selection = EVERYTHING,
    rules: Rulebook | None = None,
    store: Store = DISK,
    reader: Reader = read,
) -> Examined:
    """Read, decode and judge a file. Raises Stop where it cannot be read at all."""
    sources = load(file, store, reader)
    book = rules or rulebook(file)
    problems = [*book.problems, *sources.problems]
    org: Org | None = None
    asked: tuple[Rule, ...] = ()
    failed = False
    if sources.complete:
        org, structural = decode(sources.documents)
        claimed = {_start(problem) for problem in sources.problems}
        problems += [problem for problem in structural if _start(problem) not in claimed]
        broken = _Broken(problem.path for problem in structural)
        asked = asked_rules(book, selection)
        mine = [rule for rule in asked if rule not in book.own]
        found = list(judge(org, tuple(mine)))
        for rule in asked[len(mine) :]:
            more, failure = _run_own(rule, org)
            found += more
            if failure is not None:
                problems.append(failure)
                failed = True
        located = [problem for problem in map(sources.located, found) if problem.path not in broken]
        clear = not (sources.problems or structural or failed)
        problems += _without_ignored(located, sources, book.entries, {rule.id for rule in asked}, clear)
    ids = tuple(rule.id for rule in asked)
    return Examined(file, sources, org, _sorted(problems, sources), book.settings, book.entries, ids, failed)


def examine_together(results: Sequence[Examined], selection: Selection = EVERYTHING) -> list[Examined]:
    """The results with what is wrong between them, by the settings and the comments of the one where it is mended."""
    more: dict[str, list[Problem]] = {result.file: [] for result in results}
    by_file = {result.file: result for result in results}
    for file, problem in judge_together([(result.file, result.org) for result in results if result.org is not None]):
        result = by_file[file]
        firm, settings = result.entries[problem.rule].firm, result.settings
        if problem.rule not in selection or (problem.rule in settings.ignore and not firm):
            continue
        severity = problem.severity if firm else settings.severity.get(problem.rule, problem.severity)
        located = result.sources.located(replace(problem, severity=severity))
        if firm or not any(problem.rule in each.rules for each in _Comments(result.sources).beside(located)):
            more[file].append(located)
    return [
        replace(result, problems=_sorted([*result.problems, *more[result.file]], result.sources)) for result in results
    ]


def scrutinize(
    examined: Examined, tree: Mapping[str, str | None], folder: str, written: Collection[str]
) -> list[Problem]:
    """What is wrong with the files that are about to be written, by own templates' scopes and Kubernetes' schemas."""
    assert examined.org is not None
    own: Collection[str] = ()
    if examined.settings.templates:
        from generator.own.templates import examine_templates

        own, faults = examine_templates(examined.settings.templates, tree, examined.org.delivery.engine)
        if faults:
            return faults
    if not written:
        return []
    from generator.lint import Schemas, lint

    texts = ((f"{folder}/{path}", tree[path] or "") for path in written)
    exact = {f"{folder}/{path}" for path in own}
    locate = examined.sources.locate
    return list(
        lint(Schemas.of(examined.org.cluster.kubernetes_version), texts, lambda path: locate(At(path, key=True)), exact)
    )


def _asked(rules: Iterable[Rule], settings: Settings, selection: Selection) -> Iterator[Rule]:
    from generator.catalogue import FIRM

    for rule in rules:
        if rule.id in selection and (rule.id in FIRM or rule.id not in settings.ignore):
            changed = None if rule.id in FIRM else settings.severity.get(rule.id)
            yield rule if changed is None else rule._replace(severity=changed)


def _sorted(problems: Iterable[Problem], sources: Sources) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda problem: sources.locate(problem.place)))


def _run_own(rule: Rule, org: Org) -> tuple[list[Problem], Problem | None]:
    from generator.own.rules import run_rule

    return run_rule(rule, org)


def _without_ignored(
    problems: list[Problem], sources: Sources, entries: dict[str, Entry], asked: Collection[str], clear: bool
) -> Iterator[Problem]:
    """The problems that no comment asks to ignore, and what is wrong with the comments.

    `clear` says that all rules could see everything: only then is a comment without effect known to be useless.
    """
    comments = _Comments(sources)
    used: set[tuple[Ignore, str]] = set()
    for problem in problems:
        covering = [
            comment
            for comment in comments.beside(problem)
            if problem.rule in comment.rules and not entries[problem.rule].firm
        ]
        used |= {(comment, problem.rule) for comment in covering}
        if not covering:
            yield problem
    for comment in comments.all:
        yield from _comment_problems(comment, entries)
        if clear and comment.reason:
            for name in comment.rules:
                if name in asked and not entries[name].firm and (comment, name) not in used:
                    message = f'"{name}" finds nothing here; remove this comment'
                    yield Problem(message, comment.place, rule="unused-ignore", severity="warning")


class _Comments:
    """The comments of an organization's files that are addressed to us."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self.all = [comment for document in sources.documents for comment in ignores(document)]
        self.lines: dict[str, list[tuple[int, int]]] = {}
        for position, comment in enumerate(self.all):
            if comment.reason:
                self.lines.setdefault(comment.place.file, []).append((comment.place.line, position))

    def beside(self, problem: Problem) -> Iterator[Ignore]:
        """Those with a reason that stand on a line of the problem's span, or on the line of its key."""
        span = self.sources.locate(problem.place)
        if lines := self.lines.get(span.file):
            key = self.sources.locate(At(problem.path, key=True)).line if problem.path else span.line
            for first, last in {(key, key), (span.line, span.end_line)}:
                for _, position in lines[bisect_left(lines, (first, 0)) : bisect_left(lines, (last + 1, 0))]:
                    yield self.all[position]


def _comment_problems(comment: Ignore, entries: dict[str, Entry]) -> Iterator[Problem]:
    if not comment.asks or not comment.rules or not comment.reason:
        what = "is unclear" if not comment.asks else "gives no reason" if comment.rules else "names no rule"
        message = f"this comment {what}; write `# verta-gitops: ignore[rule-id] reason`"
        yield Problem(message, comment.place, rule="invalid-ignore")
    for name in comment.rules:
        if name not in entries:
            message = f'there is no rule "{name}"{nearest(name, list(entries))}'
            yield Problem(message, comment.place, rule="unknown-rule")
        elif entries[name].firm:
            message = f'"{name}" cannot be ignored: rendering relies on it'
            yield Problem(message, comment.place, rule="firm-rule")


def _start(problem: Problem) -> object:
    return problem.place[:3]


class _Broken:
    """Paths that could not be read: what stands there, leads there or is below is no matter for a rule."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = set(paths)
        self.above = {path[:length] for path in self.paths for length in range(len(path))}

    def __contains__(self, path: Path) -> bool:
        return path in self.above or any(path[:length] in self.paths for length in range(len(path) + 1))
