"""The tests of the project, mirroring the package."""
