"""What an organization adds, its own rules and templates: code of its repository, which runs with its user's rights."""
