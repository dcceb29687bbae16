"""Engines: token ids in, token ids out.

`ENGINES` is the one place that knows which engines there are; what each needs is imported when it is started.

    engine = load_engine(config.engine, "runs/demo/train/checkpoint")
"""

from __future__ import annotations

from s1repro.engines.base import Completion, Engine, EngineSettings, Sampling, Stop
from s1repro.engines.profiles import SglangServer, TrtllmServer, VllmServer
from s1repro.engines.scripted import ScriptedEngine
from s1repro.engines.transformers import Transformers
from s1repro.engines.vllm import Vllm

__all__ = ["ENGINES", "Completion", "Engine", "Sampling", "ScriptedEngine", "Stop", "load_engine"]

ENGINES: dict[str, type[EngineSettings]] = {
    engine.name: engine for engine in (Vllm, Transformers, VllmServer, SglangServer, TrtllmServer)
}
"""The engines by name. One more is a file here, a YAML in `conf/engine/`, and its name above."""


def load_engine(settings: EngineSettings, model: str, trust_remote_code: bool = False, revision: str = "") -> Engine:
    """Start an engine on `model`, a folder or a Hugging Face id (at the commit `revision`); `close` it when done.

    Raises `ValueError`, before anything is started, for settings that make no sense and a model that cannot be served.
    """
    settings.check()
    return settings.start(model, trust_remote_code, revision)
