"""The explainer's container: stands beside a model's and answers requests with predictions and SHAP values.

usage: explain.py <folder with configuration.json>

configuration.json is a ClarifyExplainerConfig of the SageMaker API, with the baseline's text in ShapBaseline. A request is
what the model would get, with two headers: X-Model-Address (host:port of the model's container, which changes when that
one is started again) and, if the caller set it, X-Amzn-SageMaker-Enable-Explanations.
"""

import json
import sys
from pathlib import Path

from container_server import serve
from explainer.configuration import Configuration, ConfigurationError
from explainer.explainer import Explainer


def load(folder):
    try:
        return Explainer(Configuration(json.loads((Path(folder) / "configuration.json").read_text("utf-8"))))
    except ConfigurationError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: explain.py <folder with configuration.json>")
    serve(lambda: load(sys.argv[1]))
