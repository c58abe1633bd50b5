"""What can be measured, and how a measurement meets a bound."""
