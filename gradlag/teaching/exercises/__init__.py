"""The exercises of the lessons, a file each, with their graders."""
