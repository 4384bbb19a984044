"""Every situation a human is paged in, and the pages as they read then: docs/pages."""
