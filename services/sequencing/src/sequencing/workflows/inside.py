"""Snakemake as it runs in the sandbox, where nothing of ours can be imported: this file is its program.

Snakemake 9 takes a lock in its handler of SIGTERM, which its main thread may hold when the signal comes (on the end of each
job): it would wait for itself for ever. Here the handler only tells another thread, which may wait.
"""

import sys
from queue import SimpleQueue
from threading import Thread
from typing import Any

from snakemake.cli import main
from snakemake.scheduling.job_scheduler import JobScheduler

end = JobScheduler.exit_gracefully
# Its `put` alone of all queues' may interrupt itself.
asked: SimpleQueue[JobScheduler] = SimpleQueue()


def tell(scheduler: JobScheduler, *_: Any) -> None:
    asked.put(scheduler)


def listen() -> None:
    while True:
        end(asked.get())


JobScheduler.exit_gracefully = tell
Thread(target=listen, daemon=True).start()
sys.exit(main())
