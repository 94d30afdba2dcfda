"""`verta-gitops completion`: the script that makes a shell complete commands and options."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  verta-gitops completion bash >> ~/.bashrc
  verta-gitops completion zsh > "${fpath[1]}/_verta-gitops"
  verta-gitops completion fish > ~/.config/fish/completions/verta-gitops.fish
"""


@click.command(epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell."""
    from click.shell_completion import get_completion_class

    from generator.cli.names import register

    register()
    completer = get_completion_class(shell)
    assert completer is not None
    root = ctx.find_root()
    click.echo(completer(root.command, {}, "verta-gitops", "_VERTA_GITOPS_COMPLETE").source())
