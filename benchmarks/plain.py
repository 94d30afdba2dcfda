"""A tree of files → how long the bare work on such a tree takes: writing it, and reading and comparing it.

No program that makes these files can be faster than that on this disk. Prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time


def load(folder: str) -> dict[str, bytes]:
    """Every file of a folder by its path below it."""
    found: dict[str, bytes] = {}
    for entry in os.scandir(folder):
        if entry.is_dir():
            found.update((f"{entry.name}/{path}", data) for path, data in load(entry.path).items())
        else:
            with open(entry.path, "rb", buffering=0) as file:
                found[entry.name] = file.read()
    return found


def write(folder: str, tree: dict[str, bytes]) -> float:
    """Seconds that it takes to write a tree into a folder that does not exist."""
    started = time.perf_counter()
    made: set[str] = set()
    for path, data in tree.items():
        parent = os.path.dirname(path)
        if parent not in made:
            os.makedirs(f"{folder}/{parent}", exist_ok=True)
            made.add(parent)
        with open(f"{folder}/{path}", "wb", buffering=0) as file:
            file.write(data)
    return time.perf_counter() - started


def compare(folder: str, tree: dict[str, bytes]) -> float:
    """Seconds that it takes to read a folder and to compare it with a tree."""
    started = time.perf_counter()
    same = load(folder) == tree
    seconds = time.perf_counter() - started
    if not same:
        raise SystemExit(f"{folder} is not what was written")
    return seconds


def main(source: str, target: str) -> None:
    """Measure both with the files of `source`, written to `target`."""
    tree = load(source)
    os.sync()
    found = {
        "write": write(target, tree),
        "compare": compare(target, tree),
        "files": len(tree),
        "bytes": sum(map(len, tree.values())),
        "objects": sum(data.count(b"\napiVersion:") for path, data in tree.items() if path.startswith("namespaces/")),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
