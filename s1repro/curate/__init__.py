"""Section 2 of the paper: from a pool of questions with a teacher's traces to a small set.

sources -> quality -> decontamination -> difficulty -> domains -> selection; `pipeline` runs them in this order.
"""
