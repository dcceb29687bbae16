"""Test-time methods: small coroutines over `Engine.complete`, one a sample. `s1repro.scaling.methods` lists them."""

from s1repro.scaling.answer import Forced
from s1repro.scaling.best_of_n import best_of_n
from s1repro.scaling.budget import Budget, require_fits
from s1repro.scaling.forcing import force, sweep
from s1repro.scaling.prompt import Prompt
from s1repro.scaling.rebase import Tree, rebase
from s1repro.scaling.rejection import reject
from s1repro.scaling.voting import joined, majority, majority_at_k, pass_at_k, weighted_majority

__all__ = [
    "Budget",
    "Forced",
    "Prompt",
    "Tree",
    "best_of_n",
    "force",
    "joined",
    "majority",
    "majority_at_k",
    "pass_at_k",
    "rebase",
    "reject",
    "require_fits",
    "sweep",
    "weighted_majority",
]
