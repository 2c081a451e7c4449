"""The HTTP edge: parse, ask a service, format. Chalice is known here and nowhere below."""
