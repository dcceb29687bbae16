"""Section 4 of the paper: the curve of accuracy against test-time compute, and the numbers beside it.

`curves` turns samples into points, `picture` draws them, `tables` compares them, `dashboard` sends them to wandb,
`pipeline` is the stage. Run it with `python -m s1repro.report recipe=demo`.
"""
