"""Sentences on a page. Streamlit reads Markdown, and what a person typed must not become markup."""

from __future__ import annotations

import re

_BLANKS = re.compile(r"[ \t\r\n]+")
_JOINER = "\u2060"
# All ASCII signs but quotes, commas, and the points that end a sentence or stand in a number but not first in a line.
_SIGNS = re.compile(
    r"(?<=^[0-9])\.|(?<=^[0-9]{2})\.|(?<=[A-Za-z])\.(?=\S)|\.(?=[A-Za-z])|[!#$%&()*+/:;<=>?@\[\\\]^_`{|}~-]"
)


def markdown(text: str) -> str:
    """The text so that ``st.markdown`` shows it character by character.

    A sign becomes a character reference, with a word joiner beside it, which nobody sees: Streamlit looks for marks of
    its own (``:name:``, ``->``, ``www.``) after references are read, and so does not find them.
    """
    return _SIGNS.sub(lambda sign: f"{_JOINER}&#{ord(sign[0])};{_JOINER}", _BLANKS.sub(" ", text))
