"""The typed configuration tree that Hydra fills from `conf/`, `recipes/` and the command line.

One dataclass a config group, one docstring a field. Where a group's options differ in kind (engines, methods, ways to
fine-tune) each kind is a dataclass, an option's YAML says which one it is, and a setting that it lacks is no such key.
Engines and methods keep theirs with their code. A misspelt key fails while the config is composed; a value that makes
no sense fails in `check`, before any stage has touched a file. No I/O here.

    python -m s1repro.evaluate recipe=demo method.budgets=[64,128] method.waits=[0]
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, OmegaConf

from s1repro.chat import FORMATS
from s1repro.engines import ENGINES
from s1repro.engines.base import EngineSettings
from s1repro.engines.speculation import SPECULATIONS
from s1repro.scaling.method import Method
from s1repro.scaling.methods import METHODS
from s1repro.settings.checks import require_choice, require_commit
from s1repro.settings.drafting import DraftConfig
from s1repro.settings.paper import PaperConfig
from s1repro.settings.questions import DataConfig, SelectionConfig
from s1repro.settings.serving import ServeConfig
from s1repro.settings.teacher import OpenaiTeacher, TeacherConfig
from s1repro.settings.training import LoraConfig, SftConfig


@dataclass
class ModelConfig:
    """Which model: group `model/`."""

    base: str = MISSING
    """The model to start from: a Hugging Face id or a folder. `curate` lets it try the questions, `train` tunes it."""
    revision: str = ""
    """Commit of `base` on the hub, 40 hex digits; empty is its newest, of which nobody says when it moves. Folders have
    none; models of `selection.solvers` of another name, reward models and heads are taken at their newest."""
    format: str = MISSING
    """Name of its thinking format in `s1repro.chat.FORMATS`."""
    other_format: bool = False
    """Run a checkpoint in another format than the one it says it was trained in, which is refused otherwise."""
    trust_remote_code: bool = False
    """Run code that comes with the model. Off unless you trust its author."""


@dataclass
class ReportConfig:
    """What the report shows: group `report/`."""

    title: str = "accuracy against test-time compute"
    """Heading of the picture."""
    baselines: list[str] = field(default_factory=list)
    """Names of other runs drawn beside this one."""
    merge: list[str] = field(default_factory=list)
    """Names of runs that this one consists of, which differ in seed, of sampling or training, or in budgets alone; `*`
    stands for any characters."""
    wandb: bool = True
    """Log metrics and the curve to wandb; offline without an account, a network or a server that takes the key."""
    wandb_project: str = "s1repro"
    """The wandb project."""
    wandb_group: str = ""
    """The wandb group of all runs that belong together: the recipe's name unless given."""
    page_mb: int = 100
    """Megabytes of the runs' `samples.jsonl` that `index.html` shows: all points of as many questions as fit. It says
    so where these are not all."""

    def check(self) -> None:
        """Refuse a size that is none."""
        if self.page_mb < 0:
            raise ValueError(f"report.page_mb is {self.page_mb}; give 0 or more")


@dataclass
class Config:
    """The whole tree. Stages get it frozen and checked."""

    name: str = MISSING
    """The run's name: its files are in `<runs>/<name>/<stage>/`."""
    runs: str = "runs"
    """Folder of all runs."""
    seed: int = 0
    """Seeds selection, training and sampling: 0 to 4,294,967,295, which is what training takes."""
    curated: str = "${runs}/${name}/curate/s1k.jsonl"
    """The set `train` learns from. By default the one `curate` chose."""
    checkpoint: str = "${runs}/${name}/train/checkpoint"
    """The model `evaluate` measures. By default the one `train` made."""
    checkpoint_revision: str = ""
    """`model.revision` of `checkpoint`, where that is a Hugging Face id."""
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
    paper: PaperConfig = field(default_factory=PaperConfig)
    serve: ServeConfig = field(default_factory=ServeConfig)
    draft: DraftConfig = field(default_factory=DraftConfig)


def check(config: Config) -> None:
    """Refuse what types alone cannot: raises `ValueError` naming the key, its value and what is allowed.

    Only what needs no file is checked here; each stage checks its own files before it starts.
    """
    if not 0 <= config.seed < 1 << 32:
        raise ValueError(f"seed is {config.seed}; give 0 to {(1 << 32) - 1:,}")
    require_choice("model.format", config.model.format, FORMATS)
    require_commit("model.revision", config.model.revision)
    require_commit("checkpoint_revision", config.checkpoint_revision)
    if config.checkpoint == config.model.base and config.model.revision and not config.checkpoint_revision:
        raise ValueError(
            f"checkpoint is model.base, {config.checkpoint}, which is pinned by model.revision: say at which commit to "
            f"measure it, such as checkpoint_revision={config.model.revision}"
        )
    config.data.check()
    config.teacher.check()
    if isinstance(config.teacher, OpenaiTeacher) and config.selection.preset == "published":
        raise ValueError("selection=published takes a set as it is, so no teacher is asked: choose another selection")
    config.selection.check()
    config.sft.check()
    config.engine.check()
    config.method.check()
    config.report.check()
    config.serve.check()
    config.paper.check()
    config.draft.check()


def _store() -> None:
    """Tell Hydra the tree, and the types among which a group's options choose (`/schema/method@_here_: force`)."""
    store = ConfigStore.instance().store
    schema = OmegaConf.structured(Config)
    OmegaConf.set_struct(schema.data.files, False)  # its keys are the benchmarks' names
    OmegaConf.set_struct(schema.paper.runs, False)  # its keys are the runs' names
    OmegaConf.set_struct(schema.paper.notes, False)  # its keys are names of tables and figures
    store(name="schema", node=schema)
    store(group="schema/teacher", name="none", node=TeacherConfig)
    store(group="schema/teacher", name="openai", node=OpenaiTeacher)
    store(group="schema/sft", name="full", node=SftConfig)
    store(group="schema/sft", name="lora", node=LoraConfig)
    for engine in ENGINES.values():
        store(group="schema/engine", name=engine.name, node=engine)
    for speculation in SPECULATIONS.values():
        store(group="schema/speculative", name=speculation.name, node=speculation)
    for method in METHODS.values():
        store(group="schema/method", name=method.name, node=method)


_store()
