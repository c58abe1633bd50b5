"""What can be seen: figures and the report, drawn from results."""
