"""Runs a container's command in the folder that stands for /opt/ml, and ends with its exit status.

usage: run_command.py <program> [argument]...
"""

import signal
import subprocess
import sys

from parent_watch import die_with_parent


def main(command):
    die_with_parent()
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        print(f"the container's entry point cannot be run: {error}", file=sys.stderr)
        return 127
    # The signal reaches the command too, being sent to the whole group; this process waits for what it makes of it.
    signal.signal(signal.SIGTERM, lambda *_: None)
    status = child.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: run_command.py <program> [argument]...")
    sys.exit(main(sys.argv[1:]))
