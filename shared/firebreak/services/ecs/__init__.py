"""ECS: services, deployments and tasks as they are seen, their clients, and the actions on them."""
