"""The typed configuration tree that Hydra fills from `conf/`, `recipes/` and the command line.

One dataclass a config group, one docstring a field. A misspelt key fails while the config is composed; a value that
makes no sense fails in `check`, before any stage has touched a file. No I/O here.

    python -m s1repro.evaluate recipe=demo method.budgets=[64,128] method.waits=[0]
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from s1repro.chat import FORMATS

ENGINES = ("vllm",)
"""Names `engine.name` may have."""
METHODS = ("force",)
"""Names `method.name` may have."""
PRESETS = ("paper", "code", "random", "diverse", "longest")
"""Names `selection.preset` may have."""


@dataclass
class ModelConfig:
    """Which model: group `model/`."""

    base: str = MISSING
    """The model to start from: a Hugging Face id or a folder. `curate` lets it try the questions, `train` tunes it."""
    format: str = MISSING
    """Name of its thinking format in `s1repro.chat.FORMATS`."""
    trust_remote_code: bool = False
    """Run code that comes with the model. Off unless you trust its author."""


@dataclass
class DataConfig:
    """Which questions: group `data/`."""

    pool: str = MISSING
    """The pool to curate: a JSONL file of rows in the s1K schema (`.gz` is read too)."""
    benchmarks: list[str] = MISSING
    """Names of the lm-eval tasks in `evals/` to measure on; the pool is decontaminated against them."""


@dataclass
class SelectionConfig:
    """How the set is chosen from the pool: group `selection/`."""

    preset: str = MISSING
    """`paper`, `code`, `random`, `diverse` or `longest` (section 2.2 and Table 2 of the paper)."""
    size: int = 1000
    """Questions to select."""
    ngram: int = 8
    """Words in a row that a question may not share with a benchmark question."""
    outright_sources: list[str] = field(default_factory=list)
    """Sources whose rows are taken outright when the teacher is right."""
    outright_long_sources: list[str] = field(default_factory=list)
    """Sources taken outright when the teacher is right and the trace is longer than `outright_length`."""
    outright_length: int = 5600
    """The trace length, in tokens, for `outright_long_sources`."""
    solver_tokens: list[int] = field(default_factory=list)
    """The difficulty filter's solvers: the base model, with this many tokens to answer in, one solver an entry."""
    solver_prompts: list[str] = field(default_factory=list)
    """One prompt a solver, with `{question}` where the question goes."""


@dataclass
class SftConfig:
    """How the model is fine-tuned: group `sft/`. The defaults are the paper's (appendix D)."""

    epochs: float = 5.0
    """Passes over the set."""
    batch_size: int = 16
    """Sequences an optimiser step, over all devices."""
    micro_batch_size: int = 1
    """Sequences a device holds at once; the rest of `batch_size` is accumulated."""
    learning_rate: float = 1e-5
    """Peak learning rate."""
    warmup_ratio: float = 0.05
    """Share of the steps that warm up; then a cosine to 0."""
    weight_decay: float = 1e-4
    """AdamW's decoupled weight decay."""
    adam_beta1: float = 0.9
    """AdamW's first momentum."""
    adam_beta2: float = 0.95
    """AdamW's second momentum."""
    max_grad_norm: float = 1.0
    """Gradients are clipped to this norm."""
    max_length: int = 32768
    """Longest sequence in tokens; a longer example is refused, never cut."""
    bf16: bool = True
    """Train in bfloat16 autocast."""
    gradient_checkpointing: bool = False
    """Trade time for memory: recompute activations in the backward pass."""
    lora: bool = False
    """Train a low-rank adapter and merge it for serving, instead of all weights."""
    lora_rank: int = 16
    """Rank of the adapter."""
    lora_alpha: int = 32
    """Scale of the adapter."""
    lora_dropout: float = 0.0
    """Dropout in front of the adapter."""


@dataclass
class EngineConfig:
    """Which engine runs the model: group `engine/`."""

    name: str = MISSING
    """`vllm` (in process)."""
    dtype: str = "float32"
    """Weights and activations. The paper evaluates in float32 for determinism."""
    max_model_len: int = 32768
    """Longest prompt plus completion, in tokens."""
    max_concurrency: int = 256
    """Samples in flight at once."""
    enforce_eager: bool = False
    """Skip compilation: a faster start, slower steps on a GPU."""
    gpu_memory_utilization: float = 0.9
    """Share of the device's memory the engine may take."""
    block_size: int = 32
    """Tokens a block of the KV cache; whole blocks are reused, so small blocks make forked answers cheap."""
    cpu_cache_gib: int = 1
    """KV cache on a CPU, in GiB."""
    tensor_parallel_size: int = 1
    """GPUs that share the model."""


@dataclass
class MethodConfig:
    """Which test-time method, at which budgets: group `method/`."""

    name: str = MISSING
    """`force` (budget forcing, section 3.1)."""
    budgets: list[int] = MISSING
    """Caps on the thinking tokens. Each is one point of the curve with 0 Waits."""
    waits: list[int] = field(default_factory=lambda: [0])
    """How often the end of thinking becomes `wait_string`; counts above 0 are measured at the largest budget."""
    wait_string: str = "Wait"
    """Appended in place of the end of thinking."""
    final_string: str = "Final Answer:"
    """Starts the answer that a spent budget forces."""
    answer_tokens: int = 100
    """Tokens kept free for the answer."""
    temperature: float = 0.0
    """0 is greedy, as in the paper."""
    samples: int = 1
    """Samples a question."""


@dataclass
class ReportConfig:
    """What the report shows: group `report/`."""

    title: str = "accuracy against test-time compute"
    """Heading of the picture."""
    baselines: list[str] = field(default_factory=list)
    """Names of other runs drawn beside this one."""
    wandb: bool = True
    """Log metrics and the curve to wandb; without an account or a network use WANDB_MODE=offline."""
    wandb_project: str = "s1repro"
    """The wandb project."""


@dataclass
class Config:
    """The whole tree. Stages get it frozen and checked."""

    name: str = MISSING
    """The run's name: its files are in `<runs>/<name>/<stage>/`."""
    runs: str = "runs"
    """Folder of all runs."""
    seed: int = 0
    """Seeds selection, training and sampling."""
    checkpoint: str = "${runs}/${name}/train/checkpoint"
    """The model `evaluate` measures. By default the one `train` made."""
    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    sft: SftConfig = field(default_factory=SftConfig)
    engine: EngineConfig = field(default_factory=EngineConfig)
    method: MethodConfig = field(default_factory=MethodConfig)
    report: ReportConfig = field(default_factory=ReportConfig)


def check(config: Config) -> None:
    """Refuse what types alone cannot: raises `ValueError` naming the key, its value and what is allowed.

    Only what needs no file is checked here; each stage checks its own files before it starts.
    """
    names: dict[str, tuple[str, Iterable[str]]] = {
        "model.format": (config.model.format, FORMATS),
        "selection.preset": (config.selection.preset, PRESETS),
        "engine.name": (config.engine.name, ENGINES),
        "method.name": (config.method.name, METHODS),
    }
    for key, (name, choices) in names.items():
        if name not in choices:
            raise ValueError(f"{key} is {name!r}; choose from: {', '.join(choices)}")
    at_least_one = {
        "selection.size": config.selection.size,
        "selection.ngram": config.selection.ngram,
        "sft.batch_size": config.sft.batch_size,
        "sft.micro_batch_size": config.sft.micro_batch_size,
        "sft.max_length": config.sft.max_length,
        "sft.lora_rank": config.sft.lora_rank,
        "engine.max_model_len": config.engine.max_model_len,
        "engine.max_concurrency": config.engine.max_concurrency,
        "engine.tensor_parallel_size": config.engine.tensor_parallel_size,
        "method.answer_tokens": config.method.answer_tokens,
        "method.samples": config.method.samples,
    }
    at_least_one |= {f"method.budgets[{i}]": budget for i, budget in enumerate(config.method.budgets)}
    for key, count in at_least_one.items():
        if count < 1:
            raise ValueError(f"{key} is {count}; give 1 or more")
    if config.sft.epochs <= 0:
        raise ValueError(f"sft.epochs is {config.sft.epochs}; give more than 0")
    if not 0 <= config.sft.warmup_ratio < 1:
        raise ValueError(f"sft.warmup_ratio is {config.sft.warmup_ratio}; give a share of the steps, 0 to below 1")
    if config.sft.batch_size % config.sft.micro_batch_size:
        raise ValueError(
            f"sft.batch_size is {config.sft.batch_size}, no multiple of micro_batch_size {config.sft.micro_batch_size}"
        )
    if not config.method.budgets or not config.method.waits:
        raise ValueError("method.budgets and method.waits each need at least one entry, such as [1024] and [0]")
    if min(config.method.waits) < 0:
        raise ValueError(f"method.waits is {config.method.waits}; counts are 0 or more")
    if config.method.samples > 1 and config.method.temperature == 0:
        raise ValueError("method.samples above 1 with temperature 0 repeats one answer; set method.temperature above 0")
    if config.method.temperature < 0:
        raise ValueError(f"method.temperature is {config.method.temperature}; give 0 (greedy) or more")
    if len(config.selection.solver_tokens) != len(config.selection.solver_prompts):
        raise ValueError("selection.solver_tokens and selection.solver_prompts need the same number of entries")


ConfigStore.instance().store(name="schema", node=Config)
