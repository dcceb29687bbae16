"""Servers of one model share the work, and take over from one that stays away.

A new question goes to the least busy server, and all that goes on from it goes there too, because its prefix cache
knows it. A server that cannot be reached, asks for a pause (Retry-After) or fails several requests in a row is left out
for a time that grows; its questions go to the others, which say the same. When that time is over one request tries it
again, and the rest follow where it was answered. Where all are left out a request waits and is sent again, as to a
server that is alone. Starting a server again is not covered.

    fleet = Fleet([endpoint, other_endpoint], retries=8)
    sampled = await fleet.ask(prompt_ids, body)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from s1repro.endpoint import Endpoint, Fault, patiently, pause
from s1repro.engines.checked import Sampled

NOTICE_SECONDS = 15.0
"""Between two lines about requests that are sent again."""
IN_A_ROW = 3
"""So many requests fail without one answer between them before a server that still talks is left out."""


@dataclass
class _Server:
    """One of them: what is in flight there, and whether it is left out."""

    endpoint: Endpoint[Sampled]
    busy: int = 0
    faults: int = 0
    """In a row."""
    outages: int = 0
    """How often in a row it was left out; 0 while it is not."""
    out_since: float = 0.0
    out_until: float = 0.0
    tries: int = 0
    """Requests in flight that look whether it is back."""

    def takes(self, now: float) -> bool:
        """Whether it is asked: it is not left out, or its time is over and no request is looking yet."""
        return not self.outages or (now >= self.out_until and not self.tries)

    async def ask(self, body: Mapping[str, Any]) -> Sampled:
        """Send a request once, and learn from it. Raises `Fault` and `ValueError` as `Endpoint.once` does."""
        began, looks = time.monotonic(), self.outages > 0
        self.busy += 1
        self.tries += looks
        try:
            reply = await self.endpoint.once(body)
        except Fault as fault:
            if fault.passing and began >= self.out_since:  # else it is of an outage that is known
                self._failed(fault)
            raise
        finally:
            self.busy -= 1
            self.tries -= looks
        self.faults = self.outages = 0
        return reply

    def _failed(self, fault: Fault) -> None:
        self.faults += 1
        if fault.unreachable or fault.retry_after or self.faults >= IN_A_ROW:
            self.outages += 1
            self.out_since = time.monotonic()
            self.out_until = self.out_since + pause(self.outages - 1, fault.retry_after, Random())


class Fleet:
    """Servers of one model, or one alone."""

    def __init__(self, endpoints: Sequence[Endpoint[Sampled]], retries: int) -> None:
        self._servers = [_Server(endpoint) for endpoint in endpoints]
        self._retries = retries
        self._home: dict[int, dict[tuple[int, ...], int]] = {}
        """The servers of the prompts seen, by their lengths."""
        self._left_out: set[int] = set()
        """Those that were said to be left out."""
        self._again, self._told = 0, 0.0

    async def ask(self, prompt: tuple[int, ...], body: Mapping[str, Any]) -> Sampled:
        """The answer of the prompt's server, or of another one. Raises `ValueError` where none gave one."""
        try:
            return await patiently(lambda: self._round(prompt, body), self._retries, self._sent_again)
        except Fault as fault:
            where = ", ".join(server.endpoint.url for server in self._servers)
            rerun = "; see to it, and run the same command again: what is finished stays" if fault.passing else ""
            raise ValueError(f"engine: {where} gave no answer ({fault}){rerun}") from None

    async def close(self) -> None:
        """Give the connections back."""
        for server in self._servers:
            await server.endpoint.close()

    async def _round(self, prompt: tuple[int, ...], body: Mapping[str, Any]) -> Sampled:
        """Ask each server that takes requests, once, until one answers. Raises the last one's `Fault`."""
        index, tried = self._place(prompt, set()), set[int]()
        assert index is not None
        while True:
            try:
                reply = await self._servers[index].ask(body)
            except Fault as fault:
                tried.add(index)
                self._tell_left_out(index, fault)
                index = self._place(prompt, tried) if fault.passing else None
                if index is None:
                    raise
                self._sent_again(fault)
            else:
                self._tell_back(index)
                return reply

    def _place(self, prompt: tuple[int, ...], tried: set[int]) -> int | None:
        """The server that a request goes to next; None where all that take requests were tried."""
        now = time.monotonic()
        free = [i for i, server in enumerate(self._servers) if i not in tried and server.takes(now)]
        if not free:
            return None if tried else min(range(len(self._servers)), key=lambda i: self._servers[i].out_until)
        if len(self._servers) == 1:
            return 0
        known = self._beginning(prompt)
        home = self._home.setdefault(len(known), {})
        if home.get(known) not in free:
            home[known] = min(free, key=lambda i: self._servers[i].busy)
        return home[known]

    def _beginning(self, prompt: tuple[int, ...]) -> tuple[int, ...]:
        """The prompt that was sent before and that this one goes on from, or itself."""
        for length, homes in self._home.items():
            if length <= len(prompt) and prompt[:length] in homes:
                return prompt[:length]
        return prompt

    def _sent_again(self, fault: Fault) -> None:
        self._again += 1
        if time.monotonic() - self._told >= NOTICE_SECONDS:
            self._told = time.monotonic()
            print(f"engine: {self._again} requests were sent again (last: {fault})", file=sys.stderr)

    def _tell_left_out(self, index: int, fault: Fault) -> None:
        server = self._servers[index]
        if server.outages and len(self._servers) > 1 and index not in self._left_out:
            self._left_out.add(index)
            rest = len(self._servers) - len(self._left_out)
            then = f"its questions go to the other {rest}" if rest else "no server is left, they are waited for"
            print(f"engine: {server.endpoint.url} is left out for now ({fault}); {then}", file=sys.stderr)

    def _tell_back(self, index: int) -> None:
        if index in self._left_out:
            self._left_out.remove(index)
            print(f"engine: {self._servers[index].endpoint.url} answers again", file=sys.stderr)
