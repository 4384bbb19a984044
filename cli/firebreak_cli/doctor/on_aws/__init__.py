"""`firebreak doctor --on-aws`: the questions of docs/first-deploy.md, which only an account can answer."""
