"""For a class: links and a code to scan, and everything large on a projector."""

import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from gru_viz.examples import example
from gru_viz.experiment import Experiment, from_query
from gru_viz.handout import code
from gru_viz.lessons import LESSONS, lesson_of
from gru_viz.settings import SETTINGS
from gru_viz.ui.follow import class_link
from gru_viz.ui.pages import PAGES
from tests.test_teaching import HERE, LENSES, QUESTIONS, buttons, drawn
from tests.visitor import enter, experiment, figure, go, link, open_app, press, unfold

# -- for a class -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=QUESTIONS)
@pytest.mark.parametrize("page", PAGES)
def test_a_lessons_link_is_short(lesson, page):
    here = HERE if page == "contrast" else f"{HERE}/{page}"
    found = class_link(here, page, replace(lesson.covered, projector=True), lesson)
    parts = urlsplit(found)
    assert parts.path == "/some/where/"
    assert dict(parse_qsl(parts.query)) == {"lesson": str(lesson.number)}
    assert experiment(open_app(**dict(parse_qsl(parts.query)))) == lesson.covered


def test_a_class_link_holds_the_seed_or_the_whole_experiment():
    lesson = lesson_of("half_open")
    assert class_link(f"{HERE}/", "contrast", replace(lesson.covered, seed=3), lesson) == f"{HERE}/?lesson=2&seed=3"
    own = Experiment(text="a&b=ü", keep=0.0)
    found = class_link(f"{HERE}/gates", "gates", own, None)
    assert found.startswith(f"{HERE}/gates?")
    assert from_query(dict(parse_qsl(urlsplit(found).query)))[0] == own
    assert class_link(HERE, "contrast", Experiment(), None) == f"{HERE}/"
    chosen = replace(example("the_price").experiment, example="the_price", curve="input")
    short = class_link(HERE, "contrast", chosen, None)
    assert dict(parse_qsl(urlsplit(short).query)) == {"example": "the_price", "curve": "input"}
    assert experiment(open_app(**dict(parse_qsl(urlsplit(short).query)))) == chosen
    assert "numbers=" in class_link(HERE, "contrast", replace(chosen, seed=9), None)


def test_what_a_class_gets():
    app = unfold(open_app(lesson="3"), "for_a_class")
    labels = [button.label for button in app.sidebar.button]
    assert "Projector (key P)" in labels
    assert [each.proto.label for each in app.sidebar.get("download_button")] == ["Handout of this lesson"]
    (code,) = app.sidebar.code
    assert code.value.endswith("/?lesson=3")
    changed = unfold(enter(open_app(lesson="3"), "text", "Something else"), "for_a_class")
    assert [each.proto.label for each in changed.sidebar.get("download_button")] == ["Handout of this lesson"]
    beside = unfold(open_app(example="the_price"), "for_a_class")
    assert [each.proto.label for each in beside.sidebar.get("download_button")] == ["Handout of this example"]
    plain_app = unfold(open_app(), "for_a_class")
    assert not plain_app.sidebar.get("download_button")
    long = unfold(open_app(text="long " * 150), "for_a_class")
    assert any("too long for a code" in each.value for each in long.sidebar.markdown)


def test_the_code_to_scan_holds_the_link():
    """Read back from the drawing, module by module, and compared with the library's own matrix of that link."""
    import segno

    link = f"{HERE}/?lesson=3&a=%22%3Cb%3E"
    drawn = code(link)
    path = re.search(r'class="qrline" stroke="#000" d="([^"]*)"', drawn)[1]
    dark, x, y = set(), 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        values = [float(n) for n in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            dark |= {(int(y), int(x) + k) for k in range(int(values[0]))}
            x += values[0]
    wanted = segno.make(link, micro=False).matrix
    assert dark == {(r + 4, c + 4) for r, row in enumerate(wanted) for c, bit in enumerate(row) if bit}
    assert "<b>" not in drawn


# -- projector ---------------------------------------------------------------------------------------------------------


def sizes(value, name=""):
    """Every font size in a figure."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key == "size" and name.endswith("font"):
                yield part
            else:
                yield from sizes(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from sizes(part, name)


@pytest.mark.parametrize("page", LENSES)
def test_all_figures_are_large_on_a_projector(page):
    app = go(open_app(projector="1"), page)
    for chart in app.main.get("plotly_chart"):
        found = list(sizes(figure(app, re.sub(r".*-", "", chart.proto.id))))
        assert found
        assert min(found) >= 24
    assert ("Show the conclusion" in buttons(app)) == (page != "step")


@pytest.mark.parametrize("tab", SETTINGS["tab"].options)
def test_each_tab_of_gradients_is_drawn_on_a_projector(tab):
    app = go(open_app(projector="1", tab=tab), "gradients")
    assert len(app.main.get("plotly_chart")) > 1


def test_the_data_are_the_same_on_a_projector():
    small, large = figure(open_app(), "gradient"), figure(open_app(projector="1"), "gradient")
    assert [each["y"] for each in small["data"]] == [each["y"] for each in large["data"]]
    assert large["layout"]["height"] > small["layout"]["height"]


def test_the_conclusion_is_told_when_asked_for_and_hidden_with_the_next_experiment():
    app = open_app(projector="1")
    assert "Show the conclusion" in buttons(app)
    assert "Hide the conclusion" in buttons(press(app, "tell"))
    enter(app, "seed", 8)
    assert "Show the conclusion" in buttons(app)
    press(press(app, "tell"), "tell")
    assert "Show the conclusion" in buttons(app)
    press(app, "projector_off")
    assert ("Show the conclusion" in buttons(app), link(app)) == (False, {"seed": "8"})


def test_there_is_no_conclusion_to_show_before_the_answer_and_the_next_lesson_is_large_too():
    app = open_app(lesson="3", projector="1")
    assert buttons(app)[:3] == ["Previous lesson", "Next lesson", "Leave"]
    assert [code.value.rpartition("/")[2] for code in app.main.code] == ["?lesson=3"]  # everyone can answer it
    assert not open_app(lesson="3").main.code
    press(app, "answer_1")
    assert "Show the conclusion" in buttons(app)
    press(app, "next_lesson")
    assert (experiment(app).projector, drawn(app)) == (True, 0)


def test_what_was_told_of_a_lesson_is_hidden_again_when_it_is_asked_anew():
    app = open_app(lesson="3", projector="1")
    press(press(app, "answer_1"), "tell")
    assert "Hide the conclusion" in buttons(app)
    press(press(app, "next_lesson"), "previous_lesson")
    assert "Hide the conclusion" not in buttons(app)
