"""Wishes for an organization → edits of its files that change no more bytes than they must."""
