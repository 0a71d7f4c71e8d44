"""The web: requests and sockets in, HTML and frames out. Knows nothing of Docker or Kubernetes."""
