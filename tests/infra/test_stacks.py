"""The templates: what an operator and an auditor rely on. Synthesised once, offline, for two regions."""

import json
import subprocess
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk.assertions import Match, Template

from chalicelib.config import read_config
from chalicelib.domain.identifiers import Tenant
from chalicelib.domain.issuers import TrustedIssuer, person_of
from chalicelib.domain.recording_objects import place_of
from chalicelib.routes.http import STATUS_BY_CODE
from chalicelib.stores import tables
from chalicelib.stores.control_items import MeetingItem
from infra.app import build
from infra.config import Cognito, Deployment, DeploymentError, HostedZone, Region, read_deployment
from infra.constructs.machine import COMPOSER, MACHINE, NODE
from infra.constructs.media_fleet import METRICS_PORT
from infra.constructs.recordings import ARCHIVE_DAYS, INFREQUENT_DAYS
from infra.functions.name_in_token import handler
from localcloud.web_app import security_headers

REQUESTED = "aws:RequestTag/parley:tenant-key"
TAGGED = {"aws:ResourceTag/parley:tenant-key": "recordings"}
ROOT_CONTEXT = Path(__file__).parents[2] / "infra/cdk.json"
ISSUER = {"issuer": "https://id.example", "audience": "a", "clientId": "c", "tenant": "acme"}
INFREQUENT = {"StorageClass": "STANDARD_IA", "TransitionInDays": 30}
ARCHIVED = {"StorageClass": "GLACIER_IR", "TransitionInDays": 90}
REGIONS = (Region("eu-central-1", api_rate=40_000, api_burst=5_000), Region("us-east-1", maximum_nodes=5))


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    package = tmp_path_factory.mktemp("lambda")
    (package / "app.py").write_text("# the package that scripts/package_lambda.py makes\n")
    deployment = Deployment(
        account="111111111111",
        regions=REGIONS,
        app_url="https://meet.example.com",
        api_host="api.meet.example.com",
        lambda_package=str(package),
        node_release_bucket="releases",
        node_release_key="media-node/1.tar.gz",
        recording_link_public_key="-----BEGIN PUBLIC KEY-----",
        issuers=(ISSUER,),
        cognito=Cognito("acme"),
        hosted_zone=HostedZone("Z123", "example.com"),
        allowed_origins=("https://school.example",),
    )
    stacks = build(cdk.App(outdir=str(tmp_path_factory.mktemp("cdk.out"))), deployment)
    regional = [Template.from_stack(stack) for stack in stacks.regional]
    return Template.from_stack(stacks.shared), regional, Template.from_stack(stacks.web)


@pytest.fixture
def shared(templates):
    return templates[0]


@pytest.fixture
def web(templates):
    return templates[2]


@pytest.fixture(params=[0, 1], ids=[region.name for region in REGIONS])
def region(templates, request):
    return templates[1][request.param]


def statements(template: Template, *, of: str) -> list[dict]:
    """Policy statements of the role whose logical id begins with `of`."""
    found = []
    for policy in template.find_resources("AWS::IAM::Policy").values():
        roles = json.dumps(policy["Properties"]["Roles"])
        if of in roles:
            found += policy["Properties"]["PolicyDocument"]["Statement"]
    return found


def actions(found: list[dict]) -> set[str]:
    named = [one["Action"] for one in found]
    return {action for one in named for action in ([one] if isinstance(one, str) else one)}


def test_the_control_table_is_replicated_protected_and_has_the_keys_that_the_models_use(shared):
    properties = {
        "TableName": tables.CONTROL_TABLE,
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
    }
    shared.has_resource(
        "AWS::DynamoDB::GlobalTable",
        {"DeletionPolicy": "Retain", "Properties": Match.object_like(properties)},
    )
    table = next(iter(shared.find_resources("AWS::DynamoDB::GlobalTable").values()))["Properties"]
    assert {replica["Region"] for replica in table["Replicas"]} == {"eu-central-1", "us-east-1"}
    for replica in table["Replicas"]:
        assert replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        assert replica["DeletionProtectionEnabled"]
    indexes = {index["IndexName"]: index["KeySchema"] for index in table["GlobalSecondaryIndexes"]}
    assert indexes == model_indexes(MeetingItem)


def model_indexes(model) -> dict:
    found = {}
    for index in model._indexes.values():
        keys = index.Meta.attributes.values()
        found[index.Meta.index_name] = [
            *({"AttributeName": one.attr_name, "KeyType": "HASH"} for one in keys if one.is_hash_key),
            *({"AttributeName": one.attr_name, "KeyType": "RANGE"} for one in keys if one.is_range_key),
        ]
    return found


def test_signing_keys_are_replicated_and_kept(shared):
    secret = {
        "DeletionPolicy": "Retain",
        "Properties": Match.object_like({"ReplicaRegions": [{"Region": "us-east-1"}]}),
    }
    shared.has_resource("AWS::SecretsManager::Secret", secret)


def test_no_bucket_is_public_or_unencrypted(web, region):
    for template in (web, region):
        buckets = template.find_resources("AWS::S3::Bucket")
        assert buckets
        for bucket in buckets.values():
            assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
            assert "BucketEncryption" in bucket["Properties"]


def test_the_web_app_is_served_over_https_alone(web):
    behaviour = {"ViewerProtocolPolicy": "redirect-to-https"}
    config = {"DefaultCacheBehavior": Match.object_like(behaviour), "DefaultRootObject": "index.html"}
    web.has_resource_properties(
        "AWS::CloudFront::Distribution", {"DistributionConfig": Match.object_like(config)}
    )


def test_the_api_is_reached_under_the_apps_own_name_and_never_cached(web):
    behaviours = {one["PathPattern"]: one for one in distribution_config(web)["CacheBehaviors"]}
    assert set(behaviours) == {"/m/*", "/v1/*"}
    assert "POST" in behaviours["/v1/*"]["AllowedMethods"]


def test_the_apps_name_leads_to_its_distribution_with_a_certificate_that_is_renewed(web):
    config = distribution_config(web)
    assert config["Aliases"] == ["meet.example.com"]
    (certificate,) = web.find_resources("AWS::CertificateManager::Certificate")
    assert config["ViewerCertificate"]["AcmCertificateArn"] == {"Ref": certificate}
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    web.has_resource_properties(
        "AWS::CertificateManager::Certificate",
        {
            "DomainName": "meet.example.com",
            "DomainValidationOptions": [{"DomainName": "meet.example.com", "HostedZoneId": "Z123"}],
        },
    )
    records = [one["Properties"] for one in web.find_resources("AWS::Route53::RecordSet").values()]
    assert {(one["Name"], one["Type"]) for one in records} == {
        *(("meet.example.com.", "A"), ("meet.example.com.", "AAAA"))
    }


def test_cloudfront_is_where_its_certificates_have_to_be(templates):
    context = json.loads((Path(__file__).parents[2] / "infra/cdk.json").read_text())["context"]
    settings = {**context["parley"], "lambdaPackage": str(Path(__file__).parent)}
    stacks = build(cdk.App(), read_deployment({"parley": settings}))
    assert stacks.web.region == "us-east-1"
    assert stacks.shared.region == "eu-central-1"


def test_the_apis_name_leads_to_the_nearest_region_that_is_well(templates):
    for region, template in zip(REGIONS, templates[1], strict=True):
        own, shared = f"{region.name}.api.meet.example.com", "api.meet.example.com"
        records = template.find_resources("AWS::Route53::RecordSet").values()
        record_by_name = {one["Properties"]["Name"]: one["Properties"] for one in records}
        nearest = record_by_name[f"{shared}."]
        assert (nearest["Region"], nearest["SetIdentifier"]) == (region.name, region.name)
        checks = template.find_resources("AWS::Route53::HealthCheck")
        config = checks[nearest["HealthCheckId"]["Ref"]]["Properties"]["HealthCheckConfig"]
        # Asked by a name of its own: the shared one may lead to another region.
        assert (config["FullyQualifiedDomainName"], config["ResourcePath"]) == (own, "/v1/health")
        assert (config["Type"], config["EnableSNI"]) == ("HTTPS", True)
        assert "HealthCheckId" not in record_by_name[f"{own}."]
        domains = template.find_resources("AWS::ApiGateway::DomainName").values()
        assert {one["Properties"]["DomainName"] for one in domains} == {own, shared}
        assert all(one["Properties"]["SecurityPolicy"] == "TLS_1_2" for one in domains)
        template.has_resource_properties(
            "AWS::CertificateManager::Certificate",
            {"DomainName": shared, "SubjectAlternativeNames": [own], "ValidationMethod": "DNS"},
        )
        template.has_resource_properties("AWS::ApiGateway::RestApi", {"DisableExecuteApiEndpoint": True})


def test_one_bad_message_of_a_queue_does_not_bring_back_its_batch(region):
    mappings = [
        one["Properties"] for one in region.find_resources("AWS::Lambda::EventSourceMapping").values()
    ]
    of_queues = [one for one in mappings if "StartingPosition" not in one]
    assert len(of_queues) >= 2
    for one in of_queues:
        assert one["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_every_queue_is_encrypted_refuses_plain_http_and_keeps_dead_letters_two_weeks(region):
    queues = region.find_resources("AWS::SQS::Queue")
    policies = json.dumps(list(region.find_resources("AWS::SQS::QueuePolicy").values()))
    dead = {
        one["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for one in queues.values()
        if "RedrivePolicy" in one["Properties"]
    }
    assert dead
    for name, one in queues.items():
        assert one["Properties"]["SqsManagedSseEnabled"], name
        assert f'"Fn::GetAtt": ["{name}", "Arn"]' in policies, name
        if name in dead:
            assert one["Properties"]["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert '"aws:SecureTransport": "false"' in policies


def test_new_events_are_heard_through_the_tables_stream_in_order_and_failures_are_kept(shared, region):
    table = {"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}
    shared.has_resource_properties("AWS::DynamoDB::GlobalTable", table)
    region.has_resource_properties(
        "AWS::Lambda::EventSourceMapping",
        {
            "StartingPosition": "TRIM_HORIZON",
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "BisectBatchOnFunctionError": True,
            "DestinationConfig": Match.object_like({"OnFailure": Match.any_value()}),
            "FilterCriteria": {
                "Filters": [{"Pattern": Match.string_like_regexp("INSERT.*EVT#")}],
            },
        },
    )


def test_who_calls_receivers_may_not_read_signing_keys_or_command_nodes(region):
    found = actions(statements(region, of="Deliver"))
    assert found
    assert not any(action.startswith("secretsmanager:") for action in found)
    queues = [one for one in statements(region, of="Deliver") if "sqs:SendMessage" in json.dumps(one)]
    assert all("parley-node" not in json.dumps(one["Resource"]) for one in queues)


def test_reports_that_fail_end_in_a_queue_with_an_alarm(region):
    region.has_resource_properties(
        "AWS::SQS::Queue",
        {"QueueName": "parley-node-reports", "RedrivePolicy": Match.object_like({"maxReceiveCount": 5})},
    )
    region.has_resource_properties(
        "AWS::CloudWatch::Alarm", {"MetricName": "ApproximateNumberOfMessagesVisible", "Threshold": 1}
    )


def test_functions_run_the_handlers_that_app_has(region):
    functions = [one["Properties"] for one in region.find_resources("AWS::Lambda::Function").values()]
    handlers = {one["Handler"] for one in functions if one["Handler"].startswith("app.")}
    # Keys are changed where they are kept, in the first region.
    assert handlers - {"app.rotate_keys"} == {
        *("app.app", "app.handle_node_reports", "app.sweep", "app.keep_time", "app.provision"),
        *("app.handle_events", "app.handle_webhooks", "app.deliver_due", "app.scale"),
        *("app.archive_events", "app.verify_archive", "app.keep_recordings", "app.sweep_recordings"),
    }
    for one in functions:
        if one["Handler"].startswith("app."):
            assert one["Architectures"] == ["arm64"]
            assert one["Environment"]["Variables"]["PARLEY_CONTROL_TABLE"] == tables.CONTROL_TABLE


def test_the_first_region_changes_the_signing_keys_by_the_hour(templates):
    first, second = templates[1]
    may = actions(statements(first, of="ControlPlaneRotateKeys"))
    assert {"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"} <= set(may)
    first.has_resource_properties("AWS::Events::Rule", {"ScheduleExpression": "rate(1 hour)"})
    assert not any(
        name.startswith("ControlPlaneRotateKeys") for name in second.find_resources("AWS::IAM::Policy")
    )


def test_the_region_is_scaled_by_what_was_promised_and_has_a_warm_pool(region):
    region.has_resource_properties(
        "AWS::AutoScaling::WarmPool", {"AutoScalingGroupName": Match.any_value(), "PoolState": "Stopped"}
    )
    scale = statements(region, of="ControlPlaneScale")
    assert {"autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"} <= set(
        actions(scale)
    )
    named = next(one for one in scale if "autoscaling:SetDesiredCapacity" in one["Action"])
    assert ":autoScalingGroupName/parley-nodes" in json.dumps(named["Resource"])
    region.has_resource_properties(
        "AWS::AutoScaling::AutoScalingGroup", {"AutoScalingGroupName": "parley-nodes"}
    )
    variables = next(
        one["Properties"]["Environment"]["Variables"]
        for one in region.find_resources("AWS::Lambda::Function").values()
        if one["Properties"]["Handler"] == "app.scale"
    )
    assert variables["PARLEY_NODE_GROUP"] == "parley-nodes"
    assert int(variables["PARLEY_MINIMUM_NODES"]) <= int(variables["PARLEY_MAXIMUM_NODES"])


def test_the_archive_is_locked_and_looked_at_each_day(region):
    bucket = {
        "ObjectLockEnabled": True,
        "ObjectLockConfiguration": Match.object_like(
            {"Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 365}}}
        ),
        "VersioningConfiguration": {"Status": "Enabled"},
        "PublicAccessBlockConfiguration": Match.object_like({"BlockPublicPolicy": True}),
    }
    region.has_resource(
        "AWS::S3::Bucket", {"DeletionPolicy": "Retain", "Properties": Match.object_like(bucket)}
    )
    writing = actions(statements(region, of="ControlPlaneArchiveEvents"))
    assert "s3:PutObject" in writing
    assert not any("Delete" in action and action.startswith("s3:") for action in writing)
    reading = actions(statements(region, of="ControlPlaneVerifyArchive"))
    assert "s3:PutObject" not in reading
    region.has_resource_properties("AWS::Events::Rule", {"ScheduleExpression": "rate(1 day)"})
    region.has_resource_properties(
        "AWS::CloudWatch::Alarm", {"AlarmDescription": Match.string_like_regexp("archive of events is not")}
    )


def test_whoever_listens_to_the_stream_gets_again_what_it_could_not_take(region):
    mappings = {
        mapping["Properties"]["BatchSize"]: mapping["Properties"]
        for mapping in region.find_resources("AWS::Lambda::EventSourceMapping").values()
        if "StartingPosition" in mapping["Properties"]
    }
    webhooks, archive = mappings[100], mappings[10_000]
    assert webhooks["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    # A batch is an object: it comes again as it was, for as long as the stream has it.
    assert "FunctionResponseTypes" not in archive
    assert "MaximumRetryAttempts" not in archive
    assert not archive.get("BisectBatchOnFunctionError")
    for one in (webhooks, archive):
        assert one["DestinationConfig"]["OnFailure"]["Destination"]


def issuers_told(region: Template, pool: str) -> list[dict]:
    """PARLEY_ISSUERS as a function reads it once the parameter of the pool is known."""
    told = region.find_resources("AWS::Lambda::Function", {"Properties": {"Handler": "app.app"}})
    (rest,) = told.values()
    separator, parts = rest["Properties"]["Environment"]["Variables"]["PARLEY_ISSUERS"]["Fn::Join"]
    return json.loads(separator.join(part if isinstance(part, str) else pool for part in parts))


def test_the_functions_trust_the_pool_and_the_configured_issuers(shared, region):
    (parameter,) = shared.find_resources("AWS::SSM::Parameter").values()
    separator, parts = parameter["Properties"]["Value"]["Fn::Join"]
    pool = separator.join(part if isinstance(part, str) else "https://pool.example" for part in parts)
    told = issuers_told(region, pool)
    assert told[0] == ISSUER
    settings = read_config({"PARLEY_ISSUERS": json.dumps(told)}).issuers[1]
    trusted = TrustedIssuer(
        settings.issuer,
        settings.audience,
        settings.client_id,
        Tenant(settings.tenant),
        frozenset(settings.types),
        settings.scope,
        frozenset(settings.operators),
        settings.operator_group,
    )
    claims = {
        **{"iss": "https://pool.example", "sub": "ada", "name": "Ada", "token_use": "access"},
        "client_id": settings.client_id,
    }
    for header in ({}, {"typ": "JWT"}):
        person = person_of(trusted, header, claims)
        assert person is not None
        assert (person.tenant, person.name, person.operates) == ("acme", "Ada", False)
    (group,) = shared.find_resources("AWS::Cognito::UserPoolGroup").values()
    operator = person_of(trusted, {}, {**claims, "cognito:groups": [group["Properties"]["GroupName"]]})
    assert operator is not None
    assert operator.operates
    assert person_of(trusted, {}, {**claims, "token_use": "id"}) is None
    assert person_of(trusted, {}, {**claims, "client_id": "another"}) is None


def test_each_region_asks_the_home_region_for_the_pool_while_it_is_deployed(region):
    asked = [
        json.loads(one["Properties"]["Create"])
        for one in region.find_resources("Custom::AWS").values()
        if "getParameter" in one["Properties"]["Create"]
    ]
    assert [(one["region"], one["parameters"]) for one in asked] == [
        ("eu-central-1", {"Name": "/parley/issuer"})
    ]
    reading = [
        statement
        for policy in region.find_resources("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "ssm:GetParameter" and "parameter/parley/issuer" in json.dumps(statement)
    ]
    assert all(":ssm:eu-central-1:111111111111:" in json.dumps(one) for one in reading)
    assert reading


def test_the_web_app_signs_in_with_a_code_and_pkce_and_nothing_else(shared):
    (client,) = (one["Properties"] for one in shared.find_resources("AWS::Cognito::UserPoolClient").values())
    # A public client: Cognito asks of one without a secret what it is sent of PKCE.
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["AllowedOAuthScopes"] == ["openid", "profile"]
    assert client["CallbackURLs"] == ["https://meet.example.com/sign-in"]
    assert client["LogoutURLs"] == ["https://meet.example.com/"]
    assert client["EnableTokenRevocation"] is True
    assert client["AccessTokenValidity"] == 60
    # A renewal beside the rotation would leave a stolen refresh token good for its whole life.
    assert client["RefreshTokenRotation"]["Feature"] == "ENABLED"
    assert client["ExplicitAuthFlows"] == ["ALLOW_USER_SRP_AUTH"]
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_accounts_have_strong_passwords_second_factors_without_sms_and_outlive_the_stack(shared):
    shared.has_resource("AWS::Cognito::UserPool", {"DeletionPolicy": "Retain"})
    (pool,) = (one["Properties"] for one in shared.find_resources("AWS::Cognito::UserPool").values())
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 12
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("OPTIONAL", ["SOFTWARE_TOKEN_MFA"])
    assert "SmsConfiguration" not in pool
    assert pool["DeletionProtection"] == "ACTIVE"
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    recovery = pool["AccountRecoverySetting"]["RecoveryMechanisms"]
    assert [one["Name"] for one in recovery] == ["verified_email"]
    assert pool["UserPoolTier"] == "ESSENTIALS"


def test_an_access_token_says_what_its_person_is_called():
    def asked(attributes: dict[str, str]) -> dict:
        return handler({"request": {"userAttributes": attributes}, "response": {}}, None)["response"]

    granted = asked({"name": " Ada Lovelace ", "email": "ada@example.com"})
    claims = granted["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]["claimsToAddOrOverride"]
    assert claims == {"name": "Ada Lovelace"}
    assert asked({"email": "ada@example.com"}) == {}


def test_without_cognito_there_is_no_pool_and_nobody_asks_for_one(tmp_path):
    (tmp_path / "lambda").mkdir()
    (tmp_path / "lambda/app.py").write_text("")
    context = json.loads((Path(__file__).parents[2] / "infra/cdk.json").read_text())["context"]["parley"]
    settings = {**context, "cognito": None, "issuers": [ISSUER], "lambdaPackage": str(tmp_path / "lambda")}
    built = build(cdk.App(outdir=str(tmp_path / "out")), read_deployment({"parley": settings}))
    assert not Template.from_stack(built.shared).find_resources("AWS::Cognito::UserPool")
    region = Template.from_stack(built.regional[0])
    (rest,) = region.find_resources("AWS::Lambda::Function", {"Properties": {"Handler": "app.app"}}).values()
    assert json.loads(rest["Properties"]["Environment"]["Variables"]["PARLEY_ISSUERS"]) == [ISSUER]


def test_a_flood_of_requests_takes_no_function_away_from_reports_and_clocks(region):
    reserved = {
        one["Properties"]["Handler"]: one["Properties"].get("ReservedConcurrentExecutions")
        for one in region.find_resources("AWS::Lambda::Function").values()
    }
    assert reserved["app.app"] >= 100
    assert reserved["app.handle_node_reports"] >= 50
    for clock in ("app.keep_time", "app.scale"):
        assert reserved[clock] >= 1
    # An account must keep a hundred of its usual thousand for what has none of its own.
    assert sum(count or 0 for count in reserved.values()) <= 900


def test_the_gateway_refuses_what_is_beyond_the_settings_of_the_region(templates):
    for region, template in zip(REGIONS, templates[1], strict=True):
        (stage,) = template.find_resources("AWS::ApiGateway::Stage").values()
        (limits,) = stage["Properties"]["MethodSettings"]
        assert limits["ThrottlingRateLimit"] == region.api_rate
        assert limits["ThrottlingBurstLimit"] == region.api_burst


def test_the_api_is_behind_a_firewall_that_counts_guests_by_address(region):
    acl = next(iter(region.find_resources("AWS::WAFv2::WebACL").values()))["Properties"]
    rules = {rule["Name"]: rule for rule in acl["Rules"]}
    guests = rules["Guests"]
    assert guests["Statement"]["RateBasedStatement"]["AggregateKeyType"] == "IP"
    assert "NotStatement" in guests["Statement"]["RateBasedStatement"]["ScopeDownStatement"]
    assert guests["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 429
    assert {"AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"} <= set(rules)
    region.resource_count_is("AWS::WAFv2::WebACLAssociation", 1)


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("/", "/index.html"),
        ("/m/abc-defg-hij", "/index.html"),
        ("/sign-in", "/index.html"),
        ("/assets/index-1a2b.js", "/assets/index-1a2b.js"),
    ],
)
def test_the_apps_own_paths_are_its_page_and_answers_of_the_api_are_left_alone(web, asked, served):
    config = distribution_config(web)
    assert "CustomErrorResponses" not in config, "they would turn the API's 404 into a page"
    (api,) = [one for one in config["CacheBehaviors"] if one["PathPattern"] == "/v1/*"]
    assert "FunctionAssociations" not in api
    assert config["DefaultCacheBehavior"]["FunctionAssociations"][0]["EventType"] == "viewer-request"
    function = next(iter(web.find_resources("AWS::CloudFront::Function").values()))
    code = function["Properties"]["FunctionCode"]
    call = f"{code}; console.log(handler({{request: {{uri: {json.dumps(asked)}}}}}).uri)"
    told = subprocess.run(["node", "-e", call], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == served


def test_each_function_may_touch_what_its_use_case_touches(region):
    rest = statements(region, of="ControlPlaneRest")
    assert "secretsmanager:GetSecretValue" in actions(rest)
    assert "sqs:SendMessage" in actions(rest)
    assert "secretsmanager:GetSecretValue" not in actions(statements(region, of="ControlPlaneTakeReports"))
    provision = statements(region, of="ControlPlaneProvision")
    assert all(action.startswith(("dynamodb:", "kms:")) for action in actions(provision))
    # It makes keys of tenants' recordings, by their tag, and touches no other key.
    making = [one for one in provision if "kms:CreateKey" in actions([one])]
    assert all(one["Condition"]["StringEquals"] == {REQUESTED: "recordings"} for one in making)
    assert "kms:Decrypt" not in actions(provision)


def test_the_api_may_use_the_tables_of_other_regions_and_no_other_function_may(templates):
    for region, other, template in zip(REGIONS, reversed(REGIONS), templates[1], strict=True):
        rest = statements(template, of="ControlPlaneRest")
        for table in ("parley-control", "parley-fleet"):
            abroad = [one for one in rest if f":{other.name}:111111111111:table/{table}" in json.dumps(one)]
            assert {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"} <= actions(abroad)
        told = [one for one in rest if f":sqs:{other.name}:111111111111:parley-node-*" in json.dumps(one)]
        assert actions(told) == {"sqs:SendMessage"}
        for policy in template.find_resources("AWS::IAM::Policy").values():
            text = json.dumps(policy)
            if "ControlPlaneRest" not in text:
                assert f"dynamodb:{other.name}:" not in text
        told = template.find_resources("AWS::Lambda::Function", {"Properties": {"Handler": "app.app"}})
        variables = next(iter(told.values()))["Properties"]["Environment"]["Variables"]
        settings = read_config(
            {
                name: one
                for name, one in variables.items()
                if isinstance(one, str) and name != "PARLEY_ISSUERS"
            }
        )
        assert settings.other_regions == (other.name,)
        assert settings.region == region.name


def test_the_api_may_open_recordings_of_other_regions_by_their_own_edges_and_read_none(templates):
    for region, other, template in zip(REGIONS, reversed(REGIONS), templates[1], strict=True):
        rest = statements(template, of="ControlPlaneRest")
        for action, resource in (
            ("s3:ListBucket", f"s3:::parley-recordings-111111111111-{other.name}"),
            (
                "secretsmanager:GetSecretValue",
                f":secretsmanager:{other.name}:111111111111:secret:parley/recording-links-??????",
            ),
            ("ssm:GetParameter", f":ssm:{other.name}:111111111111:parameter/parley/recordings-url"),
        ):
            (found,) = [one for one in rest if resource in json.dumps(one["Resource"])]
            assert found["Action"] == action
        for policy in template.find_resources("AWS::IAM::Policy").values():
            text = json.dumps(policy)
            assert "ControlPlaneRest" in text or f"parley-recordings-111111111111-{other.name}" not in text
        (told,) = template.find_resources(
            "AWS::SSM::Parameter", {"Properties": {"Name": "/parley/recordings-url"}}
        ).values()
        assert "https://" in json.dumps(told["Properties"]["Value"])
        # Each function finds its own bucket, and the API the others', by one pattern.
        for function in template.find_resources("AWS::Lambda::Function").values():
            name = function["Properties"].get("Environment", {}).get("Variables", {})
            pattern = name.get("PARLEY_RECORDINGS_BUCKET")
            if pattern is not None:
                place = place_of(region.name, pattern)
                assert place.bucket == f"parley-recordings-111111111111-{region.name}"


def test_no_policy_allows_everything(region, shared, web):
    for template in (region, shared, web):
        for policy in template.find_resources("AWS::IAM::Policy").values():
            for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                assert statement["Action"] != "*"
                if statement["Resource"] == "*":
                    # Two know no resource; a key has no name before it is made, only its tag.
                    listing = ("dynamodb:ListStreams", "autoscaling:DescribeAutoScalingGroups")
                    is_listing = statement["Action"] in listing
                    assert is_listing or REQUESTED in json.dumps(statement["Condition"])


def test_a_node_may_report_and_use_queues_of_its_prefix_alone(region):
    found = statements(region, of="FleetRole")
    assert not any(action.startswith("dynamodb:") for action in actions(found))
    receiving = [one for one in found if "sqs:ReceiveMessage" in actions([one])]
    assert "parley-node-*" in json.dumps(receiving[0]["Resource"])


def test_instances_are_reached_for_signaling_and_media_and_nothing_else(region):
    groups = region.find_resources("AWS::EC2::SecurityGroup")
    ports = [
        (rule["IpProtocol"], rule["FromPort"], rule["ToPort"])
        for group in groups.values()
        for rule in group["Properties"].get("SecurityGroupIngress", [])
    ]
    assert sorted(ports) == [
        ("tcp", 443, 443),
        ("tcp", 3478, 3478),
        ("tcp", 9464, 9464),
        ("udp", 3478, 3478),
    ]


def test_metrics_are_on_a_port_that_the_nodes_own_network_alone_reaches(region):
    (group,) = [
        one["Properties"]["SecurityGroupIngress"]
        for one in region.find_resources("AWS::EC2::SecurityGroup").values()
        if "SecurityGroupIngress" in one["Properties"]
    ]
    (rule,) = [rule for rule in group if rule["FromPort"] == METRICS_PORT]
    (vpc,) = region.find_resources("AWS::EC2::VPC")
    assert rule["CidrIp"] == {"Fn::GetAtt": [vpc, "CidrBlock"]}
    assert f"PARLEY_METRICS_PORT={METRICS_PORT}" in boot_text(region, "Fleet")


def test_what_waits_to_be_stored_lies_where_the_end_of_a_node_leaves_it(region):
    lines = boot_text(region, "Fleet").splitlines()
    (folder,) = [line.removeprefix("StateDirectory=") for line in lines if line.startswith("StateDirectory=")]
    (spool,) = [line.split("=", 1)[1] for line in lines if line.startswith("PARLEY_RECORDING_SPOOL=")]
    assert spool.startswith(f"/var/lib/{folder}/")


def test_metadata_needs_a_token_and_disks_are_encrypted(region):
    data = {
        "MetadataOptions": Match.object_like({"HttpTokens": "required"}),
        "BlockDeviceMappings": [Match.object_like({"Ebs": Match.object_like({"Encrypted": True})})],
    }
    region.has_resource_properties(
        "AWS::EC2::LaunchTemplate", {"LaunchTemplateData": Match.object_like(data)}
    )


def test_a_node_that_is_to_go_drains_first_and_is_never_picked_by_scale_in(region):
    region.has_resource_properties(
        "AWS::AutoScaling::LifecycleHook",
        {"LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING", "HeartbeatTimeout": 120},
    )
    region.has_resource_properties(
        "AWS::AutoScaling::AutoScalingGroup", {"NewInstancesProtectedFromScaleIn": True}
    )


def test_a_machine_says_when_it_is_installed_and_one_that_never_does_is_replaced(region):
    region.has_resource_properties(
        "AWS::AutoScaling::LifecycleHook",
        {
            "LifecycleHookName": "prepare",
            "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
            "DefaultResult": "ABANDON",
        },
    )
    completing = [
        one
        for one in statements(region, of="FleetRole")
        if one["Action"] == "autoscaling:CompleteLifecycleAction"
    ]
    assert [":autoScalingGroupName/parley-nodes" in json.dumps(one["Resource"]) for one in completing] == [
        True
    ]


def test_a_machine_brings_the_scripts_that_attend_to_it(region):
    for fleet, kind in (("Fleet", NODE), ("Composers", COMPOSER)):
        text = boot_text(region, fleet)
        for name in (*kind.scripts, *kind.units):
            assert (MACHINE / name).read_text().rstrip() in text
        # EC2 takes 16 KiB.
        assert len(text.encode()) < 16_000
        assert subprocess.run(["bash", "-n"], input=text, text=True, check=False).returncode == 0
        assert not any(word in text for word in ("AWS_SECRET", "PRIVATE KEY"))


def boot_text(template: Template, fleet: str) -> str:
    """What the machines of a group run at their first boot."""
    (data,) = (
        one["Properties"]["LaunchTemplateData"]
        for name, one in template.find_resources("AWS::EC2::LaunchTemplate").items()
        if name.startswith(f"{fleet}Template")
    )
    parts = data["UserData"]["Fn::Base64"]["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else "x" * 100 for part in parts)


def test_films_are_made_on_spot_machines_of_which_there_are_none_without_a_job(region):
    groups = region.find_resources(
        "AWS::AutoScaling::AutoScalingGroup", {"Properties": {"AutoScalingGroupName": "parley-composers"}}
    )
    (group,) = (one["Properties"] for one in groups.values())
    assert (group["MinSize"], group["MaxSize"], group.get("DesiredCapacity")) == ("0", "10", None)
    # A machine with a film under way is never picked.
    assert group["NewInstancesProtectedFromScaleIn"]
    policy = group["MixedInstancesPolicy"]
    assert policy["InstancesDistribution"] == {
        "OnDemandBaseCapacity": 0,
        "OnDemandPercentageAboveBaseCapacity": 0,
        "SpotAllocationStrategy": "price-capacity-optimized",
    }
    kinds = [one["InstanceType"] for one in policy["LaunchTemplate"]["Overrides"]]
    assert len(kinds) >= 4
    # Two cores each, and the release is of Arm.
    assert all(one.endswith(".large") and one[2] == "g" for one in kinds)


def test_every_machine_asks_for_a_token_and_has_an_encrypted_disk(region):
    templates = region.find_resources("AWS::EC2::LaunchTemplate")
    assert len(templates) == 2
    for one in templates.values():
        data = one["Properties"]["LaunchTemplateData"]
        assert data["MetadataOptions"]["HttpTokens"] == "required"
        assert all(disk["Ebs"]["Encrypted"] for disk in data["BlockDeviceMappings"])


def test_a_composer_reads_what_was_recorded_and_writes_films_and_deletes_nothing(region):
    found = statements(region, of="ComposersRole")
    by_action = {
        action: json.dumps([one["Resource"] for one in found if action in actions([one])])
        for action in actions(found)
    }
    of_recordings = [one for one in found if "RecordingsBucket" in json.dumps(one["Resource"])]
    assert actions(of_recordings) == {
        *("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload")
    }
    assert "nodes/*" in by_action["s3:GetObject"]
    assert "nodes/*" not in by_action["s3:PutObject"]
    assert "compositions/*" in by_action["s3:PutObject"]
    assert {one for one in by_action if one.startswith("kms:")} == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"} <= set(by_action)
    assert not any(one.startswith("dynamodb:") for one in by_action)
    ended = by_action["autoscaling:TerminateInstanceInAutoScalingGroup"]
    assert ":autoScalingGroupName/parley-composers" in ended
    assert "parley-nodes" not in ended


def test_what_composers_write_down_outlives_their_machines(region):
    text = boot_text(region, "Composers")
    assert '"file_path":"/var/log/parley/composer-*.log"' in text
    assert "dnf install -y amazon-cloudwatch-agent" in text
    days_by_group = {
        name: one["Properties"]["RetentionInDays"]
        for name, one in region.find_resources("AWS::Logs::LogGroup").items()
        if "RetentionInDays" in one["Properties"]
    }
    assert [days for name, days in days_by_group.items() if name.startswith("ComposersLog")] == [30]
    assert "logs:PutLogEvents" in actions(statements(region, of="ComposersRole"))


def test_the_function_that_adds_machines_knows_how_many_and_for_which_queue(region):
    (scale,) = (
        one["Properties"]["Environment"]["Variables"]
        for one in region.find_resources("AWS::Lambda::Function").values()
        if one["Properties"].get("Handler") == "app.scale"
    )
    assert scale["PARLEY_COMPOSER_GROUP"] == "parley-composers"
    assert f"export PARLEY_COMPOSERS={scale['PARLEY_COMPOSERS']}\n" in boot_text(region, "Composers")
    found = statements(region, of="ControlPlaneScale")
    counting = [one for one in found if "sqs:GetQueueAttributes" in actions([one])]
    assert "Jobs" in json.dumps(counting[0]["Resource"])
    changing = [one["Resource"] for one in found if "autoscaling:SetDesiredCapacity" in actions([one])]
    assert "parley-composers" in json.dumps(changing)


def test_nodes_have_names_and_a_certificate_that_only_acm_may_make(templates):
    for region, template in zip(REGIONS, templates[1], strict=True):
        domain = f"{region.name}.nodes.example.com"
        template.has_resource_properties(
            "AWS::CertificateManager::Certificate",
            {"DomainName": f"*.{domain}", "CertificateExport": "ENABLED"},
        )
        template.has_resource_properties(
            "AWS::Route53::RecordSet",
            {"Name": f"{domain}.", "Type": "CAA", "ResourceRecords": ['0 issue "amazon.com"']},
        )


def test_a_node_changes_addresses_of_its_own_regions_nodes_and_no_other_record(templates):
    for region, template in zip(REGIONS, templates[1], strict=True):
        found = statements(template, of="FleetRole")
        (change,) = (one for one in found if one["Action"] == "route53:ChangeResourceRecordSets")
        assert "hostedzone/Z123" in json.dumps(change["Resource"])
        named = change["Condition"]["ForAllValues:StringLike"]
        assert list(named.values()) == [[f"*.{region.name}.nodes.example.com"]]
        kinds = change["Condition"]["ForAllValues:StringEquals"]
        assert kinds["route53:ChangeResourceRecordSetsRecordTypes"] == ["A"]
        (export,) = (one for one in found if one["Action"] == "acm:ExportCertificate")
        (certificate,) = (
            name
            for name, one in template.find_resources("AWS::CertificateManager::Certificate").items()
            if one["Properties"].get("CertificateExport") == "ENABLED"
        )
        assert export["Resource"] == {"Ref": certificate}


# What only the gateway says; every other code means what it means in the API.
CODES_OF_THE_GATEWAY = {
    "bad_request": (400, "Bad Request"),
    "payload_too_large": (413, "Content Too Large"),
    "unavailable": (503, "Service Unavailable"),
}


def gateway_responses(template: Template) -> dict[str, dict]:
    found = template.find_resources("AWS::ApiGateway::GatewayResponse").values()
    return {one["Properties"]["ResponseType"]: one["Properties"] for one in found}


def test_the_gateways_own_errors_are_problem_documents_of_the_apis_form(region):
    responses = gateway_responses(region)
    assert {"THROTTLED", "REQUEST_TOO_LARGE", "WAF_FILTERED", "DEFAULT_4XX", "DEFAULT_5XX"} <= set(responses)
    for one in responses.values():
        ((kind, template),) = one["ResponseTemplates"].items()
        assert kind == "application/problem+json"
        said = json.loads(template.replace("$context.error.messageString", '"Limit Exceeded"'))
        assert said["status"] == int(one["StatusCode"])
        assert {**STATUS_BY_CODE, **CODES_OF_THE_GATEWAY}[said["code"]] == (said["status"], said["title"])
        assert said["detail"]
        assert said["instance"] == "$context.path"
        assert said["requestId"] == "$context.requestId"


def test_pages_of_the_app_can_read_the_gateways_errors_and_learn_when_to_come_again(region):
    for kind, one in gateway_responses(region).items():
        headers = {
            name.removeprefix("gatewayresponse.header."): value
            for name, value in one["ResponseParameters"].items()
        }
        # One value for all: where there are more origins than the app's, it is the one that fits each.
        assert headers["Access-Control-Allow-Origin"] == "'*'"
        assert "Retry-After" in headers["Access-Control-Expose-Headers"]
        assert ("Retry-After" in headers) == (one["StatusCode"] in ("429", "503")), kind
        assert ("WWW-Authenticate" in headers) == (one["StatusCode"] == "401"), kind


def test_the_functions_know_whose_pages_may_read_their_answers(region):
    functions = region.find_resources("AWS::Lambda::Function").values()
    (rest,) = [one for one in functions if one["Properties"].get("Handler") == "app.app"]
    told = rest["Properties"]["Environment"]["Variables"]
    assert told["PARLEY_ALLOWED_ORIGINS"] == "https://school.example"


def test_the_api_learns_where_clients_are_and_no_answer_is_kept_for_another(web):
    (behaviour,) = [
        one for one in distribution_config(web)["CacheBehaviors"] if one["PathPattern"] == "/v1/*"
    ]
    policies = web.find_resources("AWS::CloudFront::CachePolicy")
    policy = policies[behaviour["CachePolicyId"]["Ref"]]["Properties"]["CachePolicyConfig"]
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (0, 0, 1)
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    # Whoever asks, from which page and from where, is part of what an answer is kept under.
    assert set(key["HeadersConfig"]["Headers"]) == {
        *("Authorization", "Origin", "CloudFront-Viewer-Latitude", "CloudFront-Viewer-Longitude")
    }
    assert key["QueryStringsConfig"]["QueryStringBehavior"] == "all"


def test_fleet_table_has_the_keys_that_the_models_use(region):
    region.has_resource_properties(
        "AWS::DynamoDB::GlobalTable",
        {
            "TableName": tables.FLEET_TABLE,
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
        },
    )


def test_the_context_of_cdk_json_is_a_deployment():
    context = json.loads((Path(__file__).parents[2] / "infra/cdk.json").read_text())["context"]
    assert [region.name for region in read_deployment(context).regions] == ["eu-central-1", "us-east-1"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"account": None}, "account"),
        ({"regions": []}, "at least one"),
        ({"regions": [{"name": "x", "planet": "mars"}]}, "planet"),
        ({"appUrl": 5}, "appUrl"),
        ({"hostedZone": {"id": "Z1"}}, "hostedZone.name"),
        ({"hostedZone": {"id": "Z1", "name": "example.org"}}, "meet.example.com is not in the zone"),
        ({"apiHost": "api.example.org"}, "api.example.org is not in the zone"),
        ({"cognito": {}}, "cognito.tenant"),
        ({"cognito": {"tenant": "acme", "selfSignUp": "yes"}}, "cognito.selfSignUp"),
        ({"cognito": {"tenant": "acme", "sms": True}}, "cognito.sms"),
        ({"cognito": "acme"}, "cognito"),
        ({"allowedOrigins": "*"}, "allowedOrigins"),
        ({"allowedOrigins": ["https://school.example/path"]}, "allowedOrigins"),
        ({"allowedOrigins": ["https://a.example; script-src *"]}, "allowedOrigins"),
    ],
)
def test_a_wrong_setting_is_named(change, said):
    context = json.loads((Path(__file__).parents[2] / "infra/cdk.json").read_text())["context"]
    with pytest.raises(DeploymentError, match=said):
        read_deployment({"parley": {**context["parley"], **change}})


def test_pages_in_aws_keep_the_content_security_policy_of_the_local_ones(web):
    config = distribution_config(web)
    (meetings,) = [one for one in config["CacheBehaviors"] if one["PathPattern"] == "/m/*"]
    check_page_headers(web, config["DefaultCacheBehavior"], ())
    check_page_headers(web, meetings, ("https://school.example",))
    # It is the same page, from the same place.
    for name in ("TargetOriginId", "FunctionAssociations", "ViewerProtocolPolicy", "CachePolicyId"):
        assert meetings[name] == config["DefaultCacheBehavior"][name]


def distribution_config(web):
    (distribution,) = web.find_resources("AWS::CloudFront::Distribution").values()
    return distribution["Properties"]["DistributionConfig"]


def check_page_headers(web, behaviour, framed_by):
    policies = web.find_resources("AWS::CloudFront::ResponseHeadersPolicy")
    policy = policies[behaviour["ResponseHeadersPolicyId"]["Ref"]]
    headers = policy["Properties"]["ResponseHeadersPolicyConfig"]
    security = headers["SecurityHeadersConfig"]
    local = security_headers(["https://node.example"], framed_by)
    sent = directives(security["ContentSecurityPolicy"]["ContentSecurityPolicy"])
    wanted = directives(local["Content-Security-Policy"])
    # Nodes and films are at names of their own.
    assert sent.pop("connect-src") == ["'self'", "https:", "wss:"]
    wanted.pop("connect-src")
    for name in ("img-src", "media-src"):
        assert sorted(sent.pop(name)) == sorted(["https:", *wanted.pop(name)])
    assert sent == wanted
    assert "'unsafe-inline'" not in sent["script-src"]
    assert security["ReferrerPolicy"]["ReferrerPolicy"] == local["Referrer-Policy"]
    (custom,) = headers["CustomHeadersConfig"]["Items"]
    assert custom["Value"] == local["Permissions-Policy"]
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split(";"))}


def test_recordings_are_encrypted_grow_cheaper_with_age_and_have_no_versions(region):
    region.has_resource_properties(
        "AWS::S3::Bucket",
        {
            "BucketName": Match.string_like_regexp("parley-recordings-111111111111-"),
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {
                        "BucketKeyEnabled": True,
                        "ServerSideEncryptionByDefault": Match.object_like({"SSEAlgorithm": "aws:kms"}),
                    }
                ]
            },
            "VersioningConfiguration": Match.absent(),
        },
    )
    rules = lifecycle_of(region, "parley-recordings-111111111111-")
    tiers = {rule["Prefix"]: rule["Transitions"] for rule in rules if "Prefix" in rule}
    assert tiers == {"nodes/": [ARCHIVED], "compositions/": [INFREQUENT, ARCHIVED]}
    assert any(rule.get("AbortIncompleteMultipartUpload") == {"DaysAfterInitiation": 1} for rule in rules)
    # What is kept how long is each recording's own: no rule of the bucket ends any.
    assert not any(name.startswith("Expiration") for rule in rules for name in rule)


def test_the_archive_of_events_grows_cheaper_with_age_and_is_never_expired(region):
    (rule,) = lifecycle_of(region, "parley-events-111111111111-")
    assert rule == {"Status": "Enabled", "Transitions": [INFREQUENT, ARCHIVED]}


def test_the_fleet_table_can_be_restored_to_any_second_and_forgets_what_is_gone(region):
    (table,) = [
        one["Properties"]
        for one in region.find_resources("AWS::DynamoDB::GlobalTable").values()
        if one["Properties"]["TableName"] == "parley-fleet"
    ]
    (replica,) = table["Replicas"]
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def lifecycle_of(template: Template, bucket: str) -> list[dict]:
    """The rules by which objects of the bucket whose name begins so move and end."""
    (found,) = [
        one["Properties"]["LifecycleConfiguration"]["Rules"]
        for one in template.find_resources("AWS::S3::Bucket").values()
        if one["Properties"].get("BucketName", "").startswith(bucket)
    ]
    return found


def test_the_classes_that_the_api_tells_are_those_of_the_bucket():
    config = read_config({})
    assert (config.recording_infrequent_days, config.recording_archive_days) == (
        INFREQUENT_DAYS,
        ARCHIVE_DAYS,
    )


def test_a_node_adds_recordings_under_its_prefix_and_reads_none(region):
    granted = [
        one for one in statements(region, of="FleetRole") if "Recordings" in json.dumps(one["Resource"])
    ]
    assert actions(granted) == {"s3:PutObject", "s3:GetObject", "kms:GenerateDataKey", "kms:Decrypt"}
    objects = [one for one in granted if "s3:PutObject" in actions([one])]
    # Below the name that IAM gives the machine which asks, and no other's.
    for one in objects:
        assert json.dumps(one["Resource"]).count("/nodes/${aws:userid}/*") == 1
        assert "/nodes/*" not in json.dumps(one["Resource"])
    readable = [one for one in granted if "s3:GetObject" in actions([one])]
    assert len(objects) == 2
    assert all("BackupBucket" in json.dumps(one["Resource"]) for one in readable)
    encrypting = [
        one for one in statements(region, of="FleetRole") if "kms:GenerateDataKey" in actions([one])
    ]
    (tenants,) = [one for one in encrypting if one not in granted]
    assert tenants["Condition"]["StringEquals"] == TAGGED


def test_links_to_recordings_are_signed_with_a_key_that_the_api_alone_reads(region):
    (media,) = region.find_resources("AWS::CloudFront::Distribution").values()
    behaviour = media["Properties"]["DistributionConfig"]["DefaultCacheBehavior"]
    assert behaviour["TrustedKeyGroups"]
    assert behaviour["ViewerProtocolPolicy"] == "https-only"
    readers = [
        name
        for name, policy in region.find_resources("AWS::IAM::Policy").items()
        if "secretsmanager:GetSecretValue" in json.dumps(policy) and "LinkKey" in json.dumps(policy)
    ]
    assert len(readers) == 1
    assert "Rest" in readers[0]


def test_only_the_sweep_deletes_recordings_and_the_api_reads_no_object_of_them(region):
    deleting = [
        name
        for name, policy in region.find_resources("AWS::IAM::Policy").items()
        if "s3:DeleteObject" in json.dumps(policy)
    ]
    assert len(deleting) == 1
    assert "SweepRecordings" in deleting[0]
    assert not {one for one in actions(statements(region, of="ControlPlaneRest")) if one.startswith("s3:Get")}


def test_films_that_cannot_be_made_end_in_a_queue_with_an_alarm(region):
    region.has_resource_properties(
        "AWS::SQS::Queue",
        {"QueueName": "parley-composition", "RedrivePolicy": Match.object_like({"maxReceiveCount": 5})},
    )
    alarms = region.find_resources("AWS::CloudWatch::Alarm").values()
    assert any("Films that no composer" in one["Properties"].get("AlarmDescription", "") for one in alarms)


@pytest.mark.parametrize("days", [-1, "365", 1.5, True, 40_000])
def test_a_retention_that_is_no_number_of_days_is_named(days):
    context = json.loads((ROOT_CONTEXT).read_text())["context"]
    context["parley"]["recordingRetentionDays"] = days
    with pytest.raises(DeploymentError, match="recordingRetentionDays"):
        read_deployment(context)
