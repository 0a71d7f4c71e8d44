"""Registries: where images are kept, what is in them, and how we sign in there."""
