"""Files as they lie in the raw zone, made plain: decompressed, and text as UTF-8."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import pyarrow as pa

from airflow_gov.model.errors import GovernanceError, Reason
from airflow_gov.transform.files.formats import COMPRESSIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

#: Bytes read at once.
CHUNK = 1 << 20

_GZIP, _ZSTD, _BZIP2, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"PK\x03\x04"
#: Byte order marks (Unicode Standard, section 23.8), longest first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to read.

    :param path: where it is.
    :param name: its name for people, and what tells its format.
    """

    path: Path
    name: str


def require_content(file: LocalFile) -> None:
    """Refuse a file that is not there or empty.

    :raises GovernanceError: ``SOURCE_MISSING``, ``SOURCE_EMPTY``.
    """
    if not file.path.is_file():
        raise GovernanceError(
            Reason.SOURCE_MISSING, f"{file.name} is not there (looked at {file.path}).", file=file.name
        )
    if not file.path.stat().st_size:
        raise GovernanceError(Reason.SOURCE_EMPTY, f"{file.name} is empty (0 bytes).", file=file.name)


def malformed(name: str, what: str, **attributes: object) -> GovernanceError:
    """The error for a file that cannot be read at all."""
    return GovernanceError(Reason.SOURCE_MALFORMED, f"{name} cannot be read: {what}", file=name, **attributes)


def decompressed(file: LocalFile, folder: Path, *, keep_zip: bool) -> list[LocalFile]:
    """The file, or, where it is compressed, what is inside, written into a folder.

    :param keep_zip: leave ZIP archives alone (Excel workbooks are some).
    :raises GovernanceError: ``SOURCE_MALFORMED`` for a truncated or damaged archive.
    """
    members = []
    for number, (name, stream) in enumerate(_members(file, keep_zip=keep_zip)):
        if stream is None:
            return [file]
        path = folder / f"{number}-{Path(name).name}"
        with stream, path.open("wb") as target:
            _copy(file, stream, target)
        members.append(LocalFile(path, name))
    for member in members:
        require_content(member)
    return members


def head_of(file: LocalFile, size: int) -> tuple[str, bytes]:
    """Name and first bytes of a file, or of the first one inside a compressed file."""
    name, stream = next(_members(file, keep_zip=False))
    with stream or file.path.open("rb") as opened:
        return name, _reading(file, lambda: opened.read(size))


def _members(file: LocalFile, *, keep_zip: bool) -> Iterator[tuple[str, Any]]:
    """Name and stream of each file inside; a stream of None says that the file is not compressed.

    Who takes a stream closes it.
    """
    with file.path.open("rb") as opened:
        magic = opened.read(4)
    stem, _, ending = file.name.rpartition(".")
    inner = stem if stem and ending.lower() in COMPRESSIONS else file.name
    if magic.startswith(_GZIP):
        yield inner, gzip.open(file.path)  # noqa: SIM115
    elif magic[:3] == _BZIP2 and magic[3:].isdigit():
        yield inner, bz2.open(file.path)  # noqa: SIM115
    elif magic == _ZSTD:
        yield inner, pa.input_stream(str(file.path), compression="zstd")
    elif magic == _ZIP and not keep_zip:
        yield from _zip_members(file)
    else:
        yield file.name, None


def _zip_members(file: LocalFile) -> Iterator[tuple[str, Any]]:
    with _opened_zip(file) as archive:
        names = [
            item.filename
            for item in archive.infolist()
            if not item.is_dir() and not item.filename.startswith("__MACOSX/")
        ]
        if not names:
            raise GovernanceError(
                Reason.SOURCE_EMPTY, f"{file.name} is a ZIP archive without files.", file=file.name
            )
        for name in names:
            shown = name if len(names) == 1 else f"{file.name}/{name}"
            yield shown, _reading(file, lambda: archive.open(name))  # noqa: B023 - called at once


@contextmanager
def _opened_zip(file: LocalFile) -> Iterator[zipfile.ZipFile]:
    with _reading(file, lambda: zipfile.ZipFile(file.path)) as archive:
        yield archive


def _reading(file: LocalFile, read: Callable[[], T]) -> T:
    """What ``read`` gives; a damaged archive becomes an error that says so."""
    try:
        return read()
    except EOFError as error:
        raise malformed(
            file.name, "the compressed file ends too early. It was cut off: deliver it again."
        ) from error
    except (
        OSError,
        zlib.error,
        lzma.LZMAError,
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
    ) as error:
        # zipfile raises RuntimeError for encrypted members, pyarrow OSError for a truncated Zstandard.
        raise malformed(file.name, f"the compressed file is damaged or encrypted ({error}).") from error


def _copy(file: LocalFile, source: Any, target: BinaryIO) -> None:
    while chunk := _reading(file, lambda: source.read(CHUNK)):
        target.write(chunk)


def encoding_of(head: bytes, wanted: str | None) -> str:
    """The encoding to read a text with: the one wanted, else what its byte order mark says, else UTF-8."""
    if wanted is not None and codecs.lookup(wanted).name != "utf-8":
        return wanted
    return next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")


def as_utf8(file: LocalFile, folder: Path, wanted: str | None) -> LocalFile:
    """The file, or, where it is in another encoding than UTF-8, the same text in UTF-8.

    :param folder: where the text is written.
    :param wanted: the encoding the user says.
    :raises GovernanceError: ``SOURCE_MALFORMED``, naming the line that is not of that encoding.
    """
    with file.path.open("rb") as opened:
        encoding = encoding_of(opened.read(4), wanted)
    if encoding == "utf-8":
        return file
    path = folder / f"utf8-{file.path.name}"
    lines = 1
    decoder = codecs.getincrementaldecoder(encoding)()
    with file.path.open("rb") as source, path.open("w", encoding="utf-8", newline="") as target:
        while True:
            chunk = source.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                lines += _lines_before(error, encoding)
                raise wrong_encoding(file.name, lines, encoding) from error
            lines += text.count("\n")
            target.write(text)
            if not chunk:
                return LocalFile(path, file.name)


def _lines_before(error: UnicodeError, encoding: str) -> int:
    if not isinstance(error, UnicodeDecodeError):
        return 0
    return error.object[: error.start].decode(encoding, errors="ignore").count("\n")


def wrong_encoding(name: str, line: int, encoding: str) -> GovernanceError:
    """The error for a text that is not of the encoding it is read with."""
    return malformed(
        name,
        f"line {line} is not {encoding}. Say what it is with the option encoding, "
        f"e.g. read_options={{'encoding': 'cp1252'}}.",
        line=line,
        encoding=encoding,
    )
