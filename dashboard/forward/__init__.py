"""Open ports of pods: each on a host name, and so an origin, of its own. What is ours stays away."""

from clusters.forward.forward import Forwards

forwards = Forwards()  # of this process
