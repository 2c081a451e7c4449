"""The local run as a whole: what is started in which order, and how it ends.

Start: stand-ins and the import of the control plane side by side; tables, queues, keys; the listener;
nodes; and when each node's report has come through the queue, run.json. Stop is the other way round.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

import boto3
from botocore.config import Config

from localcloud import media_edge, provisioning
from localcloud.api_client import ApiClient
from localcloud.composers import composer_environment, composer_process
from localcloud.control_plane import ControlPlane, load_control_plane
from localcloud.engines import (
    answers_http,
    cloud_environment,
    dynoxide_command,
    has_dynoxide,
    ministack_command,
    ministack_environment,
    no_dynoxide_notice,
)
from localcloud.gateway.gateway import Gateway
from localcloud.issuer import Issuer, trusted_by_the_api
from localcloud.listener import Listener
from localcloud.media_edge import MediaEdge
from localcloud.nodes import (
    REGION,
    START_SECONDS,
    NodePlan,
    node_environment,
    node_process,
    plan_nodes,
    wait_reported,
)
from localcloud.ports import Ports, require_free
from localcloud.process import ChildProcess, ProcessRegister
from localcloud.queue_pump import QueuePump
from localcloud.run_file import DataFolder
from localcloud.schedule import run_schedule
from localcloud.settings import ROOT, Settings
from localcloud.stream_pump import StreamPump
from localcloud.web_app import WebApp

SWEEP_SECONDS = 60.0
# Each four seconds in AWS, too; there, one function goes on for a minute.
TIME_SECONDS = 4.0
# A minute in AWS for sweeps.
PERIODS = {
    "sweep": SWEEP_SECONDS,
    "keep_time": TIME_SECONDS,
    "keep_recordings": 2.0,
    "sweep_recordings": 5.0,
}
# A minute in AWS, where each look is paid for.
DELIVER_SECONDS = 5.0
# Events gather this long before they become one object of the archive; in AWS a minute.
ARCHIVE_SECONDS = 5.0
LOOPBACK = "127.0.0.0/8,::1/128"
ENGINE_START_SECONDS = 20.0
# ministack would wait for long polls of clients that are gone; both engines write to disk as they go.
ENGINE_STOP_SECONDS = 1.0

log = logging.getLogger(__name__)

Say = Callable[[str], None]
_T = TypeVar("_T")


class LocalCloud:
    """One run. `start` to the printed link, `stop` to the last process."""

    def __init__(self, settings: Settings, folder: DataFolder, say: Say) -> None:
        self._settings = settings
        self._folder = folder
        self._say = say
        self._register = ProcessRegister(folder.path / "processes.json")
        self._ports = Ports(folder.path / "ports.json")
        self._plans: list[NodePlan] = []
        self._nodes: list[ChildProcess] = []
        self._issuer: Issuer | None = None
        # What was started, in order; closing it ends everything, the last first.
        self._started = AsyncExitStack()

    async def start(self) -> dict[str, Any]:
        """Bring everything up and return what run.json says."""
        require_free(self._settings.host, self._settings.port)
        for pid in self._register.end_orphans():
            log.warning("ended process %d, which a killed run had left", pid)
        self._prepare_environment()
        control_plane = await self._step("Cloud stand-ins", self._start_engines)
        queue = await self._step("Tables, queues, keys", functools.partial(self._make_state))
        gateway = Gateway(control_plane)
        await self._step(
            "API and web app", functools.partial(self._start_serving, control_plane, gateway, queue)
        )
        run = await self._step(
            "Media nodes", functools.partial(self._start_nodes, control_plane, gateway, queue)
        )
        self._folder.write_run(run)
        self._started.callback(self._folder.remove_run)
        return run

    async def stop(self) -> None:
        await self._started.aclose()

    async def _step(self, title: str, work: Callable[[], Awaitable[_T]]) -> _T:
        started = time.monotonic()
        result = await work()
        self._say(f"  ✓ {title} ({time.monotonic() - started:.1f} s)")
        return result

    def _prepare_environment(self) -> None:
        dynamodb = self._ports.port("dynamodb" if has_dynoxide() else "ministack")
        url = self._settings.url
        os.environ.pop("AWS_PROFILE", None)
        os.environ.pop("AWS_SESSION_TOKEN", None)
        os.environ.update(cloud_environment(dynamodb, self._ports.port("ministack")))
        os.environ.update(
            {
                "PARLEY_REGION": REGION,
                "PARLEY_REGIONS": REGION,
                "PARLEY_APP_URL": url,
                "PARLEY_API_URL": f"{url}/v1",
                "PARLEY_SIGNING_SECRET": provisioning.SIGNING_SECRET,
                # A laptop at its limit stalls for longer than DynamoDB does; still an answer within a second.
                "PARLEY_STORE_ATTEMPT_SECONDS": "0.9",
                "PARLEY_ARCHIVE_BUCKET": provisioning.ARCHIVE_BUCKET,
                "PARLEY_WEBHOOK_QUEUE": provisioning.WEBHOOK_QUEUE,
                "PARLEY_RECORDINGS_BUCKET": provisioning.RECORDINGS_BUCKET,
                "PARLEY_COMPOSITION_QUEUE": provisioning.COMPOSITION_QUEUE,
                # With one node there is no other.
                "PARLEY_RECORDING_BACKUP": str(int(self._settings.nodes > 1)),
                "PARLEY_RECORDINGS_URL": f"{url}{media_edge.PATH}",
                "PARLEY_RECORDINGS_LINK_SECRET": provisioning.LINK_SECRET,
                # On one machine the receiver that is being written is on that machine, too.
                "PARLEY_WEBHOOK_NETWORKS": os.environ.get("PARLEY_WEBHOOK_NETWORKS", LOOPBACK),
                "PARLEY_REPORT_QUEUE_NAME": provisioning.REPORT_QUEUE,
                "PARLEY_ISSUERS": self._issuers(),
                "POWERTOOLS_SERVICE_NAME": "parley",
                "POWERTOOLS_METRICS_NAMESPACE": "Parley",
            }
        )

    def _issuers(self) -> str:
        """Whose people may sign in: those of the environment, or else the two of this machine."""
        chosen = os.environ.get("PARLEY_ISSUERS")
        if chosen is not None or not self._settings.is_loopback:
            return chosen or ""
        # Without a password it must not be reached from elsewhere.
        self._issuer = Issuer(f"{self._settings.url}/oidc", f"{self._settings.url}/sign-in")
        return trusted_by_the_api(self._issuer.url, provisioning.TENANT)

    async def _start_engines(self) -> ControlPlane:
        """The stand-ins come up while the control plane is imported: both take most of a second."""
        loading = asyncio.get_running_loop().run_in_executor(None, load_control_plane)
        await asyncio.gather(*(self._start_child(child) for child in self._engines()))
        control_plane = await loading
        self._started.callback(control_plane.close)
        return control_plane

    def _engines(self) -> list[ChildProcess]:
        data = self._folder.path
        ministack = self._ports.port("ministack")
        engines = [
            self._engine(
                "ministack",
                ministack_command(),
                ministack_environment(os.environ, ministack, data),
                f"http://127.0.0.1:{ministack}/_ministack/health",
                self._make_volatile_state,
            )
        ]
        if has_dynoxide():
            port = self._ports.port("dynamodb")
            engines.append(
                self._engine(
                    "dynamodb", dynoxide_command(port, data), os.environ, f"http://127.0.0.1:{port}/"
                )
            )
        else:
            self._say(f"  ! {no_dynoxide_notice()}")
        return engines

    def _engine(
        self,
        name: str,
        command: list[str],
        environment: Any,
        health_url: str,
        after_restart: Callable[[], Awaitable[None]] | None = None,
    ) -> ChildProcess:
        return ChildProcess(
            name,
            command,
            environment,
            log_folder=self._folder.logs,
            register=self._register,
            is_healthy=functools.partial(answers_http, health_url),
            after_restart=after_restart,
            stop_seconds=ENGINE_STOP_SECONDS,
        )

    async def _start_child(self, child: ChildProcess, within_seconds: float = ENGINE_START_SECONDS) -> None:
        self._started.push_async_callback(child.stop)
        await child.start(within_seconds=within_seconds)

    async def _make_state(self) -> provisioning.Queue:
        queue, *_ = await asyncio.gather(
            asyncio.to_thread(provisioning.make_queues),
            asyncio.to_thread(provisioning.make_webhook_queue),
            asyncio.to_thread(provisioning.make_composition_queue),
            asyncio.to_thread(provisioning.make_tables),
            asyncio.to_thread(provisioning.make_buckets),
            asyncio.to_thread(provisioning.make_signing_secret, self._folder.path),
        )
        return queue

    async def _make_volatile_state(self) -> None:
        """What ministack forgets when it is started again."""
        await asyncio.to_thread(provisioning.make_queues)
        await asyncio.to_thread(provisioning.make_webhook_queue)
        await asyncio.to_thread(provisioning.make_composition_queue)
        await asyncio.to_thread(provisioning.make_buckets)
        await asyncio.to_thread(provisioning.make_signing_secret, self._folder.path)
        await asyncio.to_thread(provisioning.make_link_secret, self._folder.path)

    def _node_urls(self) -> list[str]:
        return [plan.url for plan in self._plans]

    async def _start_serving(
        self, control_plane: ControlPlane, gateway: Gateway, queue: provisioning.Queue
    ) -> None:
        self._plans = plan_nodes(self._settings, self._ports, self._folder.path / "nodes.json")
        web_app = WebApp(ROOT / "web/dist", self._node_urls, self._settings.framed_by)
        listener = Listener(self._settings, gateway, web_app, await self._media_edge(), self._issuer)
        await listener.start()
        self._started.push_async_callback(listener.stop)
        report_handler = functools.partial(control_plane.invoke, control_plane.handler("handle_node_reports"))
        # No retries of the library's own: the pump has its back-off, and a stop must not wait for them.
        sqs = boto3.client("sqs", config=Config(retries={"total_max_attempts": 1}))
        pump = QueuePump(sqs, queue.url, queue.arn, report_handler)
        self._start_task(pump.run())
        for name, seconds in PERIODS.items():
            handler = functools.partial(control_plane.invoke, control_plane.handler(name))
            self._start_task(run_schedule(handler, name=name, period_seconds=seconds))
        await self._start_webhooks(control_plane, sqs)
        await self._start_composers(queue)

    async def _media_edge(self) -> MediaEdge:
        keys = await asyncio.to_thread(provisioning.make_link_secret, self._folder.path)
        return MediaEdge(
            boto3.client("s3"),
            provisioning.RECORDINGS_BUCKET,
            f"{self._settings.url}{media_edge.PATH}",
            keys.key_id,
            keys.key,
            keys.path_key,
        )

    async def _start_composers(self, reports: provisioning.Queue) -> None:
        jobs = await asyncio.to_thread(provisioning.make_composition_queue)
        environment = composer_environment(os.environ, jobs.url, reports.url)
        for number in range(self._settings.composers):
            await self._start_child(composer_process(number, environment, self._folder.logs, self._register))

    async def _start_webhooks(self, control_plane: ControlPlane, sqs: Any) -> None:
        """What hears of new events and brings them to those who asked for them."""
        handlers = {
            name: functools.partial(control_plane.invoke, control_plane.handler(name))
            for name in ("handle_events", "archive_events", "handle_webhooks", "deliver_due")
        }
        queue = await asyncio.to_thread(provisioning.make_webhook_queue)
        self._start_task(QueuePump(sqs, queue.url, queue.arn, handlers["handle_webhooks"]).run())
        # The stand-in's names of shards are shorter than those of AWS.
        relaxed = Config(parameter_validation=False, retries={"total_max_attempts": 1})
        for name, position, window in (
            ("handle_events", "stream-position.json", 0.0),
            ("archive_events", "archive-position.json", ARCHIVE_SECONDS),
        ):
            pump = StreamPump(
                boto3.client("dynamodb"),
                boto3.client("dynamodbstreams", config=relaxed),
                provisioning.CONTROL_TABLE,
                self._folder.path / position,
                handlers[name],
                window,
            )
            self._start_task(pump.run())
        due = run_schedule(handlers["deliver_due"], name="deliver_due", period_seconds=DELIVER_SECONDS)
        self._start_task(due)

    def _start_task(self, work: Any) -> None:
        task = asyncio.create_task(work)

        async def cancel() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._started.push_async_callback(cancel)

    async def _start_nodes(
        self, control_plane: ControlPlane, gateway: Gateway, queue: provisioning.Queue
    ) -> dict[str, Any]:
        """Start the nodes, make the demo meeting meanwhile, and wait for the nodes' reports."""
        api_url = f"{self._settings.url}/v1"
        self._nodes = [
            node_process(
                plan,
                node_environment(plan, os.environ, api_url, queue.url),
                self._folder.logs,
                self._register,
            )
            for plan in self._plans
        ]
        self._started.push_async_callback(self._stop_nodes)
        starting = asyncio.gather(*(node.start(within_seconds=START_SECONDS) for node in self._nodes))
        try:
            key = await provisioning.api_key(control_plane, gateway, self._folder.path)
            client = ApiClient(gateway, key)
            meeting = await provisioning.demo_meeting(client, self._folder.path)
        finally:
            await starting
        await wait_reported(client, self._plans)
        return {
            "url": self._settings.url,
            "apiUrl": api_url,
            "apiKey": {"id": key.id, "secret": key.secret},
            "demoMeeting": meeting,
            "nodes": [
                {"id": plan.id, "url": plan.url, "metricsUrl": plan.metrics_url, "pid": node.pid}
                for plan, node in zip(self._plans, self._nodes, strict=True)
            ],
            "pid": os.getpid(),
        }

    async def _stop_nodes(self) -> None:
        """All at once: each takes its time to tell its people."""
        await asyncio.gather(*(node.stop() for node in self._nodes))
