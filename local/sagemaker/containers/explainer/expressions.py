"""JMESPath expressions of a configuration, compiled once."""

import jmespath
from jmespath.exceptions import JMESPathError


def compile_expression(text, name, error):
    """Compiles an expression; raises `error` naming it where it is none."""
    try:
        return jmespath.compile(text)
    except JMESPathError as problem:
        raise error(f"{name} is not a valid JMESPath expression, received: {text}: {_one_line(problem)}") from None


def search(expression, data, name, error):
    """What the expression finds in the data; raises `error` where it cannot be evaluated."""
    try:
        return expression.search(data)
    except (JMESPathError, TypeError) as problem:
        raise error(f"{name} cannot be evaluated: {_one_line(problem)}") from None


def _one_line(problem):
    return str(problem).strip().split("\n")[0]
