import csv
import io

import pytest

from s1repro.curate.funnel import Dropped, Filtered, Funnel


def test_counts_run_down_reason_by_reason(make_row):
    rows = [make_row(str(i)) for i in range(5)]
    funnel = Funnel(rows)
    drops = [Dropped(rows[0], "no trace"), Dropped(rows[1], "image, large"), Dropped(rows[2], "no trace")]
    left = funnel.take("quality", Filtered(rows[3:], drops))
    assert left == rows[3:]
    assert funnel.take("decontamination", Filtered(left, [])) == left
    assert list(csv.reader(io.StringIO(funnel.csv()))) == [
        ["step", "kept", "dropped", "reason"],
        ["pool", "5", "0", ""],
        ["quality", "4", "1", "image, large"],
        ["quality", "2", "2", "no trace"],
        ["decontamination", "2", "0", ""],
    ]
    assert [(step, drop.row.id) for step, drop in funnel.dropped] == [
        ("quality", "0"),
        ("quality", "1"),
        ("quality", "2"),
    ]
    assert funnel.table().splitlines()[2].split() == ["quality", "4", "1", "image,", "large"]


def test_a_note_drops_nothing(make_row):
    funnel = Funnel([make_row()])
    funnel.note("decontamination", "1 share words with small and stay")
    assert funnel.csv().splitlines()[-1] == "decontamination,1,0,1 share words with small and stay"
    assert funnel.dropped == []


def test_a_filter_that_loses_rows_is_our_bug(make_row):
    with pytest.raises(AssertionError, match="lost"):
        Funnel([make_row()]).take("quality", Filtered([], []))
