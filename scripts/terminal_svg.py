#!/usr/bin/env python3
"""Turn a captured terminal screen into an SVG.

    tmux capture-pane -e -p -t SESSION | python3 scripts/terminal_svg.py > screen.svg

Reads text with SGR colour sequences on standard input. Letters stay text; box-drawing, block and Braille characters
are drawn as shapes, so that lines join and dots align in every font. Needs Python 3 alone.
"""

import html
import re
import sys
import unicodedata

WIDTH, HEIGHT = 8.4, 18.0  # of a cell, in pixels
FOREGROUND, BACKGROUND = "#d7dae0", "#16181d"
BASE = ("#2e3440", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#abb2bf")
BRIGHT = ("#6b7280", "#ff7a85", "#b5e890", "#ffd787", "#7cc4ff", "#dd9bf0", "#6fd3de", "#ffffff")
# Arms of a box-drawing character: left, up, right, down; 0 none, 1 light, 2 heavy.
ARMS = {
    "─": (1, 0, 1, 0), "│": (0, 1, 0, 1), "╭": (0, 0, 1, 1), "╮": (1, 0, 0, 1), "╰": (0, 1, 1, 0),
    "╯": (1, 1, 0, 0), "┌": (0, 0, 1, 1), "┐": (1, 0, 0, 1), "└": (0, 1, 1, 0), "┘": (1, 1, 0, 0),
    "├": (0, 1, 1, 1), "┤": (1, 1, 0, 1), "┬": (1, 0, 1, 1), "┴": (1, 1, 1, 0), "┼": (1, 1, 1, 1),
    "━": (2, 0, 2, 0), "┃": (0, 2, 0, 2), "┏": (0, 0, 2, 2), "┓": (2, 0, 0, 2), "┗": (0, 2, 2, 0),
    "┛": (2, 2, 0, 0), "╴": (1, 0, 0, 0), "╵": (0, 1, 0, 0), "╶": (0, 0, 1, 0), "╷": (0, 0, 0, 1),
}  # fmt: skip
# Rectangles of block elements: left, top, right, bottom as shares of the cell.
BLOCKS = {"█": (0, 0, 1, 1), "▀": (0, 0, 1, 0.5), "▐": (0.5, 0, 1, 1), "▌": (0, 0, 0.5, 1)}
BLOCKS |= {chr(0x2580 + n): (0, 1 - n / 8, 1, 1) for n in range(1, 8)}  # ▁ to ▇
BLOCKS |= {chr(0x2590 - n): (0, 0, n / 8, 1) for n in range(1, 8)}  # ▏ to ▉
# Bits of a Braille character, by column and row of its dots.
DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))


def indexed(number):
    """The colour with this number in the palette of 256."""
    if number < 16:
        return (BASE + BRIGHT)[number]
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    number -= 16
    return "#" + "".join(f"{55 + 40 * n if n else 0:02x}" for n in (number // 36, number // 6 % 6, number % 6))


class Style:
    """What SGR sequences have set so far."""

    def __init__(self):
        self.reset()

    def reset(self):
        self.foreground = self.background = None
        self.bold = self.dim = self.italic = self.underline = self.reverse = False

    def apply(self, codes):
        codes = [int(code or 0) for code in codes.replace(":", ";").split(";")]
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.reset()
            elif code in (1, 2, 3, 4, 7):
                setattr(self, {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse"}[code], True)
            elif code == 22:
                self.bold = self.dim = False
            elif code in (23, 24, 27):
                setattr(self, {23: "italic", 24: "underline", 27: "reverse"}[code], False)
            elif code in (38, 48):
                colour = self.extended(codes)
                setattr(self, "foreground" if code == 38 else "background", colour)
            elif code in (39, 49):
                setattr(self, "foreground" if code == 39 else "background", None)
            elif 30 <= code <= 37 or 90 <= code <= 97:
                self.foreground = BASE[code - 30] if code < 90 else BRIGHT[code - 90]
            elif 40 <= code <= 47 or 100 <= code <= 107:
                self.background = BASE[code - 40] if code < 100 else BRIGHT[code - 100]

    @staticmethod
    def extended(codes):
        if codes.pop(0) == 5:
            return indexed(codes.pop(0))
        red, green, blue = codes.pop(0), codes.pop(0), codes.pop(0)
        return f"#{red:02x}{green:02x}{blue:02x}"

    def colours(self):
        pair = (self.foreground or FOREGROUND, self.background or BACKGROUND)
        return pair[::-1] if self.reverse else pair

    def attributes(self):
        names = {"bold": ' font-weight="bold"', "italic": ' font-style="italic"'}
        names |= {"underline": ' text-decoration="underline"'}
        return "".join(text for name, text in names.items() if getattr(self, name))


def cells(line, style):
    """Each character of a line as (column, cells wide, character, style's look)."""
    column = 0
    for part in re.split(r"(\x1b\[[0-9;:]*m)", line):
        if part.startswith("\x1b"):
            style.apply(part[2:-1])
            continue
        for character in part:
            if unicodedata.combining(character) or character == "\ufe0f":
                continue
            wide = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            yield column, wide, character, (*style.colours(), style.attributes(), style.dim)
            column += wide


def number(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Screen:
    """Shapes of equal colour are collected into one path each."""

    def __init__(self):
        self.fills, self.strokes, self.texts = {}, {}, []

    def fill(self, colour, x, y, box):
        left, top, right, bottom = box
        x, y, width, height = x + left * WIDTH, y + top * HEIGHT, (right - left) * WIDTH, (bottom - top) * HEIGHT
        path = f"M{number(x)} {number(y)}h{number(width)}v{number(height)}h-{number(width)}z"
        self.fills.setdefault(colour, []).append(path)

    def stroke(self, colour, width, path):
        self.strokes.setdefault((colour, width), []).append(path)

    def shape(self, x, y, character, colour):
        """Draws a character that is a shape; False if it is a letter."""
        if "\u2800" <= character <= "\u28ff":
            for bit, (column, row) in enumerate(DOTS):
                if (ord(character) - 0x2800) >> bit & 1:
                    dot = f"M{number(x + (column + 0.5) * WIDTH / 2)} {number(y + (row + 0.5) * HEIGHT / 4)}h0"
                    self.stroke(colour, 2.6, dot)
        elif character in BLOCKS:
            self.fill(colour, x, y, BLOCKS[character])
        elif character in ARMS:
            middle = (x + WIDTH / 2, y + HEIGHT / 2)
            ends = ((x, middle[1]), (middle[0], y), (x + WIDTH, middle[1]), (middle[0], y + HEIGHT))
            for weight, end in zip(ARMS[character], ends):
                if weight:
                    path = f"M{number(middle[0])} {number(middle[1])}L{number(end[0])} {number(end[1])}"
                    self.stroke(colour, 1.2 if weight == 1 else 2.4, path)
        else:
            return False
        return True

    def text(self, x, y, columns, text, look):
        colour, _, attributes, dim = look
        faint = ' opacity="0.65"' if dim else ""
        self.texts.append(
            f'<text x="{number(x)}" y="{number(y + HEIGHT * 0.74)}" textLength="{number(columns * WIDTH)}"'
            f' fill="{colour}"{attributes}{faint}>{html.escape(text, quote=False)}</text>'
        )


def draw(lines):
    screen, style, columns = Screen(), Style(), 1
    for row, line in enumerate(lines):
        y, run = row * HEIGHT, None  # run: start, end, text, look
        for column, wide, character, look in cells(line, style):
            x, columns = column * WIDTH, max(columns, column + wide)
            if look[1] != BACKGROUND:
                screen.fill(look[1], x, y, (0, 0, wide, 1))
            letter = character != " " and not screen.shape(x, y, character, look[0])
            if run and letter and run[1] == column and run[3] == look:
                run = (run[0], column + wide, run[2] + character, look)
                continue
            if run:
                screen.text(run[0] * WIDTH, y, run[1] - run[0], run[2], run[3])
            run = (column, column + wide, character, look) if letter else None
        if run:
            screen.text(run[0] * WIDTH, y, run[1] - run[0], run[2], run[3])
    return screen, columns


def main():
    lines = sys.stdin.read().rstrip("\n").split("\n")
    screen, columns = draw(lines)
    width, height, edge = columns * WIDTH, len(lines) * HEIGHT, 10
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{-edge} {-edge} {number(width + 2 * edge)}'
        f' {number(height + 2 * edge)}" font-family="DejaVu Sans Mono, Menlo, Consolas, Liberation Mono, monospace"'
        f' font-size="14">'
    )
    print(f'<rect x="{-edge}" y="{-edge}" width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>')
    for colour, paths in screen.fills.items():
        print(f'<path fill="{colour}" shape-rendering="crispEdges" d="{"".join(paths)}"/>')
    for (colour, weight), paths in screen.strokes.items():
        print(f'<path stroke="{colour}" stroke-width="{weight}" stroke-linecap="round" d="{"".join(paths)}"/>')
    print("\n".join(screen.texts))
    print("</svg>")


if __name__ == "__main__":
    main()
