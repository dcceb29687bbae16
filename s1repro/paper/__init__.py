"""The paper's tables and figures, each cell beside the paper's number (Tables 1 to 4, Figures 1, 2, 4, section 6.2).

It stands above the four stages and meets them through their run folders alone: `plan` says which runs are needed,
`driver` runs the stages that are missing, `measured` reads what is there, one file a table makes it, `written` and
`figures` show it. Run it with `python -m s1repro.paper recipe=demo`, or `make paper`.
"""
