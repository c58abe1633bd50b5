"""Focus: cheap answers and clusters at ingest, an index over them, and the exact classifier on centres at a query."""
