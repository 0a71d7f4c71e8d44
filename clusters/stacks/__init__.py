"""Stacks of a Swarm from their Compose text, carried out by the official program."""
