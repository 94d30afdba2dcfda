"""Live → org.yaml: what runs in a cluster, said as an organization, and what cannot be said so kept as it is."""
