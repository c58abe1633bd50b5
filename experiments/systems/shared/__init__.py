"""What the related systems share: how data are spread over clients, what is sent, and who averages with whom."""
