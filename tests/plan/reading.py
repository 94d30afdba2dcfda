"""Markdown as a git host reads it, to see that nothing in a comment comes from what people named things."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

_OURS = re.compile(r"<!-- verta-gitops plan -->|</?details>|<summary>[^<>@`]*</summary>|<br>")


def assert_harmless(text: str) -> None:
    """No HTML but ours, no link, no picture, no mention and no heading that we did not write."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    for token in tokens:
        if token.type == "html_block":
            assert _OURS.sub("", token.content).strip() == "", token.content
        elif token.type == "inline":
            for child in token.children or ():
                assert child.type in (
                    "text",
                    "code_inline",
                    "html_inline",
                    "strong_open",
                    "strong_close",
                    "softbreak",
                ), child
                if child.type == "html_inline":
                    assert child.content == "<br>"
                if child.type == "text":
                    assert not re.search(r"@|://|www\.|#\d|!\[", child.content), child.content
    headings = [each for each in tokens if each.type == "heading_open"]
    assert all(each.tag in ("h3", "h4") for each in headings)
    assert len(headings) <= 2
