"""Started by `streamlit run app.py`: imported once, it is the server; run, it is the script of each visit."""

import streamlit as st
from starlette.middleware import Middleware

if __name__ == "__main__":
    from gru_viz.ui.frame import frame

    frame()
else:
    from gru_viz.ui.headers import SecurityHeaders

    app = st.App(__file__, middleware=[Middleware(SecurityHeaders)])
