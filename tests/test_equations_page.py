"""The Equations page on AppTest: each cell that may be read, and what is shown of its run."""

import pytest

from gru_viz.conclusions import equations as conclusions
from gru_viz.handset import HAND_SET
from gru_viz.ui.markup import copy_buttons, text_table
from tests.saying import plain
from tests.test_equations_conclusions import CELLS, OURS, found
from tests.visitor import calm, findings, open_app, words

# -- markup ------------------------------------------------------------------------------------------------------------


def test_every_text_is_escaped():
    evil = "<img src=x onerror=alert(1)>\"'&"
    html = text_table({evil: [evil], "b": [evil]}, evil, swatches={evil: evil}) + copy_buttons({evil: evil})
    assert "<img" not in html
    assert html.count("&lt;img") >= 6
    assert "\"'" not in html


# -- the page ----------------------------------------------------------------------------------------------------------


def shown(app, key):
    """The HTML of one part."""
    (part,) = [each for each in app.get("bidi_component") if key in each.proto.id]
    return part.proto.bytes.decode()


@pytest.mark.parametrize("name", CELLS)
def test_the_page_shows_each_cell(name):
    app = open_app("equations", focus=name, text=OURS.text, hidden="5", seed="3")
    assert plain(app.main.title[0].value) == "What exactly is computed?"
    each = found(name)
    assert [title for title in findings(app) if title.startswith("The states move")] == (
        [conclusions.mistakes(each)] if each.mistakes() else []
    )
    for title, text in conclusions.spoken(each):
        assert f"**{title}.** {text}" in words(app)
    assert app.get_by_key("experiment_focus").value == name
    assert app.button(key="check").label == "Check against PyTorch"


def test_a_cell_that_is_not_compared_may_be_read():
    app = open_app("equations", cells="rnn", focus="gru_reset_after")
    assert any("“z = 1 keeps” is true here" in text for text in words(app))
    app.get_by_key("experiment_focus").set_value("lstm_peephole").run()
    assert "With or without p_f, p_i and p_o" in " ".join(words(calm(app)))
    assert app.query_params["focus"] in ("lstm_peephole", ["lstm_peephole"])
    assert app.session_state["experiment"].cells == ("rnn",)


@pytest.mark.parametrize("weights", HAND_SET)
def test_hand_set_weights_open_on_the_cell_of_their_run(weights):
    app = open_app("equations", weights=weights)
    (own,) = app.session_state["experiment"].cells
    assert app.get_by_key("experiment_focus").value == own
    assert not [info for info in app.main.info if "has no weights for the" in info.value]
    assert "check" in [button.key for button in app.button]


def test_where_no_cell_was_chosen_the_last_of_those_compared_is_read():
    for cells, shown in (("rnn", "rnn"), ("rnn,lstm", "lstm"), ("rnn,lstm,gru", "gru")):
        app = open_app("equations", cells=cells)
        assert app.get_by_key("experiment_focus").value == shown
        assert "focus" not in app.query_params


@pytest.mark.parametrize("weights", HAND_SET)
@pytest.mark.parametrize("name", CELLS)
def test_hand_set_weights_have_a_run_of_their_own_cell_only(name, weights):
    """Any other cell may be chosen to be read, and stays chosen."""
    app = open_app("equations", weights=weights)
    app = calm(app.get_by_key("experiment_focus").set_value(name).run())
    app = calm(app.run())
    assert app.get_by_key("experiment_focus").value == name
    sent = open_app(
        "equations", **{key: value[0] if isinstance(value, list) else value for key, value in app.query_params.items()}
    )
    assert sent.get_by_key("experiment_focus").value == name, "the link shows another cell"
    own = app.session_state["experiment"].cells == (name,)
    assert ("check" in [button.key for button in app.button]) == own
    assert any("has no weights for the" in info.value for info in app.main.info) != own


@pytest.mark.parametrize("query", [{"numbers": "1 2 3"}, {"text": "A"}, {"text": "a" * 2_000, "hidden": "64"}])
def test_any_sequence(query):
    open_app("equations", **query, focus="gru_reset_after")
