"""Document → Org: what an organization is made of, read from plain data and described as a JSON Schema."""
