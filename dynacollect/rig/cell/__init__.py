"""The simulated rig: MuJoCo physics, devices that are late, noisy and fail on order, and drivers that must cope."""
