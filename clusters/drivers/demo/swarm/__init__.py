"""The demonstration's Swarm: three machines that work as one."""
