"""Sentences on a page. Streamlit reads Markdown, and what a person typed must not become markup."""

from __future__ import annotations

import re

_BLANKS = re.compile(r"\s+")


def markdown(text: str) -> str:
    """The text so that ``st.markdown`` shows it character by character.

    Every ASCII sign becomes a character reference, and a word joiner beside it, which nobody sees, keeps Streamlit's own
    marks (``:name:``, ``->``, ``www.``), which are looked for after references are read, from being found.
    """
    return "".join(_sign(character) for character in _BLANKS.sub(" ", text))


def _sign(character: str) -> str:
    if character in " .,'\"“”":
        return character
    if character.isascii() and not character.isalnum():
        return f"\u2060&#{ord(character)};\u2060"
    return character
