"""Speculative decoding: several tokens are drafted cheaply, and the model checks them in one step.

What it would not have said is thrown away, so greedy ids, stops and budgets are those of plain decoding; only how many
steps they take is another number. Samples at a temperature are drawn from the same distribution, but a seed gives
others than it gives without drafts. How is a type, chosen by `engine/speculative=...`: from what was said already
(`ngram`), by a smaller model of the same vocabulary (`draft-model`), by an EAGLE-3 head (`eagle3`), or by any other
method of vLLM's (`method`). Training a head is not covered here.

    Vllm(speculative=Ngram(tokens=4))
    Eagle3(model="runs/demo/draft/head").arguments()     # as vLLM's `speculative_config` has it
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from omegaconf import MISSING

from s1repro.pretrained import model_mark
from s1repro.settings.checks import require_at_least_one


@dataclass
class Speculation:
    """None: each step of the model gives one token. The classes below draft."""

    name: ClassVar[str] = "none"
    """Its name in the group `engine/speculative/`."""

    @property
    def drafts(self) -> bool:
        """Whether anything is drafted."""
        return False

    def check(self) -> None:
        """Raise `ValueError`, naming the setting, for what makes no sense."""

    def require(self) -> None:
        """Raise `ValueError`, naming the setting, where what drafts is not there. Reads files."""

    def arguments(self) -> dict[str, Any] | None:
        """vLLM's `speculative_config`."""
        return None


@dataclass
class Drafting(Speculation):
    """What all that draft are told."""

    tokens: int = 3
    """Tokens drafted for each step of the model."""

    @property
    def drafts(self) -> bool:
        """See `Speculation.drafts`."""
        return True

    def check(self) -> None:
        """See `Speculation.check`."""
        require_at_least_one("engine.speculative", self, "tokens")


@dataclass
class Ngram(Drafting):
    """What followed the last words where they stood before is drafted; often that is nothing."""

    name: ClassVar[str] = "ngram"

    longest: int = 4
    """Most tokens at the end that are looked for in what came before."""
    shortest: int = 2
    """Fewest of them."""

    def check(self) -> None:
        """See `Speculation.check`."""
        super().check()
        require_at_least_one("engine.speculative", self, "longest", "shortest")
        if self.shortest > self.longest:
            raise ValueError(
                f"engine.speculative.shortest is {self.shortest}, above longest, {self.longest}: lower it or raise that"
            )

    def arguments(self) -> dict[str, Any]:
        """See `Speculation.arguments`."""
        windows = {"prompt_lookup_max": self.longest, "prompt_lookup_min": self.shortest}
        return {"method": "ngram", "num_speculative_tokens": self.tokens, **windows}


@dataclass
class _Loaded(Drafting):
    """What drafts is loaded from a folder or the hub."""

    model: str = MISSING
    """A folder or a Hugging Face id: a smaller model of the same vocabulary, or a head."""

    def require(self) -> None:
        """See `Speculation.require`."""
        model_mark(self.model, "engine.speculative.model")


@dataclass
class DraftModel(_Loaded):
    """A smaller model of the same vocabulary drafts."""

    name: ClassVar[str] = "draft-model"

    def arguments(self) -> dict[str, Any]:
        """See `Speculation.arguments`."""
        return {"method": "draft_model", "model": self.model, "num_speculative_tokens": self.tokens}


@dataclass
class Eagle3(_Loaded):
    """An EAGLE-3 head drafts: one layer over the hidden states of the model itself."""

    name: ClassVar[str] = "eagle3"

    def arguments(self) -> dict[str, Any]:
        """See `Speculation.arguments`."""
        return {"method": "eagle3", "model": self.model, "num_speculative_tokens": self.tokens}


@dataclass
class OtherMethod(_Loaded):
    """Any other method that vLLM knows, by its name there."""

    name: ClassVar[str] = "method"

    method: str = MISSING
    """Its name: `eagle`, `medusa`, `mlp_speculator`, `mtp`, `dflash`, ..."""

    def arguments(self) -> dict[str, Any]:
        """See `Speculation.arguments`."""
        return {"method": self.method, "model": self.model, "num_speculative_tokens": self.tokens}


SPECULATIONS: dict[str, type[Speculation]] = {
    kind.name: kind for kind in (Speculation, Ngram, DraftModel, Eagle3, OtherMethod)
}
"""The ways to draft, by name."""
