"""`verta-gitops merge-driver`: what git runs for a file of rendered/ that both sides of a merge changed."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  verta-gitops merge-driver BASE OURS THEIRS rendered/prod-us/namespaces/fraud/resourcequota.yaml

\b
Once in every clone:
  git config merge.verta-gitops.name "rendered by verta-gitops"
  git config merge.verta-gitops.driver "verta-gitops merge-driver %O %A %B %P"

\b
With this line in .gitattributes:
  rendered/** merge=verta-gitops

\b
After a merge that stopped: mend org.yaml first if it has conflicts, then
  verta-gitops render
  git add -A rendered

\b
Exit codes:
  0  merged
  1  OURS is kept, and git stops the merge
  2  the command was called in a wrong way
  3  could not run: a file cannot be read or written
"""


@click.command("merge-driver", epilog=EPILOG)
@click.argument("base", type=click.Path())
@click.argument("ours", type=click.Path())
@click.argument("theirs", type=click.Path())
@click.argument("path", default="", type=str)
def merge_driver(base: str, ours: str, theirs: str, path: str) -> int:
    """Merge a file of rendered/ for git, without ever leaving markers in it.

    Changes of the two sides that do not touch each other are merged, as git does by itself. Otherwise OURS is kept as
    it is and the merge stops: git merges file by file, and what the file becomes is known only once org.yaml is
    merged. Then `verta-gitops render` writes it, and nothing is resolved by hand. PATH is what the file is called.
    """
    from generator.files import read_file, replace_file
    from generator.merging import merge

    before = read_file(ours)
    merged, clean = merge(read_file(base), before, read_file(theirs))
    if merged != before:
        replace_file(ours, merged)
    if not clean:
        remedy = "once org.yaml is merged, run `verta-gitops render` and `git add -A rendered`"
        click.echo(f"{path or ours}: changed on both sides; {remedy}", err=True)
    return int(not clean)
