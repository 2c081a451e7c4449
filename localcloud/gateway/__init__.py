"""API Gateway's REST API, as far as the control plane can tell the difference.

Sources: "Set up Lambda proxy integrations in API Gateway" (event and response format),
"Gateway responses", "Quotas for REST APIs" (10 MB, 29 s) of the API Gateway guide.
"""
