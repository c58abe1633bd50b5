"""Focus: what do cheap answers at ingest, and exact ones at a query, cost and find on a made video and on images?"""
