"""Building images: what is sent to the engine, what it tells of the steps, and what is kept of a build."""
