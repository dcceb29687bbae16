"""The typed configuration tree that Hydra fills from `conf/`, `recipes/` and the command line.

One dataclass a config group, one docstring a field. Where a group's options differ in kind (engines, methods, ways to
fine-tune) each kind is a dataclass, an option's YAML says which one it is, and a setting that it lacks is no such key.
Engines and methods keep theirs with their code. A misspelt key fails while the config is composed; a value that makes
no sense fails in `check`, before any stage has touched a file. No I/O here.

    python -m s1repro.evaluate recipe=demo method.budgets=[64,128] method.waits=[0]
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf

from s1repro.chat import FORMATS
from s1repro.control import CONTROLS
from s1repro.engines import ENGINES
from s1repro.engines.base import EngineSettings
from s1repro.scaling.method import Method
from s1repro.scaling.methods import METHODS

LOSSES = ("token", "sequence")
"""Values `sft.loss` may have."""
PRESETS = ("paper", "code", "random", "diverse", "longest", "full", "published")
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
    """The pool to curate, in one of the published schemas: a data set's id on the Hugging Face hub, a parquet file, a
    folder of them, or a JSONL file (`.gz` is read too)."""
    revision: str = ""
    """Commit of a pool on the hub, 40 hex digits. A branch or tag, or nothing for `main`, is looked up, and the commit
    that was got is printed. Files have no revision."""
    teacher: str = ""
    """Whose traces and attempts, where rows have those of several teachers: `deepseek` or `gemini` for s1K-1.1."""
    features: str = ""
    """Domains and grades of the pool's questions where they are kept apart from it (the 59K: qfq/train_featurized): a
    place like `pool`. Joined by the question's text."""
    features_revision: str = ""
    """`revision` of the features."""
    benchmarks: list[str] = MISSING
    """Names of the lm-eval tasks in `evals/` to measure on; the pool is decontaminated against them."""
    files: dict[str, str] = field(default_factory=dict)
    """Files of this machine that hold a benchmark's questions, by its name (`data.files.math500=...`), in place of its
    data set on a hub: JSONL, JSON, parquet or CSV with the same columns."""
    limit: int | None = None
    """Measure on so many questions of each benchmark, evenly spread and always the same; results name it, as in
    `math500[200]`. The pool is decontaminated against all questions nevertheless."""

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        if self.limit is not None:
            _require_at_least_one("data", self, "limit")


@dataclass
class TeacherConfig:
    """Who is asked for the traces that the pool lacks: group `teacher/`. Nobody, without a `base_url`."""

    base_url: str = ""
    """Where an OpenAI-compatible server answers, such as http://127.0.0.1:8000/v1."""
    model: str = ""
    """The model's name at that server."""
    key_env: str = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key; a server that wants none needs none set."""
    limit: int = 0
    """How many questions to ask at most, a seeded choice; 0 asks all."""
    prompt: str = "{question}"
    """The user's turn, with `{question}` where the question goes."""
    system: str = ""
    """The system's turn; empty sends none."""
    reasoning: str = "auto"
    """`required`: only replies that mark their thinking will do. `auto`: of plain text, what stands before the final
    answer is the thinking."""
    max_tokens: int = 32768
    """Tokens a reply may have; one that is cut counts as a failure."""
    temperature: float = 0.6
    """0 is greedy, which makes reasoning models go in circles."""
    seed: int = 0
    """Seeds the sampling, at servers that heed it, and the choice of `limit`."""
    extra: dict[str, Any] = field(default_factory=dict)
    """More of the request, such as `+teacher.extra.top_p=0.95`; a null takes a field out. No place for a secret."""
    concurrency: int = 32
    """Questions under way at once."""
    timeout: float = 1800.0
    """Seconds until a reply has to be there whole."""
    retries: int = 6
    """How often a question is asked again after a fault that may pass, with pauses of 1, 2, 4, ... up to 60 seconds."""
    prompt_price: float = 0.0
    """Dollars a million prompt tokens, for the cost on the terminal."""
    completion_price: float = 0.0
    """Dollars a million tokens of replies."""

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what cannot be asked, and for settings of nobody."""
        if not self.base_url:
            untouched = vars(TeacherConfig())
            changed = [key for key, value in vars(self).items() if value != untouched[key]]
            if changed:
                raise ValueError(
                    f"teacher.{changed[0]} is set, but no teacher is asked: choose teacher=openai, or give "
                    "teacher.base_url"
                )
            return
        if not re.fullmatch(r"https?://[^/@\s]+(/[^@\s]*)?", self.base_url):
            raise ValueError("teacher.base_url is no http address without a password, such as http://127.0.0.1:8000/v1")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", self.key_env):
            # What stands there is not repeated: it may be the key.
            raise ValueError("teacher.key_env is no name of an environment variable, such as OPENAI_API_KEY")
        if not self.model:
            raise ValueError("teacher.model is empty; name a model of the server")
        if "{question}" not in self.prompt:
            raise ValueError(f"teacher.prompt is {self.prompt!r}; put {{question}} where the question goes")
        if self.reasoning not in ("auto", "required"):
            raise ValueError(f"teacher.reasoning is {self.reasoning!r}; choose from: auto, required")
        least = {"max_tokens": 1, "concurrency": 1}
        least |= dict.fromkeys(("retries", "limit", "temperature", "prompt_price", "completion_price"), 0)
        for key, bound in least.items():
            if not getattr(self, key) >= bound:
                raise ValueError(f"teacher.{key} is {getattr(self, key)}; give {bound} or more")
        if not self.timeout > 0:
            raise ValueError(f"teacher.timeout is {self.timeout}; give more than 0 seconds")


@dataclass
class SolverConfig:
    """A solver of the difficulty filter: an entry of `selection.solvers`."""

    model: str = ""
    """A Hugging Face id or a folder; empty for `model.base`."""
    prompt: str = "{question}"
    """What it is asked, with `{question}` where the question goes."""
    chat: bool = False
    """Put the prompt as a user's turn in the model's own chat template, as an instruction-tuned model needs."""
    max_tokens: int = 32768
    """Tokens to answer in, at most what the question leaves of `engine.max_model_len`."""
    temperature: float = 0.0
    """0 is greedy."""

    def check(self, key: str) -> None:
        """Raise `ValueError`, naming the setting below `key`, for what makes no sense."""
        if "{question}" not in self.prompt:
            raise ValueError(f"{key}.prompt is {self.prompt!r}; put {{question}} where the question goes")
        _require_at_least_one(key, self, "max_tokens")
        if self.temperature < 0:
            raise ValueError(f"{key}.temperature is {self.temperature}; give 0 (greedy) or more")


@dataclass
class SelectionConfig:
    """How the set is chosen from the pool: group `selection/`."""

    preset: str = MISSING
    """`paper`, `code`, `random`, `diverse`, `longest` or `full` (section 2.2 and Table 2 of the paper), or `published`:
    all of the pool as it is."""
    size: int = 1000
    """Questions to select; `full` takes all that quality and decontamination leave, `published` all."""
    ngram: int = 8
    """Words in a row that a question may not share with a benchmark question."""
    decontaminated_sources: list[str] = field(default_factory=list)
    """Sources that are not held against the benchmarks: they were elsewhere, or are added after it, as AIME is in the
    public code."""
    outright_sources: list[str] = field(default_factory=list)
    """Sources whose rows are taken outright when the teacher is right."""
    outright_long_sources: list[str] = field(default_factory=list)
    """Sources taken outright when the teacher is right and the trace is longer than `outright_length`."""
    outright_length: int = 5600
    """The trace length, in tokens, for `outright_long_sources`."""
    solvers: list[SolverConfig] = field(default_factory=list)
    """The difficulty filter of `paper` and `code`: a question that one of these answers right is dropped. They run one
    after the other on `engine`; each is asked what those before it did not solve."""
    use_grades: bool = True
    """Take the grades of `solver1`, `solver2`, ... that a row brings along, and ask only where there is none."""
    ungradable: str = "keep"
    """What becomes of rows whose solution states no answer, such as proofs, which no solver's answer can be compared
    with: `keep` them as hard, unasked, or `drop` them."""

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        _require_choice("selection.preset", self.preset, PRESETS)
        _require_choice("selection.ungradable", self.ungradable, ("keep", "drop"))
        _require_at_least_one("selection", self, "size", "ngram")
        if self.preset == "full" and self.size != SelectionConfig.size:
            raise ValueError(
                f"selection.size is {self.size}, but full takes every row: leave it out, or choose another"
            )
        for number, solver in enumerate(self.solvers):
            solver.check(f"selection.solvers[{number}]")


@dataclass
class SftConfig:
    """How the model is fine-tuned: group `sft/`. The defaults are the paper's (appendix D), except for `loss`."""

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
    loss: str = "token"
    """What weighs the same in the loss: each `token`, or each `sequence`, as on the paper's 16 GPUs with one each."""
    max_length: int = 32768
    """Longest sequence in tokens; a longer example is refused, never cut."""
    control: str = "none"
    """What each question says about how long to think: nothing (`none`), or what its trace holds to: `token`, `step` or
    `class` (Table 3 of the paper)."""
    bf16: bool = True
    """Train in bfloat16 autocast."""
    gradient_checkpointing: bool = False
    """Trade time for memory: recompute activations in the backward pass."""

    @property
    def adapter_rank(self) -> int:
        """Rank of the adapter that is trained in place of the weights; 0 where all weights are."""
        return 0

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        _require_choice("sft.control", self.control, CONTROLS)
        _require_choice("sft.loss", self.loss, LOSSES)
        _require_at_least_one("sft", self, "batch_size", "micro_batch_size", "max_length")
        if self.epochs <= 0:
            raise ValueError(f"sft.epochs is {self.epochs}; give more than 0")
        if not 0 <= self.warmup_ratio < 1:
            raise ValueError(f"sft.warmup_ratio is {self.warmup_ratio}; give a share of the steps, 0 to below 1")
        if self.batch_size % self.micro_batch_size:
            raise ValueError(
                f"sft.batch_size is {self.batch_size}, no multiple of micro_batch_size {self.micro_batch_size}"
            )


@dataclass
class LoraConfig(SftConfig):
    """A low-rank adapter is trained in place of all weights, and merged for serving."""

    rank: int = 16
    """Rank of the adapter."""
    alpha: int = 32
    """Scale of the adapter."""
    dropout: float = 0.0
    """Dropout in front of the adapter."""

    @property
    def adapter_rank(self) -> int:
        """See `SftConfig.adapter_rank`."""
        return self.rank

    def check(self) -> None:
        """See `SftConfig.check`."""
        super().check()
        _require_at_least_one("sft", self, "rank")


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
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    selection: SelectionConfig = field(default_factory=SelectionConfig)
    sft: SftConfig = field(default_factory=SftConfig)
    engine: EngineSettings = MISSING
    """Which engine runs the model: group `engine/`, a class of `s1repro.engines`."""
    method: Method = MISSING
    """Which test-time method, at which budgets: group `method/`, a class of `s1repro.scaling.methods`."""
    report: ReportConfig = field(default_factory=ReportConfig)


def check(config: Config) -> None:
    """Refuse what types alone cannot: raises `ValueError` naming the key, its value and what is allowed.

    Only what needs no file is checked here; each stage checks its own files before it starts.
    """
    _require_choice("model.format", config.model.format, FORMATS)
    config.data.check()
    config.teacher.check()
    if config.teacher.base_url and config.selection.preset == "published":
        raise ValueError("selection=published takes a set as it is, so no teacher is asked: choose another selection")
    config.selection.check()
    config.sft.check()
    config.engine.check()
    config.method.check()


def _require_choice(key: str, name: str, choices: Iterable[str]) -> None:
    if name not in choices:
        raise ValueError(f"{key} is {name!r}; choose from: {', '.join(choices)}")


def _require_at_least_one(group: str, settings: object, *names: str) -> None:
    for name in names:
        count = getattr(settings, name)
        if count < 1:
            raise ValueError(f"{group}.{name} is {count}; give 1 or more")


def _store() -> None:
    """Tell Hydra the tree, and the types among which a group's options choose (`/schema/method@_here_: force`)."""
    store = ConfigStore.instance().store
    schema = OmegaConf.structured(Config)
    OmegaConf.set_struct(schema.data.files, False)  # its keys are the benchmarks' names
    store(name="schema", node=schema)
    store(group="schema/sft", name="full", node=SftConfig)
    store(group="schema/sft", name="lora", node=LoraConfig)
    for engine in ENGINES.values():
        store(group="schema/engine", name=engine.name, node=engine)
    for method in METHODS.values():
        store(group="schema/method", name=method.name, node=method)


_store()
