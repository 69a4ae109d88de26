"""Sends HL7 v2 files over MLLP, one connection for all, and prints each answer. Standard library alone.

python send.py HOST PORT FILE...
"""

import socket
import sys
from pathlib import Path


def main(host: str, port: str, *files: str) -> int:
    refused = 0
    with socket.create_connection((host, int(port)), timeout=30) as connection, connection.makefile("rb") as answers:
        for file in files:
            segments = Path(file).read_bytes().splitlines()
            connection.sendall(b"\x0b" + b"\r".join(segments) + b"\r\x1c\r")
            answer = b""
            while not answer.endswith(b"\x1c\r"):
                part = answers.read(1)
                if not part:
                    raise SystemExit("the connection ended without an answer: send the same message again")
                answer += part
            found = {line.split("|")[0]: line.split("|") for line in answer.strip(b"\x0b\x1c\r").decode().split("\r")}
            code = found["MSA"][1]
            refused += code != "AA"
            print(file, code, *[field for field in found.get("ERR", [])[1:] if field])  # noqa: T201 - what it is for
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
