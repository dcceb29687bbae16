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
from s1repro.control import CONTROLS

ENGINES = ("vllm", "transformers")
"""Names `engine.name` may have."""
METHODS = ("force", "tcc", "tcc+bf", "scc", "scc+bf", "ccc", "rejection", "best-of-n", "rebase")
"""Names `method.name` may have."""
SEARCHES = ("best-of-n", "rebase")
"""Those of them that need a reward model."""
METHODS_OF = {
    "wait_strings": ("force",),
    "tokens_per_step": ("scc", "scc+bf"),
    "tries": ("rejection",),
    "candidates": SEARCHES,
    "step_tokens": ("rebase",),
    "balance_temperature": ("rebase",),
}
"""Settings that not all methods have: changed with another one they are refused, not ignored."""
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
    solver_chat: bool = False
    """Put the prompts as a user's turn in the base model's own chat template, as an instruction-tuned model needs."""


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
    control: str = "none"
    """What each question says about how long to think: nothing (`none`), or what its trace holds to: `token`, `step` or
    `class` (Table 3 of the paper)."""
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
    """`vllm`, or `transformers`: the reference, slower and without a prefix cache. Both run in this process. Below,
    `transformers` refuses values other than the default for what it has no counterpart of."""
    dtype: str = "float32"
    """Weights and activations, in both. The paper evaluates in float32 for determinism."""
    max_model_len: int = 32768
    """Longest prompt plus completion in tokens, in both."""
    max_concurrency: int = 256
    """Samples in flight at once, in both; `transformers` runs at most so many rows as one batch."""
    enforce_eager: bool = False
    """`vllm`: skip compilation, for a faster start and slower steps on a GPU. `transformers` never compiles."""
    gpu_memory_utilization: float = 0.9
    """`vllm`: share of the device's memory the engine may take."""
    block_size: int = 32
    """`vllm`: tokens a block of the KV cache; whole blocks are reused, so small blocks make forked answers cheap."""
    cpu_cache_gib: int = 1
    """`vllm`: KV cache on a CPU, in GiB."""
    tensor_parallel_size: int = 1
    """`vllm`: GPUs that share the model."""


@dataclass
class MethodConfig:
    """Which test-time method, at which budgets: group `method/`."""

    name: str = MISSING
    """`force` (budget forcing, section 3.1); `tcc`, `scc`, `ccc` (the model is told how long to think, section 3.2;
    `+bf` forces it as well); `rejection` (sample until a trace fits); `best-of-n` and `rebase` (a reward model chooses,
    section 6.2). Majority votes and pass@k are read off the samples of any of them."""
    budgets: list[int] = MISSING
    """Thinking tokens: the cap, or for `tcc`, `scc` and `ccc` what the model is told. Each is a point of the curve."""
    waits: list[int] = field(default_factory=lambda: [0])
    """`force`: how often the end of thinking becomes a Wait; counts above 0 are measured at the largest budget."""
    wait_strings: list[str] = field(default_factory=lambda: ["Wait"])
    """Appended in place of the end of thinking; several are taken in turn."""
    final_string: str = "Final Answer:"
    """Starts the answer that a spent budget forces."""
    answer_tokens: int = 100
    """Tokens kept free for the answer."""
    loop_repeats: int = 0
    """End a thinking that says the same block of tokens this often in a row; 0 lets it go on."""
    tokens_per_step: int = 100
    """`scc`: a budget is told as this many tokens a step (the paper's bound)."""
    tries: int = 16
    """`rejection`: traces sampled at most until one fits."""
    candidates: int = 16
    """`best-of-n` and `rebase`: traces that the reward model chooses from."""
    step_tokens: int = 256
    """`rebase`: tokens that a branch grows by before it is scored."""
    balance_temperature: float = 0.1
    """`rebase`: the softmax of the scores shares the trajectories out at this temperature; at 0.1, a branch scored 0.8
    gets about a third of what one scored 0.9 gets."""
    reward_model: str = ""
    """`best-of-n` and `rebase`: a folder or Hugging Face id of a token- or sequence-classification model."""
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
    curated: str = "${runs}/${name}/curate/s1k.jsonl"
    """The set `train` learns from. By default the one `curate` chose."""
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
        "sft.control": (config.sft.control, CONTROLS),
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
        "method.tokens_per_step": config.method.tokens_per_step,
        "method.tries": config.method.tries,
        "method.candidates": config.method.candidates,
        "method.step_tokens": config.method.step_tokens,
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
    _check_method(config.method)
    if config.method.temperature < 0:
        raise ValueError(f"method.temperature is {config.method.temperature}; give 0 (greedy) or more")
    if len(config.selection.solver_tokens) != len(config.selection.solver_prompts):
        raise ValueError("selection.solver_tokens and selection.solver_prompts need the same number of entries")


def _check_method(method: MethodConfig) -> None:
    """What one method needs and another does not."""
    untouched = MethodConfig()
    for key, methods in METHODS_OF.items():
        value, default = getattr(method, key), getattr(untouched, key)
        if method.name not in methods and value != default:
            raise ValueError(
                f"method.{key} is {value}, but {method.name} has no such setting: leave it at {default}, or choose "
                f"method={' or method='.join(name.replace('+', '-') for name in methods)}"
            )
    if method.name != "force" and set(method.waits) != {0}:
        raise ValueError(f"method.waits is {method.waits}; only force has Waits: use [0] with {method.name}")
    if not method.wait_strings:
        raise ValueError("method.wait_strings is empty; give at least one string, such as [Wait]")
    if method.loop_repeats < 0 or method.loop_repeats == 1:
        raise ValueError(f"method.loop_repeats is {method.loop_repeats}; give 0 (off) or 2 and more")
    if method.name in ("rejection", *SEARCHES) and method.temperature == 0:
        raise ValueError(f"method.temperature is 0, but {method.name} draws several traces; set it above 0")
    if (method.name in SEARCHES) != bool(method.reward_model):
        raise ValueError(
            f"method.reward_model is {method.reward_model!r}, but method.name is {method.name}: "
            f"{' and '.join(SEARCHES)} need one, the others none"
        )
    if not method.balance_temperature > 0:
        raise ValueError(f"method.balance_temperature is {method.balance_temperature}; give more than 0, such as 0.1")
    if method.name == "ccc" and len(set(method.budgets)) != 2:
        raise ValueError(f"method.budgets is {method.budgets}; ccc has two classes: give a short and a long budget")
    if method.name.startswith("scc") and min(method.budgets) < method.tokens_per_step:
        raise ValueError(
            f"method.budgets is {method.budgets}, but a step of scc is method.tokens_per_step={method.tokens_per_step}"
        )


ConfigStore.instance().store(name="schema", node=Config)
