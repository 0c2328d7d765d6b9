"""From bytes to characters: what is declared, widened; else UTF-8; else what it looks like."""

from __future__ import annotations

import codecs
from functools import lru_cache

# What senders declare and what they send (WHATWG Encoding Standard, section 4.2, and practice).
_WIDENED = {
    "": "utf-8",
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "ansi_x3.4-1968": "utf-8",
    "646": "utf-8",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-8-i": "cp1255",
    "iso-8859-8-e": "cp1255",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "gb_2312-80": "gb18030",
    "hz": "hz",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "big5": "big5hkscs",
    "cp-850": "cp850",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
    "unicode-1-1-utf-7": "utf-8",
    "utf-7": "utf-8",
}
# Python has more codecs than there are charsets: rot13, idna, unicode_escape and their like fabricate
# surrogates and NULs, and UTF-7 hides markup in ASCII.
_ALLOWED_NAMES = (
    "big5hkscs cp037 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 cp437 cp737 cp775 cp850"
    " cp852 cp855 cp857 cp858 cp860 cp861 cp862 cp863 cp864 cp865 cp866 cp869 cp874 cp932 cp949 euc_jp"
    " euc_jis_2004 gb18030 hz iso2022_jp iso2022_jp_1 iso2022_jp_2 iso2022_jp_3 iso2022_jp_ext iso2022_kr"
    " iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16 iso8859-2 iso8859-3 iso8859-4 iso8859-5"
    " iso8859-6 iso8859-7 iso8859-8 johab koi8-r koi8-u koi8-t kz1048 mac-cyrillic mac-greek mac-iceland"
    " mac-latin2 mac-roman mac-turkish ptcp154 shift_jis_2004 utf-16 utf-16-be utf-16-le utf-32 utf-32-be"
    " utf-32-le utf-8"
)
_ALLOWED = frozenset(_ALLOWED_NAMES.split())
# These write other letters in ASCII bytes.
_SEVEN_BIT = frozenset(
    (
        "hz",
        "iso2022_jp",
        "iso2022_jp_1",
        "iso2022_jp_2",
        "iso2022_jp_3",
        "iso2022_jp_ext",
        "iso2022_kr",
        "cp037",
    )
)
_SEVEN_BIT |= {"utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"}
# So many bytes are enough to tell a charset by.
_SAMPLE_BYTES = 16 * 1024
_LOW_CONFIDENCE = 0.3


@lru_cache(maxsize=256)
def codec_of(charset: str) -> str | None:
    """The Python codec to read `charset` with, wider than declared where senders are; None if unknown."""
    name = charset.strip().strip("\"'").lower().replace(" ", "")
    if "*" in name:
        # A language tag behind an asterisk (RFC 2231 section 5).
        name = name.partition("*")[0]
    name = _WIDENED.get(name, name)
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return None
    return found if found in _ALLOWED else None


def decode(content: bytes, charset: str) -> tuple[str, str]:
    """The characters of `content`, and a defect or an empty string."""
    codec = codec_of(charset)
    if content.isascii() and codec not in _SEVEN_BIT:
        return content.decode("ascii"), ""
    text = _decoded(content, codec)
    if text is not None:
        return text, ""
    text = decode_undeclared(content)
    if codec is None:
        return text, f"unknown charset {charset[:40]!r}: detected"
    if not charset:
        return text, "8-bit text without a charset: detected"
    return text, f"not in the declared charset {charset[:40]!r}: detected"


def decode_undeclared(content: bytes) -> str:
    """The characters of `content` when nothing reliable says which charset it is in."""
    text = _decoded(content, "utf-8")
    if text is not None:
        return text
    lenient = content.decode("utf-8", "replace")
    if lenient.count("\ufffd") * 20 < sum(1 for char in lenient if char > "\x7f"):
        # UTF-8 with a few broken bytes, or cut within a character.
        return lenient
    text = _decoded(content, codec_of(_detected(content[:_SAMPLE_BYTES])))
    return content.decode("cp1252", "replace") if text is None else text


def _decoded(content: bytes, codec: str | None) -> str | None:
    if codec is None:
        return None
    try:
        return content.decode(codec)
    except UnicodeError:
        return None


def _detected(sample: bytes) -> str:
    # Imported where it is needed: most mail never is, and its tables take megabytes.
    import chardet

    guess = chardet.detect(sample)
    if (guess["confidence"] or 0.0) < _LOW_CONFIDENCE:
        return ""
    return guess["encoding"] or ""
