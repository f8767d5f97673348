"""The checks that come with the package."""
