"""Trains a convolutional network that finds defects on surfaces, in SageMaker's training contract.

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

import pruning  # noqa: E402
import pruning_schedule  # noqa: E402
import surfaces  # noqa: E402


def main():
    options = parse_arguments()
    tf.keras.utils.set_random_seed(options.seed)
    train_x, train_y, held_out_x, held_out_y = surfaces.load()
    print(f"training on {len(train_x)} images, holding out {len(held_out_x)}", flush=True)

    steps = options.epochs * -(-len(train_x) // options.batch_size)
    model = build_model(options.filters)
    model.compile(
        optimizer=tf.keras.optimizers.Adam(tf.keras.optimizers.schedules.CosineDecay(options.learning_rate, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
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
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=0.003)
    parser.add_argument("--filters", type=int, default=32, help="channels of the first convolution")
    parser.add_argument("--seed", type=int, default=7)
    pruning_schedule.add_arguments(parser)
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "model"))
    return parser.parse_args()


def build_model(filters):
    """Convolutions that halve the sides, a depthwise separable one among them, then two dense layers."""
    layers = tf.keras.layers
    return tf.keras.Sequential(
        [
            tf.keras.Input((surfaces.SIDE, surfaces.SIDE, 1), name="image"),
            layers.Conv2D(filters, 3, padding="same", strides=2, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(2 * filters, 3, padding="same", strides=2, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.SeparableConv2D(4 * filters, 3, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.Conv2D(4 * filters, 3, padding="same", strides=2, use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
            layers.GlobalMaxPooling2D(),
            layers.Dense(4 * filters, activation="relu"),
            layers.Dense(len(surfaces.CLASSES), activation="softmax"),
        ]
    )


def print_epoch(epoch, logs):
    print(f"epoch={epoch + 1} loss={logs['loss']:.4f} accuracy={logs['accuracy']:.4f}", flush=True)


def export(model, folder, held_out_x, held_out_y):
    folder.mkdir(parents=True, exist_ok=True)
    model.export(str(folder / "saved_model"), verbose=False)
    tflite = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved_model")).convert()
    (folder / "model.tflite").write_bytes(tflite)
    np.savez_compressed(folder / "held_out.npz", image=held_out_x, labels=held_out_y)
    print(f"exported saved_model/ and model.tflite ({len(tflite)} bytes)", flush=True)


if __name__ == "__main__":
    main()
