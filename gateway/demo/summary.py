"""What happened in the demonstration, as a page for a terminal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table

from gateway.demo.market import SUPPLIER_B
from gateway.demo.page import add_row, counted, page, page_table, to_try, to_try_after_once
from gateway.demo.run import Fetched, Story
from gateway.messages.times import HOUR


def summary(story: Story) -> RenderableType:
    """Tables of what was sent and what was fetched, the reasons of what was turned away, and the counts."""
    tables = (_sent_table(story), _fetched_table(story))
    return page(_title(story), tables, _turned_away(story), counted("Series", story.counts()))


def _title(story: Story) -> str:
    interval = story.market.zone.day_interval(story.market.day)
    hours = (interval.end - interval.start) // HOUR
    points = len({version.metering_point for version in story.market.dataset.points})
    areas = len({area.code for area in story.market.dataset.grid_areas})
    return f"{story.market.day:%A %d %B %Y}, {hours} hours, {points} metering points in {areas} grid areas"


def _sent_table(story: Story) -> Table:
    table = page_table("Sent", "By", "What", "Form", "Series", "Answer", "Then")
    for sent in story.sent:
        states = Counter(one.state for one in sent.series)
        then = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        add_row(
            table,
            story.desk(sent.letter.sender).name,
            sent.letter.purpose,
            sent.letter.dialect,
            sent.letter.series or "?",
            f"{sent.receipt.status} {sent.receipt.outcome}",
            then or "nothing stored but the original",
        )
    return table


def _fetched_table(story: Story) -> Table:
    table = page_table("Fetched", "By", "As", "Form", "Documents", "Series", "Values", "Corrected")
    for desk in story.clients:
        found = [fetched for fetched in story.fetched if fetched.desk == desk]
        forms = ", ".join(dict.fromkeys(fetched.dialect for fetched in found))
        counts = (
            len(found),
            sum(fetched.series for fetched in found),
            sum(fetched.values for fetched in found),
            sum(fetched.corrected for fetched in found),
        )
        add_row(table, desk.name, desk.role, forms or "-", *counts)
    return table


def _turned_away(story: Story) -> Iterator[str]:
    """Why a series was rejected, in the words its sender fetched, and why a message was refused."""
    for fetched in story.fetched:
        yield from (f"Rejected to {fetched.desk.name}: {_reason(fetched, place)}" for place in range(_count(fetched)))
    for sent in story.sent:
        if not sent.is_taken:
            name = story.desk(sent.letter.sender).name
            yield f"Refused to {name}: {' '.join(_MARKUP.sub(' ', sent.receipt.body).split())}"


_MARKUP = re.compile("<[^>]*>")


def _count(fetched: Fetched) -> int:
    return len(fetched.reasons)


def _reason(fetched: Fetched, place: int) -> str:
    reason = fetched.reasons[place]
    return f"{reason.code} {(reason.text or '').rpartition(' / ')[2]}"


def next_steps(story: Story, program: str) -> str:
    """Commands to try while the hub of the demonstration runs; `program` is how gridpost is called here."""
    correction = next(sent for sent in reversed(story.sent) if sent.is_taken)
    point, day = correction.series[0].metering_point, story.market.day
    after = story.market.zone.day(story.market.zone.day_interval(day).end)
    sender, receiver = story.desk(correction.letter.sender).client_id, story.desk(SUPPLIER_B).client_id
    return to_try(
        story.url,
        story.data_dir,
        (
            f"env $(cat $DIR/{sender}.env) {program} status {correction.letter.message_id}",
            f"env $(cat $DIR/{receiver}.env) {program} peek",
            f"{program} series {point} --from {day} --to {after} --data-dir $DIR",
            f"{program} validate $DIR/sent/* --masterdata $DIR/masterdata",
        ),
    )


def steps_after_once(program: str) -> str:
    """Commands to try when the demonstration has ended."""
    return to_try_after_once(program, "", ("validate sample/documents/*", "check documents without a hub"))
