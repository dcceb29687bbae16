"""The budget of a forced sample: one account over all rounds (section 3.1).

A budget caps the thinking tokens of a whole sample, sampled and injected together; a Wait does not open a new account.
What is done with it is `s1repro.scaling.forcing`.

    Budget(max_thinking_tokens=512, waits=2)
    Budget(max_thinking_tokens=512, waits=3, wait_string=("Wait", "Hmm", "Alternatively"))
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """How long a model thinks: at most, and at least.

    `max_thinking_tokens` caps the thinking, injected Waits included; None is as much as fits in the model. `waits` is
    how many times an end of thinking is replaced by `wait_string`; several strings are taken in turn, and an empty one
    lets the model go on without a word. `final_string` starts the answer where thinking was not ended by the model;
    after it the model has what is left of its length, or `max_answer_tokens`; `answer_reserve` tokens (or that cap,
    where it is less) are kept free for it, and no thinking may use them. With `loop_repeats` of 2 or more, thinking
    that says one block of tokens that often in a row is ended there (`s1repro.scaling.loops`); 0 lets it go on. Raises
    `ValueError` for counts that make no sense.
    """

    max_thinking_tokens: int | None = None
    waits: int = 0
    wait_string: str | tuple[str, ...] = "Wait"
    final_string: str = "Final Answer:"
    answer_reserve: int = 100
    max_answer_tokens: int | None = None
    loop_repeats: int = 0

    def __post_init__(self) -> None:
        if self.max_thinking_tokens is not None and self.max_thinking_tokens < 1:
            raise ValueError(f"a thinking budget of {self.max_thinking_tokens}: give at least 1 token, or none at all")
        if self.waits < 0:
            raise ValueError(f"{self.waits} waits: give 0 or more")
        if self.waits and not self.wait_strings:
            raise ValueError("wait_string is an empty rotation: give at least one string")
        for name in ("answer_reserve", "max_answer_tokens"):
            count = getattr(self, name)
            if count is not None and count < 1:
                raise ValueError(f"{name} is {count}: an answer needs at least 1 token")
        if self.loop_repeats < 0 or self.loop_repeats == 1:
            raise ValueError(f"loop_repeats is {self.loop_repeats}: give 0 (off) or 2 and more")

    @property
    def takes_what_is_left(self) -> bool:
        """Whether thinking or answer may go on to the end of the model's length: more of it may be another sample."""
        answer = self.max_answer_tokens
        return self.max_thinking_tokens is None or answer is None or answer > self.answer_reserve

    @property
    def wait_strings(self) -> tuple[str, ...]:
        """The strings that Waits take in turn."""
        return (self.wait_string,) if isinstance(self.wait_string, str) else self.wait_string


def require_fits(prompt_tokens: int, budget: Budget, max_model_len: int, marker_tokens: int = 0) -> int:
    """The most thinking tokens a prompt leaves room for, at most the budget's cap.

    Prompt, thinking, `marker_tokens` (the end of thinking and the final string) and the answer must fit in
    `max_model_len` together. Raises `ValueError` with the numbers where they do not.
    """
    reserved = marker_tokens + min(budget.answer_reserve, budget.max_answer_tokens or budget.answer_reserve)
    room = max_model_len - prompt_tokens - reserved
    wanted = 1 if budget.max_thinking_tokens is None else budget.max_thinking_tokens
    if wanted > room:
        raise ValueError(
            f"{prompt_tokens} prompt tokens, {wanted} thinking tokens and {reserved} answer tokens do not fit in "
            f"max_model_len {max_model_len}: lower the budget or raise engine.max_model_len"
        )
    return room if budget.max_thinking_tokens is None else wanted
