"""Org → what people ask of it: rows, capacity, access, network, cost; the same answers for terminal and page."""
