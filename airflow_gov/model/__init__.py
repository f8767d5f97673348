"""What every other folder talks in: frozen dataclasses, enums and errors. Standard library only."""
