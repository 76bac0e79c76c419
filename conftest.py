"""What holds for this checkout alone: users of the package never load this file."""

pytest_plugins = ["pytester"]
