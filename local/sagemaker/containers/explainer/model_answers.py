"""What the model's container answered: records, their probabilities, and the labels' names."""

import ast
import csv
import io
import json

from explainer.errors import ExplanationError
from explainer.expressions import search
from explainer.feature_records import CSV, JSON_LINES, mime_of, to_number


def read_answer(text, content_type, expected):
    """A record for each of the `expected` many: a list for CSV, what stands in a line for JSON Lines.

    Raises ExplanationError where there are fewer or more, or the answer is of another type.
    """
    mime_type = mime_of(content_type)
    if mime_type == CSV:
        rows = [[_cell(cell) for cell in row] for row in csv.reader(io.StringIO(text)) if row]
        if len(rows) == 1 and expected > 1 and len(rows[0]) == expected:
            rows = [[cell] for cell in rows[0]]
    elif mime_type == JSON_LINES:
        rows = [_json(line) for line in text.splitlines() if line.strip()]
    else:
        raise ExplanationError(
            f"the model must answer in {CSV} or {JSON_LINES} to be explained; it answered in {content_type or 'no type'}"
        )
    if len(rows) != expected:
        raise ExplanationError(f"the model answered {len(rows)} records to {expected}")
    return rows


def probabilities(record, config):
    """The numbers that are explained, one for each class."""
    found = _find(record, config.probability, config.probability_attribute, "Probability")
    values = found if isinstance(found, list) else [found]
    numbers = [to_number(value) for value in values]
    if not numbers or None in numbers:
        raise ExplanationError(
            "the model's answer has no probability where InferenceConfig.ProbabilityIndex or ProbabilityAttribute says, "
            f"received: {json.dumps(record)[:200]}"
        )
    return numbers


def label_headers(record, config):
    """The names of the classes: those of the configuration, otherwise those in the answer, otherwise None."""
    if config.label_headers is not None:
        return config.label_headers
    if config.label is None and config.label_attribute is None:
        return None
    found = _find(record, config.label, config.label_attribute, "Label")
    return [str(name) for name in (found if isinstance(found, list) else [found])]


def _find(record, index, attribute, name):
    if isinstance(record, list) and index is not None:
        if index >= len(record):
            raise ExplanationError(
                f"InferenceConfig.{name}Index is {index}, and a record of the model's answer has {len(record)} columns"
            )
        return record[index]
    if attribute is not None:
        return search(attribute, record, f"InferenceConfig.{name}Attribute", ExplanationError)
    return record


def _cell(text):
    """A number, a list that is written out in one column, or the text."""
    number = to_number(text)
    if number is not None:
        return int(text) if text.strip().lstrip("+-").isdigit() else number
    if not text.lstrip().startswith("["):
        return text
    try:
        entries = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return text
    return entries if isinstance(entries, list) else text


def _json(line):
    try:
        return json.loads(line)
    except ValueError as problem:
        raise ExplanationError(f"a line of the model's answer is not JSON: {problem}") from None
