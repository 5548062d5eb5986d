"""Actions that come in chunks, late, from a policy that thinks for longer than a step: what is executed when.

`stream` is the law, on step labels alone; `executor` applies it tick by tick to any source of chunks, in simulated time
(`simulated`) or in a process of its own (`process`); `tool` says what an action means to the arm.
"""
