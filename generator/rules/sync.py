"""Rules about the CronJob that brings Verta to what is declared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from generator.model.org import Org
from generator.problems import At, Problem

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: position for position, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 6, {name: position for position, name in enumerate(_DAYS)}),
)
_MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")


def sync_schedule(org: Org) -> Iterator[Problem]:
    """The schedule of the sync is one that a CronJob understands.

    The API server refuses any other: five fields (minute, hour, day of the month, month, day of the week), each `*`, a
    number, a range, a list of them, or one of them with a step; or `@hourly`, `@daily` and alike.

    Fails:

        verta:
          sync: {image: registry.example.com/verta-gitops:0.1.0, secretName: verta, schedule: "*/15 * * *"}

    Fix: write it with all five fields: `*/15 * * * *`.
    """
    if org.verta.sync is None:
        return
    if fault := schedule_fault(org.verta.sync.schedule):
        message = f'"{org.verta.sync.schedule}" is no cron schedule: {fault}; write one such as "*/15 * * * *"'
        yield Problem(message, At(("verta", "sync", "schedule")))


def sync_image_unpinned(org: Org) -> Iterator[Problem]:
    """The image of the sync is pinned by its digest.

    A tag can be moved to another image, which would then act in Verta with the rights of an administrator.

    Fails:

        verta:
          sync: {image: "registry.example.com/verta-gitops:0.1.0", secretName: verta}

    Fix: write the digest behind the name: `registry.example.com/verta-gitops:0.1.0@sha256:…`.
    """
    sync = org.verta.sync
    if sync is not None and sync.image and "@sha256:" not in sync.image:
        message = (
            f'the image "{sync.image}" is not pinned, so another one may run with the rights of an administrator of '
            "Verta; write its digest: name@sha256:…"
        )
        yield Problem(message, At(("verta", "sync", "image")))


def sync_without_workspaces(org: Org) -> Iterator[Problem]:
    """A sync needs the permission model of workspaces.

    Before the new permission system the mapping stands on the organization, for which Verta has no known interface:
    nothing could be applied, so no CronJob is rendered.

    Fails:

        verta:
          permissionModel: organizations
          sync: {image: registry.example.com/verta-gitops:0.1.0, secretName: verta}

    Fix: remove `sync` until Verta has enabled workspaces.
    """
    if org.verta.sync is not None and org.verta.permission_model != "workspaces":
        message = f'`sync` has no effect with permissionModel "{org.verta.permission_model}"; remove it'
        yield Problem(message, At(("verta", "sync"), key=True))


def schedule_fault(schedule: str) -> str:
    """What is wrong with a schedule; nothing where a CronJob takes it."""
    if schedule.startswith("@"):
        known = schedule in _MACROS or re.fullmatch(r"@every ([0-9]{1,6}[hms]){1,3}", schedule, re.ASCII)
        return "" if known else f"it may be one of {', '.join(_MACROS)}, or @every with a time such as 30m"
    if schedule.upper().startswith(("TZ=", "CRON_TZ=")):
        return "it cannot name a time zone"
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} of five fields (minute, hour, day of the month, month, day of the week)"
    for text, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        for part in text.split(","):
            if not _is_part(part, least, most, words):
                return (
                    f'the {name} is "{text[:40]}", and may be * or {least} to {most}, as a number, range, list or step'
                )
    return ""


def _is_part(part: str, least: int, most: int, words: Mapping[str, int]) -> bool:
    span, slash, step = part.partition("/")
    if slash and not (re.fullmatch(r"[0-9]{1,4}", step, re.ASCII) and int(step)):
        return False
    if span in ("*", "?"):
        return True
    first, dash, last = span.partition("-")
    start, end = (_number(text, words) for text in (first, last if dash else first))
    return start is not None and end is not None and least <= start <= end <= most


def _number(text: str, words: Mapping[str, int]) -> int | None:
    if text.lower() in words:
        return words[text.lower()]
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) else None
