"""ECS: services, deployments and tasks as they are read, their clients, and the actions on them."""
