"""Settings of `curate`: which questions, and which of them make the set (groups `data/` and `selection/`).

DataConfig(pool="pool.jsonl", benchmarks=["aime24"]).check()
"""

from __future__ import annotations

from dataclasses import dataclass, field

from omegaconf import MISSING

from s1repro.settings.checks import require_at_least_one, require_choice

PRESETS = ("paper", "code", "random", "diverse", "longest", "full", "published")
"""Names `selection.preset` may have."""


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
    """Names of the lm-eval tasks in `evals` to measure on; the pool is decontaminated against them."""
    evals: str = "evals"
    """Folder of the tasks' YAMLs, as lm-eval's `--include_path`; another one takes the place of the one that ships."""
    files: dict[str, str] = field(default_factory=dict)
    """Files of this machine that hold a benchmark's questions, by its name (`data.files.math500=...`), in place of its
    data set on a hub: JSONL, JSON, parquet or CSV with the same columns."""
    limit: int | None = None
    """Measure on so many questions of each benchmark, evenly spread and always the same; results name it, as in
    `math500[200]`. The pool is decontaminated against all questions nevertheless."""

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        if self.limit is not None:
            require_at_least_one("data", self, "limit")


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
        require_at_least_one(key, self, "max_tokens")
        if not self.temperature >= 0:
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
    match: str = "normalised"
    """Which words are the same: `normalised` sees through spelling (white space in mathematics, punctuation, invisible
    and composed characters), `words` is the public code's rule: lower case, split at white space."""
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
        require_choice("selection.preset", self.preset, PRESETS)
        require_choice("selection.match", self.match, ("normalised", "words"))
        require_choice("selection.ungradable", self.ungradable, ("keep", "drop"))
        require_at_least_one("selection", self, "size", "ngram")
        if self.preset in ("full", "published") and self.size != SelectionConfig.size:
            raise ValueError(
                f"selection.size is {self.size}, but {self.preset} takes every row: leave it out, or choose another "
                "selection, such as random"
            )
        for number, solver in enumerate(self.solvers):
            solver.check(f"selection.solvers[{number}]")
