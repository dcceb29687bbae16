"""Section 4 of the paper: the curve of accuracy against test-time compute, and the numbers beside it.

`curves` reads a run, `merge` makes one curve of several, `picture` draws it, `tables` compares it, `pipeline` is the
stage. Run it with `python -m s1repro.report recipe=demo`.
"""
