"""From one image or container to anything that runs it: what is converted, what a target cannot do, who can pull it."""
