"""DS-Sync: replicas that average in small groups, which change from step to step."""
