"""What a container answers on: GET /ping and POST /invocations, as SageMaker calls them.

Environment: PORT_FD (a file descriptor that receives the chosen port), SAGEMAKER_BIND_TO_PORT (0: any). The socket is
open before the application is loaded, so /ping answers 503 until it is. On SIGTERM it stops accepting, finishes what it
is working on, and exits with status 0.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from parent_watch import die_with_parent

# More than an endpoint takes from a caller: it is what an explainer may send, MaxPayloadInMB.
MAX_BODY_BYTES = 25 * 1024 * 1024
FINISH_SECONDS = 25


def serve(load):
    """Serves what `load()` returns: an object with respond(body, headers), which returns a body and its content type.

    What respond raises becomes the answer: its `status_code`, 500 without one, and its `headers`.
    """
    die_with_parent()
    server = Server(("127.0.0.1", int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "0"))), Handler)
    signal.signal(signal.SIGTERM, lambda *_: _stop(server))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    if "PORT_FD" in os.environ:
        os.write(int(os.environ["PORT_FD"]), f"{server.server_address[1]}\n".encode())
    server.application = load()
    while True:
        signal.pause()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path != "/ping":
            return self._answer(404, b"only /ping and /invocations exist")
        return self._answer(200 if self.server.application else 503, b"")

    def do_POST(self):
        if self.path != "/invocations":
            return self._answer(404, b"only /ping and /invocations exist")
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            self.close_connection = True
            return self._answer(413, f"the body must have a length of at most {MAX_BODY_BYTES} bytes".encode())
        body = self.rfile.read(int(length))
        if self.server.application is None:
            return self._answer(503, b"the model is still being loaded")
        with self.server.working():
            return self._respond(body)

    def _respond(self, body):
        try:
            answer, content_type = self.server.application.respond(body, self.headers)
        except Exception as error:  # whatever is raised is the caller's 500 or 400, never our end
            status = getattr(error, "status_code", 500)
            status = status if isinstance(status, int) and 400 <= status < 600 else 500
            if status >= 500:
                traceback.print_exc()
            return self._answer(status, str(error).encode(), headers=getattr(error, "headers", {}))
        return self._answer(200, answer, content_type)

    def _answer(self, status, body, content_type="text/plain", headers={}):
        # Headers and body leave in one write: two would cost a delayed acknowledgement.
        self.send_response_only(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self._headers_buffer.append(b"\r\n" + body)
        self.flush_headers()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    # A connection that is kept alive must not keep a process alive whose model could not be loaded.
    daemon_threads = True
    block_on_close = False
    address_family = socket.AF_INET
    application = None

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._count = 0
        self._idle = threading.Condition()

    @contextlib.contextmanager
    def working(self):
        """Counts one request as being worked on."""
        with self._idle:
            self._count += 1
        try:
            yield
        finally:
            with self._idle:
                self._count -= 1
                self._idle.notify_all()

    def wait_until_idle(self, seconds):
        """Waits until no request is being worked on, for so many seconds at the most."""
        with self._idle:
            self._idle.wait_for(lambda: self._count == 0, seconds)


def _stop(server):
    threading.Thread(target=_finish_and_exit, args=[server]).start()


def _finish_and_exit(server):
    server.socket.close()
    server.wait_until_idle(FINISH_SECONDS)
    sys.stdout.flush()
    os._exit(0)
