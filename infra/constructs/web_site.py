"""The web app: a private bucket behind CloudFront, which also brings the API under the same name."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from constructs import Construct

# The door of a meeting and the meeting itself.
MEETING_PATHS = "/m/*"
# Where a client's address is, as CloudFront tells the API, which chooses a region by it.
PLACE = ("CloudFront-Viewer-Latitude", "CloudFront-Viewer-Longitude")
# The app's own paths, such as /m/abc-defg-hij, are its index page; files have a dot in their names.
APP_PATHS = """
function handler(event) {
  var request = event.request;
  var name = request.uri.split('/').pop();
  if (name.indexOf('.') < 0) request.uri = '/index.html';
  return request;
}
"""

# As localcloud's web_app.py says, but for the media nodes and the films of recordings: nodes come and go with
# addresses of their own, each region has a name for its films, and no list of them would be true for as long
# as a page is kept.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' https: data: blob:; media-src 'self' https: blob:; worker-src 'self' blob:; "
    "connect-src 'self' https: wss:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors "
)


class WebSite(Construct):
    """Static files for everybody; nothing else of the bucket is readable."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        api_host: str,
        app_host: str,
        zone: route53.IHostedZone | None,
        framed_by: Sequence[str],
    ) -> None:
        """
        Args:
            framed_by: Origins of sites that may show a meeting in a frame; no other page is ever in one.
            zone: Where `app_host` is; None leaves the distribution the name that CloudFront gives it.
        """
        super().__init__(scope, name)
        self.bucket = s3.Bucket(
            self,
            "Files",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        files = self._files()
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            default_root_object="index.html",
            default_behavior=cloudfront.BehaviorOptions(
                **files, response_headers_policy=self._page_headers("PageHeaders", ())
            ),
            additional_behaviors={
                MEETING_PATHS: cloudfront.BehaviorOptions(
                    **files, response_headers_policy=self._page_headers("MeetingPageHeaders", framed_by)
                ),
                "/v1/*": cloudfront.BehaviorOptions(
                    origin=origins.HttpOrigin(api_host),
                    allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
                    cache_policy=self._api_answers(),
                    origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
                    viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
                ),
            },
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            domain_names=[app_host] if zone is not None else None,
            certificate=_certificate(self, app_host, zone) if zone is not None else None,
        )
        if zone is not None:
            target = route53.RecordTarget.from_alias(targets.CloudFrontTarget(self.distribution))
            for kind in (route53.ARecord, route53.AaaaRecord):
                kind(self, kind.__name__, zone=zone, record_name=f"{app_host}.", target=target)

    def _files(self) -> dict[str, Any]:
        """Options of a behaviour that serves the bucket, with the app's page for the app's own paths."""
        # An error page of the distribution would hide the API's own 403 and 404 as well.
        pages = cloudfront.Function(
            self,
            "Pages",
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            code=cloudfront.FunctionCode.from_inline(APP_PATHS),
        )
        return {
            "origin": origins.S3BucketOrigin.with_origin_access_control(self.bucket),
            "viewer_protocol_policy": cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            "function_associations": [
                cloudfront.FunctionAssociation(
                    function=pages, event_type=cloudfront.FunctionEventType.VIEWER_REQUEST
                )
            ],
        }

    def _page_headers(self, name: str, framed_by: Sequence[str]) -> cloudfront.ResponseHeadersPolicy:
        """No inline script, nothing from elsewhere, in no other frame: what a chat holds is text."""
        custom = cloudfront.ResponseCustomHeader(
            header="Permissions-Policy",
            value="camera=(self), microphone=(self), display-capture=(self)",
            override=True,
        )
        return cloudfront.ResponseHeadersPolicy(
            self,
            name,
            comment="What pages of the web app may load and whom they tell where they are",
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(custom_headers=[custom]),
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=PAGE_POLICY + " ".join(framed_by or ["'none'"]), override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                # A link is the right to knock: it must not travel to other sites.
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=cdk.Duration.days(365), override=True
                ),
            ),
        )

    def _api_answers(self) -> cloudfront.CachePolicy:
        """Keeps an answer for a second at most, and only where the API allows it: it says `no-store`.

        Headers of the key go to the origin. That is why it is not the ready-made policy that keeps nothing,
        which has none: a request policy that leaves out `Host` cannot name headers that CloudFront adds.
        """
        return cloudfront.CachePolicy(
            self,
            "ApiAnswers",
            comment="Nothing is kept that the API does not allow; clients' places reach it",
            min_ttl=cdk.Duration.seconds(0),
            default_ttl=cdk.Duration.seconds(0),
            # With nought here CloudFront takes no headers.
            max_ttl=cdk.Duration.seconds(1),
            header_behavior=cloudfront.CacheHeaderBehavior.allow_list("Authorization", "Origin", *PLACE),
            query_string_behavior=cloudfront.CacheQueryStringBehavior.all(),
            cookie_behavior=cloudfront.CacheCookieBehavior.none(),
        )


def _certificate(scope: Construct, host: str, zone: route53.IHostedZone) -> acm.Certificate:
    """ACM renews it by itself for as long as the record of its proof is there."""
    proof = acm.CertificateValidation.from_dns(zone)
    return acm.Certificate(scope, "Certificate", domain_name=host, validation=proof)
