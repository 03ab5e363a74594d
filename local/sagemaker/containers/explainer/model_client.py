"""Asks the model's container, in batches that it can take and until there is no more time."""

import http.client
import time

from explainer.errors import ExplanationError, ModelError
from explainer.model_answers import read_answer

# Of the minute that an endpoint has for an answer.
SECONDS = 57
FIRST_BATCH = 512
PASSED_ON = ("Accept", "X-Amzn-SageMaker-Custom-Attributes", "X-Amzn-SageMaker-Inference-Id")


class BatchSize:
    """How many records the container takes at once: what is configured, otherwise what has shown to work."""

    def __init__(self, configured):
        self.count = configured or FIRST_BATCH
        self.is_fixed = configured is not None

    def halve(self, tried):
        self.count = min(self.count, max(1, tried // 2))


class ModelClient:
    """The model's container, for one request."""

    def __init__(self, headers, batch_size, max_bytes):
        self._address = headers["X-Model-Address"]
        self._content_type = headers["Content-Type"]
        self._headers = {name: headers[name] for name in PASSED_ON if headers[name] is not None}
        self._batch_size, self._max_bytes = batch_size, max_bytes
        self._deadline = time.monotonic() + SECONDS
        self._connection = None

    def ask(self, body):
        """Text and content type of the answer. Raises ModelError and, when there is no more time, ExplanationError."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise ExplanationError(
                f"the explanation takes longer than {SECONDS} s, and an endpoint has 60 s for an answer; ask for fewer "
                "records, or lower NumberOfSamples or the number of records in the SHAP baseline"
            )
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._address)
        self._connection.timeout = left
        if self._connection.sock is not None:
            self._connection.sock.settimeout(left)
        try:
            self._connection.request("POST", "/invocations", body, {"Content-Type": self._content_type, **self._headers})
            response = self._connection.getresponse()
            text = response.read().decode("utf-8")
        except (OSError, http.client.HTTPException, UnicodeDecodeError) as error:
            self.close()
            raise ModelError(f"no answer from the model's container: {error or type(error).__name__}") from None
        if response.status != 200:
            raise ModelError(text, response.status)
        return text, response.headers.get("Content-Type")

    def predict(self, lines):
        """What the model answers to each of the lines, in their order."""
        batch, size = [], 0
        for line in lines:
            length = len(line.encode("utf-8")) + 1
            if batch and (len(batch) >= self._batch_size.count or size + length > self._max_bytes):
                yield from self._predict(batch)
                batch, size = [], 0
            batch.append(line)
            size += length
        if batch:
            yield from self._predict(batch)

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _predict(self, batch):
        # A batch was gathered before an earlier one showed that it is too large.
        if len(batch) <= self._batch_size.count:
            try:
                answer, content_type = self.ask("\n".join(batch).encode("utf-8"))
                return read_answer(answer, content_type, len(batch))
            except (ModelError, ExplanationError):
                if len(batch) == 1 or self._batch_size.is_fixed or time.monotonic() >= self._deadline:
                    raise
                self._batch_size.halve(len(batch))
        half = self._batch_size.count
        return [row for start in range(0, len(batch), half) for row in self._predict(batch[start : start + half])]
