"""Runs the emulator in the foreground. Executed by the emulator's own interpreter, never imported.

The first argument is a mark that `emulator` recognises the process by; nothing reads it here.
"""

import os
import sys

import boto3
import condition_keys  # type: ignore[import-not-found]  # next to this file when run
import layers  # type: ignore[import-not-found]  # next to this file when run
from caller_rights import allows  # type: ignore[import-not-found]  # next to this file when run
from ministack import app  # type: ignore[import-not-found]  # only the emulator's environment has it
from ministack.core import iam_actions, iam_evaluator, lambda_runtime  # type: ignore[import-not-found]  # the same
from ministack.services import scheduler  # type: ignore[import-not-found]  # the same
from scalable_targets import ScalableTargets  # type: ignore[import-not-found]  # next to this file when run

# The emulator looks for due schedules every 10 s and has no setting for it; the waits of the demo's
# policy are about as long. Only the pinned version is known to read this name.
scheduler._SCHEDULE_TICK_INTERVAL = 1  # noqa: SLF001

# It knows neither the partition of an item nor the type of an event, which bind policies of the stack.
condition_keys.add_to(iam_actions, iam_evaluator)

# Most of a cold start here was unpacking the layer.
layers.unpack_once(lambda_runtime)

# The emulator has no Application Auto Scaling, and scale-service must know whether it owns a service.
endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
app.app = ScalableTargets(app.app, lambda: boto3.client("ecs", endpoint_url=endpoint), allows)

if __name__ == "__main__":
    del sys.argv[1:]
    app.main()
