"""Views → one web page that needs nothing else."""
