"""Trains a small digit classifier in SageMaker's training contract.

Writes into SM_MODEL_DIR: saved_model/, model.tflite (float32), and held_out.npz, the images and labels that were kept
out of training, so that an evaluation measures on exactly those. With --final-sparsity, weights are pruned while the rest
of them goes on learning. A failure is an exception: the container reports it.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import digits  # noqa: E402
import pruning  # noqa: E402
import pruning_schedule  # noqa: E402


def main():
    options = parse_arguments()
    tf.keras.utils.set_random_seed(options.seed)
    train_x, train_y, held_out_x, held_out_y = digits.load()
    train_x, train_y = with_shifts(train_x, train_y, options.max_shift)
    print(f"training on {len(train_x)} images, holding out {len(held_out_x)}", flush=True)

    model = build_model(options.hidden_units)
    model.compile(
        optimizer=tf.keras.optimizers.Adam(options.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    steps = options.epochs * -(-len(train_x) // options.batch_size)
    model.fit(
        train_x,
        train_y,
        batch_size=options.batch_size,
        epochs=options.epochs,
        verbose=0,
        callbacks=[tf.keras.callbacks.LambdaCallback(on_epoch_end=print_epoch), *pruning.callbacks(options, steps)],
    )

    loss, accuracy = model.evaluate(held_out_x, held_out_y, batch_size=512, verbose=0)
    print(
        f"held_out_loss={loss:.4f} held_out_accuracy={accuracy:.4f} sparsity={pruning.sparsity_of(model):.4f}", flush=True
    )
    export(model, Path(options.model_dir), held_out_x, held_out_y)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=0.002)
    parser.add_argument("--hidden-units", type=int, default=128)
    parser.add_argument("--max-shift", type=int, default=2, help="pixels that copies of the images are moved by")
    parser.add_argument("--seed", type=int, default=7)
    pruning_schedule.add_arguments(parser)
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "model"))
    return parser.parse_args()


def with_shifts(images, labels, pixels):
    """The images and copies of them moved up, down, left and right."""
    moves = [(0, 0)] + ([(-pixels, 0), (pixels, 0), (0, -pixels), (0, pixels)] if pixels > 0 else [])
    return np.concatenate([digits.shift(images, *move) for move in moves]), np.tile(labels, len(moves))


def build_model(hidden_units):
    return tf.keras.Sequential(
        [
            tf.keras.Input((digits.PIXELS,), name="pixels"),
            tf.keras.layers.Dense(hidden_units, activation="relu"),
            tf.keras.layers.Dense(digits.CLASSES, activation="softmax"),
        ]
    )


def print_epoch(epoch, logs):
    print(f"epoch={epoch + 1} loss={logs['loss']:.4f} accuracy={logs['accuracy']:.4f}", flush=True)


def export(model, folder, held_out_x, held_out_y):
    folder.mkdir(parents=True, exist_ok=True)
    model.export(str(folder / "saved_model"), verbose=False)
    tflite = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved_model")).convert()
    (folder / "model.tflite").write_bytes(tflite)
    np.savez_compressed(folder / "held_out.npz", images=held_out_x, labels=held_out_y)
    print(f"exported saved_model/ and model.tflite ({len(tflite)} bytes)", flush=True)


if __name__ == "__main__":
    main()
