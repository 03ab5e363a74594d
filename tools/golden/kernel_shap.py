"""Makes test/golden/shap: SHAP values of small networks as the package shap computes them.

Usage: python tools/golden/kernel_shap.py   (shap 0.49.1 and numpy installed; any CPU)

One JSON file a case: the network's weights, baseline, record, and the values of KernelExplainer with every coalition and
without feature selection, which are exact. `sampled` has what KernelExplainer makes of fewer coalitions, and how many.
"""

import json
import pathlib

import numpy as np
import shap

TARGET = pathlib.Path(__file__).resolve().parents[2] / "test" / "golden" / "shap"
HIDDEN = 8


class Network:
    """One hidden layer of tanh; `output` says what becomes of its result."""

    def __init__(self, random, features, outputs, output):
        self.output = output
        self.layers = [
            (random.normal(size=(features, HIDDEN)), random.normal(size=HIDDEN)),
            (random.normal(size=(HIDDEN, outputs)), random.normal(size=outputs)),
        ]

    def __call__(self, rows):
        (first, first_bias), (second, second_bias) = self.layers
        result = np.tanh(np.asarray(rows, float) @ first + first_bias) @ second + second_bias
        if self.output == "sigmoid":
            return 1 / (1 + np.exp(-result))
        if self.output == "softmax":
            powers = np.exp(result - result.max(axis=1, keepdims=True))
            return powers / powers.sum(axis=1, keepdims=True)
        return result


def explain(network, baseline, record, link, samples):
    explainer = shap.KernelExplainer(network, baseline, link=link)
    values = explainer.shap_values(record[np.newaxis], nsamples=samples, l1_reg=False, silent=True)
    return np.asarray(values).reshape(len(record), -1)


def write(name, seed, features, outputs, output, rows, link="identity", same=0, sampled=None):
    random = np.random.default_rng(seed)
    network = Network(random, features, outputs, output)
    baseline, record = random.normal(size=(rows, features)).round(3), random.normal(size=features).round(3)
    baseline[:, :same] = record[:same]
    case = {
        "network": {"output": output, "layers": [[part.tolist() for part in layer] for layer in network.layers]},
        "baseline": baseline.tolist(),
        "record": record.tolist(),
        "link": link,
        "values": explain(network, baseline, record, link, 2**features).tolist(),
    }
    if sampled is not None:
        np.random.seed(seed)
        case["sampled"] = {"samples": sampled, "values": explain(network, baseline, record, link, sampled).tolist()}
    (TARGET / f"{name}.json").write_text(json.dumps(case) + "\n")


if __name__ == "__main__":
    TARGET.mkdir(parents=True, exist_ok=True)
    write("regression", 1, 6, 1, "linear", rows=1)
    write("binary", 2, 8, 1, "sigmoid", rows=3)
    write("binary-logit", 3, 7, 1, "sigmoid", rows=2, link="logit")
    write("classes", 4, 5, 3, "softmax", rows=2)
    write("classes-logit", 5, 5, 4, "softmax", rows=1, link="logit")
    write("same-as-baseline", 6, 6, 1, "linear", rows=2, same=2)
    write("many-features", 7, 14, 1, "linear", rows=1, sampled=1000)
