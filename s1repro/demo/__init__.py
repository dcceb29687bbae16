"""The demo's own small world: problems with exact solvers, an imperfect teacher, and a base model made from scratch.

It exists so that the whole pipeline runs where no pretrained weights can be reached, and so that the paper's effects
can appear or fail to appear in it. Nothing here is used when a real model and a real pool are given.
"""
