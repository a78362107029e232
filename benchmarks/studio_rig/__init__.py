"""A shop with a year behind it, and a Studio that shows it, for benchmarks/studio.py."""
