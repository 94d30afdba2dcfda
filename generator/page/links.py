"""A file and a line → the address at which the git host shows them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from urllib.parse import quote

from generator.problems import Usage

Link = Callable[[str, int], str]
"""The address of a line of a file; empty where there is none."""

_HOSTS = (
    (r"(^|\.)github\.", "{base}/blob/{revision}/{path}#L{line}"),
    (r"(^|\.)gitlab\.", "{base}/-/blob/{revision}/{path}#L{line}"),
    (r"^bitbucket\.org$", "{base}/src/{revision}/{path}#lines-{line}"),
    (r"^codeberg\.org$|(^|\.)(gitea|forgejo)\.", "{base}/src/branch/{revision}/{path}#L{line}"),
)
_URL = re.compile(r"(?:https?|ssh|git)://(?:[^/@]*@)?(?P<host>[A-Za-z0-9.-]+)(?P<port>:\d+)?/(?P<path>[^?#\s]+)")
_SCP = re.compile(r"(?:[\w.-]+@)(?P<host>[A-Za-z0-9.-]+):(?P<path>[^?#\s]+)")


def no_link(file: str, line: int) -> str:
    """No address for anything."""
    return ""


def form_of(repository: str, revision: str) -> str:
    """How a host writes the address of a line, with {path} and {line}; empty for a host of which that is not known."""
    found = _URL.fullmatch(repository) or _SCP.fullmatch(repository)
    if found is None:
        return ""
    web = repository.startswith("http")
    host = found["host"].lower() + ((found.groupdict().get("port") or "") if web else "")
    scheme = "http" if repository.startswith("http://") else "https"
    base = f"{scheme}://{host}/{quote(found['path'].strip('/').removesuffix('.git'))}"
    short = re.sub(r"^refs/(heads|tags)/", "", revision)
    form = next((form for pattern, form in _HOSTS if re.search(pattern, found["host"].lower())), "")
    return form.replace("{base}", base.replace("{", "").replace("}", "")).replace("{revision}", quote(short))


def checked(form: str) -> str:
    """A form of addresses that somebody gave. Raises Usage where it is none."""
    if not re.match(r"https?://[^\s\"'<>]+$", form) or "{path}" not in form or "{line}" not in form:
        raise Usage(f'--links: expected a form such as https://git.example.com/{{path}}?line={{line}}, found "{form}"')
    return form


def linker(form: str, folder: str, prefix: str) -> Link:
    """Addresses of lines of files; `prefix` is the path of `folder` in the repository."""
    if not form:
        return no_link

    def link(file: str, line: int) -> str:
        if not file or line < 1:
            return ""
        path = os.path.normpath(os.path.join(prefix, os.path.relpath(file, folder or "."))).replace(os.sep, "/")
        if path == ".." or path.startswith(("../", "/")):
            return ""
        return form.replace("{line}", str(line)).replace("{path}", quote(path))

    return link
