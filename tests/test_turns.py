"""Pages are drawn one at a time, in the order in which they asked, and nobody waits for one that hangs."""

import threading
import time

import pytest

from gru_viz.ui import turns
from gru_viz.ui.turns import aside, turn

SECONDS = 20


class Page(threading.Thread):
    """Takes its turn, says so, and holds it until it is told to go on."""

    def __init__(self, name, log, aside_first=False):
        super().__init__(daemon=True)
        self.name, self.log, self.aside_first = name, log, aside_first
        self.inside, self.go_on = threading.Event(), threading.Event()

    def run(self):
        with turn():
            self.log.append(self.name)
            if self.aside_first:
                with aside():
                    self.inside.set()
                    assert self.go_on.wait(SECONDS)
                self.log.append(f"{self.name} again")
            else:
                self.inside.set()
                assert self.go_on.wait(SECONDS)


def waiting():
    """How many threads wait for the turn."""
    return len(turns._one._cond._waiters)


def until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_one_at_a_time_in_the_order_of_asking():
    log = []
    pages = [Page(name, log) for name in "abcd"]
    for count, page in enumerate(pages):
        page.start()
        until(lambda count=count: waiting() == count)
    assert log == ["a"]
    for k, page in enumerate(pages):
        assert page.inside.wait(SECONDS)
        assert log == list("abcd"[: k + 1])
        page.go_on.set()
    for page in pages:
        page.join(SECONDS)
    assert turns._one._value == 1


def test_long_work_lets_others_pass_and_takes_its_turn_again():
    log = []
    slow, quick = Page("slow", log, aside_first=True), Page("quick", log)
    slow.start()
    assert slow.inside.wait(SECONDS)
    quick.start()
    assert quick.inside.wait(SECONDS)
    slow.go_on.set()
    until(lambda: waiting() == 1)
    assert log == ["slow", "quick"]
    quick.go_on.set()
    slow.join(SECONDS)
    assert log == ["slow", "quick", "slow again"]
    assert turns._one._value == 1


def broken_off(where):
    with turn():
        if where == "aside":
            with aside():
                raise KeyError
        raise KeyError


@pytest.mark.parametrize("where", ["in its turn", "aside"])
def test_a_run_that_is_broken_off_gives_its_turn_back(where):
    with pytest.raises(KeyError):
        broken_off(where)
    assert turns._one._value == 1


def test_a_page_that_hangs_is_waited_for_and_then_passed(monkeypatch):
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    log = []
    hangs, other = Page("hangs", log), Page("other", log)
    hangs.start()
    assert hangs.inside.wait(SECONDS)
    other.start()
    assert other.inside.wait(SECONDS)
    for page in (other, hangs):
        page.go_on.set()
        page.join(SECONDS)
    assert turns._one._value == 1  # given back by the one that had it, not twice


def test_aside_of_a_thread_without_a_turn_does_nothing():
    with aside():
        assert turns._one._value == 1
    assert turns._one._value == 1
