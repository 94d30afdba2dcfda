"""Two organizations → the plan: what a change does, to whom, and how risky it is; as text, Markdown and JSON."""
