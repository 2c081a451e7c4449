"""What API Gateway says itself, in the words and the form of the API: RFC 9457 problem documents.

It never says what a function would: a request that reached one has the function's own answer.
"""

from typing import NamedTuple

from aws_cdk import aws_apigateway as apigateway

Kind = apigateway.ResponseType
# Templates know variables and no functions: `messageString` comes with its quotes, the others without.
DOCUMENT = (
    '{"type":"about:blank","title":"%s","status":%s,"detail":%s,"instance":"$context.path",'
    '"code":"%s","requestId":"$context.requestId"}'
)
GATEWAYS_OWN_WORDS = "$context.error.messageString"
# What browsers may read of these answers besides the document.
EXPOSED = "Retry-After, WWW-Authenticate"
RETRY_AFTER_SECONDS = {"429": 1, "503": 1}


class Problem(NamedTuple):
    """One gateway response: when, and what it says."""

    name: str
    kind: apigateway.ResponseType
    status: str
    code: str
    title: str
    detail: str = ""


UNAVAILABLE = "The API did not answer; try again."
PROBLEMS = (
    Problem("BadBody", Kind.BAD_REQUEST_BODY, "400", "bad_request", "Bad Request"),
    Problem("BadParameters", Kind.BAD_REQUEST_PARAMETERS, "400", "bad_request", "Bad Request"),
    Problem("Unauthorized", Kind.UNAUTHORIZED, "401", "unauthorized", "Unauthorized"),
    Problem("Expired", Kind.EXPIRED_TOKEN, "401", "unauthorized", "Unauthorized"),
    Problem("Denied", Kind.ACCESS_DENIED, "403", "forbidden", "Forbidden"),
    Problem("Signature", Kind.INVALID_SIGNATURE, "401", "unauthorized", "Unauthorized"),
    Problem("ApiKey", Kind.INVALID_API_KEY, "401", "unauthorized", "Unauthorized"),
    Problem(
        "Firewall", Kind.WAF_FILTERED, "403", "forbidden", "Forbidden", "The firewall refused this request."
    ),
    # It says so of each path that it does not know.
    Problem(
        "NotFound",
        Kind.MISSING_AUTHENTICATION_TOKEN,
        "404",
        "not_found",
        "Not Found",
        "There is nothing here.",
    ),
    Problem("NoResource", Kind.RESOURCE_NOT_FOUND, "404", "not_found", "Not Found", "There is nothing here."),
    Problem("TooLarge", Kind.REQUEST_TOO_LARGE, "413", "payload_too_large", "Content Too Large"),
    Problem(
        "MediaType", Kind.UNSUPPORTED_MEDIA_TYPE, "415", "unsupported_media_type", "Unsupported Media Type"
    ),
    Problem("Throttled", Kind.THROTTLED, "429", "too_many_requests", "Too Many Requests"),
    Problem("Quota", Kind.QUOTA_EXCEEDED, "429", "too_many_requests", "Too Many Requests"),
    Problem("Timeout", Kind.INTEGRATION_TIMEOUT, "503", "unavailable", "Service Unavailable", UNAVAILABLE),
    Problem("Failure", Kind.INTEGRATION_FAILURE, "503", "unavailable", "Service Unavailable", UNAVAILABLE),
    Problem("OtherRequest", Kind.DEFAULT_4_XX, "400", "bad_request", "Bad Request"),
    Problem("OtherFailure", Kind.DEFAULT_5_XX, "503", "unavailable", "Service Unavailable", UNAVAILABLE),
)


def add_gateway_problems(api: apigateway.RestApi, *, origin: str) -> None:
    """Every error that the gateway makes is a problem document that pages of `origin` can read."""
    for problem in PROBLEMS:
        headers = {
            "Access-Control-Allow-Origin": f"'{origin}'",
            "Access-Control-Expose-Headers": f"'{EXPOSED}'",
            "Cache-Control": "'no-store'",
        }
        if problem.status in RETRY_AFTER_SECONDS:
            headers["Retry-After"] = f"'{RETRY_AFTER_SECONDS[problem.status]}'"
        if problem.status == "401":
            headers["WWW-Authenticate"] = '\'Basic realm="Parley", charset="UTF-8"\''
        api.add_gateway_response(
            problem.name,
            type=problem.kind,
            status_code=problem.status,
            response_headers=headers,
            templates={"application/problem+json": _document(problem)},
        )


def _document(problem: Problem) -> str:
    detail = f'"{problem.detail}"' if problem.detail else GATEWAYS_OWN_WORDS
    return DOCUMENT % (problem.title, problem.status, detail, problem.code)
