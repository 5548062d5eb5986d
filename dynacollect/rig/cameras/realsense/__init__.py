"""RealSense cameras, by serial number."""
