# Firebreak from a packaged template, and one alarm that it answers. README.md says how to package it, and what
# Terraform cannot do.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  description = "The region of the alarms, of the stack and of the bucket."
  type        = string
}

variable "release_bucket" {
  description = "The bucket that holds the packaged template, in the same region."
  type        = string
}

variable "release_version" {
  description = "The version that was packaged, the folder of the template in the bucket."
  type        = string
}

variable "page_email" {
  description = "An address that gets every page, after it confirmed."
  type        = string
}

variable "cluster" {
  description = "The ECS cluster of the service."
  type        = string
}

variable "service" {
  description = "The ECS service. It is changed only if it is tagged firebreak:enabled=true, and the policy allows it."
  type        = string
}

data "aws_partition" "current" {}

resource "aws_cloudformation_stack" "firebreak" {
  name         = "firebreak-prod"
  template_url = "https://${var.release_bucket}.s3.${var.region}.${data.aws_partition.current.dns_suffix}/firebreak/${var.release_version}/template.yaml"

  # The provider creates and updates stacks without a change set. CloudFormation then asks for the second one, for the
  # template is SAM's.
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]

  # Each value is text, a number as well. The others have the template's defaults.
  parameters = {
    PageEmail     = var.page_email
    RouteUntagged = "ENABLED"
  }
}

# The provider has no argument for tag propagation, so the events of this alarm do not carry its tags. It is answered all
# the same: memory of an ECS service is the symptom of restart-service. Route reads the live tags of the others.
resource "aws_cloudwatch_metric_alarm" "memory" {
  alarm_name          = "${var.service}-memory"
  alarm_description   = "Error, within 30m. Memory over 85% for three minutes."
  namespace           = "AWS/ECS"
  metric_name         = "MemoryUtilization"
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 85
  treat_missing_data  = "missing"

  dimensions = {
    ClusterName = var.cluster
    ServiceName = var.service
  }

  tags = {
    "firebreak:action"   = "restart-service"
    "firebreak:severity" = "error"
    "respond-within"     = "30m"
  }
}

output "ledger_table" {
  description = "The ledger, for FIREBREAK_LEDGER_TABLE."
  value       = aws_cloudformation_stack.firebreak.outputs["LedgerTable"]
}

output "version" {
  description = "The version that runs, as the template says it."
  value       = aws_cloudformation_stack.firebreak.outputs["Version"]
}
