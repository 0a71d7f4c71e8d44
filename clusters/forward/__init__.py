"""Ports of pods, opened through us in a tab: who may, over which connections, and until when."""
