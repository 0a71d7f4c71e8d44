"""One file of views per thing that is shown: fetch and check, one call of the domain, render."""
