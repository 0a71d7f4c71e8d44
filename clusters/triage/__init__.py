"""The triage: what is wrong, why, since when and what to do first; and what changed. Read finding.py and engine.py."""
