"""Assessment to text: Markdown pages, terminal, JSON. Reads no file but its own templates."""
