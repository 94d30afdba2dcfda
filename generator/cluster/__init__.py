"""A live cluster, or a dump of one, beside what the organization declares: read it, compare it, judge it."""
