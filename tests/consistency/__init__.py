"""What looks for two values of one quantity, and for numbers that somebody typed by hand."""
