"""How a cluster gets connected: what this machine offers, what people paste, and how the secret part is kept."""
