"""Where everything is: boards, intrinsics, camera and hand-eye poses, clock offsets, drift checks."""
