"""Makes a log group for a function only if the function's role may, as Lambda does.

MiniStack always makes it. The last lines of a function that a deleted stack called would bring the stack's group back.
"""

import functools

ACTION = "logs:CreateLogGroup"


def may_create(config, group_arn, iam_evaluator):
    role = config.get("Role", "")
    account = role.split(":")[4] if role.count(":") >= 5 else ""
    context = iam_evaluator.EvalContext(
        principal_arn=role,
        principal_type="AssumedRole",
        principal_account=account,
        action=ACTION,
        resource_arn=group_arn,
        region=group_arn.split(":")[3],
    )
    policies = iam_evaluator._gather_role_policies(role.rsplit("/", 1)[-1], account)
    return iam_evaluator.evaluate(context, policies).decision == "Allow"


def register(lambda_svc, cloudwatch_logs, iam_evaluator):
    original = lambda_svc._emit_lambda_logs

    @functools.wraps(original)
    def emit(func, *args, **kwargs):
        config = func.get("config") or func
        name = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
        missing = name not in cloudwatch_logs._log_groups
        if missing and not may_create(config, cloudwatch_logs._make_group_arn(name), iam_evaluator):
            return
        original(func, *args, **kwargs)

    lambda_svc._emit_lambda_logs = emit
