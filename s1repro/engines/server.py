"""An engine behind HTTP: servers of one model at `/v1/completions`, token ids in, token ids out.

A server is asked for ids and given ids, so the same forcing runs on it token for token. Which fields it takes and how
it hands ids back differ from one to the next: that is a profile, a class of `s1repro.engines.profiles`. Before the
first request it is asked what it serves, for how many tokens, and whether ids come back. Several servers of one model
share the work (`s1repro.engines.fleet`). The tokenizer and the size of the vocabulary come from the checkpoint on this
side, which must be the one that is served. Starting servers is not covered; one that is to serve a hub's model at a
commit must be started with it (vLLM's and SGLang's `--revision`), as no server tells which it has.

    engine = VllmServer(urls=["http://127.0.0.1:8000"]).start("runs/demo/train/checkpoint", trust_remote_code=False)
    completion = await engine.complete(ids, max_tokens=64, stop=Stop((eos,)), sampling=Sampling())

A server may end a completion at an end of sequence of its own that was not asked for; it is then asked to go on. What
it draws behind that end has a seed of its own, made of the completion's: with the same one the first draws would be
drawn again. So a completion at a temperature is the same in every run, and of the right distribution; but a server that
has such ends draws others than one that has none.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from s1repro.endpoint import Address, Endpoint
from s1repro.engines.base import Sampling, Stop
from s1repro.engines.checked import CheckedEngine, Sampled
from s1repro.engines.completions import ServerSettings, read, request
from s1repro.engines.fleet import Fleet
from s1repro.engines.probe import probe
from s1repro.engines.stopping import find_stop
from s1repro.pretrained import load_tokenizer, require_model

_SEED_STRIDE = 32_452_843
"""Between the seeds of two requests for one completion."""


class ServerEngine(CheckedEngine):
    """An `Engine` over one server or several of the same model.

    Raises `ValueError` where a server cannot be reached, serves another model or fewer tokens, or gives no ids.
    """

    def __init__(
        self, settings: ServerSettings, model: str, trust_remote_code: bool = False, revision: str = ""
    ) -> None:
        hf_config = require_model(model, settings.max_model_len, trust_remote_code, revision)
        super().__init__(
            load_tokenizer(model, "model", trust_remote_code, revision),
            vocab_size=hf_config.get_text_config().vocab_size,
            max_model_len=settings.max_model_len,
        )
        self._settings = settings
        names = {url: probe(settings, url, model) for url in settings.urls}
        if len(set(names.values())) > 1:
            raise ValueError(
                f"engine.urls have the model by several names ({', '.join(names.values())}): start all alike"
            )
        if revision:
            print(f"engine: no server tells its model's revision; start it with {revision}", file=sys.stderr)
        self._model = names[settings.urls[0]]
        self._fleet = Fleet([_endpoint(settings, url, self._model) for url in settings.urls], settings.retries)

    async def sample(self, prompt_ids: Sequence[int], *, max_tokens: int, stop: Stop, sampling: Sampling) -> Sampled:
        """See `CheckedEngine.sample`."""
        ids: tuple[int, ...] = ()
        first: Sampled | None = None
        while True:
            said = request(self._settings, self._model, [*prompt_ids, *ids], max_tokens - len(ids), stop, sampling)
            reply = await self._fleet.ask(tuple(prompt_ids), said)
            sampling = replace(sampling, seed=(sampling.seed + _SEED_STRIDE) % 2**31)
            stop = stop.behind(len(reply.token_ids))
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


def _endpoint(settings: ServerSettings, url: str, model: str) -> Endpoint[Sampled]:
    address = Address(
        base=url,
        path="/v1/completions",
        model=model,
        group="engine",
        setting="urls",
        key_env=settings.key_env,
        timeout=settings.timeout,
        connections=settings.max_concurrency,
    )
    return Endpoint(address, lambda body: read(settings, body))
