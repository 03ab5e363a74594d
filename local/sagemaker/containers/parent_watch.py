"""Ends a container's whole process group when the server that started it is gone.

The server holds the other end of this process's standard input open and never writes to it. Its end of file therefore
means one thing: the server has exited, however hard it was killed.
"""

import os
import signal
import threading


def die_with_parent():
    """Starts the watch. Returns at once."""
    threading.Thread(target=_wait_for_end_of_input, name="parent-watch", daemon=True).start()


def _wait_for_end_of_input():
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(137)
