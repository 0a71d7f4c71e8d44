"""One folder per API we can talk to. The only place where driver libraries are imported; read base.py first."""
