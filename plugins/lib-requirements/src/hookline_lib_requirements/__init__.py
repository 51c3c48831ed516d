"""What a project's requirements may say: versions of named packages, and of Python."""
