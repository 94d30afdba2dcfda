"""The command `verta-gitops`: options in, exit code out. Each subcommand is imported when it runs."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click

from generator.cli import streams
from generator.printing import printable
from generator.problems import Stop, Usage

SECTIONS: dict[str, dict[str, str]] = {
    "From org.yaml to rendered/": {
        "check": "Find what is wrong with an organization before anything is rendered.",
        "render": "Render the manifests of an organization into rendered/.",
        "plan": "Show what a change of an organization does, to whom, and how risky it is.",
        "rules": "List everything that can be found, or print the page of RULE-ID.",
        "explain": "Say what a value is, where it was written, and which files it lands in.",
    },
    "Editing org.yaml": {
        "add": "Add a workspace with its namespace, or a group of people.",
        "set": "Write a value at a place of the organization, and change nothing else.",
        "unset": "Remove what is written at a place of the organization, so that its default or its tier holds again.",
        "grant": "Give groups a role in a workspace.",
        "revoke": "Take roles from groups in a workspace.",
        "move-tier": "Give namespaces another tier; what they say themselves stays laid over it.",
        "freeze": "Freeze namespaces: nothing new starts in them, and nothing is deleted.",
        "unfreeze": "Make namespaces active again that are frozen or in decommission.",
        "decommission": "Lift the protection of frozen namespaces, so that they may be removed next.",
        "retire": "Take decommissioned namespaces and their workspaces out, and leave a tombstone of each.",
        "fmt": "Bring the files of an organization into a uniform form that means the same.",
    },
    "Seeing the organization": {
        "list": "List the workspaces of an organization: namespace, tier, state and owners.",
        "show": "Show everything about one workspace: what holds and why, who has access, what reaches it, its files.",
        "who": "Show what a group can do in which workspace, in Verta and in Kubernetes.",
        "cost": "Show which share of the promised capacity each cost centre has.",
        "report": "Write a page that shows the whole organization, or its data.",
    },
    "The cluster, and Verta": {
        "verify": "Say for each workspace whether endpoints can be deployed in the cluster, and if not, why.",
        "drift": "Show how a live cluster differs from what the organization declares.",
        "import": "Make an org.yaml of what runs in a cluster.",
        "verta": "Plan, apply or import the workspaces, mappings and access in Verta itself.",
    },
    "Setting up": {
        "init": "Write a whole repository for a new organization.",
        "schema": "Print the JSON Schema of org.yaml, for editors.",
        "completion": "Print the completion script for a shell.",
        "merge-driver": "Merge a file of rendered/ for git, without ever leaving markers in it.",
    },
}
"""Subcommands by what people come for; each is the function of its name (`_` for `-`) in `generator.cli`."""

COMMANDS = {name: line for section in SECTIONS.values() for name, line in section.items()}

EPILOG = """\b
Exit codes:
  0  clean
  1  problems, stale files or drift found
  2  the command was called in a wrong way
  3  could not run: a file, git, the cluster or Verta cannot be reached

\b
Examples:
  verta-gitops check
  verta-gitops render
  verta-gitops render --check
"""


class _ReaderLeft(Exception):
    """Nobody reads standard output any more. Click would end with 1 for that, which stands for problems."""


class _Lazy(click.Group):
    """A group whose commands are imported only when they run; its help needs none of them."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _early_readers():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        with _early_readers():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = name.replace("-", "_") + ("_" if name in ("import", "list") else "")  # words of Python
        command: click.Command = getattr(importlib.import_module(f"generator.cli.{module}"), module)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            ctx.fail(f'No such command "{args[0]}".{hint}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(commands.items()))


@contextmanager
def _early_readers() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as error:
        raise _ReaderLeft from error


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"verta-gitops {version('verta-gitops')}")
        ctx.exit()


@click.group(
    cls=_Lazy,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "VERTA_GITOPS"},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
@click.option("--debug", is_flag=True, help="Show where an internal error came from.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Turn one org.yaml into the Kubernetes manifests of a Verta organization, and guard every change to it."""
    ctx.obj = {"debug": debug}
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main() -> NoReturn:
    """Run the command and exit. What the user can mend is a message; a traceback is shown only with --debug."""
    streams.prepare()
    if "_VERTA_GITOPS_COMPLETE" in os.environ:
        from generator.cli.names import register

        register()
    gc.disable()  # a run is short and makes no cycles worth collecting; looking for them costs a tenth of it
    try:
        code = cli.main(standalone_mode=False, prog_name="verta-gitops")
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except Usage as error:
        click.echo(_failure(error), err=True)
        sys.exit(2)
    except Stop as error:
        click.echo(_failure(error), err=True)
        sys.exit(3)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except (_ReaderLeft, BrokenPipeError):
        streams.discard()
        sys.exit(141)
    except MemoryError:
        click.echo("error: not enough memory", err=True)
        sys.exit(3)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        with suppress(OSError):
            click.echo(_fault(error), err=True)
        streams.discard()
        sys.exit(3)
    sys.exit(code if isinstance(code, int) else 0)


def _fault(error: Exception) -> str:
    """What ended the program, and whose fault that is."""
    if isinstance(error, OSError) and streams.is_refused(error):
        return f"error: the output cannot be written: {error.strerror}"
    message = printable(f"internal error: {type(error).__name__}: {error}")
    return f"error: {message}\nThis is a fault of verta-gitops; run with --debug and report it."


def _failure(error: Stop | Usage) -> str:
    """What stopped the program; it may quote what anybody wrote."""
    return "error: " + "\n".join(printable(str(line)) for line in error.args)
