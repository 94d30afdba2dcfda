"""Template folders → templates by scope. In a template every `{{ value }}` is a YAML literal of that value."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, is_internal_attribute

from generator.problems import Stop
from generator.rendering.folders import template_folders
from generator.rendering.literal import block, literal

SCOPES = ("cluster", "namespace", "workspace", "delivery/argocd", "delivery/flux")
_SUFFIX = ".j2"


@dataclass(frozen=True)
class Scope:
    """The templates of one scope in the order of their names, each with the file that it makes."""

    templates: tuple[tuple[str, Template], ...]

    def render(self, context: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """(file name, text) of every template that has something to say in this context."""
        for name, template in self.templates:
            text = _render(template, context)
            if text:
                yield name, text


class Templates:
    """All templates, the first folder that has one winning over the later ones."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self.folders = template_folders(folders)
        self._environment = _environment(self.folders)

    def scope(self, scope: str) -> Scope:
        """The templates of one scope."""
        names = sorted({name for folder in self.folders for name in _template_names(folder / scope)})
        return Scope(tuple((name.removesuffix(_SUFFIX), self._load(f"{scope}/{name}")) for name in names))

    def _load(self, name: str) -> Template:
        try:
            return self._environment.get_template(name)
        except TemplateSyntaxError as error:
            raise Stop(f"{error.filename or name}:{error.lineno}: {error.message}") from error
        except (TemplateError, OSError, UnicodeDecodeError) as error:
            raise Stop(f"{name}: the template cannot be read: {error}") from error


def _template_names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return [name for name in os.listdir(folder) if name.endswith(_SUFFIX) and not name.startswith((".", "_"))]


class _Environment(ImmutableSandboxedEnvironment):
    """Templates read fields of plain data; nothing that begins with an underscore, and no method that changes it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._internal: dict[tuple[type[Any], str], bool] = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if attr.startswith("_") or self._is_internal(obj, attr):  # a generator's frame leads to all of Python
            return False
        return not callable(value) or super().is_safe_attribute(obj, attr, value)

    def _is_internal(self, obj: Any, attr: str) -> bool:
        """Whether an attribute belongs to Python itself; that depends on the type alone, and is asked once for each."""
        key = type(obj), attr
        known = self._internal.get(key)
        if known is None:
            known = self._internal[key] = is_internal_attribute(obj, attr)
        return known


def _environment(folders: Sequence[Path]) -> _Environment:
    environment = _Environment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        finalize=_finalize,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters["block"] = block
    environment.filters["plus"] = _plus
    return environment


def _plus(value: Mapping[str, Any], **entries: Any) -> dict[str, Any]:
    return {**value, **entries}


def _finalize(value: Any) -> str:
    if isinstance(value, Undefined):
        return str(value)  # raises, and names what is undefined
    return literal(value)


def _render(template: Template, context: Mapping[str, Any]) -> str:
    render: Callable[[Any], Iterable[str]] = template.root_render_func
    try:
        text = "".join(render(template.new_context(dict(context), shared=True)))
    except (
        *(TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError),
        *(RecursionError, MemoryError),
    ) as error:
        line = _line_in_template(error, template)
        raise Stop(f"{template.filename or template.name}:{line}: {str(error) or 'not enough memory'}") from error
    return text if text.strip() else ""


def _line_in_template(error: BaseException, template: Template) -> int:
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == template.filename:
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line
