"""The demonstration's Docker host: containers of two Compose projects and a few on their own."""
