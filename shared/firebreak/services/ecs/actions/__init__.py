"""The actions on ECS services: each module declares one."""
