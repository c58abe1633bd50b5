"""What a lesson is put together of: pictures that move, predictions, exercises, fields, and marks."""
