"""Trains a recommender with an embedding for every user and every film, in SageMaker's training contract.

Writes into SM_MODEL_DIR: saved_model/, model.tflite (float32), held_out.npz, the ratings that were kept out of training, so
that an evaluation measures on exactly those, and ranking.npz, users with the films that it ranks for them. With --final-sparsity, weights are pruned while the rest of them
goes on learning. A failure is an exception: the container reports it.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

import pruning  # noqa: E402
import pruning_schedule  # noqa: E402
import ranking  # noqa: E402
import ratings  # noqa: E402


def main():
    options = parse_arguments()
    tf.keras.utils.set_random_seed(options.seed)
    training, held_out = ratings.load()
    (users, films, labels), (held_out_users, held_out_films, held_out_labels) = training, held_out
    print(f"training on {len(labels)} ratings, holding out {len(held_out_labels)}", flush=True)

    steps = options.epochs * -(-len(labels) // options.batch_size)
    model = build_model(options.dimensions)
    model.compile(
        optimizer=tf.keras.optimizers.AdamW(
            tf.keras.optimizers.schedules.CosineDecay(options.learning_rate, steps), weight_decay=options.weight_decay
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        {"user": users, "film": films},
        labels,
        batch_size=options.batch_size,
        epochs=options.epochs,
        verbose=0,
        callbacks=[tf.keras.callbacks.LambdaCallback(on_epoch_end=print_epoch), *pruning.callbacks(options, steps)],
    )

    inputs = {"user": held_out_users, "film": held_out_films}
    loss, accuracy = model.evaluate(inputs, held_out_labels, batch_size=4096, verbose=0)
    print(
        f"held_out_loss={loss:.4f} held_out_accuracy={accuracy:.4f} sparsity={pruning.sparsity_of(model):.4f}", flush=True
    )
    folder = Path(options.model_dir)
    export(model, folder, inputs, held_out_labels)
    ranked_users, ranked_films = ranking.candidates(training, held_out)
    np.savez_compressed(folder / "ranking.npz", user=ranked_users, film=ranked_films)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=1024)
    parser.add_argument("--learning-rate", type=float, default=0.02)
    parser.add_argument("--dimensions", type=int, default=32, help="length of an embedding")
    parser.add_argument("--weight-decay", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=7)
    pruning_schedule.add_arguments(parser)
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "model"))
    return parser.parse_args()


def build_model(dimensions):
    """Neural matrix factorisation: the product of both embeddings beside a small network that sees them one by one."""
    layers = tf.keras.layers
    entries, embeddings = [], []
    for name, count in [("user", ratings.USERS), ("film", ratings.FILMS)]:
        entry = tf.keras.Input((1,), dtype="int32", name=name)
        start = tf.keras.initializers.RandomNormal(stddev=0.3)
        embedding = layers.Embedding(count, dimensions, embeddings_initializer=start)(entry)
        embeddings.append(layers.Flatten()(embedding))
        entries.append(entry)
    hidden = layers.Dense(dimensions, activation="relu")(layers.Concatenate()(embeddings))
    both = layers.Concatenate()([layers.Multiply()(embeddings), hidden])
    return tf.keras.Model(entries, layers.Dense(len(ratings.CLASSES), activation="softmax")(both))


def print_epoch(epoch, logs):
    print(f"epoch={epoch + 1} loss={logs['loss']:.4f} accuracy={logs['accuracy']:.4f}", flush=True)


def export(model, folder, inputs, labels):
    folder.mkdir(parents=True, exist_ok=True)
    model.export(str(folder / "saved_model"), verbose=False)
    tflite = tf.lite.TFLiteConverter.from_saved_model(str(folder / "saved_model")).convert()
    (folder / "model.tflite").write_bytes(tflite)
    np.savez_compressed(folder / "held_out.npz", labels=labels, **inputs)
    print(f"exported saved_model/ and model.tflite ({len(tflite)} bytes)", flush=True)


if __name__ == "__main__":
    main()
