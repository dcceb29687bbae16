"""What each server is told, by its own names, and nothing that it does not take."""

from __future__ import annotations

import pytest

from s1repro.engines.base import Sampling, Stop
from s1repro.engines.completions import ServerSettings, request
from s1repro.engines.profiles import SglangServer, TrtllmServer, VllmServer
from tests.engines.completion_server import TRTLLM

STOP = Stop((7, 8), ("</think>",))
HELD_BACK = Stop((7, 8), min_tokens=1)


@pytest.mark.parametrize("settings", [VllmServer(), SglangServer(), TrtllmServer()], ids=lambda one: one.name)
def test_stops_come_back_and_ids_too(settings: ServerSettings) -> None:
    fields = settings.fields(STOP)
    assert (fields["stop_token_ids"], fields["stop"]) == ([7, 8], ["</think>"])
    kept = {"include_stop_str_in_output", "no_stop_trim"} & fields.keys()
    ids = {"return_token_ids", "detokenize"} & fields.keys()
    assert kept and all(fields[name] is True for name in kept) and len(ids) == 1


def test_only_vllm_keeps_its_stops_where_the_end_of_sequence_is_ignored() -> None:
    assert VllmServer().fields(STOP)["ignore_eos"] is True
    for settings in (SglangServer(), TrtllmServer()):
        assert settings.fields(STOP)["ignore_eos"] is False
        assert settings.fields(Stop())["ignore_eos"] is True


def test_tensorrt_llm_gets_no_field_that_it_rejects() -> None:
    for stop in (STOP, HELD_BACK):
        assert set(request(TrtllmServer(), "m", [1], 2, stop, Sampling())) <= TRTLLM


def test_stops_are_held_back_by_the_server_or_by_a_request_of_their_own() -> None:
    for settings in (VllmServer(), SglangServer()):
        body = request(settings, "m", [1], 20, HELD_BACK, Sampling())
        assert (body["min_tokens"], body["max_tokens"]) == (1, 20)
    body = request(TrtllmServer(), "m", [1], 20, HELD_BACK, Sampling())
    assert (body["logit_bias"], body["max_tokens"]) == ({"7": -100.0, "8": -100.0}, 1)
