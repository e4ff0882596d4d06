"""What Ollama models need, measured on real llama.cpp: ``make bench-ollama``."""
