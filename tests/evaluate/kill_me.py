"""Run by test_pipeline: the stage with a slow scripted engine, in a process that gets killed.

python kill_me.py config.yaml conftest.py
"""

import asyncio
import importlib.util
import random
import sys

from transformers import AutoTokenizer

import s1repro.config
from s1repro.config import Config
from s1repro.engines import Completion, ScriptedEngine
from s1repro.engines.base import EngineSettings
from s1repro.engines.speculation import Speculation
from s1repro.engines.vllm import Vllm
from s1repro.evaluate import pipeline
from s1repro.scaling.forcing import Forcing

spec = importlib.util.spec_from_file_location("toy", sys.argv[2])
assert spec is not None and spec.loader is not None
toy = importlib.util.module_from_spec(spec)
spec.loader.exec_module(toy)


def load(config: EngineSettings, model: str, *_: object) -> ScriptedEngine:
    """The scripted engine, with pauses that put the samples in another order each time."""
    engine: ScriptedEngine = toy.thinker(AutoTokenizer.from_pretrained(model), config.max_model_len)
    complete = engine.complete

    async def slowly(*args: object, **kwargs: object) -> Completion:
        await asyncio.sleep(random.random() * 0.05)
        return await complete(*args, **kwargs)  # type: ignore[arg-type]

    engine.complete = slowly  # type: ignore[method-assign]
    return engine


pipeline.load_benchmark = lambda name: toy.QUESTIONS  # importing lm-eval takes longer than the test
config = eval(sys.argv[1], {**vars(s1repro.config), "Vllm": Vllm, "Speculation": Speculation, "Forcing": Forcing})
assert isinstance(config, Config)
pipeline.run(config, load)
