"""An engine behind HTTP: servers of one model at `/v1/completions`, token ids in, token ids out.

A server is asked for ids and given ids, so the same forcing runs on it token for token. Which fields it takes and how
it hands ids back differ from one to the next: that is a profile, a class of `s1repro.engines.profiles`. Before the
first request it is asked what it serves, for how many tokens, and whether ids come back. Several servers of one model
share the work: the least busy one gets a new question, and all that goes on from that question stays with it, because
its prefix cache knows it. The tokenizer and the size of the vocabulary come from the checkpoint on this side, which
must be the one that is served. Starting servers is not covered.

    engine = VllmServer(urls=["http://127.0.0.1:8000"]).start("runs/demo/train/checkpoint", trust_remote_code=False)
    completion = await engine.complete(ids, max_tokens=64, stop=Stop((eos,)), sampling=Sampling())

A server may end a completion at an end of sequence of its own that was not asked for; it is then asked to go on.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from s1repro.endpoint import Address, Endpoint, Fault
from s1repro.engines.base import Sampling, Stop
from s1repro.engines.checked import CheckedEngine, Sampled
from s1repro.engines.completions import ServerSettings, read, request
from s1repro.engines.probe import probe
from s1repro.engines.stopping import find_stop
from s1repro.pretrained import load_tokenizer, require_model

NOTICE_SECONDS = 15.0
"""Between two lines about requests that are sent again."""


class ServerEngine(CheckedEngine):
    """An `Engine` over one server or several of the same model.

    Raises `ValueError` where a server cannot be reached, serves another model or fewer tokens, or gives no ids.
    """

    def __init__(self, settings: ServerSettings, model: str, trust_remote_code: bool = False) -> None:
        hf_config = require_model(model, settings.max_model_len, trust_remote_code)
        super().__init__(
            load_tokenizer(model, "model", trust_remote_code),
            vocab_size=hf_config.get_text_config().vocab_size,
            max_model_len=settings.max_model_len,
        )
        self._settings = settings
        names = {url: probe(settings, url, model) for url in settings.urls}
        if len(set(names.values())) > 1:
            raise ValueError(
                f"engine.urls have the model by several names ({', '.join(names.values())}): start all alike"
            )
        self._model = names[settings.urls[0]]
        self._fleet = _Fleet([_endpoint(settings, url, self._model, self._notice) for url in settings.urls])
        self._faults, self._told = 0, 0.0

    async def sample(self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling) -> Sampled:
        """See `CheckedEngine.sample`."""
        ids: tuple[int, ...] = ()
        first: Sampled | None = None
        while True:
            said = request(self._settings, self._model, [*prompt_ids, *ids], max_tokens - len(ids), stop, sampling)
            reply = await self._fleet.ask(tuple(prompt_ids), said)
            first = first or reply
            ids += reply.token_ids
            if len(ids) >= max_tokens or self._stops(ids, stop):
                return Sampled(ids, first.cached_tokens)
            if not reply.token_ids:
                raise ValueError("engine: the server ended a completion that was not to end there, without a token")

    def _stops(self, ids: tuple[int, ...], stop: Stop) -> bool:
        """Whether what was asked for ends `ids`, and not an end of sequence of the server's own."""
        at_token = bool(ids) and ids[-1] in stop.token_ids
        return at_token or bool(stop.strings and find_stop(self.tokenizer, ids, stop.strings))

    async def close(self) -> None:
        """Give the connections back; the servers go on."""
        await self._fleet.close()

    def _notice(self, fault: Fault) -> None:
        self._faults += 1
        if time.monotonic() - self._told >= NOTICE_SECONDS:
            self._told = time.monotonic()
            print(f"engine: {self._faults} requests were sent again (last: {fault})", file=sys.stderr)


class _Fleet:
    """Servers of one model: a new prompt goes to the least busy one, and what begins with it goes there too."""

    def __init__(self, endpoints: Sequence[Endpoint[Sampled]]) -> None:
        self._endpoints = endpoints
        self._busy = [0] * len(endpoints)
        self._home: dict[int, dict[tuple[int, ...], int]] = {}
        """The servers of the prompts seen, by their lengths."""

    async def ask(self, prompt: tuple[int, ...], body: Mapping[str, Any]) -> Sampled:
        """Send a request to the prompt's server. Raises `ValueError` where it got no answer."""
        index = self._place(prompt)
        self._busy[index] += 1
        try:
            return await self._endpoints[index].ask(body)
        except Fault as fault:
            raise ValueError(f"engine: {self._endpoints[index].url} gave no answer ({fault})") from None
        finally:
            self._busy[index] -= 1

    def _place(self, prompt: tuple[int, ...]) -> int:
        if len(self._endpoints) == 1:
            return 0
        for length, homes in self._home.items():
            if length <= len(prompt) and (known := homes.get(prompt[:length])) is not None:
                return known
        index = min(range(len(self._busy)), key=self._busy.__getitem__)
        self._home.setdefault(len(prompt), {})[prompt] = index
        return index

    async def close(self) -> None:
        for endpoint in self._endpoints:
            await endpoint.close()


def _endpoint(settings: ServerSettings, url: str, model: str, notice: Callable[[Fault], None]) -> Endpoint[Sampled]:
    address = Address(
        base=url,
        path="/v1/completions",
        model=model,
        group="engine",
        setting="urls",
        key_env=settings.key_env,
        timeout=settings.timeout,
        retries=settings.retries,
        connections=settings.max_concurrency,
    )
    return Endpoint(address, lambda body: read(settings, body), notice)
