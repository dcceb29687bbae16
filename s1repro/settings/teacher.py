"""Who is asked for the traces that a pool lacks: group `teacher/`. An option's YAML says which of the two kinds it is.

OpenaiTeacher(base_url="http://127.0.0.1:8000/v1", model="Qwen/QwQ-32B").check()
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from s1repro.settings.checks import is_address, require_variable


@dataclass
class TeacherConfig:
    """Nobody: the pool brings its traces."""

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what cannot be asked."""


@dataclass
class OpenaiTeacher(TeacherConfig):
    """A server that speaks OpenAI's chat completions."""

    base_url: str = MISSING
    """Where an OpenAI-compatible server answers, such as http://127.0.0.1:8000/v1."""
    model: str = MISSING
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
        """See `TeacherConfig.check`."""
        if not is_address(self.base_url):
            raise ValueError("teacher.base_url is no http address without a password, such as http://127.0.0.1:8000/v1")
        require_variable("teacher.key_env", self.key_env)
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
