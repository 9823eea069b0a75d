"""The part of APScheduler that the bot uses; version 3 has no types of its own."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, tzinfo

class Job:
    id: str
    next_run_time: datetime | None
    misfire_grace_time: int | None
    coalesce: bool
    max_instances: int

class AsyncIOScheduler:
    running: bool

    def __init__(self, *, timezone: tzinfo, job_defaults: Mapping[str, object]) -> None: ...
    def add_job(
        self,
        func: Callable[[], Awaitable[None]],
        trigger: str,
        *,
        id: str,
        replace_existing: bool = ...,
        **trigger_args: object,
    ) -> Job: ...
    def get_job(self, job_id: str) -> Job | None: ...
    def get_jobs(self) -> list[Job]: ...
    def start(self) -> None: ...
    def shutdown(self, wait: bool = ...) -> None: ...
