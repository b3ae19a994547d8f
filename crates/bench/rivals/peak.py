"""Runs a command and prints its peak resident memory in MiB: `peak.py --threads=N COMMAND ARGUMENTS...`; the
command decides about its threads."""
import resource
import subprocess
import sys

subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
