"""Trains a small transformer that tells content reviews from others, in SageMaker's training contract.

Writes into SM_MODEL_DIR held_out.npz, the reviews and labels that were kept out of training, so that an evaluation measures
on exactly those, and the model: with --export onnx, model.onnx (float32, any batch size, with classes and vocabulary in its
metadata); with --export safetensors, model.safetensors and config.json, as transformers saves and loads them, and
vocabulary.json. With --final-sparsity, weights are pruned while the rest of them goes on learning. A failure is an exception: the container reports it.
"""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import BertConfig, BertForSequenceClassification

import pruning
import pruning_schedule
import reviews


def main():
    options = parse_arguments()
    torch.manual_seed(options.seed)
    # The network is small: more threads would wait for each other most of the time.
    torch.set_num_threads(1)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    (train_texts, train_labels), (held_out_texts, held_out_labels) = reviews.load_training(), reviews.load_held_out()
    vocabulary = reviews.vocabulary_of(train_texts)
    train_ids, held_out_ids = (reviews.encode(texts, vocabulary) for texts in (train_texts, held_out_texts))
    print(f"training on {len(train_ids)} reviews on {device.type}, holding out {len(held_out_ids)}", flush=True)

    model = build_model(options, len(vocabulary) + reviews.UNKNOWN + 1).to(device)
    train(model, torch.from_numpy(train_ids), torch.from_numpy(train_labels), options, device)
    accuracy = measure(model, torch.from_numpy(held_out_ids), held_out_labels, device)
    print(f"held_out_accuracy={accuracy:.4f} sparsity={pruning.sparsity_of(model):.4f}", flush=True)

    folder = Path(options.model_dir)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "held_out.npz", input_ids=held_out_ids, labels=held_out_labels)
    {"onnx": export_onnx, "safetensors": export_safetensors}[options.export](model.cpu().eval(), folder, vocabulary)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--learning-rate", type=float, default=0.001)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=7)
    pruning_schedule.add_arguments(parser, begin=1 / 4, end=3 / 4)
    parser.add_argument("--export", choices=["onnx", "safetensors"], default="onnx")
    parser.add_argument("--model-dir", default=os.environ.get("SM_MODEL_DIR", "model"))
    return parser.parse_args()


def build_model(options, words):
    labels = dict(enumerate(reviews.CLASSES))
    return BertForSequenceClassification(
        BertConfig(
            vocab_size=words,
            hidden_size=options.hidden_size,
            num_hidden_layers=options.layers,
            num_attention_heads=4,
            intermediate_size=2 * options.hidden_size,
            max_position_embeddings=reviews.LENGTH,
            pad_token_id=reviews.PADDING,
            id2label=labels,
            label2id={label: number for number, label in labels.items()},
            initializer_range=0.1,
            # The reviews are many for a network of this size: it does not learn them by heart.
            hidden_dropout_prob=0,
            attention_probs_dropout_prob=0,
            attn_implementation="eager",
        )
    )


class Classifier(nn.Module):
    """From words to probabilities; what is padding shows in the numbers themselves."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        mask = (input_ids != reviews.PADDING).long()
        return self.model(input_ids=input_ids, attention_mask=mask).logits.softmax(dim=-1)


def train(model, ids, labels, options, device):
    optimizer = torch.optim.AdamW(model.parameters(), options.learning_rate)
    steps = options.epochs * -(-len(ids) // options.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.learning_rate, total_steps=steps)
    pruner = pruning.GradualPruning(model, pruning_schedule.schedule_of(options, steps))
    lengths = (ids != reviews.PADDING).sum(dim=1)
    for epoch in range(options.epochs):
        model.train()
        losses, right = 0.0, 0
        for chosen in batches_alike(lengths, options.batch_size):
            batch, wanted = ids[chosen].to(device), labels[chosen].to(device)
            batch = batch[:, : int(lengths[chosen].max())]
            pruner.begin_step()
            answer = model(input_ids=batch, attention_mask=(batch != reviews.PADDING).long(), labels=wanted)
            optimizer.zero_grad()
            answer.loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses += answer.loss.item() * len(chosen)
            right += int((answer.logits.argmax(dim=1) == wanted).sum())
        print(f"epoch={epoch + 1} loss={losses / len(ids):.4f} accuracy={right / len(ids):.4f}", flush=True)
    pruner.end()


def batches_alike(lengths, size):
    """Indexes of every review, in batches of nearly equal lengths, which need little padding; anew for each epoch."""
    order = torch.argsort(lengths + 2 * torch.rand(len(lengths)))
    batches = order.split(size)
    return [batches[number] for number in torch.randperm(len(batches))]


@torch.no_grad()
def measure(model, ids, labels, device):
    classifier = Classifier(model).eval()
    answers = [classifier(batch.to(device)).argmax(dim=1).cpu().numpy() for batch in ids.split(512)]
    return float((np.concatenate(answers) == labels).mean())


def export_onnx(model, folder, vocabulary):
    import onnx

    path = folder / "model.onnx"
    torch.onnx.export(
        Classifier(model).eval(),
        (torch.full((2, reviews.LENGTH), reviews.UNKNOWN),),
        str(path),
        input_names=["input_ids"],
        output_names=["probabilities"],
        dynamic_shapes=({0: torch.export.Dim("count")},),
        # The first operator set with 4-bit integers.
        opset_version=21,
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    graph = onnx.load(path)
    graph.metadata_props.add(key="labels", value=json.dumps(reviews.CLASSES))
    graph.metadata_props.add(key="vocabulary", value=json.dumps(vocabulary))
    onnx.save(graph, path)
    print(f"exported model.onnx ({path.stat().st_size} bytes)", flush=True)


def export_safetensors(model, folder, vocabulary):
    model.save_pretrained(folder)
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary))
    print(f"exported model.safetensors ({(folder / 'model.safetensors').stat().st_size} bytes)", flush=True)


if __name__ == "__main__":
    main()
