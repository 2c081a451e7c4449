"""What is kept, and where: DynamoDB tables, Secrets Manager, SQS. No decision is made here."""
