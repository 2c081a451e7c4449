"""The functions and the API of one region. Each function may touch what its use case touches, no more."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.config import Deployment, Region
from infra.constructs.api_name import ApiName
from infra.constructs.archive import Archive
from infra.constructs.composer_fleet import COMPOSERS_PER_MACHINE, composer_group_name
from infra.constructs.event_stream import EventStream
from infra.constructs.firewall import Firewall
from infra.constructs.gateway_problems import add_gateway_problems
from infra.constructs.machine import allow_in_group
from infra.constructs.measured import Measured
from infra.constructs.media_fleet import node_group_name
from infra.constructs.recordings import Recordings, let_open_elsewhere
from infra.constructs.report_queue import ReportQueue
from infra.constructs.user_pool import issuers_of
from infra.constructs.webhooks import Webhooks
from infra.constructs.zone import zone_of

# A reader of events may wait 20 s for the next one; everything else answers within seconds.
API_TIMEOUT = cdk.Duration.seconds(25)
HANDLER_TIMEOUT = cdk.Duration.seconds(10)
SWEEP_EVERY = cdk.Duration.minutes(1)
# Until the next one has surely started, so that the clock never stands still.
KEEP_TIME_SECONDS = 66
KEEP_TIME_TIMEOUT = cdk.Duration.seconds(90)
# Of the control table, as the stores' models name them.
CONTROL_INDEXES = ["byTenant", "live", "byNode", "byOrganiser"]
# However many requests come: nodes' reports are taken and the clock goes on.
REPORT_CONCURRENCY, CLOCK_CONCURRENCY = 100, 2


class ControlPlane(Construct):
    """API Gateway, the functions behind it, and those behind queue and clock."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        deployment: Deployment,
        region: Region,
        control_table: dynamodb.ITableV2,
        fleet_table: dynamodb.ITableV2,
        signing_secret: secretsmanager.ISecret,
    ) -> None:
        super().__init__(scope, name)
        self.function_by_name: dict[str, lambda_.Function] = {}
        self._code = lambda_.Code.from_asset(deployment.lambda_package)
        self._environment = _environment(deployment, region, issuers_of(self, deployment))
        self.reports = ReportQueue(
            self, "Reports", queue_name=deployment.report_queue, handler_timeout=HANDLER_TIMEOUT
        )
        rest = self._function("Rest", "app.app", API_TIMEOUT, region.api_concurrency)
        control_table.grant_read_write_data(rest)
        fleet_table.grant_read_write_data(rest)
        signing_secret.grant_read(rest)
        self._grant_commands(rest, deployment)
        self._grant_other_homes(rest, deployment, region)
        self.api = self._api(rest, deployment, region)
        Firewall(self, "Firewall", api=self.api)
        zone = zone_of(self, deployment)
        if zone is not None:
            ApiName(
                self,
                "Name",
                api=self.api,
                zone=zone,
                region=region.name,
                api_host=deployment.api_host,
                own_host=deployment.regional_api_host(region),
            )
        take_reports = self._function(
            "TakeReports", "app.handle_node_reports", HANDLER_TIMEOUT, REPORT_CONCURRENCY
        )
        control_table.grant_read_write_data(take_reports)
        fleet_table.grant_read_write_data(take_reports)
        # A node that missed the end of a meeting is told again.
        self._grant_commands(take_reports, deployment)
        take_reports.add_event_source(
            sources.SqsEventSource(
                self.reports.queue,
                batch_size=10,
                max_batching_window=cdk.Duration.seconds(1),
                # Without it one bad report would bring back its whole batch.
                report_batch_item_failures=True,
            )
        )
        sweep = self._function("Sweep", "app.sweep", cdk.Duration.seconds(50))
        control_table.grant_read_write_data(sweep)
        fleet_table.grant_read_write_data(sweep)
        self._grant_commands(sweep, deployment)
        events.Rule(
            self,
            "EveryMinute",
            schedule=events.Schedule.rate(SWEEP_EVERY),
            targets=[targets.LambdaFunction(sweep)],
        )
        self._keep_time(control_table, fleet_table, deployment)
        self._scale(fleet_table, deployment, region)
        if region == deployment.home:
            self._rotate_keys(signing_secret)
        stream = EventStream(self, "EventStream", table=control_table, table_name=deployment.control_table)
        self.webhooks = Webhooks(
            self,
            "Webhooks",
            queue_name=deployment.webhook_queue,
            control_table=control_table,
            stream=stream,
            make_function=self._function,
        )
        self.archive = Archive(
            self,
            "Archive",
            bucket_name=deployment.archive_bucket(region),
            control_table=control_table,
            stream=stream,
            make_function=self._function,
        )
        # Called by an operator, never by the API: makes a tenant and its first key.
        provision = self._function("Provision", "app.provision", HANDLER_TIMEOUT)
        control_table.grant_read_write_data(provision)
        self.recordings = Recordings(
            self,
            "Recordings",
            deployment=deployment,
            region=region,
            control_table=control_table,
            fleet_table=fleet_table,
            make_function=self._function,
        )
        self.recordings.let_api_open(rest)
        self.recordings.let_provision(provision)
        self.recordings.let_count(self.function_by_name["Scale"])
        self._grant_commands(self.recordings.keep, deployment)

    def _keep_time(
        self, control_table: dynamodb.ITableV2, fleet_table: dynamodb.ITableV2, deployment: Deployment
    ) -> None:
        """The clock of meetings: the schedule knows minutes, so each run looks again each few seconds."""
        keep_time = self._function("KeepTime", "app.keep_time", KEEP_TIME_TIMEOUT, CLOCK_CONCURRENCY)
        control_table.grant_read_write_data(keep_time)
        fleet_table.grant_read_write_data(keep_time)
        self._grant_commands(keep_time, deployment)
        again = {"repeatForSeconds": KEEP_TIME_SECONDS}
        events.Rule(
            self,
            "Clock",
            schedule=events.Schedule.rate(SWEEP_EVERY),
            targets=[targets.LambdaFunction(keep_time, event=events.RuleTargetInput.from_object(again))],
        )

    def _rotate_keys(self, signing_secret: secretsmanager.ISecret) -> None:
        """Where the secret itself is; the other regions have copies of it."""
        rotate = self._function("RotateKeys", "app.rotate_keys", HANDLER_TIMEOUT, CLOCK_CONCURRENCY)
        signing_secret.grant_read(rotate)
        signing_secret.grant_write(rotate)
        events.Rule(
            self,
            "EveryHour",
            schedule=events.Schedule.rate(cdk.Duration.hours(1)),
            targets=[targets.LambdaFunction(rotate)],
        )

    def _scale(self, fleet_table: dynamodb.ITableV2, deployment: Deployment, region: Region) -> None:
        """Target tracking on what meetings were promised; only nodes that say they are empty are ended."""
        scale = self._function("Scale", "app.scale", HANDLER_TIMEOUT, CLOCK_CONCURRENCY)
        for name, value in {
            "PARLEY_NODE_GROUP": node_group_name(deployment),
            "PARLEY_MINIMUM_NODES": str(region.minimum_nodes),
            "PARLEY_MAXIMUM_NODES": str(region.maximum_nodes),
            "PARLEY_COMPOSER_GROUP": composer_group_name(deployment),
            "PARLEY_MAXIMUM_COMPOSERS": str(region.maximum_composers),
            "PARLEY_COMPOSERS": str(COMPOSERS_PER_MACHINE),
        }.items():
            scale.add_environment(name, value)
        fleet_table.grant_read_data(scale)
        self._grant_commands(scale, deployment)
        change = "autoscaling:SetDesiredCapacity"
        end = "autoscaling:TerminateInstanceInAutoScalingGroup"
        allow_in_group(scale, [change, end], node_group_name(deployment))
        allow_in_group(scale, [change], composer_group_name(deployment))
        look = iam.PolicyStatement(actions=["autoscaling:DescribeAutoScalingGroups"], resources=["*"])
        scale.add_to_role_policy(look)
        events.Rule(
            self,
            "ScaleEveryMinute",
            schedule=events.Schedule.rate(SWEEP_EVERY),
            targets=[targets.LambdaFunction(scale)],
        )

    def _function(
        self, name: str, handler: str, timeout: cdk.Duration, reserved: int | None = None
    ) -> lambda_.Function:
        """A function; `reserved` is how many run at once at most, which no other function can take away."""
        group = logs.LogGroup(self, f"{name}Log", retention=logs.RetentionDays.ONE_MONTH)
        function = lambda_.Function(
            self,
            name,
            runtime=lambda_.Runtime.PYTHON_3_12,
            architecture=lambda_.Architecture.ARM_64,
            code=self._code,
            handler=handler,
            timeout=timeout,
            memory_size=1024,
            environment=dict(self._environment),
            log_group=group,
            tracing=lambda_.Tracing.DISABLED,
            reserved_concurrent_executions=reserved,
        )
        self.function_by_name[name] = function
        return function

    def measured(self, deployment: Deployment, region: Region) -> Measured:
        """What alarms and the dashboard look at."""
        return Measured(
            region=region.name,
            api=self.api,
            function_by_name=self.function_by_name,
            queue_by_name={
                "Reports": self.reports.queue,
                "Webhooks": self.webhooks.queue,
                "Compositions": self.recordings.jobs,
            },
            dead_letters_by_name={
                "Reports": self.reports.dead_letters,
                "Webhooks": self.webhooks.dead_letters,
                "Archive": self.archive.dead_letters,
                "Compositions": self.recordings.dead_letters,
            },
            tables=(deployment.control_table, deployment.fleet_table),
            node_group=node_group_name(deployment),
        )

    def _grant_other_homes(self, rest: lambda_.Function, deployment: Deployment, region: Region) -> None:
        """Requests about meetings of other regions use their tables, tell their nodes, open recordings."""
        stack = cdk.Stack.of(self)
        for other in (one for one in deployment.regions if one != region):
            for name in (deployment.control_table, deployment.fleet_table):
                arn = stack.format_arn(
                    service="dynamodb", region=other.name, resource="table", resource_name=name
                )
                indexes = CONTROL_INDEXES if name == deployment.control_table else None
                dynamodb.TableV2.from_table_attributes(
                    self, f"{name}-{other.name}", table_arn=arn, global_indexes=indexes
                ).grant_read_write_data(rest)
            queues = stack.format_arn(
                service="sqs", region=other.name, resource=f"{deployment.command_queue_prefix}*"
            )
            rest.add_to_role_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queues]))
            let_open_elsewhere(rest, deployment, other)

    def _grant_commands(self, function: lambda_.Function, deployment: Deployment) -> None:
        """Commands go to queues that nodes make for themselves: the prefix is all that is known of them."""
        resource = cdk.Stack.of(self).format_arn(
            service="sqs", resource=f"{deployment.command_queue_prefix}*"
        )
        function.add_to_role_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[resource]))

    def _api(self, rest: lambda_.Function, deployment: Deployment, region: Region) -> apigateway.RestApi:
        access_log = logs.LogGroup(self, "AccessLog", retention=logs.RetentionDays.ONE_MONTH)
        api = apigateway.LambdaRestApi(
            self,
            "Api",
            handler=rest,
            proxy=True,
            rest_api_name=f"{deployment.project}-api",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            # One way in, where there is a name of ours.
            disable_execute_api_endpoint=deployment.hosted_zone is not None,
            cloud_watch_role=True,
            deploy_options=apigateway.StageOptions(
                stage_name="live",
                # Failures of the gateway itself; bodies are never logged.
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                data_trace_enabled=False,
                throttling_rate_limit=region.api_rate,
                throttling_burst_limit=region.api_burst,
                access_log_destination=apigateway.LogGroupLogDestination(access_log),
                access_log_format=apigateway.AccessLogFormat.json_with_standard_fields(
                    caller=False,
                    http_method=True,
                    ip=True,
                    protocol=True,
                    request_time=True,
                    resource_path=True,
                    response_length=True,
                    status=True,
                    user=False,
                ),
            ),
        )
        # The gateway knows one value for all. With several origins it is the one that fits each: answers of
        # its own hold nothing that a page could not have made up.
        add_gateway_problems(api, origin="*" if deployment.allowed_origins else deployment.app_url)
        return api


def _environment(deployment: Deployment, region: Region, issuers: str) -> Mapping[str, str]:
    return {
        "PARLEY_CONTROL_TABLE": deployment.control_table,
        "PARLEY_FLEET_TABLE": deployment.fleet_table,
        "PARLEY_SIGNING_SECRET": deployment.signing_secret,
        "PARLEY_WEBHOOK_QUEUE": deployment.webhook_queue,
        "PARLEY_ARCHIVE_BUCKET": deployment.archive_bucket(region),
        "PARLEY_REGION": region.name,
        "PARLEY_REGIONS": ",".join(one.name for one in deployment.regions),
        "PARLEY_TABLES_PER_REGION": "true",
        "PARLEY_APP_URL": deployment.app_url,
        "PARLEY_API_URL": f"{deployment.app_url}/v1",
        "PARLEY_ALLOWED_ORIGINS": ",".join(deployment.allowed_origins),
        "PARLEY_ISSUERS": issuers,
        "PARLEY_RECORDINGS_BUCKET": deployment.recordings_buckets,
        "PARLEY_RECORDINGS_URL_PARAMETER": deployment.recordings_url_parameter,
        "PARLEY_RECORDINGS_BACKUP_BUCKET": deployment.recordings_backup_buckets,
        "PARLEY_RECORDINGS_LINK_SECRET": deployment.recording_link_secret,
        "PARLEY_RECORDING_RETENTION_DAYS": str(deployment.recording_retention_days),
        "PARLEY_COMPOSITION_QUEUE": deployment.composition_queue,
        "POWERTOOLS_SERVICE_NAME": "parley",
        "POWERTOOLS_METRICS_NAMESPACE": "Parley",
    }
