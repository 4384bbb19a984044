"""Questions to the ledger and to CloudWatch, as several commands ask them."""
