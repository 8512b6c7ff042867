"""What the benchmarks stand on: a load that costs little, plain servers to compare with, and a Redis of their own."""
