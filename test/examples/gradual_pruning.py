"""Runs the examples' pruning.py on the schedules of the golden file: prints where weights are zero after each step, and
what it says to each list of arguments.

usage: gradual_pruning.py <folder with pruning.py> <golden file> <JSON: lists of arguments>
"""

import argparse
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.insert(0, sys.argv[1])

import keras  # noqa: E402
import numpy as np  # noqa: E402

import pruning  # noqa: E402
import pruning_schedule  # noqa: E402


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.zeros, self.biases = [], []

    def on_train_batch_end(self, batch, logs=None):
        kernel, bias = self.model.layers[0].weights
        self.zeros.append(np.flatnonzero(kernel.numpy().ravel() == 0).tolist())
        self.biases.append(int((bias.numpy() == 0).sum()))


def run(kernel, schedule, steps, learning_rate):
    rows, columns = kernel.shape
    model = keras.Sequential([keras.Input((rows,)), keras.layers.Dense(columns)])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate), loss="mse")
    model.layers[0].set_weights([kernel, np.ones(columns, np.float32)])
    recorder = Recorder()
    callbacks = [pruning.GradualPruning(pruning_schedule.PolynomialDecay(**schedule)), recorder]
    data, target = np.ones((steps, rows), np.float32), np.zeros((steps, columns), np.float32)
    model.fit(data, target, batch_size=1, shuffle=False, verbose=0, callbacks=callbacks)
    return {"zeros": recorder.zeros, "biases": recorder.biases, "sparsity": pruning.sparsity_of(model)}


def answer(arguments):
    parser = argparse.ArgumentParser()
    pruning_schedule.add_arguments(parser)
    try:
        return f"{len(pruning.callbacks(parser.parse_args(arguments), 100))} callbacks"
    except ValueError as error:
        return str(error)


golden = json.load(open(sys.argv[2]))
kernel = np.array(golden["kernel"], np.float32)
still = [run(kernel, one["schedule"], len(one["zeros"]), 0.0) for one in golden["runs"]]
learning = run(kernel, golden["runs"][0]["schedule"], 24, 0.01)
answers = [answer(arguments) for arguments in json.loads(sys.argv[3])]
print(json.dumps({"still": still, "learning": learning, "answers": answers}))
