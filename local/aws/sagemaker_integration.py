"""The Step Functions integrations for SageMaker jobs that MiniStack lacks, carried out by the local SageMaker.

They behave as the service's own: the input goes to the API unchanged, `.sync` waits for the job and returns what
Describe says, and a job that does not complete raises `States.TaskFailed` with that description as the cause.
"""

import contextvars
import json
import os
import threading
import urllib.error
import urllib.request

POLL_SECONDS = 0.25
REQUEST_SECONDS = 60
PREFIX = "arn:aws:states:::sagemaker:"

# Kinds of job: the API's actions and fields are all made of this word.
JOBS = {"createTrainingJob": "TrainingJob", "createProcessingJob": "ProcessingJob"}

# Set for a task with a time limit, once the limit has passed.
_given_up = contextvars.ContextVar("given_up", default=threading.Event())


class ApiError(Exception):
    def __init__(self, code, message, status):
        super().__init__(f"{message} (Service: AmazonSageMaker; Status Code: {status}; Error Code: {code})")


def call(action, request):
    """Calls one SageMaker action at AWS_ENDPOINT_URL_SAGEMAKER, the address that every SDK reads too."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL_SAGEMAKER")
    if not endpoint:
        raise ApiError("NoEndpoint", "AWS_ENDPOINT_URL_SAGEMAKER is not set, so there is no SageMaker to ask", 0)
    http = urllib.request.Request(
        endpoint,
        data=json.dumps(request).encode(),
        headers={"X-Amz-Target": f"SageMaker.{action}", "Content-Type": "application/x-amz-json-1.1"},
    )
    # The local endpoint must be reached directly, whatever proxy the machine uses.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(http, timeout=REQUEST_SECONDS) as response:
            return json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as error:
        text = error.read().decode("utf-8", "replace")
        try:
            body = json.loads(text)
        except ValueError:
            body = {}
        code = str(body.get("__type", "InternalFailure")).split("#")[-1]
        raise ApiError(code, body.get("message") or body.get("Message") or text[:500], error.code) from None
    except (urllib.error.URLError, OSError) as error:
        raise ApiError("Unreachable", f"{endpoint} does not answer: {error}", 0) from None


def in_milliseconds(value, key=""):
    """Step Functions shows times as milliseconds, where the API's JSON has seconds."""
    if isinstance(value, dict):
        return {name: in_milliseconds(entry, name) for name, entry in value.items()}
    if isinstance(value, list):
        return [in_milliseconds(entry, key) for entry in value]
    if key.endswith("Time") and isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value * 1000)
    return value


def make_handler(kind, execution_error):
    def handle(resource, request):
        name = {f"{kind}Name": request.get(f"{kind}Name")}
        given_up = _given_up.get()
        try:
            created = call(f"Create{kind}", request)
            if not resource.endswith(".sync"):
                return created
            while not given_up.wait(POLL_SECONDS):
                job = in_milliseconds(call(f"Describe{kind}", name))
                if job.get(f"{kind}Status") == "Completed":
                    return job
                if job.get(f"{kind}Status") in ("Failed", "Stopped"):
                    raise execution_error("States.TaskFailed", json.dumps(job))
            call(f"Stop{kind}", name)
            raise execution_error("States.Timeout", f"the job {request.get(f'{kind}Name')} was stopped")
        except ApiError as error:
            raise execution_error("SageMaker.AmazonSageMakerException", str(error)) from None

    return handle


def register(stepfunctions):
    """Adds the integrations to MiniStack's table of services."""
    for action, kind in JOBS.items():
        stepfunctions._SERVICE_DISPATCH[PREFIX + action] = make_handler(kind, stepfunctions._ExecutionError)
    original = stepfunctions._invoke_resource_with_timeout

    def invoke(resource, request, timeout):
        """The task goes on in its thread after the limit; this is how it learns to stop the job."""
        given_up = threading.Event()
        token = _given_up.set(given_up)
        try:
            return original(resource, request, timeout)
        finally:
            given_up.set()
            _given_up.reset(token)

    stepfunctions._invoke_resource_with_timeout = invoke
