from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.rules.sync import schedule_fault


@pytest.mark.parametrize(
    "schedule", ["* * * * *", "*/15 * * * *", "0-30/10 7,19 * JAN-jun Mon", "? 0 31 12 6", "@hourly", "@every 1h30m"]
)
def test_a_schedule_of_a_cron_job_has_no_fault(schedule: str) -> None:
    assert schedule_fault(schedule) == ""


@pytest.mark.parametrize(
    ("schedule", "fault"),
    [
        ("* * * *", "it has 4 of five fields"),
        ("60 * * * *", 'the minute is "60", and may be * or 0 to 59'),
        ("* 24 * * *", "the hour"),
        ("* * 0 * *", "the day of the month"),
        ("* * * 13 *", "the month"),
        ("* * * * 7", 'the day of the week is "7", and may be * or 0 to 6'),
        ("30-10 * * * *", "the minute"),
        ("*/0 * * * *", "the minute"),
        ("@fortnightly", "it may be one of @yearly"),
        ("TZ=Europe/Berlin * * * * *", "it cannot name a time zone"),
    ],
)
def test_what_is_none_is_said_by_its_field(schedule: str, fault: str) -> None:
    assert fault in schedule_fault(schedule)


@given(st.text(st.sampled_from("*/-,0123456789?@ janSUN\t٣"), max_size=40))
def test_no_text_is_too_odd(schedule: str) -> None:
    assert isinstance(schedule_fault(schedule), str)
