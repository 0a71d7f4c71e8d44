"""The domain: what we connect to, what can be seen and done there. Knows nothing of HTTP."""
