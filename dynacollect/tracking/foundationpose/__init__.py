"""Poses by the user's own FoundationPose: its server, the client, and the fusion of several cameras."""
