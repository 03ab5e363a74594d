"""Answers a request with the model's predictions and, for the records that are asked for, Kernel SHAP's attributions."""

import json

import numpy as np

from explainer.coalitions import choose_coalitions, count_coalitions
from explainer.errors import ExplanationError, RequestError
from explainer.expressions import compile_expression, search
from explainer.feature_records import CSV, JSON_LINES, mime_of, read_records, write_record
from explainer.kernel_shap import attribute, logit
from explainer.model_answers import label_headers, probabilities, read_answer
from explainer.model_client import BatchSize, ModelClient
from explainer.players import Players

ENABLE = "X-Amzn-SageMaker-Enable-Explanations"
VERSION = "1.0"
# Far more than any container answers in a minute; it bounds the memory that one request may take.
MAX_SYNTHETIC_RECORDS = 1_000_000


class Explainer:
    def __init__(self, config):
        self._config = config
        self._batch_size = BatchSize(config.max_records)

    def respond(self, body, headers):
        """The answer to one request, JSON. Raises RequestError, ModelError and ExplanationError."""
        mime_type = mime_of(headers["Content-Type"])
        records = self._read(body, mime_type)
        enable = self._config.enable
        if headers[ENABLE] is not None:
            enable = compile_expression(headers[ENABLE], "EnableExplanations", RequestError)
        model = ModelClient(headers, self._batch_size, self._config.max_bytes)
        try:
            text, content_type = model.ask(body)
            rows = read_answer(text, content_type, len(records))
            wanted = [_is_wanted(row, enable, number) for number, row in enumerate(rows, 1)]
            labels = label_headers(rows[0], self._config)
            explanations = [
                self._explain(features, row, mime_type, model, labels) if is_wanted else None
                for features, row, is_wanted in zip(records, rows, wanted)
            ]
        finally:
            model.close()
        answer = {
            "version": VERSION,
            "predictions": {"content_type": content_type, "data": text},
            **({} if labels is None else {"label_headers": labels}),
            "explanations": {"kernel_shap": explanations} if any(wanted) else {},
        }
        return json.dumps(answer, allow_nan=False).encode("utf-8"), "application/json"

    def _read(self, body, mime_type):
        config = self._config
        if mime_type not in (CSV, JSON_LINES):
            raise RequestError(f"an explained endpoint takes {CSV} and {JSON_LINES}, received: {mime_type or 'no type'}")
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as problem:
            raise RequestError(f"the request is not UTF-8: {problem}") from None
        if mime_type == JSON_LINES and config.format.features_attribute and config.format.content_template is None:
            raise RequestError(
                "requests in JSON Lines need InferenceConfig.ContentTemplate, from which the explainer makes records"
            )
        records = read_records(text, mime_type, config.format, "the request", RequestError)
        if len(records[0]) != config.width:
            raise RequestError(
                f"a record of the request has {len(records[0])} features, and one of the SHAP baseline has {config.width}"
            )
        return records

    def _explain(self, features, row, mime_type, model, labels):
        config = self._config
        full = np.array(probabilities(row, config))
        if labels is not None and len(labels) != len(full):
            raise ExplanationError(f"there are {len(labels)} label headers for {len(full)} probabilities")
        players = Players(features, config)
        count = len(players.varying)
        found = np.zeros((len(players), len(full)))
        if count > 0:
            number = 0 if count == 1 else count_coalitions(count, config.samples)
            if (number + 1) * len(config.baseline) > MAX_SYNTHETIC_RECORDS:
                raise ExplanationError(
                    f"{number} coalitions with {len(config.baseline)} records of the SHAP baseline are more than "
                    f"{MAX_SYNTHETIC_RECORDS} synthetic records; lower NumberOfSamples"
                )
            random = np.random.default_rng(config.seed)
            coalitions, weights = choose_coalitions(count, number, random) if number > 0 else (np.zeros((0, 1), bool), [])
            asked = np.vstack([np.zeros((1, count), bool), coalitions])
            values = self._values(asked, players, mime_type, model, len(full))
            if config.use_logit:
                values, full = logit(values), logit(full)
            empty = values[0]
            found[players.varying] = attribute(coalitions, np.asarray(weights), values[1:], empty, full)
        return self._render(found, players)

    def _values(self, coalitions, players, mime_type, model, outputs):
        """The model's answer to each coalition, averaged over the baseline's records: float [coalitions, outputs]."""
        baseline = self._config.baseline
        lines = (
            write_record(players.synthesize(coalition, row), mime_type, self._config.format)
            for coalition in coalitions
            for row in baseline
        )
        values = np.zeros((len(coalitions), outputs))
        for index, answer in enumerate(model.predict(lines)):
            numbers = probabilities(answer, self._config)
            if len(numbers) != outputs:
                raise ExplanationError(f"the model answered {outputs} probabilities to one record, {len(numbers)} to another")
            values[index // len(baseline)] += numbers
        return values / len(baseline)

    def _render(self, found, players):
        config, start, rendered = self._config, 0, []
        for column, units in enumerate(players.units):
            end = start + (1 if units is None else len(units))
            attributions = [{"attribution": row.tolist()} for row in found[start:end]]
            for attribution, (place, unit) in zip(attributions, units or []):
                attribution["description"] = {"partial_text": unit, "start_idx": place}
            entry = {"attributions": attributions}
            if config.feature_headers is not None:
                entry["feature_header"] = config.feature_headers[column]
            if config.explains_text:
                entry["feature_type"] = config.feature_types[column]
            rendered.append(entry)
            start = end
        return rendered


def _is_wanted(row, enable, number):
    """Whether a record is to be explained; all are where nothing says otherwise."""
    if enable is None:
        return True
    result = search(enable, row, "EnableExplanations", RequestError)
    if not isinstance(result, bool):
        raise RequestError(
            f"EnableExplanations must be true or false for every record of the model's answer; for record {number}, "
            f"{json.dumps(row)[:200]}, it is {json.dumps(result)[:100]}"
        )
    return result
