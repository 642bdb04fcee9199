"""Documents of series in the outbox: frozen before they are first sent, settled when the hub has answered for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from meter_adapters.outbox.store import Outbox


class SentSeries(NamedTuple):
    """One series of a document: which point over [start, finish), whether all is there, and the hash of its values."""

    point: str
    start: int
    finish: int
    is_complete: bool
    digest: str


@dataclass(frozen=True, slots=True)
class FrozenDocument:
    """A document to send; `attempts` counts those that may have reached the hub without an answer."""

    id: int
    message_id: str
    body: bytes
    attempts: int


class Documents:
    """The documents of an outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def latest(self, point: str, start: int) -> SentSeries | None:
        """The latest series of a point from a start on that was frozen and not refused."""
        with self._outbox.read() as connection:
            row = connection.execute(
                "select point, start, finish, complete, s.digest from document_series s"
                " join document d on d.id = s.document where point = ? and start = ? and d.state <> 'refused'"
                " order by d.id desc limit 1",
                (point, start),
            ).fetchone()
        return None if row is None else SentSeries(row[0], row[1], row[2], bool(row[3]), row[4])

    def was_refused(self, point: str, start: int, digest: str) -> bool:
        """Whether the hub refused a document with these very values: they are not sent again."""
        with self._outbox.read() as connection:
            return (
                connection.execute(
                    "select 1 from document_series s join document d on d.id = s.document where point = ?"
                    " and start = ? and s.digest = ? and d.state = 'refused'",
                    (point, start, digest),
                ).fetchone()
                is not None
            )

    def freeze(self, message_id: str, body: bytes, series: Sequence[SentSeries], now: int) -> None:
        """Keep a document and what it says, before it is sent."""
        with self._outbox.write() as connection:
            number = connection.execute(
                "insert into document (message_id, body, state, frozen_at) values (?, ?, 'frozen', ?)",
                (message_id, body, now),
            ).lastrowid
            connection.executemany(
                "insert into document_series (point, start, document, finish, complete, digest)"
                " values (?, ?, ?, ?, ?, ?)",
                [(one.point, one.start, number, one.finish, one.is_complete, one.digest) for one in series],
            )

    def next(self) -> FrozenDocument | None:
        """The oldest document that is not settled."""
        with self._outbox.read() as connection:
            row = connection.execute(
                "select id, message_id, body, attempts from document where state = 'frozen' order by id limit 1"
            ).fetchone()
        return None if row is None else FrozenDocument(*row)

    def note_attempt(self, document: FrozenDocument) -> None:
        """It was sent, and may have arrived, but nothing was heard."""
        with self._outbox.write() as connection:
            connection.execute("update document set attempts = attempts + 1 where id = ?", (document.id,))

    def settle(self, document: FrozenDocument, *, is_accepted: bool, answer: str, now: int) -> None:
        """The hub answered for it."""
        state = "accepted" if is_accepted else "refused"
        with self._outbox.write() as connection:
            connection.execute(
                "update document set state = ?, answer = ?, settled_at = ?, body = x'' where id = ?",
                (state, answer, now, document.id),
            )

    def counts(self) -> dict[str, int]:
        """How many documents stand where: frozen, accepted, refused."""
        with self._outbox.read() as connection:
            return dict(connection.execute("select state, count(*) from document group by state").fetchall())
