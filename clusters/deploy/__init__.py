"""A workload with its service from a form: what is filled in becomes objects, which are applied as YAML."""
