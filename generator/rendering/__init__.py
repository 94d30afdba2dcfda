"""Org → Tree: the manifests as text, the same bytes on every machine."""
