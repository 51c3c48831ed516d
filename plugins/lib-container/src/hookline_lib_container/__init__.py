"""Container engines: asking one, writing Dockerfiles, and building images with Python packages."""
