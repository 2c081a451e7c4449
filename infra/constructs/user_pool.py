"""People of the installation's own: a Cognito user pool, its pages to sign in, and the web app as its client.

The pool's identifier is known after deployment alone: what the functions have to trust is kept as a parameter
of the home region, and asked for by every region while it is deployed (docs/decisions/0013).
"""

import hashlib
import json
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from aws_cdk import custom_resources
from constructs import Construct

from infra.config import Cognito, Deployment

NAME_IN_TOKEN = Path(__file__).parents[1] / "functions" / "name_in_token.py"
# Where the web app takes the answer of the pages, and where they lead after signing out.
SIGN_IN_PATH = "/sign-in"
SCOPE = "openid profile"
# Access tokens of a pool say no audience: they are told apart by their client and by `token_use`.
AUDIENCE, TYPES = "parley-api", ("jwt", "")
# Who runs the installation: an administrator of the pool puts them into the group, nobody themselves.
OPERATORS = "operators"
ACCESS_TIME = cdk.Duration.hours(1)
REFRESH_TIME = cdk.Duration.days(30)
# A renewal whose answer was lost may be asked for once more with the old refresh token.
ROTATION_GRACE = cdk.Duration.seconds(30)


class UserPool(Construct):
    """Made in the home region, once; nobody's account is removed with the stack."""

    def __init__(self, scope: Construct, name: str, *, deployment: Deployment, settings: Cognito) -> None:
        super().__init__(scope, name)
        self.pool = _pool(self, deployment, settings)
        cognito.CfnUserPoolGroup(
            self,
            "Operators",
            user_pool_id=self.pool.user_pool_id,
            group_name=OPERATORS,
            description="May open the web app's administration",
        )
        self._name_people()
        self.client = _client(self.pool, deployment)
        domain = self.pool.add_domain(
            "Pages",
            cognito_domain=cognito.CognitoDomainOptions(
                domain_prefix=settings.domain_prefix or f"{deployment.project}-{deployment.account}"
            ),
            managed_login_version=cognito.ManagedLoginVersion.NEWER_MANAGED_LOGIN,
        )
        cognito.CfnManagedLoginBranding(
            self,
            "Look",
            user_pool_id=self.pool.user_pool_id,
            client_id=self.client.user_pool_client_id,
            use_cognito_provided_values=True,
        )
        ssm.StringParameter(
            self,
            "Issuer",
            parameter_name=deployment.issuer_parameter,
            description="An entry of PARLEY_ISSUERS: the user pool, as the functions of all regions trust it",
            string_value=cdk.Stack.of(self).to_json_string(self._issuer(settings)),
        )
        cdk.CfnOutput(self, "Pool", value=self.pool.user_pool_id)
        cdk.CfnOutput(self, "SignInPages", value=domain.base_url())

    def _issuer(self, settings: Cognito) -> dict[str, object]:
        return {
            "issuer": self.pool.user_pool_provider_url,
            "audience": AUDIENCE,
            "clientId": self.client.user_pool_client_id,
            "tenant": settings.tenant,
            "types": list(TYPES),
            "scope": SCOPE,
            "operatorGroup": OPERATORS,
        }

    def _name_people(self) -> None:
        function = lambda_.Function(
            self,
            "NameInToken",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler="index.handler",
            code=lambda_.Code.from_inline(NAME_IN_TOKEN.read_text()),
            # Cognito waits for five seconds.
            timeout=cdk.Duration.seconds(5),
            log_group=logs.LogGroup(self, "NameInTokenLog", retention=logs.RetentionDays.ONE_MONTH),
        )
        self.pool.add_trigger(
            cognito.UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, function, cognito.LambdaVersion.V2_0
        )


def issuers_of(scope: Construct, deployment: Deployment) -> str:
    """`PARLEY_ISSUERS` of one region: what the configuration names, and the pool of the home region."""
    named = [json.dumps(one) for one in deployment.issuers]
    if deployment.cognito is not None:
        named.append(_ask(scope, deployment, deployment.cognito))
    return f"[{', '.join(named)}]"


def _ask(scope: Construct, deployment: Deployment, settings: Cognito) -> str:
    home = deployment.home.name
    parameter = cdk.Stack.of(scope).format_arn(
        service="ssm", region=home, resource="parameter", resource_name=deployment.issuer_parameter[1:]
    )
    # What the entry is made of: it is asked for again when that changes.
    made_of = f"{settings.tenant}\n{deployment.app_url}\n{SCOPE}\n{OPERATORS}"
    asked = custom_resources.AwsCustomResource(
        scope,
        "Issuer",
        on_update=custom_resources.AwsSdkCall(
            service="SSM",
            action="getParameter",
            region=home,
            parameters={"Name": deployment.issuer_parameter},
            output_paths=["Parameter.Value"],
            physical_resource_id=custom_resources.PhysicalResourceId.of(
                f"issuer-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"
            ),
        ),
        install_latest_aws_sdk=False,
        policy=custom_resources.AwsCustomResourcePolicy.from_statements(
            [iam.PolicyStatement(actions=["ssm:GetParameter"], resources=[parameter])]
        ),
    )
    return asked.get_response_field("Parameter.Value")


def _pool(scope: Construct, deployment: Deployment, settings: Cognito) -> cognito.UserPool:
    return cognito.UserPool(
        scope,
        "People",
        user_pool_name=f"{deployment.project}-people",
        # The least that rotates refresh tokens and lets an access token say a name.
        feature_plan=cognito.FeaturePlan.ESSENTIALS,
        self_sign_up_enabled=settings.self_sign_up,
        sign_in_aliases=cognito.SignInAliases(email=True),
        sign_in_case_sensitive=False,
        auto_verify=cognito.AutoVerifiedAttrs(email=True),
        keep_original=cognito.KeepOriginalAttrs(email=True),
        standard_attributes=cognito.StandardAttributes(
            email=cognito.StandardAttribute(required=True, mutable=True),
            fullname=cognito.StandardAttribute(required=True, mutable=True),
        ),
        password_policy=cognito.PasswordPolicy(
            min_length=12,
            require_lowercase=True,
            require_uppercase=True,
            require_digits=True,
            require_symbols=True,
            password_history_size=5,
            temp_password_validity=cdk.Duration.days(3),
        ),
        # Codes by SMS can be taken over with the number, and cost.
        mfa=cognito.Mfa.OPTIONAL,
        mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        deletion_protection=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
    )


def _client(pool: cognito.UserPool, deployment: Deployment) -> cognito.UserPoolClient:
    """The web app: public, so without a secret; a code with PKCE and nothing else."""
    return pool.add_client(
        "Web",
        user_pool_client_name=f"{deployment.project}-web",
        generate_secret=False,
        # Named, as without any a pool allows renewals beside the rotation. Passwords pass through no app.
        auth_flows=cognito.AuthFlow(user_srp=True),
        o_auth=cognito.OAuthSettings(
            flows=cognito.OAuthFlows(
                authorization_code_grant=True, implicit_code_grant=False, client_credentials=False
            ),
            scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.PROFILE],
            callback_urls=[f"{deployment.app_url}{SIGN_IN_PATH}"],
            logout_urls=[f"{deployment.app_url}/"],
        ),
        supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
        prevent_user_existence_errors=True,
        enable_token_revocation=True,
        access_token_validity=ACCESS_TIME,
        id_token_validity=ACCESS_TIME,
        refresh_token_validity=REFRESH_TIME,
        refresh_token_rotation_grace_period=ROTATION_GRACE,
    )
