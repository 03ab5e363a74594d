"""Requests as records of features, and records as requests: CSV and JSON Lines."""

import csv
import io
import json
import math
from dataclasses import dataclass
from string import Template

from explainer.expressions import search

CSV, JSON_LINES = "text/csv", "application/jsonlines"


@dataclass(frozen=True)
class RecordFormat:
    """Where the features of a JSON record lie, and how a record is made of features."""

    features_attribute: object
    content_template: str


def mime_of(content_type):
    """The MIME type without its parameters."""
    return (content_type or "").split(";")[0].strip().lower()


def to_number(cell):
    """The number that a cell is, or None; JSON knows neither infinity nor NaN, and nobody else 1_000."""
    if isinstance(cell, bool) or (isinstance(cell, str) and "_" in cell):
        return None
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def read_records(text, mime_type, record_format, what, error):
    """The features of each record of a text, equally many of all. Raises `error` telling what is wrong."""
    if mime_type == CSV:
        rows = [row for row in _read_csv(text, what, error) if row]
    else:
        rows = [_read_line(line, record_format, what, error) for line in text.splitlines() if line.strip()]
    if not rows:
        raise error(f"{what} has no record")
    for number, row in enumerate(rows, 1):
        if len(row) != len(rows[0]):
            raise error(f"record {number} of {what} has {len(row)} features, and the first has {len(rows[0])}")
    return rows


def write_record(features, mime_type, record_format):
    """One line that the model's container takes, without its line break."""
    if mime_type == CSV:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(features)
        return line.getvalue()
    values = json.dumps([_as_json(value) for value in features], separators=(",", ":"), ensure_ascii=False)
    return Template(record_format.content_template or "$features").safe_substitute(features=values)


def _read_csv(text, what, error):
    try:
        return list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as problem:
        raise error(f"{what} is not CSV: {problem}") from None


def _read_line(line, record_format, what, error):
    try:
        data = json.loads(line)
    except ValueError as problem:
        raise error(f"a line of {what} is not JSON: {problem}") from None
    if record_format.features_attribute is not None and not isinstance(data, list):
        data = search(record_format.features_attribute, data, "FeaturesAttribute", error)
    if not isinstance(data, list) or not data:
        raise error(
            f"a line of {what} has no list of features; InferenceConfig.FeaturesAttribute says where it is, "
            f"received: {line[:100]}"
        )
    return data


def _as_json(value):
    """A cell of a CSV baseline stands in JSON as the number that it is."""
    number = to_number(value) if isinstance(value, str) else None
    return value if number is None else (int(number) if number.is_integer() else number)
