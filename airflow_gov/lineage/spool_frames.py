"""How events lie in a file of the spool: each in a frame that tells whether it is whole."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

#: Begins every frame, so that after a torn one the next is found.
_MARK = b"\xabGL1"
_HEAD = struct.Struct(">4sII")  # the mark, the payload's length, its CRC-32


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of a spool file.

    :param payload: the event; of a torn piece whatever lies there.
    :param end: where the piece ends in the file, in bytes.
    :param whole: False for what a writer began and did not finish.
    """

    payload: bytes
    end: int
    whole: bool = True


def framed(payload: bytes) -> bytes:
    """An event as it is written."""
    return _HEAD.pack(_MARK, len(payload), zlib.crc32(payload)) + payload


def read_frames(content: bytes, start: int = 0) -> Iterator[Frame]:
    """The frames of a file, torn pieces between them included, in order and without gaps.

    :param content: the file, as far as it is written.
    :param start: where a frame begins, in bytes.
    """
    while start < len(content):
        frame = _whole(content, start) or _torn(content, start)
        yield frame
        start = frame.end


def _whole(content: bytes, start: int) -> Frame | None:
    if len(content) < start + _HEAD.size:
        return None
    mark, length, checksum = _HEAD.unpack_from(content, start)
    begin = start + _HEAD.size
    payload = content[begin : begin + length]
    if mark != _MARK or len(payload) != length or zlib.crc32(payload) != checksum:
        return None
    return Frame(payload, begin + length)


def _torn(content: bytes, start: int) -> Frame:
    end = start
    while True:
        end = content.find(_MARK, end + 1)
        if end < 0:
            return Frame(content[start:], len(content), whole=False)
        if _whole(content, end) is not None:
            return Frame(content[start:end], end, whole=False)
