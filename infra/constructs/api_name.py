"""The API's names: one for all regions, answered by the nearest that is well, and one of each region."""

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

HEALTH_PATH = "/v1/health"
# A minute without an answer: then the next region is named. All checkers together ask once in two seconds.
CHECK_SECONDS, FAILURES = 30, 2


class ApiName(Construct):
    """Certificate, domains and records of one region's API, and the check that takes it out of answers."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        api: apigateway.RestApi,
        zone: route53.IHostedZone,
        region: str,
        api_host: str,
        own_host: str,
    ) -> None:
        super().__init__(scope, name)
        certificate = acm.Certificate(
            self,
            "Certificate",
            domain_name=api_host,
            subject_alternative_names=[own_host],
            validation=acm.CertificateValidation.from_dns(zone),
        )
        route53.ARecord(
            self,
            "OwnRecord",
            zone=zone,
            record_name=f"{own_host}.",
            target=self._domain("Own", own_host, api, certificate),
        )
        route53.ARecord(
            self,
            "Record",
            zone=zone,
            record_name=f"{api_host}.",
            target=self._domain("Shared", api_host, api, certificate),
            set_identifier=region,
            region=region,
            health_check=self._check(own_host),
        )

    def _domain(
        self, name: str, host: str, api: apigateway.RestApi, certificate: acm.ICertificate
    ) -> route53.RecordTarget:
        domain = apigateway.DomainName(
            self,
            name,
            domain_name=host,
            certificate=certificate,
            endpoint_type=apigateway.EndpointType.REGIONAL,
            security_policy=apigateway.SecurityPolicy.TLS_1_2,
        )
        domain.add_base_path_mapping(api, stage=api.deployment_stage)
        return route53.RecordTarget.from_alias(targets.ApiGatewayDomain(domain))

    def _check(self, own_host: str) -> route53.IHealthCheck:
        """Asks the region by its own name: the shared one may lead to another."""
        return route53.HealthCheck(
            self,
            "Check",
            type=route53.HealthCheckType.HTTPS,
            fqdn=own_host,
            port=443,
            resource_path=HEALTH_PATH,
            request_interval=Duration.seconds(CHECK_SECONDS),
            failure_threshold=FAILURES,
            measure_latency=True,
        )
