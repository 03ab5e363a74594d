"""Gives a schedule's target the attributes of its occurrence, which MiniStack passes on as the words that stand for them."""

import functools
from datetime import datetime, timezone


def attributes(event):
    time = datetime.fromtimestamp(event["Time"], tz=timezone.utc)
    return {
        "<aws.scheduler.scheduled-time>": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "<aws.scheduler.schedule-arn>": event["Resources"][0],
        "<aws.scheduler.execution-id>": event["EventId"],
        "<aws.scheduler.attempt-number>": "1",
    }


def register(eventbridge):
    original = eventbridge._invoke_target

    @functools.wraps(original)
    def invoke(target, event, *args, **kwargs):
        if event.get("Source") == "aws.scheduler" and target.get("Input"):
            text = target["Input"]
            for word, value in attributes(event).items():
                text = text.replace(word, value)
            target = {**target, "Input": text}
        return original(target, event, *args, **kwargs)

    eventbridge._invoke_target = invoke
