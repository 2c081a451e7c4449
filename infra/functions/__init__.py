"""Functions that AWS calls and no runtime code has: templates carry their text."""
