"""One request to an address of an OpenAI-compatible server, sent again while that may help.

Asked again, with growing pauses: too many requests (429), a server's error (5xx), no reply in time, a broken
connection, and a reply that is not what was asked for although its status says so, which a client library's own retries
do not see. Never asked again: what a key, an address or a name of a model cannot mend by itself; that stops everything
with a `ValueError`. A time-out counts from sending to the last byte, since servers send blanks while they work.
The key is read from the environment and never shown, also where a server repeats it. So is an HTTP proxy (`http_proxy`,
`https_proxy`, `no_proxy`), which sees the key only where the address is no https one. Streaming is not covered.

    address = Address("http://127.0.0.1:8000/v1", "/chat/completions", "m", "teacher", "base_url", "OPENAI_API_KEY")
    async with Endpoint(address, read_reply) as endpoint:
        reply = await endpoint.ask({"model": "m", "messages": [{"role": "user", "content": "1+1?"}]})
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from random import Random
from types import TracebackType
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx2

from s1repro.strict import repaired

Reply = TypeVar("Reply")

PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds before the second try, and at most; each pause is twice the one before."""
LONGEST_WAIT = 300.0
"""Seconds that a server's Retry-After is followed for at most."""
PASSING = (408, 409, 425, 429)
"""Refusals that pass, beside all 5xx."""
CONNECT_SECONDS = 30.0
"""How long setting up a connection may take."""
KEPT_SECONDS = 4.0
"""How long a connection is kept unused: less than uvicorn's servers keep it, five seconds."""


class Unreadable(Exception):
    """A reply that is not what was asked for, whatever its status said: `what` it should have been, and the message."""

    what = "what was asked for"


@dataclass(frozen=True)
class Address:
    """Where requests go: `path` below `base`; and how the settings are called that say so: `group`.`setting` and
    `group`.model."""

    base: str
    path: str
    model: str
    group: str
    setting: str
    key_env: str
    timeout: float = 1800.0
    retries: int = 6
    connections: int = 32


class Fault(Exception):
    """A question without an answer: `reason` in a few words, `detail` as the server said it."""

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        passing: bool = True,
        unreachable: bool = False,
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.passing, self.unreachable, self.retry_after = reason, passing, unreachable, retry_after


class Endpoint(Generic[Reply]):
    """An address; a context manager that holds its connections.

    `read` makes a reply of the bytes that came, or raises `Unreadable`. `notice` hears of each fault after which a
    request is sent again. Raises `ValueError` for an address, a proxy or a key that cannot be sent.
    """

    def __init__(
        self,
        address: Address,
        read: Callable[[bytes], Reply],
        notice: Callable[[Fault], None] = lambda fault: None,
    ) -> None:
        self._address, self._read, self._notice = address, read, notice
        self._key = os.environ.get(address.key_env, "").strip()
        if not (self._key.isascii() and self._key.isprintable()):
            raise ValueError(f"{address.key_env} holds what no key has (line breaks or non-ASCII); set it anew")
        # Told with each request: what is told a session goes to a proxy too.
        self._headers = {"Content-Type": "application/json"}
        if self._key:
            self._headers["Authorization"] = f"Bearer {self._key}"
        self.url = address.base.rstrip("/") + address.path
        try:
            httpx2.URL(self.url)
        except httpx2.InvalidURL as error:
            raise ValueError(f"{self._setting} is {address.base!r}: {error}") from None
        self._proxy = _proxy(self.url)
        self._free = asyncio.Semaphore(address.connections)
        self._session: aiohttp.ClientSession | None = None

    @property
    def _setting(self) -> str:
        return f"{self._address.group}.{self._address.setting}"

    async def __aenter__(self) -> Endpoint[Reply]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Give the connections back."""
        if self._session:
            await self._session.close()

    async def ask(self, body: Mapping[str, Any]) -> Reply:
        """The reply to a request. Raises `Fault` for one that got none, `ValueError` where no other will get one."""
        try:
            return await patiently(lambda: self.once(body), self._address.retries, self._notice)
        except Fault as fault:
            if not fault.unreachable:
                raise
            raise ValueError(
                f"{self._address.group}: {self.url} cannot be reached ({fault}); start it, or check the "
                f"address {self._setting}; a rerun asks only what has no answer yet"
            ) from None

    async def once(self, body: Mapping[str, Any]) -> Reply:
        """The same, sent a single time."""
        seconds = self._address.timeout
        content = json.dumps(body).encode("ascii")
        try:
            async with (
                self._free,
                asyncio.timeout(seconds),
                self._connections().post(
                    self.url, data=content, headers=self._headers, proxy=self._proxy, allow_redirects=False
                ) as response,
            ):
                said = await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Fault("no connection", self._clean(str(error)), unreachable=True) from error
        except TimeoutError as error:
            raise Fault(f"no reply within {seconds:g} s") from error
        except aiohttp.ClientHttpProxyError as error:  # whose own words hold the proxy's password
            reason = f"the proxy says HTTP {error.status}"
            raise Fault(reason, self._clean(error.message), passing=_passes(error.status)) from None
        except aiohttp.ClientError as error:
            raise Fault("connection lost", self._clean(str(error))) from error
        if response.status >= 300:
            raise self._refusal(response.status, said, response.headers)
        try:
            return self._read(said)
        except Unreadable as lie:
            raise Fault(f"not {lie.what}", self._clean(str(lie))) from lie

    def _connections(self) -> aiohttp.ClientSession:
        """Those that there are, and more where they are all in use; made where a loop runs."""
        if self._session is None:
            wait = min(CONNECT_SECONDS, self._address.timeout)
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=wait),
                connector=aiohttp.TCPConnector(
                    limit=0, keepalive_timeout=KEPT_SECONDS, ssl=httpx2.create_ssl_context()
                ),
            )
        return self._session

    def _refusal(self, status: int, body: bytes, headers: Mapping[str, str]) -> Exception:
        """What a status other than success means."""
        detail = self._clean(error_message(body))
        said = f"HTTP {status}: {detail}" if detail else f"HTTP {status}"
        if status in (401, 402, 403):
            name = self._address.key_env
            key = f"the key in {name}" if self._key else f"to answer without a key, and {name} is not set"
            return ValueError(
                f"{self._address.group}: {self.url} refuses {key} ({said}); set the environment variable {name}"
            )
        if status == 404 or 300 <= status < 400:
            return ValueError(
                f"{self._address.group}: {self.url} has no such model or address ({said}); "
                f"check {self._address.group}.model={self._address.model} and {self._setting}"
            )
        return Fault(f"HTTP {status}", detail, passing=_passes(status), retry_after=_retry_after(headers))

    def _clean(self, text: str) -> str:
        return one_line(text, self._key)


async def patiently(
    ask: Callable[[], Awaitable[Reply]], retries: int, notice: Callable[[Fault], None] = lambda fault: None
) -> Reply:
    """What `ask` gives, tried again up to `retries` times after a fault that may pass; `notice` hears of each."""
    jitter = Random()
    for attempt in count():
        try:
            return await ask()
        except Fault as fault:
            if not fault.passing or attempt >= retries:
                raise
            notice(fault)
            seconds = pause(attempt, fault.retry_after, jitter)
        await asyncio.sleep(seconds)
    raise AssertionError("unreachable")


def one_line(text: str, key: str) -> str:
    """A server's words as one short line, without the key, which some repeat."""
    words = " ".join((text.replace(key, "***") if key else text).split())
    return words if len(words) <= 300 else f"{words[:300]}..."


def error_message(body: str | bytes) -> str:
    """What a server says went wrong, "" where it is not JSON or says nothing in a known place."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for name in ("error", "message", "detail"):
        if isinstance(data, dict):
            data = data.get(name) or data
    return repaired(data) if isinstance(data, str) else ""


def pause(attempt: int, retry_after: float, chance: Random) -> float:
    """Seconds to wait after try `attempt` (from 0): growing, and up to a half less, so that not all come at once."""
    growing = min(PAUSE * 2.0 ** min(attempt, 10), LONGEST_PAUSE) * chance.uniform(0.5, 1.0)
    return max(growing, min(retry_after, LONGEST_WAIT))


def _proxy(url: str) -> str | None:
    """The environment's proxy for `url`. aiohttp would read it too, and take a netrc's password along with it.

    Raises `ValueError` for one that is no address of an HTTP proxy, without showing it: it may hold a password.
    """
    parts = urlsplit(url)
    told = None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
    if told is None:
        return None
    proxy = told if "://" in told else f"http://{told}"
    if not _is_address(proxy):
        raise ValueError(
            f"{parts.scheme}_proxy in the environment is no address of an HTTP proxy, http://host:port; set it anew, "
            f"or name {parts.hostname} in no_proxy"
        )
    return proxy


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no port, or no host, can be written like this
        return False


def _passes(status: int) -> bool:
    """Whether a refusal may be another answer later."""
    return status in PASSING or status >= 500


def _retry_after(headers: Mapping[str, str]) -> float:
    """The seconds of a Retry-After header, which holds seconds or a date; 0 without one."""
    value = headers.get("Retry-After", "")
    try:
        return max(float(value), 0.0)
    except ValueError:
        pass
    try:
        return max((parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):  # no date, or one without a time zone
        return 0.0
