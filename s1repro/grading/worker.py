"""A worker of `s1repro.grading.pool`: reads pairs of formulas, one JSON list a line, and writes true or false for each.

Run by the pool alone: `python -m s1repro.grading.worker 5`. The number is a hard limit for each pair in seconds of
computing, which the kernel keeps: the process ends, even if nobody is left to kill it. A gigabyte or two must do.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys

_MEMORY = 3 * 2**30


def same(answer: str, reference: str) -> bool:
    """math-verify's verdict on two formulas, each read as a whole."""
    from latex2sympy2_extended import NormalizationConfig
    from math_verify import LatexExtractionConfig, parse, verify

    normalisation = NormalizationConfig(
        basic_latex=True, units=False, malformed_operators=True, nits=False, boxed="none", equations=False
    )
    config = [LatexExtractionConfig(boxed_match_priority=-1, normalization_config=normalisation)]
    gold, target = (
        parse(f"${text}$", config, fallback_mode="no_fallback", parsing_timeout=None) for text in (reference, answer)
    )
    if not gold or not target:
        return False
    return bool(verify(gold, target, timeout_seconds=None, float_rounding=12, numeric_precision=30))


def main() -> None:
    """Answer until the input ends."""
    limit = float(sys.argv[1])
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no reply
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    same("x+1", "1+x")  # imports are no part of anybody's time
    print("ready", file=replies, flush=True)
    for line in sys.stdin:
        signal.setitimer(signal.ITIMER_PROF, limit)  # no handler: the kernel ends the process
        try:
            verdict = same(*json.loads(line))
        except Exception:  # whatever a parser can run into: it has not found the two to be the same
            verdict = False
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(json.dumps(verdict), file=replies, flush=True)


if __name__ == "__main__":
    main()
