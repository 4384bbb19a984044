"""What `sam local invoke` needs so that a function in a container works on local AWS."""

from boto3.session import Session

from firebreak_cli.local.emulator import Running
from firebreak_cli.local.stack import DeployedStack

# The name by which a container reaches this machine; `make invoke` gives it to the container.
HOST = "host.docker.internal"


def environments(session: Session, running: Running, stack: DeployedStack) -> dict[str, dict[str, str]]:
    """The content of an `--env-vars` file: what each deployed function has, and where AWS is."""
    client = session.client("lambda")
    where = {"AWS_ENDPOINT_URL": f"http://{HOST}:{running.port}"}
    return {
        name: client.get_function_configuration(FunctionName=arn)["Environment"]["Variables"] | where
        for name, arn in stack.functions.items()
    }
