#!/usr/bin/env python3
"""Preprocessor of mdBook: links that leave docs/ lead to the repository, as the book has no such pages.

The address of the repository is `output.html.git-repository-url` in docs/book.toml, or the environment variable
MDBOOK_OUTPUT__HTML__GIT_REPOSITORY_URL. Without an address, such a link becomes its text and the path.

    mdbook build docs                         runs it, as docs/book.toml names it
    scripts/book_links.py docs/faq.md         prints a page as the book shows it
"""

import json
import os
import posixpath
import re
import sys

FENCED = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)
RELATIVE = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)\s:#]+)(#[^)\s]*)?\)")


def rewritten(text: str, page: str, address: str | None) -> str:
    """The text of `page`, a path below docs/."""

    def link(match: re.Match) -> str:
        name, target, anchor = match.groups()
        path = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), target))
        if path.startswith("docs/"):
            return match.group()
        if address:
            return f"[{name}]({address.rstrip('/')}/blob/main/{path}{anchor or ''})"
        return f"`{path}`" if name.strip("`") == path else f"{name} (`{path}`)"

    parts = FENCED.split(text)
    parts[::2] = [RELATIVE.sub(link, part) for part in parts[::2]]
    return "".join(parts)


def chapters(items: list) -> None:
    for item in items:
        if isinstance(item, dict) and (chapter := item.get("Chapter")):
            if chapter.get("path"):
                chapter["content"] = rewritten(chapter["content"], chapter["path"], ADDRESS)
            chapters(chapter["sub_items"])


ADDRESS = os.environ.get("MDBOOK_OUTPUT__HTML__GIT_REPOSITORY_URL")

match sys.argv[1:]:
    case ["supports", _]:
        pass
    case []:
        context, book = json.load(sys.stdin)
        ADDRESS = context["config"]["output"].get("html", {}).get("git-repository-url") or ADDRESS
        chapters(book.get("items") or book.get("sections") or [])  # since mdBook 0.5, and before
        json.dump(book, sys.stdout)
    case pages:
        for path in pages:
            with open(path, encoding="utf-8") as file:
                below = os.path.relpath(path, os.path.join(os.path.dirname(__file__), "../docs"))
                print(rewritten(file.read(), below, ADDRESS), end="")
