"""Writes the golden bytes of topics that have none: python -m contract.golden, with tests/ on the path."""

from pathlib import Path

from google.protobuf.json_format import MessageToJson

import examples

GOLDEN = Path(__file__).parent / "golden"


def main() -> None:
    for topic, message in examples.BY_TOPIC.items():
        binary = GOLDEN / f"{topic}.binpb"
        if not binary.exists():
            binary.write_bytes(message.SerializeToString(deterministic=True))
            binary.with_suffix(".json").write_text(MessageToJson(message, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
