"""Model arguments and generation settings of lm-eval's: what they mean, and what is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from s1repro.evaluate.arguments import ending, the_point, to_config

GIVEN = {"checkpoint": "some/model", "recipe": "demo", "budget": 512, "waits": 1, "method.max_answer_tokens": None}


def test_short_names_and_the_stages_own_are_one_config() -> None:
    more = {"engine": "transformers", "engine.dtype": "bfloat16", "method.final_string": "It's, so:", "seed": 3}
    config = to_config({**GIVEN, **more, "method.wait_strings": ["Wait", "Hmm"], "trust_remote_code": False})
    assert the_point(config) == (512, 1)
    assert (config.checkpoint, config.seed, config.engine.name) == ("some/model", 3, "transformers")
    assert config.engine.precision == "bfloat16" and config.method.final_string == "It's, so:"
    assert config.method.identity()["wait_strings"] == ["Wait", "Hmm"]
    assert to_config({**GIVEN, "revision": "0a1b2c3d" * 5}).checkpoint_revision == "0a1b2c3d" * 5


def test_the_largest_budget_is_auto() -> None:
    config = to_config({**GIVEN, "budget": "auto", "waits": 0})
    assert the_point(config) == (config.engine.max_model_len, 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"checkpoint": None}, "give checkpoint=FOLDER"),
        ({"pretrained": "m"}, r"pretrained is no argument; the model is checkpoint="),
        ({"data.limit": 3}, r"data\.limit is no argument"),
        ({"waits": "[0,1]"}, "2 points of a curve, and lm-eval measures one: give budget=N and waits=N"),
        ({"method.samples": 2, "method.temperature": 1}, r"method\.samples is 2; in lm-eval a task's repeats"),
        ({"budget": 0}, r"method\.budgets is \[0\]"),
    ],
)
def test_what_has_no_meaning_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        to_config({**GIVEN, **changes})


@pytest.mark.parametrize(
    ("generation", "expected"),
    [
        ({}, ((), None)),
        ({"until": "\n\n", "do_sample": False, "temperature": 0.0}, (("\n\n",), None)),
        ({"until": ["Q:", ""], "temperature": None, "top_p": 1.0}, (("Q:",), None)),
        ({"max_gen_toks": 600}, ((), 88)),
        ({"max_gen_toks": 32768, "do_sample": False, "top_p": 0.9}, ((), None)),
        ({"temperature": 0, "top_p": 0.9}, ((), None)),
    ],
)
def test_where_an_answer_ends(generation: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert ending(generation, "toy", to_config(GIVEN)) == expected


def test_the_method_s_own_longest_answer_counts_too() -> None:
    config = to_config({**GIVEN, "method.max_answer_tokens": 50})
    assert [ending({"max_gen_toks": most}, "toy", config)[1] for most in (540, 600)] == [28, 50]


def test_a_task_may_say_the_method_s_own_sampling_and_need_not() -> None:
    config = to_config({**GIVEN, "method.temperature": 0.6, "method.top_p": 0.95})
    for generation in ({"do_sample": True, "temperature": 0.6, "top_p": 0.95}, {"do_sample": True}, {}):
        assert ending(generation, "toy", config) == ((), None)


@pytest.mark.parametrize(
    ("generation", "more", "reason"),
    [
        ({"top_k": 5}, {}, r"^task toy: generation_kwargs\.top_k is 5, which is not done here"),
        ({"max_gen_toks": 512}, {}, r"max_gen_toks is 512, and thinking may take 512 tokens"),
        ({"max_gen_toks": 512}, {"budget": "auto"}, "thinking may take all that fits in the model"),
        ({"do_sample": True}, {}, r"do_sample is True, and method\.temperature 0: .*do_sample=False,temperature=0$"),
        ({"temperature": 0.7}, {}, r"temperature is 0\.7, and method\.temperature 0"),
        ({"do_sample": False}, {"method.temperature": 1}, r"do_sample is False, .*do_sample=True,temperature=1$"),
        ({"temperature": 1, "top_p": 0.9}, {"method.temperature": 1}, r"top_p is 0\.9, .*--gen_kwargs top_p=1$"),
        ({"temperature": 1, "top_p": 1}, {"method.temperature": 1, "method.top_p": 0.9}, "top_p is 1, .* top_p=0.9$"),
    ],
)
def test_other_generation_is_refused(generation: dict[str, Any], more: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ending(generation, "toy", to_config({**GIVEN, **more}))
