"""The people of the embedded environment, and the repository they keep."""
