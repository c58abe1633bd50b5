"""How often the checker errs: measured where the truth is known, on quadratics and law by law."""
