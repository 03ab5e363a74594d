"""Lets a state fail whose parameters name a path that its input lacks, as Step Functions does.

MiniStack puts `null` there, or the word `None` into a name, so that a machine that no AWS would run goes through.
"""


def is_there(tokens, data):
    """Whether a path leads anywhere; one with a wildcard always does, to a list that may be empty."""
    for kind, value in tokens:
        if kind == "wildcard":
            return True
        holder = dict if kind == "field" else list
        if not isinstance(data, holder):
            return False
        if value not in data if kind == "field" else value >= len(data):
            return False
        data = data[value]
    return True


def register(stepfunctions):
    def check(path, data, place):
        # The context object, `$$`, has whatever it may be asked for.
        tokens = None if path.startswith("$$") else stepfunctions._parse_jsonpath_tokens(path)
        if tokens is not None and not is_there(tokens, data):
            raise stepfunctions._ExecutionError(
                "States.Runtime", f"The JSONPath '{path}' specified for {place} could not be found in the input"
            )

    original_parameters = stepfunctions._resolve_params_obj
    original_argument = stepfunctions._eval_intrinsic_arg

    def resolve_parameters(template, data, ctx=None):
        for name, value in template.items() if isinstance(template, dict) else ():
            if name.endswith(".$") and isinstance(value, str) and value.startswith("$"):
                check(value, data, f"the field '{name}'")
        return original_parameters(template, data, ctx)

    def resolve_argument(argument, data, ctx):
        if argument[0] == "path":
            check(argument[1], data, "an intrinsic function")
        return original_argument(argument, data, ctx)

    stepfunctions._resolve_params_obj = resolve_parameters
    stepfunctions._eval_intrinsic_arg = resolve_argument
