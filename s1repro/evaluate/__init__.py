"""Section 4 of the paper: benchmark questions answered at many budgets, and the metrics over them.

`plan` lists the samples and checks that they can run, `journal` keeps what is finished, `runner` runs one coroutine a
sample, `metrics` judges, `pipeline` is the stage. Run it with `python -m s1repro.evaluate recipe=demo`.
"""
