"""`verta-gitops.toml`, or `[tool.verta-gitops]` of `pyproject.toml` → what an organization's repository decides.

The file stands beside the organization's file or in the working directory, and never where org.yaml says: what it names
is run. Reading is strict; every mistake is a problem at its line, as far as TOML lets one find it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from generator.model.kinds import nearest
from generator.problems import Problem, Severity, Span, Stop
from generator.reading.store import DISK

OWN_FILE = "verta-gitops.toml"
SHARED_FILE = "pyproject.toml"
_TABLE = "verta-gitops"
_LARGEST = 1 << 18
_MOST_DOTS = 1_000
"""Dots in a line: a key of very many parts takes the reader of TOML for ever."""

_MOST_PROBLEMS = 100
_SCOPES = ("cluster", "namespace", "workspace", "delivery")


@dataclass(frozen=True)
class Settings:
    """What was decided, and in which file; `problems` where that is not clear."""

    file: str = ""
    text: str = field(default="", repr=False)
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    fail_on: Severity = "error"
    templates: tuple[Path, ...] = ()
    rules: tuple[Path, ...] = ()
    problems: tuple[Problem, ...] = ()

    def locate(self, word: str) -> Span:
        """Where a key or a value stands in the file; its first line where it is not found."""
        return _locate(self.file, self.text, word)

    def unknown_rules(self, known: Collection[str], firm: Collection[str]) -> Iterator[Problem]:
        """What is wrong with the ids that the settings name."""
        wrong = (name for name in dict.fromkeys((*self.ignore, *self.severity)) if name not in known or name in firm)
        for name in islice(wrong, _MOST_PROBLEMS):
            if name not in known:
                message = f'there is no rule "{name}"{nearest(name, list(known))}'
                yield Problem(message, self.locate(name), rule="unknown-rule")
            else:
                message = f'"{name}" can be neither ignored nor changed: rendering relies on it'
                yield Problem(message, self.locate(name), rule="firm-rule")


def find_settings(file: str) -> Settings:
    """The settings that hold for an organization's file: those beside it, or those of the working directory."""
    folders = [os.path.dirname(file), ""]
    for folder in dict.fromkeys(folders):
        path = os.path.join(folder, OWN_FILE)
        if (data := _bytes(path)) is not None:
            return _read(path, data, shared=False)
        path = os.path.join(folder, SHARED_FILE)
        if (data := _bytes(path)) is not None and _TABLE.encode() in data:
            found = _read(path, data, shared=True)
            if found.file:
                return found
    return Settings()


def _bytes(path: str) -> bytes | None:
    if not DISK.kind(path):
        return None
    (data,) = DISK.read([path], _LARGEST + 1)
    if len(data) > _LARGEST:
        raise Stop(f"{path}: larger than {_LARGEST:,} bytes; expected settings")
    return data


def _read(path: str, data: bytes, shared: bool) -> Settings:
    import tomllib

    try:
        text = data.decode("utf-8")
        if any(line.count(".") > _MOST_DOTS for line in text.splitlines()):
            raise RecursionError
        content = tomllib.loads(text)
    except UnicodeDecodeError:
        problem = Problem("the file is not UTF-8 text", Span(path, 1, 1, 1, 1), rule="invalid-settings")
        return Settings(path, problems=(problem,))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = (int(found[1]), int(found[2])) if found else (text.count("\n") + 1, 1)
        message = f"the file is not TOML: {str(error).partition(' (at ')[0]}"
        problem = Problem(message, Span(path, line, column, line, column), rule="invalid-settings")
        return Settings(path, text, problems=(problem,))
    except (ValueError, RecursionError) as error:
        what = "it is nested too deeply" if isinstance(error, RecursionError) else "a number in it is too long"
        problem = Problem(f"the file cannot be read: {what}", Span(path, 1, 1, 1, 1), rule="invalid-settings")
        return Settings(path, text, problems=(problem,))
    if shared:
        tool = content.get("tool")
        if not isinstance(tool, dict) or _TABLE not in tool:
            return Settings()
        content = tool[_TABLE]
    return _Reader(path, text).settings(content)


class _Reader:
    """Plain data → Settings; collects the problems."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.folder = os.path.dirname(file)
        self.problems: list[Problem] = []

    def settings(self, content: Any) -> Settings:
        if not isinstance(content, dict):
            self._say(f"`{_TABLE}` is a table: write `[tool.{_TABLE}]`", _TABLE)
            content = {}
        values = {}
        for key, value in content.items():
            if key not in self._known:
                near = nearest(key, self._known) or "; known: " + ", ".join(self._known)
                self._say(f'unknown key "{key}"{near}', key)
            else:
                values[key.replace("-", "_")] = self._known[key](self, key, value)
        return Settings(self.file, self.text, **values, problems=tuple(self.problems))

    def _say(self, message: str, word: str) -> None:
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(message, _locate(self.file, self.text, word), rule="invalid-settings"))

    def _texts(self, key: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self._say(f'`{key}` is a list of texts, such as `{key} = ["{_EXAMPLES[key]}"]`', key)
            return ()
        return tuple(value)

    def _severities(self, key: str, value: Any) -> dict[str, Severity]:
        if not isinstance(value, dict):
            self._say('`severity` is a table of rule ids, each "error" or "warning"', key)
            return {}
        return {name: self._weight(name, weight) for name, weight in value.items()}

    def _weight(self, key: str, value: Any) -> Severity:
        if value == "error" or value == "warning":
            return "error" if value == "error" else "warning"
        near = nearest(value, ("error", "warning")) if isinstance(value, str) else ""
        self._say(f'`{key}` is "error" or "warning"{near}', key)
        return "error"

    def _files(self, key: str, value: Any) -> tuple[Path, ...]:
        return tuple(path for name in self._texts(key, value) if (path := self._inside(name, os.path.isfile, "file")))

    def _folders(self, key: str, value: Any) -> tuple[Path, ...]:
        found = []
        for name in self._texts(key, value):
            path = self._inside(name, os.path.isdir, "folder")
            if path is not None:
                found.append(path)
                self._check_scopes(name, path)
        return tuple(found)

    def _inside(self, name: str, exists: Callable[[str], bool], what: str) -> Path | None:
        path = os.path.join(self.folder, name)
        root = os.path.realpath(self.folder or ".")
        if "\0" in name or os.path.isabs(name) or os.path.commonpath([root, os.path.realpath(path)]) != root:
            self._say(f'"{name}" leaves the folder of {os.path.basename(self.file)}', name)
        elif not exists(path):
            self._say(f'there is no {what} "{name}" beside {os.path.basename(self.file)}', name)
        else:
            return Path(path)
        return None

    def _check_scopes(self, name: str, folder: Path) -> None:
        """A misspelt scope would be a template that is never rendered."""
        for entry in sorted(os.listdir(folder)):
            if entry.startswith((".", "_")):
                continue
            if (folder / entry).is_dir() and entry not in _SCOPES:
                known = nearest(entry, _SCOPES) or "; known: " + ", ".join(_SCOPES)
                self._say(f'"{name}/{entry}" is no scope of templates{known}', name)
            elif entry.endswith(".j2"):
                self._say(f'"{name}/{entry}" stands in no scope; move it to one of {", ".join(_SCOPES)}', name)

    _known: dict[str, Callable[[_Reader, str, Any], Any]] = {  # noqa: RUF012  # never changed
        "ignore": _texts,
        "severity": _severities,
        "fail-on": _weight,
        "templates": _folders,
        "rules": _files,
    }


_EXAMPLES = {"ignore": "legacy-workspace", "templates": "acme-templates", "rules": "acme_rules.py"}


def _locate(file: str, text: str, word: str) -> Span:
    """The first place of a word that stands by itself, in our table if there is one; comments are left out."""
    table = re.search(r"(?m)^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*[\"']?verta-gitops\b", text)
    start = table.start() if table else 0
    for match in re.finditer(rf"(?<![\w./-]){re.escape(word)}(?![\w./-])", text[start:]):
        offset = start + match.start()
        line_start = text.rfind("\n", 0, offset) + 1
        if not text[line_start:offset].lstrip().startswith("#"):
            line, column = text.count("\n", 0, offset) + 1, offset - line_start + 1
            return Span(file, line, column, line, column + len(word))
    return Span(file, 1, 1, 1, 1)
