"""Figures: stored numbers in, a Plotly figure as a plain dict out. No computation of a run, no Streamlit."""
