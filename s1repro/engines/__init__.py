"""Engines: token ids in, token ids out.

`load_engine` is the one place that knows which engines there are; what each needs is imported when it is asked for.

    engine = load_engine(config.engine, "runs/demo/train/checkpoint")
"""

from __future__ import annotations

from s1repro.config import ENGINES, EngineConfig
from s1repro.engines.base import Completion, Engine, Sampling, Stop
from s1repro.engines.scripted import ScriptedEngine

__all__ = ["ENGINES", "Completion", "Engine", "Sampling", "ScriptedEngine", "Stop", "load_engine"]


def load_engine(config: EngineConfig, model: str, trust_remote_code: bool = False) -> Engine:
    """Start the engine `config` names on `model`, a folder or a Hugging Face id; `close` it when done.

    Raises `ValueError`, before anything is started, for an unknown engine, for settings that it does not have, and
    for a model that cannot be served.
    """
    if config.name == "vllm":
        from s1repro.engines.vllm import VllmEngine

        return VllmEngine(config, model, trust_remote_code)
    if config.name == "transformers":
        from s1repro.engines.transformers import TransformersEngine

        return TransformersEngine(config, model, trust_remote_code)
    raise ValueError(f"engine.name is {config.name!r}: choose one of {', '.join(ENGINES)}")
