"""Runs the emulator in the foreground. Executed by the emulator's own interpreter, never imported.

The first argument is a mark that `emulator` recognises the process by; nothing reads it here.
"""

import sys

from ministack import app  # type: ignore[import-not-found]  # only the emulator's environment has it
from ministack.services import scheduler  # type: ignore[import-not-found]  # the same

# The emulator looks for due schedules every 10 s and has no setting for it; the waits of the demo's
# policy are about as long. Only the pinned version is known to read this name.
scheduler._SCHEDULE_TICK_INTERVAL = 1  # noqa: SLF001

if __name__ == "__main__":
    del sys.argv[1:]
    app.main()
