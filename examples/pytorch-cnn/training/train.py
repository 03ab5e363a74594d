"""Trains a convolutional network that tells shapes apart, in SageMaker's training contract.

Writes into SM_MODEL_DIR held_out.npz, the images and labels that were kept out of training, so that an evaluation measures
on exactly those, and the model: with --export onnx, model.onnx (float32, any batch size, with the names of the classes in its
metadata); with --export safetensors, model.safetensors (the network's state) and config.json (what to build it with, and the
names of the classes). With --final-sparsity, weights are pruned while the rest of them goes on learning.
A failure is an exception: the container reports it.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn

import network
import pruning
import pruning_schedule
import shapes

# The layer that sees the picture and the one that names the class have fewer weights; compression leaves them, too.
LEAST_PRUNED = 1024


def main():
    options = parse_arguments()
    torch.manual_seed(options.seed)
    # The network is small: more threads would wait for each other most of the time.
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    (train_x, train_y), (held_out_x, held_out_y) = shapes.load_training(), shapes.load_held_out()
    print(f"training on {len(train_x)} images on {device.type}, holding out {len(held_out_x)}", flush=True)

    model = network.build(options.filters, len(shapes.CLASSES)).to(device)
    train(model, torch.from_numpy(train_x), torch.from_numpy(train_y), options, device)
    accuracy = measure(model, torch.from_numpy(held_out_x), held_out_y, device)
    print(f"held_out_accuracy={accuracy:.4f} sparsity={pruning.sparsity_of(model):.4f}", flush=True)

    folder = Path(options.model_dir)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "held_out.npz", image=held_out_x, labels=held_out_y)
    {"onnx": export_onnx, "safetensors": export_safetensors}[options.export](model.cpu().eval(), folder, options)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=0.003)
    parser.add_argument("--filters", type=int, default=32, help="channels of the first convolution")
    parser.add_argument("--seed", type=int, default=7)
    pruning_schedule.add_arguments(parser, begin=2 / 5, end=3 / 4)
    parser.add_argument("--export", choices=["onnx", "safetensors"], default="onnx")
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "model"))
    return parser.parse_args()


def train(model, images, labels, options, device):
    # Weights stay as they are: masks are made of them as they lie in memory, row by row.
    images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), options.learning_rate)
    steps = options.epochs * -(-len(images) // options.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.learning_rate, total_steps=steps)
    pruner = pruning.GradualPruning(model, pruning_schedule.schedule_of(options, steps), least=LEAST_PRUNED)
    for epoch in range(options.epochs):
        model.train()
        losses, right = 0.0, 0
        for chosen in torch.randperm(len(images)).split(options.batch_size):
            batch, wanted = images[chosen].to(device), labels[chosen].to(device)
            # A shape seen in a mirror, or turned by a quarter, is the same shape.
            turns, mirror = torch.randint(4, ()).item(), torch.randint(2, ()).item()
            batch = torch.rot90(batch.flip(3) if mirror else batch, turns, (2, 3))
            pruner.begin_step()
            logits = model(batch)
            loss = nn.functional.cross_entropy(logits, wanted)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses += loss.item() * len(chosen)
            right += int((logits.argmax(dim=1) == wanted).sum())
        print(f"epoch={epoch + 1} loss={losses / len(images):.4f} accuracy={right / len(images):.4f}", flush=True)
    pruner.end()


@torch.no_grad()
def measure(model, images, labels, device):
    model.eval()
    answers = [model(batch.to(device)).argmax(dim=1).cpu().numpy() for batch in images.split(512)]
    return float((np.concatenate(answers) == labels).mean())


def export_onnx(model, folder, options):
    import onnx

    path = folder / "model.onnx"
    torch.onnx.export(
        nn.Sequential(model, nn.Softmax(dim=1)).eval(),
        (torch.zeros(2, shapes.CHANNELS, shapes.SIDE, shapes.SIDE),),
        str(path),
        input_names=["image"],
        output_names=["probabilities"],
        dynamic_shapes=({0: torch.export.Dim("count")},),
        # The first operator set with 4-bit integers.
        opset_version=21,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    graph = onnx.load(path)
    graph.metadata_props.add(key="labels", value=json.dumps(shapes.CLASSES))
    onnx.save(graph, path)
    print(f"exported model.onnx ({path.stat().st_size} bytes)", flush=True)


def export_safetensors(model, folder, options):
    from safetensors.torch import save_model

    path = folder / "model.safetensors"
    save_model(model, str(path), metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps({"filters": options.filters, "labels": shapes.CLASSES}))
    print(f"exported model.safetensors ({path.stat().st_size} bytes)", flush=True)


if __name__ == "__main__":
    main()
