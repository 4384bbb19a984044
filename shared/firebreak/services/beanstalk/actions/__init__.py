"""The actions on Elastic Beanstalk environments: each module declares one."""
