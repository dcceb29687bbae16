import asyncio
import io
import os
import re
import termios

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


def on_screen(written):
    """What is left on a terminal that was sent `written`, line by line."""
    lines, at = [""], 0
    for part in re.split(r"(\r|\n|\x1b\[\d*[AJ])", written):
        if part == "\n":
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif part.endswith("A") and part.startswith("\x1b["):
            at -= int(part[2:-1])
        elif part == "\x1b[J":
            lines = [*lines[:at], ""]
        elif part != "\r":
            lines[at] += part
    return lines


def test_a_terminal_gets_one_line_updated_in_place():
    clock, stream = Clock(), Terminal()
    progress = Progress(20_000, "x", stream=stream, clock=clock)
    seen = []
    for _ in range(3):
        clock.now += 1
        progress.step()
        seen.append(on_screen(stream.getvalue()))
    progress.close()
    progress.close()
    assert seen[:2] == [["x: 1/20,000, 1.0/s, 5:33:19 left"], ["x: 2/20,000, 1.0/s, 5:33:18 left"]]
    assert on_screen(stream.getvalue()) == ["x: 3/20,000, 1.0/s, took 0:03", ""]


def test_what_stands_below_is_updated_on_a_terminal_and_written_once_elsewhere():
    for stream in (Terminal(), io.StringIO()):
        clock, below = Clock(), []
        progress = Progress(3, "x", stream=stream, clock=clock, below=lambda below=below: below)
        seen = []
        for i in range(3):
            clock.now += 1
            below.append(f"point {i}")
            progress.step()
            seen.append(on_screen(stream.getvalue()))
        progress.close()
        last = ["x: 3/3, 1.0/s, took 0:03", "point 0", "point 1", "point 2", ""]
        assert on_screen(stream.getvalue()) == last
        if stream.isatty():
            assert seen[1] == ["x: 2/3, 1.0/s, 0:01 left", "point 0", "point 1"]
        else:
            assert stream.getvalue() == "\n".join(last)


def test_what_a_terminal_cannot_hold_is_cut_until_the_end():
    clock, stream = Clock(), Terminal()
    with Progress(2, "x", stream=stream, clock=clock, below=lambda: ["y" * 100] * 40) as progress:
        clock.now += 1
        progress.step()
        seen = on_screen(stream.getvalue())
    assert len(seen) == 23 and seen[-1] == "and 19 more" and {len(line) for line in seen[1:-1]} == {79}
    assert on_screen(stream.getvalue())[1:] == ["y" * 79] * 40 + [""]


def test_a_real_terminal_is_asked_for_its_size(monkeypatch):
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (5, 21))
    for name in ("xterm", "dumb"):
        monkeypatch.setenv("TERM", name)
        with open(theirs, "w", closefd=False) as stream:
            Progress(3, "a label that is long", stream=stream, clock=Clock(), below=lambda: ["1", "2"]).close()
        told = os.read(ours, 1000).decode().replace("\r\n", "\n")
        line = "a label that is long: 0/3, took 0:00"
        assert told == (f"{line}\n1\n2\n" if name == "dumb" else f"\r\x1b[J{line[:20]}\n1\n2\n")
    os.close(ours)
    os.close(theirs)


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


def test_no_time_left_is_told_by_the_quick_ones_of_many_at_once():
    clock, stream = Clock(), io.StringIO()
    with Progress(6, "x", early=3, stream=stream, clock=clock) as progress:
        for _ in range(6):
            clock.now += 10
            progress.step()
    assert [line.partition("/s")[2] for line in stream.getvalue().splitlines()] == [
        *("", "", ""),
        *(", 0:20 left", ", 0:10 left"),
        ", took 1:00",
    ]


def test_what_is_not_done_yet_is_seen_to_go_on():
    clock, stream = Clock(), Terminal()
    growing = (100 * 2**doubled for doubled in range(100))

    async def steps():
        with Progress(2, "x", stream=stream, clock=clock) as progress:
            async with progress.watching(lambda: next(growing)):
                seen = []
                while len(seen) < 2:
                    clock.now += 10
                    await asyncio.sleep(0.2)
                    if (shown := on_screen(stream.getvalue())) not in ([""], *seen):  # nothing may be drawn yet
                        seen.append(shown)
                progress.step(tokens=5)
            return seen

    first, second = asyncio.run(asyncio.wait_for(steps(), 60))
    assert first[0].startswith("x: 0/2, ") and first[0].endswith(" tokens/s") and second != first
    assert on_screen(stream.getvalue())[0].startswith("x: 1/2, ")
    left = stream.getvalue()
    asyncio.run(asyncio.sleep(0.3))
    assert stream.getvalue() == left, "it is watched no longer"
