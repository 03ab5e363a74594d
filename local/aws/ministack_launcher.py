"""Starts MiniStack with what it lacks for this project, and ends it when the process that started it is gone."""

import importlib.metadata
import os
import signal
import sys
import threading
import time

VERSION = "1.5.33"
# What the additions below hold on to. They are internals, hence the exact version.
NEEDED = (
    "_SERVICE_DISPATCH",
    "_ExecutionError",
    "_resolve_ctx_path",
    "_invoke_resource_with_timeout",
    "_parse_jsonpath_tokens",
    "_resolve_params_obj",
    "_eval_intrinsic_arg",
)

# An orderly end saves the state; it takes a second.
SHUTDOWN_SECONDS = 30


def add_redrive_count(stepfunctions):
    """`$$.Execution.RedriveCount` is missing in MiniStack. It has no redrive either, so the count is always zero."""
    original = stepfunctions._resolve_ctx_path

    def resolve(path, ctx):
        if isinstance(ctx, dict) and isinstance(ctx.get("Execution"), dict):
            ctx["Execution"].setdefault("RedriveCount", 0)
        return original(path, ctx)

    stepfunctions._resolve_ctx_path = resolve


def accept_events_of_sagemaker(eventbridge):
    """Only AWS may publish as `aws.…`, and MiniStack refuses it; the local SageMaker stands for AWS."""
    original = eventbridge._put_events

    def put_events(data, allow_aws_source=False):
        sources = [entry.get("Source") for entry in data.get("Entries", [])]
        return original(data, allow_aws_source or all(source == "aws.sagemaker" for source in sources))

    eventbridge._put_events = put_events


def end_with_parent():
    """Standard input is a pipe that only the parent holds open: its end means that the parent is gone."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SHUTDOWN_SECONDS)
    os._exit(1)


def main():
    installed = importlib.metadata.version("ministack")
    if installed != VERSION:
        sys.exit(f"MiniStack {VERSION} is needed, {installed} is installed; delete .venv and run again.")
    from ministack import app
    from ministack.core import iam_evaluator, lambda_runtime
    from ministack.services import cloudwatch_logs, eventbridge, lambda_svc, s3, stepfunctions
    from ministack.services.cloudformation import provisioners, stacks

    missing = [name for name in NEEDED if not hasattr(stepfunctions, name)]
    if missing:
        sys.exit(f"MiniStack {installed} lacks {', '.join(missing)}; delete .venv and run again.")
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    import error_names
    import fast_checksum
    import full_object_checksum
    import function_logs
    import missing_paths
    import own_hosts
    import sagemaker_integration
    import sagemaker_resources
    import schedule_input

    error_names.register(lambda_runtime, lambda_svc)
    sagemaker_integration.register(stepfunctions)
    sagemaker_resources.register(provisioners, stacks)
    fast_checksum.register(s3)
    full_object_checksum.register(s3)
    function_logs.register(lambda_svc, cloudwatch_logs, iam_evaluator)
    missing_paths.register(stepfunctions)
    own_hosts.register(app)
    schedule_input.register(eventbridge)
    add_redrive_count(stepfunctions)
    accept_events_of_sagemaker(eventbridge)
    threading.Thread(target=end_with_parent, daemon=True).start()
    sys.argv = sys.argv[:1]
    marker = os.environ.get("MODELPRESS_SAVED_MARKER")
    if marker and os.path.exists(marker):
        os.remove(marker)
    app.main()
    if marker:
        with open(marker, "w", encoding="utf-8"):
            pass


if __name__ == "__main__":
    main()
