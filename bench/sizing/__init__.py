"""The experiment behind "minimum memory": predict it, then find the true minimum by trying."""
