"""The demonstrations there are, by market: what each does, tells and leaves to try."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from rich.console import RenderableType

from gateway.demo import run as danish_run
from gateway.demo import summary as danish_summary
from gateway.demo.estonia import run as estonian_run
from gateway.demo.estonia import summary as estonian_summary
from gateway.demo.finland import run as finnish_run
from gateway.demo.finland import summary as finnish_summary
from gateway.demo.page import Note
from gateway.markets.profile import MarketProfile


class Counted(Protocol):
    """What happened in a demonstration, in numbers."""

    def counts(self) -> dict[str, int]:
        """The numbers by what they count."""
        ...


Story = TypeVar("Story", bound=Counted)


@dataclass(frozen=True, slots=True)
class Demonstration(Generic[Story]):
    """One market's demonstration.

    Attributes:
        run: runs it in an empty directory, on a port, and tells what happens; the hub serves on while it is open.
        write: writes the sample market and its documents into a directory, around the day before an instant.
        summary: the page of what happened.
        next_steps: commands to try while the hub runs; the second argument is how gridpost is called.
        steps_after_once: commands to try afterwards.
    """

    run: Callable[[Path, int, Note], AbstractContextManager[Story]]
    write: Callable[[MarketProfile, int, Path], Sequence[Path]]
    summary: Callable[[Story], RenderableType]
    next_steps: Callable[[Story, str], str]
    steps_after_once: Callable[[str], str]


DEMONSTRATIONS: Mapping[str, Demonstration[Any]] = {
    "dk": Demonstration(
        danish_run.demonstration,
        danish_run.write_samples,
        danish_summary.summary,
        danish_summary.next_steps,
        danish_summary.steps_after_once,
    ),
    "ee": Demonstration(
        estonian_run.demonstration,
        estonian_run.write_samples,
        estonian_summary.summary,
        estonian_summary.next_steps,
        estonian_summary.steps_after_once,
    ),
    "fi": Demonstration(
        finnish_run.demonstration,
        finnish_run.write_samples,
        finnish_summary.summary,
        finnish_summary.next_steps,
        finnish_summary.steps_after_once,
    ),
}
