"""A ClarifyExplainerConfig, checked as far as it can be before there is a request."""

from explainer.expressions import compile_expression
from explainer.feature_records import CSV, JSON_LINES, RecordFormat, read_records, to_number

NUMERICAL, CATEGORICAL, TEXT = "numerical", "categorical", "text"
DEFAULT_PAYLOAD_MB = 6


class ConfigurationError(Exception):
    """The endpoint cannot be created with this configuration."""


class Configuration:
    def __init__(self, config):
        inference, shap = config.get("InferenceConfig") or {}, config["ShapConfig"]
        expression = lambda name: _expression(inference.get(name), name)  # noqa: E731
        self.enable = _expression(config.get("EnableExplanations"), "EnableExplanations")
        self.format = RecordFormat(expression("FeaturesAttribute"), inference.get("ContentTemplate"))
        self.probability = inference.get("ProbabilityIndex")
        self.label = inference.get("LabelIndex")
        self.probability_attribute = expression("ProbabilityAttribute")
        self.label_attribute = expression("LabelAttribute")
        self.label_headers = inference.get("LabelHeaders")
        self.feature_headers = inference.get("FeatureHeaders")
        self.max_records = inference.get("MaxRecordCount")
        self.max_bytes = inference.get("MaxPayloadInMB", DEFAULT_PAYLOAD_MB) * 1024 * 1024
        self.samples = shap.get("NumberOfSamples")
        self.use_logit = shap.get("UseLogit", False)
        self.seed = shap.get("Seed")
        text = shap.get("TextConfig") or {}
        self.granularity = text.get("Granularity")
        self.baseline = self._read_baseline(shap["ShapBaselineConfig"])
        self.feature_types = self._types(inference.get("FeatureTypes"))
        self.explains_text = TEXT in self.feature_types
        self._check()

    @property
    def width(self):
        """How many features a record has."""
        return len(self.baseline[0])

    def _read_baseline(self, baseline):
        mime_type = baseline.get("MimeType") or CSV
        if mime_type not in (CSV, JSON_LINES):
            raise ConfigurationError(f"the SHAP baseline must be {CSV} or {JSON_LINES}, received: {mime_type}")
        return read_records(baseline["ShapBaseline"], mime_type, self.format, "the SHAP baseline", ConfigurationError)

    def _types(self, given):
        if given is not None:
            return given
        other = TEXT if self.granularity else CATEGORICAL
        columns = zip(*self.baseline)
        return [NUMERICAL if all(to_number(cell) is not None for cell in column) else other for column in columns]

    def _check(self):
        for name, entries in (("FeatureHeaders", self.feature_headers), ("FeatureTypes", self.feature_types)):
            if entries is not None and len(entries) != self.width:
                raise ConfigurationError(
                    f"{name} has {len(entries)} entries, and a record of the SHAP baseline has {self.width} features"
                )
        if self.explains_text and self.granularity is None:
            raise ConfigurationError("a text feature needs ShapConfig.TextConfig, which says into what it is taken apart")


def _expression(text, name):
    return None if text is None else compile_expression(text, name, ConfigurationError)
