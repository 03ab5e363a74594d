"""Runs the PyTorch examples' pruning.py on the schedules of the golden file: prints where weights are zero after each step.

usage: gradual_pruning_torch.py <folder with pruning.py> <golden file>
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

import torch  # noqa: E402

import pruning  # noqa: E402
from pruning_schedule import PolynomialDecay  # noqa: E402


def run(kernel, schedule, steps, learning_rate):
    columns, rows = kernel.shape
    model = torch.nn.Linear(rows, columns)
    with torch.no_grad():
        model.weight.copy_(kernel)
        model.bias.fill_(1)
    optimizer = torch.optim.SGD(model.parameters(), learning_rate)
    pruner = pruning.GradualPruning(model, PolynomialDecay(**schedule))
    zeros, biases = [], []
    for _ in range(steps):
        pruner.begin_step()
        loss = model(torch.ones(1, rows)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        # The golden kernel is Keras's way around: inputs by outputs.
        zeros.append(torch.where(model.weight.T.flatten() == 0)[0].tolist())
        biases.append(int((model.bias == 0).sum()))
    pruner.end()
    if sorted(model.state_dict()) != ["bias", "weight"]:
        raise RuntimeError(f"the model should be as it was but for its zeros, and has: {list(model.state_dict())}")
    return {"zeros": zeros, "biases": biases, "sparsity": pruning.sparsity_of(model)}


golden = json.load(open(sys.argv[2]))
kernel = torch.tensor(golden["kernel"]).T.contiguous()
still = [run(kernel, one["schedule"], len(one["zeros"]), 0.0) for one in golden["runs"]]
learning = run(kernel, golden["runs"][0]["schedule"], 24, 0.01)
print(json.dumps({"still": still, "learning": learning}))
