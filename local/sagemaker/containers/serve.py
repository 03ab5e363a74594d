"""A serving container around a script in the inference contract.

usage: serve.py <folder that stands for /opt/ml>

Environment: SAGEMAKER_PROGRAM (inference.py), SAGEMAKER_SUBMIT_DIRECTORY (model/code), and the server's.
"""

import os
import sys
from pathlib import Path

from container_server import serve
from inference_handlers import InferenceHandlers


class ScriptContainer:
    """Answers requests with the script's handlers."""

    def __init__(self, root):
        model_dir = Path(root) / "model"
        code_dir = Path(os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY") or model_dir / "code")
        if (code_dir / "requirements.txt").exists():
            print("requirements.txt is not installed here: the script runs in the local environment", flush=True)
        program = os.environ.get("SAGEMAKER_PROGRAM") or "inference.py"
        self._handlers = InferenceHandlers(str(model_dir), code_dir, program)
        print("the model is loaded", flush=True)

    def respond(self, body, headers):
        accept = headers.get("Accept") or "application/json"
        accept = "application/json" if accept == "*/*" else accept
        return self._handlers.respond(body, headers.get("Content-Type") or "application/json", accept)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: serve.py <folder that stands for /opt/ml>")
    serve(lambda: ScriptContainer(sys.argv[1]))
