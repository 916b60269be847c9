"""A long sequence in a link: compressed, or only its fingerprint where even that is too long."""

from __future__ import annotations

import base64
import functools
import hashlib
import zlib

from gru_viz.sequences import KINDS, MAX_CHARACTERS

MAX_UNPACKED = 4 * MAX_CHARACTERS + 16  # bytes: a character of UTF-8 takes up to four, and the kind stands before them


@functools.lru_cache(maxsize=16)
def pack(kind: str, text: str) -> str:
    """The kind and the text, compressed, in letters that a link takes as they are; nothing for more than a text may
    have, as it would not fit and is not worth the time."""
    if len(text) > MAX_CHARACTERS:
        return ""
    packed = zlib.compress(f"{kind}\n{text}".encode(), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def unpack(packed: str) -> tuple[str, str]:
    """(kind, text). Never more than MAX_UNPACKED bytes are unpacked. Raises ValueError for what `pack` did not make."""
    data = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(data, MAX_UNPACKED)
    except zlib.error:
        raise ValueError from None
    kind, found, text = plain.decode().partition("\n")
    if not stream.eof or stream.unused_data or not found or kind not in KINDS:
        raise ValueError
    return kind, text


@functools.lru_cache(maxsize=16)
def fingerprint(kind: str, text: str) -> str:
    """What stands in a link for a sequence that does not fit: enough to know it again."""
    return f"{kind}.{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"
