"""Parley's control plane on Lambda: registers routes and event handlers, nothing else."""

import gc

# Importing makes many objects that stay and hardly one that goes: the collector would look at them for
# nothing, which is a tenth of a cold start. From the last line on it is on again, and leaves them alone.
gc.disable()

from typing import Any  # noqa: E402

from chalicelib.routes.edge import Edge  # noqa: E402
from chalicelib.routes.handlers import archive, events, recordings  # noqa: E402
from chalicelib.routes.registry import cors, register  # noqa: E402

REPORT_QUEUE = "parley-node-reports"
WEBHOOK_QUEUE = "parley-webhooks"

app = Edge("parley", cors)
register(app)


@app.on_sqs_message(queue=REPORT_QUEUE, batch_size=10, name="handle_node_reports")
def handle_node_reports(event: Any) -> dict[str, Any]:
    return events.take_reports(event.to_dict(), event.context)


@app.lambda_function(name="handle_events")
def handle_events(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return events.take_events(event, context)


@app.lambda_function(name="archive_events")
def archive_events(event: dict[str, Any], context: Any) -> dict[str, int]:
    return archive.take(event, context)


@app.lambda_function(name="verify_archive")
def verify_archive(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return archive.verify(event, context)


@app.on_sqs_message(queue=WEBHOOK_QUEUE, batch_size=1, name="handle_webhooks")
def handle_webhooks(event: Any) -> dict[str, Any]:
    return events.deliver(event.to_dict(), event.context)


@app.schedule("rate(1 minute)", name="deliver_due")
def deliver_due(event: Any) -> dict[str, int]:
    return events.deliver_due(event.to_dict(), event.context)


@app.lambda_function(name="keep_time")
def keep_time(event: dict[str, Any], context: Any) -> dict[str, int]:
    return events.keep_time(event, context)


@app.lambda_function(name="keep_recordings")
def keep_recordings(event: dict[str, Any], context: Any) -> dict[str, int]:
    return recordings.keep(event, context)


@app.lambda_function(name="sweep_recordings")
def sweep_recordings(event: dict[str, Any], context: Any) -> dict[str, int]:
    return recordings.sweep(event, context)


@app.schedule("rate(1 minute)", name="sweep")
def sweep(event: Any) -> dict[str, int]:
    return events.sweep(event.to_dict(), event.context)


@app.schedule("rate(1 minute)", name="scale")
def scale(event: Any) -> dict[str, int]:
    return events.scale(event.to_dict(), event.context)


@app.lambda_function(name="rotate_keys")
def rotate_keys(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return events.rotate_keys(event, context)


@app.lambda_function(name="provision")
def provision(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return events.provision(event, context)


gc.freeze()
gc.enable()
