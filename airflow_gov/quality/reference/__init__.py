"""Great Expectations itself: what is not pushed down, on batches of rows."""
