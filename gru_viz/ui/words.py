"""Sentences on a page. Streamlit reads Markdown, and what a person typed must not become markup."""

from __future__ import annotations

import re

from gru_viz.labels import unbroken

_BLANKS = re.compile(r"[ \t\r\n]+")
_JOINER = "\u2060"
# What Streamlit looks for after references are read: addresses, the names of its icons, and signs between blanks that
# it draws as arrows. Each is broken behind what is matched here.
_SOUGHT = re.compile(
    r"https?:(?=//)|www(?=\.)|@(?=[-\w]+\.[-\w])|:(?=material_\w+:|streamlit:)"
    r"|(?<![^\s\ufeff])[<>~-](?=(?:->|-|=|>)(?![^\s\ufeff]))",
    re.IGNORECASE,
)
# All ASCII signs but quotes, commas, and the points that end a sentence or stand in a number but not first in a line.
_SIGNS = re.compile(
    r"(?<=^[0-9])\.|(?<=^[0-9]{2})\.|(?<=[A-Za-z])\.(?=\S)|\.(?=[A-Za-z])|[!#$%&()*+/:;<=>?@\[\\\]^_`{|}~-]"
)


def markdown(text: str) -> str:
    """The text so that ``st.markdown`` shows it character by character.

    A sign becomes a character reference, and what is copied from the page is the text itself. Some marks of Streamlit's
    own are found all the same, as it looks for them in what it shows: they get a word joiner, which nobody sees. The
    blank of "50 %" is one at which no line ends.
    """
    joined = _SOUGHT.sub(lambda found: found[0] + _JOINER, unbroken(_BLANKS.sub(" ", text)))
    return _SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", joined)
