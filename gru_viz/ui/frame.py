"""What surrounds every page: page settings, navigation, the sidebar."""

import streamlit as st

from gru_viz.ui import state
from gru_viz.ui.examples import example_note
from gru_viz.ui.pages import PAGES, ROOT, script
from gru_viz.ui.parts import link_notes
from gru_viz.ui.save import save_run
from gru_viz.ui.server import prepare
from gru_viz.ui.sidebar import sidebar

SIDEBAR_WIDTH = 330  # px: no row of buttons breaks


def frame() -> None:
    st.set_page_config("GRU, LSTM and RNN, step by step", ROOT / "static/icon.svg", "wide", SIDEBAR_WIDTH)
    prepare()
    state.begin()
    page = st.navigation(
        [
            st.Page(script(name), title=title, url_path=name, default=name == "contrast")
            for name, title in PAGES.items()
        ],
        position="top",
    )
    sidebar()
    link_notes()
    example_note()
    page.run()
    save_run()
