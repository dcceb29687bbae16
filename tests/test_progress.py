import io

from s1repro.progress import Progress


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_log_gets_a_line_every_ten_seconds_and_one_at_the_end():
    clock, stream = Clock(), io.StringIO()
    with Progress(40, "solver 1", stream=stream, clock=clock) as progress:
        for _ in range(40):
            clock.now += 0.5
            progress.step(tokens=100)
    assert stream.getvalue().splitlines() == [
        "solver 1: 20/40, 2.0/s, 200 tokens/s, 0:10 left",
        "solver 1: 40/40, 2.0/s, 200 tokens/s, took 0:20",
    ]


def test_a_terminal_gets_one_line_updated_in_place():
    clock, stream = Clock(), Terminal()
    progress = Progress(20_000, "x", stream=stream, clock=clock)
    for _ in range(3):
        clock.now += 1
        progress.step()
    progress.close()
    progress.close()
    written = stream.getvalue()
    assert written.count("\n") == 1 and written.endswith("\n")
    assert written.split("\r")[1:3] == ["x: 1/20,000, 1.0/s, 5:33:19 left", "x: 2/20,000, 1.0/s, 5:33:18 left"]
    assert all(len(part.rstrip("\n")) >= len(written.split("\r")[1]) for part in written.split("\r")[1:])


def test_an_empty_step_divides_by_nothing():
    stream = io.StringIO()
    Progress(0, "none", stream=stream, clock=Clock()).close()
    assert stream.getvalue() == "none: 0/0, took 0:00\n"


def test_a_note_stands_in_the_line_and_can_be_said_while_nothing_is_done():
    clock, stream = Clock(), io.StringIO()
    with Progress(4, "teacher", stream=stream, clock=clock) as progress:
        clock.now = 5
        progress.say("too early")
        clock.now = 12
        progress.say("1 asked again")
        progress.note = "$2 so far"
        clock.now = 24
        progress.step(tokens=48)
    assert stream.getvalue().splitlines() == [
        "teacher: 0/4, 1 asked again",
        "teacher: 1/4, 0.0/s, 2 tokens/s, $2 so far, 1:12 left",
        "teacher: 1/4, 0.0/s, 2 tokens/s, $2 so far, took 0:24",
    ]
