"""Objects written as YAML: read, authorised, sent as dry runs, compared with what is there, applied, and taken back."""
