"""What a user of lm-eval says of model and generation, in the project's terms: `--model_args` and `generation_kwargs`.

Model arguments are the settings that the stages have, by the same names (`engine.dtype=float32`,
`method.temperature=1`), and short ones for those that are always given. Nothing is passed over: what has no meaning
here is refused in one line that names it.

    config = to_config({"checkpoint": "data/demo/base", "recipe": "demo", "budget": 512, "waits": 1})
    until, answer_tokens = ending({"until": ["\\n\\n"], "max_gen_toks": 600}, "demo", config)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from s1repro.cli import composed
from s1repro.config import Config
from s1repro.scaling.method import Cut, Method

GROUPS = ("recipe", "engine", "method")
SHORT = {
    "checkpoint": "checkpoint",
    "revision": "checkpoint_revision",
    "seed": "seed",
    "budget": "method.budgets",
    "waits": "method.waits",
    "format": "model.format",
    "trust_remote_code": "model.trust_remote_code",
}
"""Model arguments with a name of their own, and the settings they stand for; `budget` and `waits` are one number."""
GENERATION = ("until", "max_gen_toks", "do_sample", "temperature", "top_p")
"""The `generation_kwargs` that have a meaning here."""


def to_config(arguments: Mapping[str, Any]) -> Config:
    """The checked config of `--model_args`. Raises `ValueError`, naming the argument, for what has no meaning here."""
    if arguments.get("checkpoint") is None:
        raise ValueError("--model_args: give checkpoint=FOLDER, or a hub id")
    config = composed(["name=lm-eval", *(_override(name, value) for name, value in arguments.items())])
    points = [cut for cuts in config.method.traces(config.engine.max_model_len) for cut in cuts]
    if len(points) != 1:
        raise ValueError(
            f"--model_args: {len(points)} points of a curve, and lm-eval measures one: give budget=N"
            + (" and waits=N, which may be 0" if hasattr(config.method, "waits") else "")
        )
    if config.method.samples != 1:
        raise ValueError(f"method.samples is {config.method.samples}; in lm-eval a task's repeats take several samples")
    return config


def the_point(config: Config) -> Cut:
    """The one point that is measured."""
    ((cut,),) = config.method.traces(config.engine.max_model_len)
    return cut


def ending(generation: Mapping[str, Any], task: str, config: Config) -> tuple[tuple[str, ...], int | None]:
    """Where an answer ends by a task's `generation_kwargs`: the strings it is cut at, and its most tokens.

    `max_gen_toks` holds thinking and answer together, so that the answer gets what the budget leaves. Raises
    `ValueError`, naming task and setting, for sampling other than the method's and for what has no meaning here.
    """
    where = f"task {task}: generation_kwargs."
    for name, value in generation.items():
        if name not in GENERATION and value is not None:
            raise ValueError(f"{where}{name} is {value!r}, which is not done here; known are {', '.join(GENERATION)}")
    _require_sampling(generation, where, config.method)
    until = generation.get("until") or []
    strings = tuple(text for text in ([until] if isinstance(until, str) else until) if text)
    return strings, _answer_tokens(generation.get("max_gen_toks"), where, config)


def _answer_tokens(most: int | None, where: str, config: Config) -> int | None:
    own, length = config.method.max_answer_tokens, config.engine.max_model_len
    if most is None or most >= length:
        return own
    thinking = config.method.budget(the_point(config), length).max_thinking_tokens
    if thinking is None or thinking >= most:
        said = "all that fits in the model" if thinking is None else f"{thinking} tokens"
        raise ValueError(
            f"{where}max_gen_toks is {most}, and thinking may take {said}: lower the budget, or raise it with "
            f"--gen_kwargs max_gen_toks={length}"
        )
    return most - thinking if own is None else min(own, most - thinking)


def _require_sampling(generation: Mapping[str, Any], where: str, method: Method) -> None:
    """Raise `ValueError` where the task wants other sampling than the method does."""
    temperature = method.temperature
    sample, wanted, top_p = (generation.get(name) for name in ("do_sample", "temperature", "top_p"))
    if sample is False or wanted == 0:
        wanted, top_p = 0, None
    if (wanted is not None and wanted != temperature) or (sample is True and temperature == 0):
        name, value = ("temperature", wanted) if wanted else ("do_sample", sample)
        raise ValueError(
            f"{where}{name} is {value}, and method.temperature {temperature:g}: make them one, with method.temperature "
            f"in --model_args or --gen_kwargs do_sample={temperature > 0},temperature={temperature:g}"
        )
    if top_p is not None and top_p != method.top_p:
        raise ValueError(
            f"{where}top_p is {top_p}, and method.top_p {method.top_p:g}: make them one, with method.top_p in "
            f"--model_args or --gen_kwargs top_p={method.top_p:g}"
        )


def _override(name: str, value: Any) -> str:
    """The argument as a stage takes it."""
    known = [*GROUPS, *SHORT]
    if name in GROUPS:
        return f"{name}={value}"
    if name not in SHORT and name.partition(".")[0] not in ("model", "engine", "method"):
        hint = "; the model is checkpoint=" if name in ("pretrained", "model", "path") else ""
        raise ValueError(
            f"--model_args: {name} is no argument{hint}; known are {', '.join(known)} and settings such as "
            "engine.max_model_len or method.temperature"
        )
    text = _text(value)
    if name in ("budget", "waits") and not text.startswith("["):
        text = f"[{text}]"
    return f"{SHORT.get(name, name)}={text}"


def _text(value: Any) -> str:
    """A value as Hydra reads it."""
    if value is None:
        return "null"
    if isinstance(value, str) and not value.startswith("["):
        quoted = value.replace("'", "\\'")
        return f"'{quoted}'"
    return value if isinstance(value, str) else json.dumps(value)
