"""What happened in the demonstration of the Finnish market, as a page for a terminal."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table

from gateway.demo.finland.market import SUPPLIER
from gateway.demo.finland.run import Story
from gateway.demo.page import add_row, counted, page, page_table, to_try, to_try_after_once
from gateway.messages.times import HOUR, format_second


def summary(story: Story) -> RenderableType:
    """Tables of what was sent, read and fetched, the reasons of what was rejected, and the counts."""
    rejected = (
        f"Rejected: {finding.code} {finding.text}"
        for sent in story.sent
        for series in sent.rejected
        for finding in series.findings
    )
    tables = (_sent(story), _read(story), _fetched(story))
    return page(_title(story), tables, rejected, counted("Series", story.counts()))


def _title(story: Story) -> str:
    hours, points = (story.day.end - story.day.start) // HOUR, len(story.market.named)
    return f"{story.market.zone.local(story.day.start):%A %d %B %Y}, {hours} hours, {points} metering points"


def _sent(story: Story) -> Table:
    table = page_table("Sent", "What", "Series", "Accepted", "Rejected")
    for sent in story.sent:
        rejected = len(sent.rejected)
        add_row(table, sent.letter.purpose, sent.letter.series, len(sent.series) - rejected, rejected)
    return table


def _read(story: Story) -> Table:
    table = page_table("A quarter of the site, read by its supplier", "What", "kWh")
    for read in story.read:
        add_row(table, read.what, read.quantity)
    return table


def _fetched(story: Story) -> Table:
    table = page_table("Fetched", "By", "Series", "Values")
    for fetched in story.fetched:
        add_row(table, fetched.name, fetched.series, fetched.values)
    return table


def next_steps(story: Story, program: str) -> str:
    """Commands to try while the hub of the demonstration runs; `program` is how gridpost is called here."""
    desk, point = story.desk(SUPPLIER), story.market.named["site-consumption"]
    begin, end = format_second(story.day.start), format_second(story.day.end)
    return to_try(
        story.url,
        story.data_dir,
        (
            f"export $(cat $DIR/{desk.client_id}.env)",
            f"{program} series --point {point} --from {begin} --to {end} --step PT1H --unit wh",
            f"{program} peek",
        ),
    )


def steps_after_once(program: str) -> str:
    """Commands to try when the demonstration has ended."""
    return to_try_after_once(program, " --market fi", ("explain fi 2025-03-10", "the rules the hub keeps to that day"))
