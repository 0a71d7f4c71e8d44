"""Objects written as YAML: read, authorised, tried, compared with what is there, applied, and taken back."""
