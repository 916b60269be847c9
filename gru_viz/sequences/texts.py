"""Text, read by character as a person sees them, or by word."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from gru_viz.errors import InputError
from gru_viz.labels import MAX_CLUSTER, grouped, pattern, quoted, visible
from gru_viz.sequences.base import MAX_STEPS, Sequence, one_hot, typed

MAX_WORD = 60  # code points


def from_text(text: str) -> Sequence:
    """One step a character as a person sees it: é is one however it is typed, and so is a family emoji.

    Up to 2,000 characters of up to 32 code points, 1,024 of them different. Line ends of all kinds become a newline;
    blanks count, but not alone. Raises InputError.
    """
    return text_sequence(tuple(clusters(typed(text, wanted="letter, digit or sign"))))


def from_words(text: str) -> Sequence:
    """One step a word, with the apostrophes and points inside it; every other sign is a step of its own, so that
    "Ada" and the "Ada" of "Ada." are one word. "My" and "my" are two. Blanks only separate.

    Up to 2,000 steps, 1,024 of them different, of up to 60 code points. Raises InputError.
    """
    return word_sequence(tuple(words(typed(text, wanted="word"))))


def clusters(text: str) -> Iterator[str]:
    """The extended grapheme clusters (Unicode's annex 29), each in normal form C.

    Lazy, as both steps are quadratic in hostile text: a run of flags is only split as far as the caps allow, and marks
    are put in order within a cluster whose length is known.
    """
    for number, match in enumerate(pattern(r"\X").finditer(text), start=1):
        cluster: str = match[0]
        if number > MAX_STEPS:
            raise InputError(f"The sequence has more than {MAX_STEPS} characters: at most {MAX_STEPS} are read.")
        if len(cluster) > MAX_CLUSTER:
            made = f"{grouped(len(cluster))} code points"
            raise InputError(f"Character {number} is made of {made}: at most {MAX_CLUSTER} are allowed for one.")
        if "\ud800" <= cluster <= "\udfff":
            raise InputError(f"Character {number} is {quoted(cluster)}, one half of a character: delete it.")
        yield unicodedata.normalize("NFC", cluster)


def words(text: str) -> Iterator[str]:
    """What stands between Unicode's word boundaries (annex 29) and is not blank, each in normal form C. Lazy."""
    number = 0
    for piece in pattern(r"(?w)\b").splititer(text):
        if not (word := piece.strip()):
            continue
        number += 1
        if number > MAX_STEPS:
            raise InputError(f"The sequence has more than {MAX_STEPS} words: at most {MAX_STEPS} are read.")
        if len(word) > MAX_WORD:
            raise InputError(
                f"Word {number} is {quoted(word)}, {grouped(len(word))} characters long: at most {MAX_WORD} are "
                "allowed."
            )
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise InputError(f"Word {number} is {quoted(word)} and holds one half of a character: delete it.")
        yield unicodedata.normalize("NFC", word)


def text_sequence(tokens: tuple[str, ...], names: tuple[str, ...] = ()) -> Sequence:
    return one_hot("text", tokens, {token: visible(token) for token in tokens}, names, "characters")


def word_sequence(tokens: tuple[str, ...], names: tuple[str, ...] = ()) -> Sequence:
    labels = {token: "".join(map(visible, pattern(r"\X").findall(token))) for token in tokens}
    return one_hot("words", tokens, labels, names, "words")
