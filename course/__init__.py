"""The course: lessons as notebooks that run, their solutions apart, and a page that needs nothing."""
