"""What happened in the demonstration of the Estonian market, as a page for a terminal."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table

from gateway.demo.estonia.market import ELECTRICITY_POINTS, SUPPLIER_A
from gateway.demo.estonia.run import Story
from gateway.demo.page import add_row, counted, page, page_table, to_try, to_try_after_once
from gateway.messages.times import HOUR


def summary(story: Story) -> RenderableType:
    """Tables of what was sent, fetched and read, the reasons of what was turned away, and the counts."""
    errors = (
        f"Error to {story.name_of(sent.letter)}: {code} {message}"
        for sent in story.sent
        if sent.status is not None
        for code, message in sent.status.errors
    )
    tables = (_sent(story), _fetched(story), _read(story))
    return page(_title(story), tables, errors, counted("Messages and intervals", story.counts()))


def _title(story: Story) -> str:
    interval = story.market.zone.day_interval(story.market.day)
    hours, points = (interval.end - interval.start) // HOUR, len(story.market.dataset.points)
    return f"{story.market.day:%A %d %B %Y}, {hours} hours, {points} metering points of electricity and gas"


def _sent(story: Story) -> Table:
    table = page_table("Sent", "By", "What", "Generation", "Intervals", "Answer", "Then")
    for sent in story.sent:
        letter = sent.letter
        who = (story.name_of(letter), letter.purpose, letter.generation.upper())
        add_row(table, *who, letter.intervals, sent.answer, sent.state)
    return table


def _fetched(story: Story) -> Table:
    table = page_table("Fetched", "By", "Generation", "Items", "Intervals")
    for fetched in story.fetched:
        add_row(table, fetched.name, fetched.generation, fetched.items, fetched.intervals)
    return table


def _read(story: Story) -> Table:
    table = page_table("Read", "By", "How", "Answer")
    for read in story.read:
        add_row(table, read.name, read.how, read.answer)
    return table


def next_steps(story: Story, program: str) -> str:
    """Commands to try while the hub of the demonstration runs; `program` is how gridpost is called here."""
    desk = next(desk for desk in story.desks if desk.party == SUPPLIER_A)
    day, point = story.market.day, ELECTRICITY_POINTS[0]
    after = story.market.zone.day(story.market.zone.day_interval(day).end)
    return to_try(
        story.url,
        story.data_dir,
        (
            f"export $(cat $DIR/{desk.client_id}.env)",
            "FORM='grant_type=client_credentials&scope=openid'",
            'FORM="$FORM&client_id=$GRIDPOST_CLIENT_ID&client_secret=$GRIDPOST_CLIENT_SECRET"',
            'TOKEN=$(curl -s -d "$FORM" $GRIDPOST_URL/realms/estfeed/protocol/openid-connect/token \\',
            '  | sed \'s/.*"access_token":"\\([^"]*\\)".*/\\1/\')',
            'curl -s -H "Authorization: Bearer $TOKEN" -H "x-document-identification: $(uuidgen)" \\',
            f"  -H 'x-market-participant-eic: {desk.party}' -H 'x-market-participant-role: OPEN_SUPPLIER' \\",
            "  -H 'x-commodity-type: ELECTRICITY' \\",
            f'  "$GRIDPOST_URL/api/v2/metering-data/electricity?meteringPointEics={point}&purpose=OPEN_SUPPLY'
            f'&periodStart={day}T10:00:00Z&periodEnd={after}T00:00:00Z"',
        ),
    )


def steps_after_once(program: str) -> str:
    """Commands to try when the demonstration has ended."""
    return to_try_after_once(program, " --market ee", ("explain ee 2026-08-01", "the rules the hub keeps to that day"))
