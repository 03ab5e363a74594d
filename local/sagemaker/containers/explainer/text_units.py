"""Takes a text apart into the units that are explained: tokens, sentences or paragraphs, each with its place.

Tokens are words, numbers and single signs of punctuation; where a script writes no spaces (Chinese), they are characters. A sentence
ends with its sign and what closes it, or with its line.
"""

import re

_WORD = r"[^\W\u2e80-\u2eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_TOKEN = re.compile(rf"\d+(?:[.,]\d+)+|{_WORD}+(?:['’]{_WORD}+)*|[^\s]")
_SENTENCE = re.compile(r"\S(?:[^\n]*?[.!?…؟۔।։]+[\"'”’»)\]]*(?=\s|$)|[^\n]*?[。！？][”’」』）]*|[^\n]*(?=\n|$))")
_PARAGRAPH = re.compile(r"[^\s](?:[^\n]*[^\s])?")

_PATTERNS = {"token": _TOKEN, "sentence": _SENTENCE, "paragraph": _PARAGRAPH}


def units_of(text, granularity):
    """Pairs of where a unit begins and what it is."""
    return [(match.start(), match.group()) for match in _PATTERNS[granularity].finditer(text)]


def replace_units(text, units, kept, replacement):
    """The text with every unit that is not kept replaced; what stands between them stays."""
    parts, end = [], 0
    for (start, unit), is_kept in zip(units, kept):
        parts += [text[end:start], unit if is_kept else replacement]
        end = start + len(unit)
    return "".join([*parts, text[end:]])
