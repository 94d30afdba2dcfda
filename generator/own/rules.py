"""Files that the settings name → an organization's own rules; each may fail without taking the rest along."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from hashlib import blake2b
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from generator.model.org import Org
from generator.problems import At, Problem, Related, Span
from generator.rules import Rule

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def load_rules(files: Iterable[Path], known: Collection[str]) -> tuple[tuple[Rule, ...], list[Problem]]:
    """The rules of all files, and why a file or a rule cannot be used; `known` are ids that are taken."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    for file in files:
        try:
            module = _load(file)
        except SyntaxError as error:
            place = _line(str(file), error.lineno or 1)
            problems.append(Problem(f"the file is not Python: {error.msg}", place, rule="own-rules"))
            continue
        except (Exception, SystemExit) as error:  # noqa: BLE001  # somebody else's code
            message = f"the file cannot be loaded: {_say(error)}"
            problems.append(Problem(message, _where(error, str(file), 1), rule="own-rules"))
            continue
        taken = {*known, *(rule.id for rule in rules)}
        for rule in _rules_of(module, str(file), problems):
            if problem := _refused(rule, str(file), taken):
                problems.append(problem)
            else:
                taken.add(rule.id)
                rules.append(rule)
    return tuple(rules), problems


def run_rule(rule: Rule, org: Org) -> tuple[list[Problem], Problem | None]:
    """What an own rule finds, and what went wrong with the rule itself."""
    found: list[Problem] = []
    code = getattr(rule.find, "__code__", None)
    file, first = (code.co_filename, code.co_firstlineno) if code else ("", 1)
    try:
        for problem in rule.find(org):
            _check(problem)
            found.append(replace(problem, rule=rule.id, severity=rule.severity))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # somebody else's code
        message = f"the rule itself failed: {_say(error)}"
        return found, Problem(message, _where(error, file, first), rule=rule.id)
    return found, None


def _check(problem: Any) -> None:
    if not isinstance(problem, Problem):
        raise TypeError(f"a rule yields Problem(message, At(path)), not {type(problem).__name__}")
    if not isinstance(problem.message, str):
        raise TypeError(f"the message of a problem is text, not {type(problem.message).__name__}")
    related = list(problem.related)
    for place in (problem.place, *(each.place for each in related if isinstance(each, Related))):
        if not isinstance(place, At | Span):
            raise TypeError(f"the place of a problem is At(path), not {type(place).__name__}")
        if isinstance(place, At) and not (
            isinstance(place.path, tuple) and all(isinstance(step, str | int) for step in place.path)
        ):
            raise TypeError(f"a path is a tuple of keys and positions, not {place.path!r}")
    if not all(isinstance(each, Related) for each in related):
        raise TypeError("related places are Related(At(path), message)")


class _Loader(SourceFileLoader):
    """Loads a file without leaving a `__pycache__` beside it."""

    def set_data(self, path: str, data: Any, *, _mode: int = 0o666) -> None:
        """Write nothing."""


def _load(file: Path) -> ModuleType:
    name = "verta_gitops_own_" + blake2b(str(file.resolve()).encode(), digest_size=8).hexdigest()
    spec = spec_from_loader(name, _Loader(name, str(file)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def _rules_of(module: ModuleType, file: str, problems: list[Problem]) -> Iterator[Rule]:
    rules = getattr(module, "RULES", None)
    if not isinstance(rules, tuple | list) or not rules:
        example = '`RULES = (Rule(a_function, "warning"),)`, with Rule from generator.rules'
        problems.append(Problem(f"the file defines no rules; write {example}", _line(file, 1), rule="own-rules"))
        return
    for position, rule in enumerate(rules):
        if isinstance(rule, Rule):
            yield rule
        else:
            message = f"RULES[{position}] is {type(rule).__name__}, not Rule(a_function, severity)"
            problems.append(Problem(message, _line(file, _line_of(module, "RULES")), rule="own-rules"))


def _refused(rule: Rule, file: str, taken: Collection[str]) -> Problem | None:
    code = getattr(rule.find, "__code__", None)
    place = _line(file, code.co_firstlineno if code and code.co_filename == file else 1)
    if not callable(rule.find) or not _NAME.fullmatch(name := getattr(rule.find, "__name__", "").replace("_", "-")):
        return Problem("a rule is a function with a name in lower case", place, rule="own-rules")
    if rule.severity not in ("error", "warning"):
        message = f'the severity of "{name}" is "error" or "warning", not {rule.severity!r}'
        return Problem(message, place, rule="own-rules")
    if name in taken:
        return Problem(f'there is a rule "{name}" already; choose another name', place, rule="own-rules")
    return None


def _line_of(module: ModuleType, word: str) -> int:
    text = Path(module.__file__ or "").read_text(encoding="utf-8")
    return next((line for line, text in enumerate(text.splitlines(), 1) if text.startswith(word)), 1)


def _say(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _where(error: BaseException, file: str, otherwise: int) -> Span:
    """The innermost line of the file that the error passed through."""
    line, trace = otherwise, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return _line(file, line)


def _line(file: str, line: int) -> Span:
    return Span(file, line, 1, line, 1)
