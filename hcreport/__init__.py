"""Health reports and system requirements for Docker Compose stacks."""

__version__ = "0.1.0"
