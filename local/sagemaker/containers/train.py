"""A training container in script mode: runs the user's program in the training contract and reports its failure.

usage: train.py <folder that stands for /opt/ml>

The folder holds input/config, input/data/<channel> and code (the unpacked source). The exit status is the program's.
A program that fails without having written output/failure gets one written, with its command and its last words.
"""

import os
import shlex
import signal
import subprocess
import sys
from collections import deque
from pathlib import Path

from parent_watch import die_with_parent
from training_environment import TrainingEnvironment

MAX_ERROR_LINES = 30


def main(root):
    die_with_parent()
    root = Path(root)
    environment = TrainingEnvironment(root)
    code = root / "code"
    problem = _find_problem(environment.program, code)
    if problem:
        return _fail(root, problem)
    if (code / "requirements.txt").exists():
        print("requirements.txt is not installed here: the script runs in the local environment", flush=True)
    command = _command(environment, code)
    print(f"Invoking script with the following command: {shlex.join(command)}", flush=True)
    child = subprocess.Popen(
        command,
        cwd=code,
        env={**os.environ, **environment.variables(), "PYTHONPATH": str(code)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    # The signal reaches the script too, being sent to the whole group; this process stays to report how it ended.
    signal.signal(signal.SIGTERM, lambda *_: None)
    last_lines = deque(maxlen=MAX_ERROR_LINES)
    for line in child.stderr:
        sys.stderr.write(line)
        sys.stderr.flush()
        last_lines.append(line.rstrip("\n"))
    status = child.wait()
    if status == 0:
        return 0
    status = status if status > 0 else 128 - status
    return _fail(
        root,
        f'ExecuteUserScriptError:\nExitCode {status}\nErrorMessage "{_last_words(last_lines)}"\n'
        f'Command "{shlex.join(command)}"',
        status,
    )


def _find_problem(program, code):
    if not program:
        return (
            "the hyperparameter sagemaker_program is missing: a Deep Learning Container needs the name of the script "
            "to run, and sagemaker_submit_directory for the source it lies in"
        )
    path = (code / program).resolve()
    if code.resolve() not in path.parents or not path.is_file():
        files = ", ".join(sorted(entry.name for entry in code.iterdir())) if code.is_dir() else ""
        return f"sagemaker_program is {program}, which is not in the source; the source holds: {files or 'nothing'}"
    return None


def _command(environment, code):
    if environment.program.endswith(".py"):
        return [sys.executable, environment.program, *environment.arguments()]
    return ["/bin/sh", str(code / environment.program), *environment.arguments()]


def _last_words(lines):
    """The last traceback where there is one, otherwise the last lines."""
    lines = list(lines)
    starts = [index for index, line in enumerate(lines) if line.startswith("Traceback ")]
    return "\n".join(lines[starts[-1] :] if starts else lines[-10:])


def _fail(root, reason, status=1):
    failure = root / "output" / "failure"
    if not failure.exists():
        failure.write_text(reason)
    print(reason, file=sys.stderr, flush=True)
    return status


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: train.py <folder that stands for /opt/ml>")
    sys.exit(main(sys.argv[1]))
