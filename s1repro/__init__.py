"""s1repro: the s1 test-time scaling pipeline (arXiv 2501.19393) as four stages that meet through files.

questions -> `curate` -> a set -> `train` -> a model -> `evaluate` -> samples -> `report` -> a curve.
"""
