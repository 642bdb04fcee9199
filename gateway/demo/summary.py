"""What happened in the demonstration, as a page for a terminal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gateway.demo.market import SUPPLIER_B
from gateway.demo.run import Fetched, Sent, Story
from gateway.demo.server import Desk
from gateway.messages.times import HOUR


def summary(story: Story) -> RenderableType:
    """Tables of what was sent and what was fetched, the reasons of what was turned away, and the counts."""
    parts: list[RenderableType] = [Text(_title(story), style="bold"), "", _sent_table(story), "", _fetched_table(story)]
    parts += ["", *(Text(line) for line in _turned_away(story)), ""]
    counts = ", ".join(f"{count} {name}" for name, count in story.counts().items())
    parts.append(Text(f"Series: {counts}.", style="bold"))
    return Group(*parts)


def _title(story: Story) -> str:
    interval = story.market.zone.day_interval(story.market.day)
    hours = (interval.end - interval.start) // HOUR
    points = len({version.metering_point for version in story.market.dataset.points})
    areas = len({area.code for area in story.market.dataset.grid_areas})
    return f"{story.market.day:%A %d %B %Y}, {hours} hours, {points} metering points in {areas} grid areas"


def _sent_table(story: Story) -> Table:
    table = _table("Sent", "By", "What", "Form", "Series", "Answer", "Then")
    for sent in story.sent:
        states = Counter(one.state for one in sent.series)
        then = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
        _add(
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
    table = _table("Fetched", "By", "As", "Form", "Documents", "Series", "Values", "Corrected")
    for desk in story.clients:
        found = [fetched for fetched in story.fetched if fetched.desk == desk]
        forms = ", ".join(dict.fromkeys(fetched.dialect for fetched in found))
        counts = (
            len(found),
            sum(fetched.series for fetched in found),
            sum(fetched.values for fetched in found),
            sum(fetched.corrected for fetched in found),
        )
        _add(table, desk.name, desk.role, forms or "-", *counts)
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


def next_steps(story: Story) -> str:
    """Commands to try while the hub of the demonstration runs."""
    desk, interval = story.desk(SUPPLIER_B), story.market.zone.day_interval(story.market.day)
    corrected = next(sent for sent in reversed(story.sent) if sent.is_taken)
    point, day = corrected.series[0].metering_point, story.market.day
    after = story.market.zone.day(interval.end)
    return "\n".join(
        (
            f"The hub serves on at {story.url}. In another terminal:",
            "",
            *_credentials(story, desk),
            "  gridpost peek                                        # nothing left, until something is sent",
            f"  gridpost series {point} --from {day} --to {after} --data-dir {story.data_dir}",
            f"  gridpost status {corrected.letter.message_id}   # as its sender only",
            "",
            "Look at what was sent, and let a file be checked without any hub:",
            "",
            f"  gridpost validate {story.data_dir}/sent/* --masterdata {story.data_dir}/masterdata",
            "",
            f"As its sender: GRIDPOST_CLIENT_ID={_sender(story, corrected).client_id} "
            f"GRIDPOST_CLIENT_SECRET={_sender(story, corrected).secret}",
            f"The API, described: {story.url}/api/hub/v1/openapi.json",
            "",
            "Stop with Ctrl-C.",
        )
    )


def steps_after_once() -> str:
    """Commands to try when the demonstration has ended."""
    return "\n".join(
        (
            "Next:",
            "  gridpost demo                            # the same, and the hub serves on for you to try",
            "  gridpost demo --write sample             # the market and the documents as files",
            "  gridpost validate sample/documents/*     # check documents without a hub",
            "  gridpost serve                           # a hub of your own",
        )
    )


def _credentials(story: Story, desk: Desk) -> tuple[str, ...]:
    return (
        f"  export GRIDPOST_URL={story.url} GRIDPOST_CLIENT_ID={desk.client_id}",
        f"  export GRIDPOST_CLIENT_SECRET={desk.secret}",
    )


def _sender(story: Story, sent: Sent) -> Desk:
    return story.desk(sent.letter.sender)


def _table(title: str, *heads: str) -> Table:
    return Table(*heads, title=title, title_justify="left", title_style="bold", box=None, header_style="dim")


def _add(table: Table, *cells: object) -> None:
    table.add_row(*(escape(str(cell)) for cell in cells))
