"""Local AWS: an emulator, the unmodified stack deployed on it, and a world for the stack to watch.

The emulator (MiniStack) does almost everything itself. Two things are simulated here: `workload` simulates
the services and their metrics, and `transitions` carries alarm state changes to the deployed rules,
because the emulator does not send them to EventBridge.
"""
