"""Makes what the test of the examples' pruning.py compares with, by the TensorFlow Model Optimization Toolkit itself.

    python tools/golden/gradual_pruning.py   # writes test/golden/examples/gradual-pruning.json

Needs tensorflow-cpu 2.21, tf-keras 2.21 and tensorflow-model-optimization 0.8.1: the toolkit knows Keras 2 only, and the
examples use Keras 3, which is why they bring the schedule themselves.
"""

import json
import os
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np  # noqa: E402
import tensorflow_model_optimization as tfmot  # noqa: E402
import tf_keras as keras  # noqa: E402

GOLDEN = Path(__file__).resolve().parents[2] / "test" / "golden" / "examples" / "gradual-pruning.json"
STEPS = 24
SCHEDULES = [
    {"initial_sparsity": 0.0, "final_sparsity": 0.5, "begin_step": 2, "end_step": 18, "frequency": 4},
    {"initial_sparsity": 0.25, "final_sparsity": 0.9, "begin_step": 0, "end_step": 20, "frequency": 3},
    {"initial_sparsity": 0.5, "final_sparsity": 0.8, "begin_step": 5, "end_step": 12, "frequency": 1},
]


class Recorder(keras.callbacks.Callback):
    """Notes where the masked weights are zero after every step; the weights change only by the masks."""

    def __init__(self):
        super().__init__()
        self.zeros = []

    def on_train_batch_end(self, batch, logs=None):
        (wrapper,) = self.model.layers
        self.zeros.append(np.flatnonzero(wrapper.layer.kernel.numpy().ravel() == 0).tolist())


def record(schedule, kernel):
    wrapped = tfmot.sparsity.keras.prune_low_magnitude(
        keras.layers.Dense(kernel.shape[1], use_bias=False, input_shape=(kernel.shape[0],)),
        pruning_schedule=tfmot.sparsity.keras.PolynomialDecay(**schedule),
    )
    model = keras.Sequential([wrapped])
    model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
    wrapped.layer.kernel.assign(kernel)
    recorder = Recorder()
    data = np.ones((STEPS, kernel.shape[0]), np.float32)
    model.fit(
        data,
        np.zeros((STEPS, kernel.shape[1]), np.float32),
        batch_size=1,
        shuffle=False,
        verbose=0,
        callbacks=[tfmot.sparsity.keras.UpdatePruningStep(), recorder],
    )
    return {"schedule": schedule, "zeros": recorder.zeros}


def main():
    kernel = np.random.default_rng(3).standard_normal((7, 9)).astype(np.float32)
    golden = {
        "kernel": [[float(value) for value in row] for row in kernel],
        "runs": [record(schedule, kernel) for schedule in SCHEDULES],
    }
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    GOLDEN.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
