"""The catalogue: what datasets and columns are, mean and hold, and who uses them."""
