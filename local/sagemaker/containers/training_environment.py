"""What a training script is told: its command line arguments and the SM_* variables of SageMaker's script mode."""

import json
import os
from pathlib import Path


class TrainingEnvironment:
    """Reads the configuration that lies below `root`, the folder that stands for /opt/ml."""

    def __init__(self, root):
        self.root = Path(root)
        encoded = self._config("hyperparameters")
        decoded = {name: _decode(value) for name, value in encoded.items()}
        self.program = decoded.get("sagemaker_program")
        self.hyperparameters = {k: v for k, v in decoded.items() if not k.startswith("sagemaker_")}
        self.settings = {k: v for k, v in decoded.items() if k.startswith("sagemaker_")}
        self.channels = self._config("inputdataconfig")
        self.resources = self._config("resourceconfig")

    def _config(self, name):
        return json.loads((self.root / "input" / "config" / f"{name}.json").read_text())

    def arguments(self):
        """The hyperparameters as `--name value`, in the order of their names."""
        arguments = []
        for name, value in sorted(self.hyperparameters.items()):
            arguments += [f"-{name}" if len(name) == 1 else f"--{name}", _as_text(value)]
        return arguments

    def variables(self):
        """The SM_* variables, as text."""
        root = self.root
        channel_dirs = {name: str(root / "input" / "data" / name) for name in self.channels}
        values = {
            "MODEL_DIR": str(root / "model"),
            "INPUT_DIR": str(root / "input"),
            "INPUT_CONFIG_DIR": str(root / "input" / "config"),
            "INPUT_DATA_CONFIG": self.channels,
            "OUTPUT_DIR": str(root / "output"),
            "OUTPUT_DATA_DIR": str(root / "output" / "data"),
            "OUTPUT_INTERMEDIATE_DIR": str(root / "output" / "intermediate"),
            "CHANNELS": sorted(self.channels),
            "HPS": self.hyperparameters,
            "USER_ARGS": self.arguments(),
            "USER_ENTRY_POINT": self.program,
            "MODULE_NAME": Path(self.program or "").stem,
            "MODULE_DIR": self.settings.get("sagemaker_submit_directory", str(root / "code")),
            "LOG_LEVEL": self.settings.get("sagemaker_container_log_level", 20),
            "RESOURCE_CONFIG": self.resources,
            "CURRENT_HOST": self.resources["current_host"],
            "CURRENT_INSTANCE_TYPE": self.resources["current_instance_type"],
            "CURRENT_INSTANCE_GROUP": self.resources["current_group_name"],
            "HOSTS": self.resources["hosts"],
            "NETWORK_INTERFACE_NAME": self.resources["network_interface_name"],
            "NUM_GPUS": 0,
            "NUM_NEURONS": 0,
            "NUM_CPUS": os.cpu_count() or 1,
        }
        values["TRAINING_ENV"] = {key.lower(): value for key, value in values.items()}
        values["TRAINING_ENV"]["channel_input_dirs"] = channel_dirs
        values.update({f"HP_{name.upper()}": value for name, value in self.hyperparameters.items()})
        values.update({f"CHANNEL_{name.upper()}": path for name, path in channel_dirs.items()})
        return {f"SM_{name}": _as_text(value) for name, value in values.items()}


def _decode(value):
    """Script mode sends hyperparameters as JSON; what is no JSON is taken as it is."""
    try:
        return json.loads(value)
    except (ValueError, TypeError):
        return value


def _as_text(value):
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)
