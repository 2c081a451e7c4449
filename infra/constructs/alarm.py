"""One alarm: what is too much, for how long, and what it means to whoever is woken by it."""

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


def add_alarm(
    scope: Construct,
    name: str,
    metric: cloudwatch.IMetric,
    description: str,
    *,
    threshold: float = 1,
    periods: int = 1,
    is_least: bool = False,
) -> cloudwatch.Alarm:
    """Raised when the metric reaches the threshold, or, where that is the least it may be, falls below it.

    Where nothing is measured all is well; of what must be there at least, its absence is the worst.
    """
    return cloudwatch.Alarm(
        scope,
        name,
        metric=metric,
        threshold=threshold,
        evaluation_periods=periods,
        comparison_operator=BELOW if is_least else AT_LEAST,
        treat_missing_data=(
            cloudwatch.TreatMissingData.BREACHING if is_least else cloudwatch.TreatMissingData.NOT_BREACHING
        ),
        alarm_description=description,
    )
