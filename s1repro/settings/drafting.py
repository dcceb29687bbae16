"""Settings of `draft`: group `draft/`, how an EAGLE-3 head is trained.

DraftConfig(questions=500).check()
"""

from __future__ import annotations

from dataclasses import dataclass

from s1repro.settings.checks import require_at_least_one


@dataclass
class DraftConfig:
    """An EAGLE-3 head learns from what the checkpoint itself says."""

    questions: int = 1000
    """Questions of the curated set to ask, at most."""
    draws: int = 1
    """Points of the method's curve drawn for each question; each is thought through greedily and sampled."""
    temperature: float = 1.0
    """Temperature of the sampled half."""
    tokens: int = 3
    """Tokens the head learns to draft ahead."""
    vocabulary: int = 32000
    """Tokens that the head can say, at most: the most frequent ones of its rows. The checkpoint says the others."""
    fc_norm: bool = True
    """A norm for each layer's hidden state before they are joined (EAGLE-3.1)."""
    norm_output: bool = True
    """The head goes on from its normed state, as it drafts further ahead (EAGLE-3.1)."""
    epochs: int = 10
    """Passes over the rows."""
    learning_rate: float = 1e-3
    """Peak learning rate."""
    held_out: float = 0.1
    """Share of the questions that the best epoch is chosen by."""

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""
        require_at_least_one("draft", self, "questions", "draws", "tokens", "vocabulary", "epochs")
        if not self.temperature > 0:
            raise ValueError(
                f"draft.temperature is {self.temperature}; give more than 0, the greedy half is there anyway"
            )
        if not self.learning_rate > 0:
            raise ValueError(f"draft.learning_rate is {self.learning_rate}; give more than 0")
        if not 0 < self.held_out < 1:
            raise ValueError(f"draft.held_out is {self.held_out}; give a share of the questions, between 0 and 1")
