"""Trains a convolutional network that tells shapes apart, in SageMaker's training contract.

Writes into SM_MODEL_DIR: model.onnx (float32, any batch size, with the names of the classes in its metadata) and
held_out.npz, the images and labels that were kept out of training, so that an evaluation measures on exactly those. A
failure is an exception: the container reports it.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

import shapes


def main():
    options = parse_arguments()
    torch.manual_seed(options.seed)
    # The network is small: more threads would wait for each other most of the time.
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    train_x, train_y, held_out_x, held_out_y = shapes.load()
    print(f"training on {len(train_x)} images on {device.type}, holding out {len(held_out_x)}", flush=True)

    model = build_model(options.filters).to(device, memory_format=torch.channels_last)
    train(model, torch.from_numpy(train_x), torch.from_numpy(train_y), options, device)
    accuracy = measure(model, torch.from_numpy(held_out_x), held_out_y, device)
    print(f"held_out_accuracy={accuracy:.4f}", flush=True)
    export(model.cpu(), Path(options.model_dir), held_out_x, held_out_y)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=0.003)
    parser.add_argument("--filters", type=int, default=32, help="channels of the first convolution")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "model"))
    return parser.parse_args()


def build_model(filters):
    def block(inputs, outputs, stride, groups=1):
        convolution = nn.Conv2d(inputs, outputs, 3, stride, padding=1, groups=groups, bias=False)
        return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]

    return nn.Sequential(
        *block(shapes.CHANNELS, filters, 2),
        *block(filters, 2 * filters, 2),
        *block(2 * filters, 2 * filters, 1),
        *block(2 * filters, 4 * filters, 2),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
        nn.Linear(4 * filters, 4 * filters),
        nn.ReLU(),
        nn.Linear(4 * filters, len(shapes.CLASSES)),
    )


def train(model, images, labels, options, device):
    images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), options.learning_rate)
    steps = options.epochs * -(-len(images) // options.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.learning_rate, total_steps=steps)
    for epoch in range(options.epochs):
        model.train()
        losses, right = 0.0, 0
        for chosen in torch.randperm(len(images)).split(options.batch_size):
            batch, wanted = images[chosen].to(device), labels[chosen].to(device)
            # A shape seen in a mirror, or turned by a quarter, is the same shape.
            turns, mirror = torch.randint(4, ()).item(), torch.randint(2, ()).item()
            batch = torch.rot90(batch.flip(3) if mirror else batch, turns, (2, 3))
            logits = model(batch)
            loss = nn.functional.cross_entropy(logits, wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses += loss.item() * len(chosen)
            right += int((logits.argmax(dim=1) == wanted).sum())
        print(f"epoch={epoch + 1} loss={losses / len(images):.4f} accuracy={right / len(images):.4f}", flush=True)


@torch.no_grad()
def measure(model, images, labels, device):
    model.eval()
    answers = [model(batch.to(device)).argmax(dim=1).cpu().numpy() for batch in images.split(512)]
    return float((np.concatenate(answers) == labels).mean())


def export(model, folder, held_out_x, held_out_y):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "model.onnx"
    torch.onnx.export(
        nn.Sequential(model, nn.Softmax(dim=1)).eval(),
        (torch.from_numpy(held_out_x[:2]),),
        str(path),
        input_names=["image"],
        output_names=["probabilities"],
        dynamic_shapes=({0: torch.export.Dim("count")},),
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    graph = onnx.load(path)
    graph.metadata_props.add(key="labels", value=json.dumps(shapes.CLASSES))
    onnx.save(graph, path)
    np.savez_compressed(folder / "held_out.npz", image=held_out_x, labels=held_out_y)
    print(f"exported model.onnx ({path.stat().st_size} bytes)", flush=True)


if __name__ == "__main__":
    main()
