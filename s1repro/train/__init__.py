"""Section 2 and appendix D of the paper: supervised fine-tuning on the curated set.

`examples` turns rows into ids and labels, `order` says which examples share an optimiser step, `memory` whether it fits
the device, `loss` what each token weighs, `sft` trains (all weights or LoRA), `log` records it, `pipeline` is the
stage. Run it with `python -m s1repro.train recipe=demo`.
"""
