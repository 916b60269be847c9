"""A table that a visitor uploads. The session keeps the file; the experiment holds the chosen columns alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from gru_viz.errors import InputError
from gru_viz.labels import grouped, quoted
from gru_viz.sequences import MAX_FILE, MAX_STEPS
from gru_viz.sequences.tables import (
    DECIMALS,
    SEPARATORS,
    SUNSPOTS,
    SUNSPOTS_ARE,
    Layout,
    Table,
    decode,
    read_table,
    read_table_text,
    recognise,
    table_text,
    with_standardised,
)
from gru_viz.ui import state
from gru_viz.ui.words import markdown

_FIRST_COLUMNS = 8  # are chosen when a file comes
_MAX_LISTED = 3  # columns of which is said why they cannot be chosen


@dataclass(frozen=True)
class Upload:
    """A file, as it is read."""

    name: str
    text: str
    encoding: str
    layout: Layout
    first: int = 1  # the row that the sequence begins with

    def table(self) -> Table:
        return _table(self.text, self.layout)


@st.cache_resource(max_entries=2, show_spinner=False)
def _table(text: str, layout: Layout) -> Table:
    return read_table(text, layout)


def upload() -> None:
    """The widgets: a file, how it is read, its columns."""
    st.file_uploader(
        "CSV file", type=["csv", "tsv", "txt"], key="csv_file", on_change=_take_file, max_upload_size=5,
        help=f"Up to {MAX_FILE // 10**6} MB. It is read here, kept as long as this page is open, and not stored.",
    )  # fmt: skip
    text = state.current().text
    chosen, standardised = read_table_text(text)
    names = list(chosen.columns)
    kept: Upload | None = st.session_state.get("upload")
    if kept:
        _layout(kept)
        if _is_of(kept, names, standardised, text):
            _columns(kept, names)
        elif "csv" not in state.problems():
            st.button(f"Show {markdown(kept.name)}", key="csv_show", on_click=_show_file)
    elif with_standardised(text, True) == SUNSPOTS:
        st.caption(SUNSPOTS_ARE)
    else:
        st.caption(markdown(f"A table with {', '.join(map(quoted, names))}. Its file is not here."))
    _mirror("csv_standardised", standardised)
    st.checkbox(
        "Standardised", key="csv_standardised", on_change=_standardise,
        help="Each column less its mean, divided by its standard deviation; else the numbers as they are.",
    )  # fmt: skip


def _mirror(key: str, value: object) -> None:
    """The experiment is the state, and the widgets show it."""
    if st.session_state.get(key) != value:
        st.session_state[key] = value


def _is_of(kept: Upload, names: list[str], standardised: bool, text: str) -> bool:
    """Whether the experiment's table was made from this file as it is read now."""
    try:
        return table_text(kept.table(), names, standardised, kept.first) == text
    except InputError:
        return False


def _layout(kept: Upload) -> None:
    """How the file is read, and ways to overrule that."""
    layout = kept.layout
    first = "the first line holds names" if layout.header else "no line of names"
    st.caption(
        markdown(
            f"{kept.name}: {kept.encoding}, separator {SEPARATORS[layout.separator]}, decimal "
            f"{DECIMALS[layout.decimal]}, {first}."
        )
    )
    opened = st.expander("Read it in another way", key="csv_layout", on_change="rerun")
    if not opened.open:
        return
    with opened:
        for key, value in (("separator", layout.separator), ("decimal", layout.decimal), ("header", layout.header)):
            _mirror(f"csv_{key}", value)
        st.selectbox(
            "Separator", tuple(SEPARATORS), key="csv_separator", format_func=SEPARATORS.__getitem__, on_change=_relay
        )
        st.selectbox(
            "Decimal sign", tuple(DECIMALS), key="csv_decimal", format_func=DECIMALS.__getitem__, on_change=_relay
        )
        st.checkbox("The first line holds names", key="csv_header", on_change=_relay)


def _columns(kept: Upload, names: list[str]) -> None:
    table = kept.table()
    _mirror("csv_columns", names)
    st.pills(
        "Columns", tuple(table.columns), key="csv_columns", format_func=markdown, selection_mode="multi",
        on_change=_choose_columns,
    )  # fmt: skip
    if table.refused:
        said = [markdown(sentence) for sentence in list(table.refused.values())[:_MAX_LISTED]]
        more = len(table.refused) - len(said)
        st.caption("Not all numbers. " + " ".join(said) + f" And {more} more columns." * (more > 0))
    if table.rows > MAX_STEPS:
        _mirror("csv_first", kept.first)
        st.number_input("First row", 1, table.rows, key="csv_first", on_change=_begin_at)
        last = min(kept.first + MAX_STEPS - 1, table.rows)
        rows = f"Rows {grouped(kept.first)} to {grouped(last)} of {grouped(table.rows)}"
        st.caption(f"{rows}: at most {MAX_STEPS} are one sequence.")


# What the widgets do -------------------------------------------------------------------------------------------------


def _take_file() -> None:
    """A file came, or was taken away: the figures stay those of the last table."""
    file = st.session_state.get("csv_file")
    if file is None:
        st.session_state.pop("upload", None)
        state.problems().pop("csv", None)
        return
    try:
        data = file.getvalue() if file.size <= MAX_FILE else b" " * file.size
        text, encoding = decode(data)
    except InputError as problem:
        state.say("csv", str(problem))
        return
    st.session_state["upload"] = Upload(file.name, text, encoding, recognise(text))  # perhaps to be read in another way
    _show_file()


def _show(kept: Upload, names: list[str] | None = None) -> None:
    """Make the experiment's table from the file. Raises InputError."""
    table = kept.table()
    known = [name for name in names or () if name in table.columns]
    standardised = st.session_state.get("csv_standardised", True)
    text = table_text(table, known or list(table.columns)[:_FIRST_COLUMNS], standardised, kept.first)
    st.session_state["upload"] = kept
    state.put("csv", text)


def _show_file() -> None:
    try:
        _show(st.session_state["upload"])
    except InputError as problem:
        state.say("csv", str(problem))


def _relay() -> None:
    """Read the file in another way; where it cannot be, say so and keep the widgets at the way that works."""
    kept: Upload = st.session_state["upload"]
    layout = Layout(*(st.session_state[f"csv_{key}"] for key in ("separator", "decimal", "header")))
    try:
        _show(replace(kept, layout=layout, first=1), st.session_state.get("csv_columns"))
    except InputError as problem:
        said = f"separator {SEPARATORS[layout.separator]}, decimal {DECIMALS[layout.decimal]}"
        state.say("csv", f"With {said} the file cannot be read. {problem}")


def _choose_columns() -> None:
    kept: Upload = st.session_state["upload"]
    try:
        text = table_text(
            kept.table(), st.session_state["csv_columns"], st.session_state["csv_standardised"], kept.first
        )
    except InputError as problem:
        state.say("csv", str(problem))
        return
    state.put("csv", text)


def _begin_at() -> None:
    kept = replace(st.session_state["upload"], first=st.session_state["csv_first"])
    _show(kept, st.session_state["csv_columns"])


def _standardise() -> None:
    state.put("csv", with_standardised(state.current().text, st.session_state["csv_standardised"]))
