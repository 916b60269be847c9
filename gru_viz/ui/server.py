"""What a server process does once."""

import streamlit as st
from threadpoolctl import threadpool_limits


@st.cache_resource(max_entries=1)
def prepare() -> None:
    """One BLAS thread: at these sizes a second gains nothing, and on a busy machine it costs a hundred times more."""
    threadpool_limits(limits=1)
