"""The node: its only event loop, its HTTP server, its timers, its drain."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import structlog
from aiohttp import web

import packet_plane
from media_node.admission import Admission, State
from media_node.backups import Backups
from media_node.bandwidth.pressure import parse_stolen_seconds
from media_node.certificate import ServerCertificate
from media_node.commands import Commands
from media_node.config import Settings
from media_node.connection_tests import ConnectionTests
from media_node.connections import Connections
from media_node.control import (
    ChangeRecording,
    Command,
    ControlLink,
    CpuMeter,
    Drain,
    StartRecording,
    Undrain,
)
from media_node.entrance import Entrance
from media_node.forwarding import Forwarding
from media_node.hosting import Hosting
from media_node.isolation import Isolation
from media_node.metrics import NodeCounts, format_metrics
from media_node.observation import Observation
from media_node.plane_events import PlaneEvents
from media_node.quantities import Instant, MeetingId, new_identifier
from media_node.recorded_meetings import RecordedMeetings, message_of
from media_node.recording.recordings import Recordings
from media_node.recording.standing import Standing as RecordingStanding
from media_node.relay.link import Source
from media_node.report import (
    format_counters,
    format_meetings,
    format_over,
    format_quality,
    format_report,
)
from media_node.scraping import Scraping
from media_node.signaling.connection_test import ConnectionTestSocket
from media_node.signaling.ingest import HttpMedia
from media_node.signaling.websocket import SignalingSocket
from media_node.tokens import TokenVerifier
from media_node.transport.certificate import Certificate
from media_node.usage import EgressMeter
from media_node.worker_threads import WorkerThreads

log = structlog.get_logger()

TICK_SECONDS = 1.0
# How late the stop of an unwanted layer may be told.
POLICY_TICKS = 4
# A message of the queue has at most 256 KiB.
QUALITY_CHARS = 200_000
# How long a node that stops waits for its recorders; later they go on by themselves.
RECORDERS_SECONDS = 3.0
FETCH_TIMEOUT = aiohttp.ClientTimeout(total=5.0)


class Node:
    """One media node from start to stop."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.id = settings.node_id or new_identifier("node_")
        self.boot_id = str(uuid.uuid4())
        self.url = ""
        self._isolation = Isolation()
        certificate = Certificate.generate()
        self._make_plane(certificate)
        self._make_meetings()
        self._make_recordings()
        self._make_doors()
        self._make_observation()
        self._runner: web.AppRunner | None = None
        self._certificate: ServerCertificate | None = None
        self._timer: asyncio.Task[None] | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._http: aiohttp.ClientSession | None = None

    # Parts, each of which needs those before it.

    def _make_plane(self, certificate: Certificate) -> None:
        """What carries media, and the connections that are made through it."""
        settings = self.settings
        open_plane = partial(
            packet_plane.PacketPlane, host=settings.media_host, sources=settings.heard_sources()
        )
        self._threads = WorkerThreads()
        self._plane = open_plane(port=settings.media_port, workers=settings.node_workers)
        self._threads.handle_started(settings.node_workers)
        self._forwarding = Forwarding(self._plane.submit, settings.node_workers)
        ips = settings.advertised_addresses()
        addresses = [[(ip, port) for ip in ips] for port in self._plane.local_ports]
        self._connections = Connections(self._forwarding, certificate, addresses, time.monotonic)
        # From a port of its own to each: the other node tells connections apart by their addresses.
        self._backups = Backups(certificate, open_plane, time.monotonic)

    def _make_meetings(self) -> None:
        self._admission = Admission(self.settings.node_capacity_units)
        self.hosting = Hosting(
            self._forwarding,
            self._connections,
            admission=self._admission,
            monotonic=time.monotonic,
            isolation=self._isolation,
        )
        self._events = PlaneEvents(self._forwarding, self._connections, self.hosting, self._isolation)

    def _make_recordings(self) -> None:
        settings = self.settings
        self._recorded = RecordedMeetings(
            self._forwarding, self.hosting.live, self._plane.open_tap, time.monotonic
        )
        self._recordings = Recordings(
            self.id,
            self._recorded,
            Path(settings.recording_spool) / self.id,
            settings.recording_spool_bytes,
            self._tell_recording,
            owner=settings.recording_owner,
            parted_seconds=settings.recording_parted_seconds,
            remote_taps=self._backups,
            backup_trouble=self.hosting.backup_trouble,
            monotonic=time.monotonic,
            wallclock=time.time,
        )
        self.hosting.live.hear = lambda meeting, written: self._recordings.hear(meeting, message_of(written))

    def _make_doors(self) -> None:
        """Where people and the control plane come in."""
        self._entrance = Entrance(
            TokenVerifier(self.id, self._fetch_keys),
            self.hosting,
            self._recordings.handle_meeting,
            time.monotonic,
        )
        self._tests = ConnectionTests(
            self._forwarding,
            self._connections,
            self._admission,
            self._entrance.test,
            time.monotonic,
        )
        self._commands = Commands(
            self.hosting,
            self._admission,
            self._recordings,
            places=self._places,
            follow=self._follow,
            monotonic=time.monotonic,
        )
        self._control: ControlLink | None = None

    def _make_observation(self) -> None:
        settings = self.settings
        self._cpu = CpuMeter()
        self._egress = EgressMeter()
        self._observation = Observation(
            self._forwarding,
            self.hosting.live.distribution,
            self._egress,
            protects_cpu=settings.cpu_protection,
        )
        if not settings.report_queue_url:
            # Nobody would ever take them.
            self._observation.quality.max_waiting_chars = 0
        self._scraping = Scraping(self._metrics, settings.metrics_host, settings.metrics_port)

    # Life.

    async def start(self) -> None:
        """Serve; returns once the node can be reached.

        Raises:
            OSError: The port is taken, or the certificate cannot be read.
        """
        if self.settings.tls_certificate is not None and self.settings.tls_key is not None:
            self._certificate = ServerCertificate(self.settings.tls_certificate, self.settings.tls_key)
        self._http = aiohttp.ClientSession(timeout=FETCH_TIMEOUT)
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: self._isolation.handle_stray(context))
        loop.add_reader(self._plane.event_fd(), self._isolation.run, "plane", self._handle_plane_events)
        self._runner = web.AppRunner(self._application(), access_log=None)
        await self._runner.setup()
        # Keys first: who can reach the node can join.
        await self._entrance.refresh_keys()
        tls = self._certificate.context if self._certificate is not None else None
        site = web.TCPSite(self._runner, self.settings.node_host, self.settings.node_port, ssl_context=tls)
        await site.start()
        await self._scraping.start()
        host, port = self._runner.addresses[0][:2]
        scheme = "http" if tls is None else "https"
        self.url = self.settings.node_public_url or f"{scheme}://{host}:{port}"
        self._timer = asyncio.ensure_future(self._run_timer())
        self._isolation.watch("timer", self._timer)
        self._recordings.finish_leftovers()
        if self.settings.report_queue_url:
            self._control = ControlLink(
                self.id,
                self.settings.report_queue_url,
                self.settings.command_queue_prefix,
                self._report,
                format_report,
                self._take_quality,
                self._handle_command,
                self._isolation.run,
            )
            self._control.start()
        log.info("node_started", node=self.id, url=self.url, media_ports=self._plane.local_ports)

    async def stop(self) -> None:
        """Tell everybody, say goodbye on every connection, free the ports."""
        closing = self._recordings.close(RECORDERS_SECONDS)
        self.hosting.close_all()
        await closing
        await self._backups.close()
        if self._control is not None:
            self._control.stop()
        for task in (self._timer, self._fetching):
            if task is not None:
                task.cancel()
        self._connections.close_all()
        if self._runner is not None:
            await self._runner.cleanup()
        await self._scraping.stop()
        asyncio.get_running_loop().remove_reader(self._plane.event_fd())
        self._plane.close()
        if self._http is not None:
            await self._http.close()
        log.info("node_stopped", node=self.id)

    # HTTP.

    def _application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.get("/signal", self._signal),
                *self._scraping.routes(),
                web.get("/test", self._test),
                web.get("/healthz", self._healthz),
                web.get("/readyz", self._readyz),
                *HttpMedia(self._entrance, self.hosting).routes(),
            ]
        )
        return application

    async def _signal(self, request: web.Request) -> web.StreamResponse:
        return await SignalingSocket(self._entrance, self.hosting).serve(request)

    async def _test(self, request: web.Request) -> web.StreamResponse:
        return await ConnectionTestSocket(self._tests).serve(request)

    async def _metrics(self) -> bytes:
        self._observation.handle_counters(await self._read_counters())
        return format_metrics(self._node_counts)

    async def _healthz(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _readyz(self, request: web.Request) -> web.Response:
        state = "failing" if self._isolation.failing else "full" if self._admission.is_refusing else "ready"
        state = "draining" if self._state() != "ready" else state
        return web.json_response({"state": state, "node": self.id}, status=200 if state == "ready" else 503)

    # The plane.

    def _handle_plane_events(self) -> None:
        self._events.handle(self._plane.drain_events())

    async def _read_counters(self) -> list[packet_plane.WorkerSnapshot | None]:
        snapshots = await asyncio.to_thread(self._plane.snapshot)
        self._connections.note_snapshots(snapshots)
        self._tests.handle_snapshots(snapshots)
        return snapshots

    async def _observe(self) -> None:
        """Look back at the last second, and bear no more than the node can."""
        snapshots = await self._read_counters()
        now, wallclock = Instant(time.monotonic()), time.time()
        run, observation = self._isolation.run, self._observation
        taken = read_stolen_seconds(), self._threads.waited_seconds()
        run("counters", observation.handle_second, now, snapshots, *taken)
        run("pressure", self._bear_pressure)
        run("quality", observation.handle_quality, wallclock, snapshots)
        run("links", self.hosting.handle_links, observation.links_changed)

    def _bear_pressure(self) -> None:
        pressure = self._observation.pressure
        before = (self.hosting.live.distribution.shed, self._admission.is_refusing)
        if (pressure.shed, pressure.is_refusing) != before:
            log.warning(
                "cpu_pressure",
                busy=round(self._observation.busy, 2),
                shed=pressure.shed,
                refusing=pressure.is_refusing,
            )
        self._admission.is_refusing = pressure.is_refusing
        self._admission.egress_bps = self._observation.egress_bps
        self.hosting.handle_pressure(pressure.shed)

    # Time.

    async def _run_timer(self) -> None:
        run = self._isolation.run
        while True:
            for _ in range(POLICY_TICKS):
                await asyncio.sleep(TICK_SECONDS / POLICY_TICKS)
                run("policy", self.hosting.handle_policy_timeout)
                run("recordings", self._keep_recordings)
                self.hosting.end_broken()
            run("seats", self.hosting.handle_timeout)
            run("tests", self._tests.handle_timeout)
            run("drain", self._look_at_drain)
            await self._isolation.wait_for("observation", self._observe)
            if self._certificate is not None:
                run("certificate", self._certificate.refresh)
            if self._fetching is None or self._fetching.done():
                # Aside: layers and links do not wait for an answer.
                keys = self._isolation.wait_for("keys", self._entrance.refresh_keys)
                self._fetching = asyncio.ensure_future(keys)

    def _keep_recordings(self) -> None:
        self._recordings.handle_timeout(self._places())
        self._backups.keep(self._recordings.places("backup"))

    def _look_at_drain(self) -> None:
        if self._admission.is_overdue(Instant(time.monotonic())) and not self._admission.is_closing:
            log.info("drain_is_over", meetings=len(self.hosting.live.meeting_by_id))
            self.hosting.close_all()

    async def _fetch_keys(self) -> Any:
        assert self._http is not None
        try:
            async with self._http.get(self.settings.jwks_url) as response:
                response.raise_for_status()
                return await response.json(content_type=None)
        except aiohttp.ClientError as exc:
            raise OSError(str(exc)) from exc

    # The control plane.

    def _follow(self, place: MeetingId, source: Source) -> None:
        assert self._http is not None
        self._backups.follow(place, source, self._http)

    def _places(self) -> set[MeetingId]:
        """What can be recorded now: the meetings here, and those that links bring."""
        return {*self.hosting.live.meeting_by_id, *self._backups.connected()}

    def _tell_recording(self, standing: RecordingStanding) -> None:
        self._recorded.tell(standing)
        if standing.role == "backup":
            self._backups.tell(standing)
        if self._control is not None:
            self._control.report_soon()

    def _handle_command(self, command: Command) -> None:
        match command:
            # A recording that cannot begin or end is no reason to end its meeting.
            case Drain() | Undrain() | StartRecording() | ChangeRecording():
                self._isolation.attempt("commands", self._commands.handle, command)
            case _:
                self._isolation.guard(MeetingId(command.meeting), self._commands.handle, command)
        self.hosting.end_broken()

    def _take_quality(self) -> str:
        return format_quality(self.id, self._observation.quality.take_entries(QUALITY_CHARS))

    def _report(self) -> dict[str, Any]:
        live, admission = self.hosting.live, self._admission
        self._egress.handle_meetings(
            Instant(time.monotonic()), {one.id: one.epoch for one in live.meeting_by_id.values()}
        )
        used = self._used_units()
        left = admission.drain_seconds(Instant(time.monotonic()))
        return {
            "type": "nodeReport",
            "version": 1,
            "node": self.id,
            "bootId": self.boot_id,
            "region": self.settings.region,
            "url": self.url,
            "metricsUrl": self._scraping.url(self.url),
            "state": self._state(),
            # Who is short of CPU, or fails, has room for nobody, whatever was planned.
            "capacityUnits": used if admission.is_refusing or self._isolation.failing else admission.capacity,
            "usedUnits": used,
            **{name: text for name in ("zone", "instance") if (text := getattr(self.settings, name))},
            **({} if left is None else {"drainSeconds": round(left, 3)}),
            "cpuBusy": self._cpu.read(),
            "counters": format_counters(self._observation.workers),
            "meetings": format_meetings(live.meeting_by_id, self._egress),
            "over": format_over(live.meeting_by_id, self._egress),
            "recordings": self._recordings.format_report(),
        }

    def _state(self) -> State:
        return self._admission.state(len(self.hosting.live.meeting_by_id))

    def _used_units(self) -> int:
        return self._admission.used_units(self.hosting.live.participants)

    def _node_counts(self) -> NodeCounts:
        return NodeCounts(
            participants=self.hosting.live.participants,
            meetings=len(self.hosting.live.meeting_by_id),
            joins=self.hosting.joins,
            handshakes_failed=self._connections.handshakes_failed,
            handshakes_deferred=self._connections.handshakes_deferred,
            capacity_units=self.settings.node_capacity_units,
            is_draining=self._state() != "ready",
            is_refusing=self._admission.is_refusing,
            joins_refused=self._admission.refused,
            tests=self._tests.begun,
            tests_refused=self._tests.refused,
            busy=self._observation.busy,
            shed=self._observation.pressure.shed,
            workers=self._observation.workers,
            receivers=self._observation.receivers,
            media=self._observation.media(),
            recordings=tuple(self._recordings.counts()),
            recorders_restarted=self._recordings.restarts,
            meetings_failed=self._isolation.meetings_failed,
            failures_by_part=dict(self._isolation.failures_by_part),
        )


def read_stolen_seconds() -> float:
    """What the hypervisor has taken from this machine since its start, per core; 0 where nobody tells."""
    try:
        return parse_stolen_seconds(Path("/proc/stat").read_text(), os.sysconf("SC_CLK_TCK"))
    except OSError:
        return 0.0
