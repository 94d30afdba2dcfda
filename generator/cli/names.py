"""The names that commands take, with their completion in a shell from the file at hand."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

_MOST = 200
"""Suggestions of one press of the Tab key; a shell asks before it shows so many."""


class Name(click.ParamType):  # type: ignore[type-arg]  # generic only in a later click than we ask for
    """A name of one of the sections of an organization; any text is taken, the command says what is unknown."""

    def __init__(self, name: str, *sections: str) -> None:
        self.name = name
        self.sections = sections

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from generator.reading.names import names

        found = names(_file(ctx))
        given = ctx.params.get(param.name or "")
        taken = set(given) if isinstance(given, tuple | list) else set()
        known = dict.fromkeys(name for section in self.sections for name in found[section])
        return _items((name for name in known if name not in taken), incomplete)


class Grant(Name):
    """`GROUP:ROLE`."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from generator.reading.names import names

        found = names(_file(ctx))
        group, colon, role = incomplete.partition(":")
        if not colon:
            return [CompletionItem(f"{item.value}:") for item in _items(found["groups"], group)]
        return [CompletionItem(f"{group}:{item.value}") for item in _items(found["roles"], role)]


class RuleId(click.ParamType):  # type: ignore[type-arg]  # as above
    """The id of a rule, or several with commas between them."""

    name = "rule-id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            from generator.catalogue import catalogue

            known = list(catalogue())
        except Exception:  # noqa: BLE001  # a suggestion that fails is no suggestion
            return []
        before, comma, last = incomplete.rpartition(",")
        return [CompletionItem(before + comma + item.value) for item in _items(known, last)]


class PlaceName(Name):
    """A path in the organization, or the name of a namespace or workspace; also a file."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from generator.reading.names import SECTIONS, names

        found = names(_file(ctx))
        section, dot, rest = incomplete.partition(".")
        if dot and section in found:
            return [CompletionItem(f"{section}.{item.value}") for item in _items(found[section], rest)]
        simple = _items([*found["namespaces"], *found["workspaces"]], incomplete)
        paths = [CompletionItem(f"{each}.") for each in SECTIONS if f"{each}.".startswith(incomplete) and found[each]]
        return simple + paths or [CompletionItem(incomplete, type="file")]


WORKSPACE = Name("workspace", "workspaces")
NAMESPACE = Name("namespace", "namespaces")
WORKSPACE_OR_NAMESPACE = Name("name", "workspaces", "namespaces")
GROUP = Name("group", "groups")
ROLE = Name("role", "roles")
TIER = Name("tier", "tiers")
GRANT = Grant("group:role")
RULE = RuleId()
PLACE = PlaceName("path")


def _file(ctx: click.Context) -> str:
    """The organization that a command line speaks of, as far as it is written yet."""
    given = ctx.params.get("file") or ctx.params.get("files") or "org.yaml"
    return str(given[0] if isinstance(given, tuple | list) else given)


def _items(known: Iterable[str], incomplete: str) -> list[CompletionItem]:
    found = [CompletionItem(name) for name in sorted(set(known)) if name.startswith(incomplete)]
    return found if incomplete else found[:_MOST]


_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' type value response current="${COMP_WORDS[COMP_CWORD]}"
    local line="${COMP_LINE:0:COMP_POINT}" word before
    word=${line##*[[:space:]]}
    before=${word%%"${word##*[:=]}"} # a colon ends a word for readline, not for us
    response=$(env COMP_WORDS="$line" %(complete_var)s=bash_complete $1 2>/dev/null)
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                # a name with blanks is one word; within quotes it is so already
                case $current in [\\"\\']*) ;; *) printf -v value %%q "${value#"$before"}" ;; esac
                COMPREPLY+=("$value")
                ;;
        esac
    done <<< "$response"
    case ${COMPREPLY[*]-} in *[.:]) compopt -o nospace ;; esac
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class _Bash(BashComplete):
    """As click's, but names may hold blanks and every other character of a shell."""

    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the one at it."""
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)[1:]
        begins_another = not words or (line[-1:].isspace() and not words[-1][-1:].isspace())
        return (words, "") if begins_another else (words[:-1], words[-1])


def register() -> None:
    """Use our script for bash; click's for the other shells, which quote by themselves."""
    add_completion_class(_Bash)
