"""The typed settings of the config groups that no engine and no method owns; `s1repro.config` is the tree of all."""
