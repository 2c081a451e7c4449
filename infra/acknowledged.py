"""What cdk-nag finds in the stacks and what is kept as it is, each with the reason.

A finding that is not here fails the tests, and so does an entry here that nothing matches any more.
"""

import re
from typing import NamedTuple


class Acknowledged(NamedTuple):
    """Findings of a rule, at constructs whose path ends so, that are as they should be."""

    rule: str
    where: str
    reason: str

    def covers(self, rule: str, path: str) -> bool:
        return bool(re.fullmatch(f"AwsSolutions-{self.rule}", rule) and re.search(f"{self.where}$", path))


FUNCTION_POLICY = "ControlPlane/.*/ServiceRole/DefaultPolicy/Resource"
ACKNOWLEDGED = (
    Acknowledged(
        "SMG4", "SigningKeys/Resource", "app.rotate_keys does it: a new key is published before it signs."
    ),
    Acknowledged("S1", "Web/Files/Resource", "CloudFront alone reads it; what it holds is public."),
    Acknowledged(
        "S1", "Archive/Bucket/Resource", "One function adds, one reads; each object is chained and locked."
    ),
    Acknowledged(
        "S1",
        "Recordings/Bucket/Resource",
        "Links are in the access log of the API; CloudFront alone reads it.",
    ),
    Acknowledged(
        "S1",
        "Recordings/BackupBucket/Resource",
        "Nodes alone read it, each what it has put there itself.",
    ),
    Acknowledged(
        "SMG4",
        "Recordings/LinkKey/Resource",
        "CloudFront has to know the next key first: docs/operations.md.",
    ),
    Acknowledged("CFR1", "Recordings/Media/Resource", "People watch from every country."),
    Acknowledged(
        "CFR2", "Recordings/Media/Resource", "Without a signed link CloudFront itself refuses everything."
    ),
    Acknowledged(
        "CFR3", "Recordings/Media/Resource", "Who was given a link is in the access log of the API."
    ),
    Acknowledged(
        "CFR4", "Recordings/Media/Resource", "CloudFront's own certificate brings it; TLS 1.2 is asked for."
    ),
    Acknowledged(
        r"IAM5\[Resource::<ControlPlaneRecordings(Backup)?Bucket\w*\.Arn>/(nodes/<aws:userid>|compositions|deleted|nodes)/\*\]",
        "DefaultPolicy/Resource",
        "All objects under one prefix: their names are random.",
    ),
    Acknowledged(
        r"IAM5\[Resource::.*:key/\*\]",
        "DefaultPolicy/Resource",
        "Keys that tenants get later: a condition takes those alone that Provision has tagged.",
    ),
    Acknowledged(
        r"IAM5\[Resource::(\*|.*:alias/parley-recordings-\*)\]",
        "Provision/ServiceRole/DefaultPolicy/Resource",
        "A key has no name before it is made; only such with the tag of tenants' recordings may be.",
    ),
    Acknowledged("CFR1", "Web/Distribution/Resource", "People meet from every country."),
    Acknowledged(
        "CFR2", "Web/Distribution/Resource", "The firewall is at each region's API; the rest is static files."
    ),
    Acknowledged(
        "CFR3", "Web/Distribution/Resource", "The API logs its requests itself; the rest is static files."
    ),
    Acknowledged(
        r"IAM4\[.*AWSLambdaBasicExecutionRole\]", "ServiceRole/Resource", "Logs of its own, and nothing else."
    ),
    Acknowledged(
        r"IAM4\[.*AmazonAPIGatewayPushToCloudWatchLogs\]",
        "Api/CloudWatchRole/Resource",
        "The one role that API Gateway writes logs with, for the whole account.",
    ),
    Acknowledged(
        r"IAM5\[.*/index/\*\]", FUNCTION_POLICY, "All indexes of one table, which has the same data."
    ),
    Acknowledged(
        r"IAM5\[.*/stream/\*\]", FUNCTION_POLICY, "A stream's name has the time at which it was made."
    ),
    Acknowledged(
        r"IAM5\[Resource::\*\]",
        "(HearEvents|ArchiveEvents)/ServiceRole/DefaultPolicy/Resource",
        "dynamodb:ListStreams alone, which knows no resource.",
    ),
    Acknowledged(
        r"IAM5\[.*:parley-node-\*\]",
        f"({FUNCTION_POLICY}|Fleet/Role/DefaultPolicy/Resource)",
        "Nodes make their own command queues: only the prefix of the names is known.",
    ),
    Acknowledged(
        r"IAM5\[.*autoScalingGroupName/parley-(nodes|composers)\]",
        "(Scale/ServiceRole|(Fleet|Composers)/Role)/DefaultPolicy/Resource",
        "The star is the group's identifier, which AWS chooses; its name is given.",
    ),
    Acknowledged(
        r"IAM5\[Resource::\*\]",
        "Scale/ServiceRole/DefaultPolicy/Resource",
        "autoscaling:DescribeAutoScalingGroups alone, which knows no resource.",
    ),
    Acknowledged(
        r"IAM5\[.*:change/\*\]",
        "Fleet/Role/DefaultPolicy/Resource",
        "Whether a change of a name is everywhere; its identifier comes with the change.",
    ),
    Acknowledged(
        r"IAM5\[Resource::<ControlPlaneArchiveBucket\w*\.Arn>/\*\]",
        "(ArchiveEvents|VerifyArchive)/ServiceRole/DefaultPolicy/Resource",
        "All objects of one bucket.",
    ),
    Acknowledged(
        r"IAM5\[Action::s3:Abort\*\]",
        "ArchiveEvents/ServiceRole/DefaultPolicy/Resource",
        "Uploads that it began itself, in one bucket.",
    ),
    Acknowledged(
        r"IAM5\[Action::s3:(GetObject|GetBucket|List)\*\]",
        "(VerifyArchive/ServiceRole|(Fleet|Composers)/Role)/DefaultPolicy/Resource",
        "Reads one bucket, a machine of the fleet one object of it.",
    ),
    Acknowledged("L1", "ControlPlane/.*", "The package's wheels are those of the runtime that is named."),
    Acknowledged(
        "APIG2", "Api/Resource", "The function checks each body against its model and names what is wrong."
    ),
    Acknowledged("APIG4", "ANY/Resource", "The function authorises: docs/decisions/0006."),
    Acknowledged("COG4", "ANY/Resource", "The function authorises: docs/decisions/0006."),
    Acknowledged(
        "COG2", "Users/People/Resource", "People choose a second factor; who came as a guest has none either."
    ),
    Acknowledged(
        "COG8", "Users/People/Resource", "Plus costs for each person each month; an operator may choose it."
    ),
    Acknowledged(
        "SQS3", "Archive/DeadLetters/Resource", "It is where the stream's failures go, and has an alarm."
    ),
    Acknowledged("EC23", "Fleet/Ports/Resource", "Clients are anywhere; only signaling and media are open."),
    Acknowledged(
        "AS3",
        "(Fleet/Nodes|Composers/Composers)/ASG",
        "Metrics of the group are kept; nobody is told of each machine.",
    ),
    Acknowledged(
        "EC26",
        "Composers/Composers/ASG",
        "The disk is in the launch template, encrypted; the rule does not look there for mixed instances.",
    ),
)
