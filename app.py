"""The frame: page settings, navigation, the sidebar. Started by `streamlit run app.py`."""

import streamlit as st

from gru_viz.ui import state
from gru_viz.ui.parts import link_notes
from gru_viz.ui.server import prepare
from gru_viz.ui.sidebar import sidebar

SIDEBAR_WIDTH = 330  # px: no row of buttons breaks
st.set_page_config("GRU, LSTM and RNN, step by step", "static/icon.svg", "wide", SIDEBAR_WIDTH)
prepare()
state.begin()
page = st.navigation([st.Page("pages/explore/contrast.py", title="Contrast", url_path="contrast", default=True)])
sidebar()
link_notes()
page.run()
