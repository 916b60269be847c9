"""The only files of the package that import streamlit: the state of a session, widgets, caches."""
