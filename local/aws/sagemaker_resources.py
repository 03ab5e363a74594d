"""The CloudFormation types of SageMaker that MiniStack lacks, carried out by the local SageMaker.

As in CloudFormation itself, `Ref` is the ARN, resources that SageMaker cannot change are replaced, and an endpoint is done
once it serves on the config that was asked for: one that rolled back is in service, too.
"""

import time

from sagemaker_integration import ApiError, call

POLL_SECONDS = 0.25
LONGEST_NAME = 63

# Kinds that never change once they are there. Their names in the API are all made of the word.
FIXED = ("Model", "EndpointConfig", "ModelPackageGroup")
# What the API takes on creation and on update, out of the type's properties.
CREATE_ENDPOINT = ("EndpointConfigName", "DeploymentConfig", "Tags")
UPDATE_ENDPOINT = (
    "EndpointConfigName",
    "DeploymentConfig",
    "ExcludeRetainedVariantProperties",
    "RetainAllVariantProperties",
    "RetainDeploymentConfig",
)


def is_missing(error):
    return "Could not find" in str(error) or "does not exist" in str(error)


def in_words_of_the_api(value):
    """CloudFormation takes numbers and flags as text, too; the API does not."""
    if isinstance(value, dict):
        return {name: in_words_of_the_api(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [in_words_of_the_api(entry) for entry in value]
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def fixed_handlers(kind, physical_name):
    def create(logical_id, props, stack_name):
        name = props.get(f"{kind}Name") or physical_name(stack_name, logical_id, max_len=LONGEST_NAME)
        created = call(f"Create{kind}", {**in_words_of_the_api(props), f"{kind}Name": name})
        return created[f"{kind}Arn"], {f"{kind}Name": name, f"{kind}Arn": created[f"{kind}Arn"]}

    def delete(arn, _props):
        try:
            call(f"Delete{kind}", {f"{kind}Name": arn.rsplit("/", 1)[-1]})
        except ApiError as error:
            if not is_missing(error):
                raise

    return {"create": create, "delete": delete}


def wait_until_serving(name, config):
    while True:
        endpoint = call("DescribeEndpoint", {"EndpointName": name})
        status = endpoint["EndpointStatus"]
        if status == "InService" and endpoint["EndpointConfigName"] == config:
            return
        if status in ("InService", "Failed", "UpdateRollbackFailed"):
            reason = endpoint.get("FailureReason", "no reason was given")
            raise RuntimeError(f"the endpoint {name} is {status} on {endpoint['EndpointConfigName']}: {reason}")
        time.sleep(POLL_SECONDS)


def wait_until_gone(name):
    try:
        while call("DescribeEndpoint", {"EndpointName": name}):
            time.sleep(POLL_SECONDS)
    except ApiError as error:
        if not is_missing(error):
            raise


def endpoint_handlers(physical_name):
    def request(props, fields):
        return in_words_of_the_api({field: props[field] for field in fields if field in props})

    def create(logical_id, props, stack_name):
        name = props.get("EndpointName") or physical_name(stack_name, logical_id, max_len=LONGEST_NAME)
        created = call("CreateEndpoint", {"EndpointName": name, **request(props, CREATE_ENDPOINT)})
        wait_until_serving(name, props["EndpointConfigName"])
        return created["EndpointArn"], {"EndpointName": name, "EndpointArn": created["EndpointArn"]}

    def update(arn, _before, props, _stack_name):
        name = arn.rsplit("/", 1)[-1]
        call("UpdateEndpoint", {"EndpointName": name, **request(props, UPDATE_ENDPOINT)})
        wait_until_serving(name, props["EndpointConfigName"])
        return arn, {"EndpointName": name, "EndpointArn": arn}

    def delete(arn, _props):
        name = arn.rsplit("/", 1)[-1]
        try:
            call("DeleteEndpoint", {"EndpointName": name})
        except ApiError as error:
            if not is_missing(error):
                raise
        wait_until_gone(name)

    return {"create": create, "update": update, "delete": delete}


class EveryProperty:
    """A change of any property makes a new resource."""

    def __contains__(self, name):
        return name != "Tags"


def register(provisioners, stacks):
    """Adds the types to MiniStack's tables. They wait for other services, so they run beside the server's own loop."""
    for kind in FIXED:
        name = f"AWS::SageMaker::{kind}"
        provisioners._RESOURCE_HANDLERS[name] = fixed_handlers(kind, provisioners._physical_name)
        provisioners._REPLACING_PROPERTIES[name] = EveryProperty()
    provisioners._RESOURCE_HANDLERS["AWS::SageMaker::Endpoint"] = endpoint_handlers(provisioners._physical_name)
    provisioners._REPLACING_PROPERTIES["AWS::SageMaker::Endpoint"] = ("EndpointName",)
    original = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda kind: kind.startswith("AWS::SageMaker::") or original(kind)
