"""Makes a Node function's failure carry the error's own name, as Lambda does.

MiniStack reports every failure as `Runtime.HandlerError`, so that Retry and Catch by name would never match. The worker
script puts the name before the message, and the result is taken apart again before anybody sees it.
"""

import functools

MARK = "\x1f"

# What the worker script says now -> what it says with the name in front.
REPLACEMENTS = (
    (
        "error: String(err.message || err), trace",
        'error: String((err && err.name) || "Error") + "\\u001f" + String(err.message || err), trace',
    ),
    (
        "error: e.message, trace: e.stack",
        'error: String((e && e.name) || "Error") + "\\u001f" + String(e.message), trace: e.stack',
    ),
)


def name_errors(result):
    body = result.get("body") if isinstance(result, dict) and result.get("error") else None
    if isinstance(body, dict) and MARK in str(body.get("errorMessage", "")):
        name, message = body["errorMessage"].split(MARK, 1)
        body["errorType"], body["errorMessage"] = name, message
    return result


def register(lambda_runtime, lambda_svc):
    script = lambda_runtime._NODEJS_WORKER_SCRIPT
    for before, after in REPLACEMENTS:
        if before not in script:
            raise SystemExit(f"MiniStack's worker script has changed, it lacks: {before}")
        script = script.replace(before, after)
    lambda_runtime._NODEJS_WORKER_SCRIPT = script
    original = lambda_svc._execute_function_with_config_scope

    @functools.wraps(original)
    def execute(*args, **kwargs):
        return name_errors(original(*args, **kwargs))

    lambda_svc._execute_function_with_config_scope = execute
