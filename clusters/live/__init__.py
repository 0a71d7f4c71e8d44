"""The live state engine: what the clusters last said, and who is looking at which part of it."""
