"""Programs that run inside the containers; Python's standard library is all they need."""
