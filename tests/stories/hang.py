"""Runs a program on a terminal of 80x24, closes the terminal without a signal, and prints the program's exit status."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

terminal, side = pty.openpty()
fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
program = subprocess.Popen(sys.argv[1:], stdin=side, stdout=side, stderr=side)
os.close(side)
os.read(terminal, 1024)  # wait for output
os.close(terminal)
try:
    print("exit status", program.wait(20))
except subprocess.TimeoutExpired:
    program.kill()
    print("still there after 20 s")
