"""The rules of paging, as values: threads and digests, severities, routes, ceilings, and harmless text."""
