"""Start a daemon so that it is on record before anybody can lose sight of it.

Run as `python -P launch.py RECORD LOG DETAILS COMMAND...`. A process of its own: a `make up` that is killed between
starting a daemon and writing its process id down would otherwise leave a daemon that nobody ends.
"""

import json
import os
import sys
from pathlib import Path

import psutil


def main() -> int:
    """Detach the command from this terminal, write its record and end."""
    record, log, details, *command = sys.argv[1:]
    with Path(log).open("ab") as output:
        process = os.fork()
        if process == 0:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            os.execvp(command[0], command)  # noqa: S606 - the command is ours, no shell is wanted
    content = {**json.loads(details), "pid": process, "started": psutil.Process(process).create_time()}
    temporary = Path(f"{record}.new")
    temporary.write_text(json.dumps(content))
    temporary.replace(record)
    return 0


if __name__ == "__main__":
    sys.exit(main())
