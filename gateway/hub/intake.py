"""The intake: one writer per process; whatever arrived while the previous commit ran is the next transaction.

Group commit without a timer: an idle hub commits a single message at once, a busy one commits hundreds together, and
nobody is answered before the commit that makes the answer true.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

J = TypeVar("J")
R = TypeVar("R")


@dataclass(slots=True)
class _Waiting(Generic[J, R]):
    """One job and the promise of its result."""

    job: J
    weight: int
    future: Future[R] = field(default_factory=Future)


class Intake(Generic[J, R]):
    """Hands jobs in groups to `work`, in the order they came; `work` answers each with a result or an exception.

    A job whose promise is cancelled before its group is taken is left out; from then on it can no longer be cancelled.
    """

    def __init__(
        self,
        work: Callable[[Sequence[J]], Sequence[R | Exception]],
        most_jobs: int = 512,
        most_weight: int = 64 * 2**20,
    ) -> None:
        self._work = work
        self._most_jobs = most_jobs
        self._most_weight = most_weight
        self._queue: queue.SimpleQueue[_Waiting[J, R] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="intake", daemon=True)

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what has been handed in, then stop."""
        self._queue.put(None)
        self._thread.join()

    def submit(self, job: J, weight: int) -> Future[R]:
        """Hand a job in; its weight is what it occupies in memory, in bytes."""
        waiting: _Waiting[J, R] = _Waiting(job, weight)
        self._queue.put(waiting)
        return waiting.future

    def _run(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            group, stopping = self._gather(first)
            self._answer([waiting for waiting in group if waiting.future.set_running_or_notify_cancel()])
            if stopping:
                return

    def _gather(self, first: _Waiting[J, R]) -> tuple[list[_Waiting[J, R]], bool]:
        """Everything that waits by now, as far as one transaction should go."""
        group, weight = [first], first.weight
        while len(group) < self._most_jobs and weight < self._most_weight:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                return group, True
            group.append(following)
            weight += following.weight
        return group, False

    def _answer(self, group: list[_Waiting[J, R]]) -> None:
        if not group:
            return
        try:
            results: Sequence[R | Exception] = self._work([waiting.job for waiting in group])
        except Exception as error:  # the thread must outlive whatever went wrong with one group
            log.exception("a group of %d messages failed", len(group))
            results = [error] * len(group)
        for waiting, result in zip(group, results, strict=True):
            if isinstance(result, Exception):
                waiting.future.set_exception(result)
            else:
                waiting.future.set_result(result)
