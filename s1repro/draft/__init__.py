"""A head that drafts: EAGLE-3 for a checkpoint, trained on what the checkpoint itself says.

`rows` has the checkpoint think and answer as it will when it is measured, `states` runs it over what it said, `head`
trains on that, `pipeline` is the stage. Run it with `python -m s1repro.draft recipe=demo`, after the checkpoint's
training.
"""
