"""Compose projects from their text: read strictly, checked and carried out by the official program, kept by version."""
