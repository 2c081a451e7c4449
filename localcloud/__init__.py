"""Parley on one machine: the real control plane, queues and media nodes without a cloud account.

The package starts stand-ins for DynamoDB, SQS, S3 and Secrets Manager, serves app.py's handlers behind
an adapter that behaves as API Gateway does, feeds its queue handler as Lambda would, and starts and
watches the media nodes. It imports nothing of the project but `app`, and that as a client calls it:
by an event and a context.
"""
