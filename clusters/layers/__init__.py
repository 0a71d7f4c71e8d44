"""The picture of the layers: one app across the stack, live and linked."""
