"""Room for bodies: how many bytes of all calls together the server holds at a time."""

from __future__ import annotations


class BodyRoom:
    """Counts the bytes calls hold, so that many large bodies at once are put off instead of filling the memory."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: dict[str, int] = {}
        self.taken = 0

    def take(self, call: str, size: int) -> bool:
        """Hold more bytes for a call; False, with nothing taken, when there is no room."""
        if self.taken + size > self._size:
            return False
        self.taken += size
        self._held[call] = self._held.get(call, 0) + size
        return True

    def give_back(self, call: str) -> None:
        """The call is over, and what it held is free."""
        self.taken -= self._held.pop(call, 0)
