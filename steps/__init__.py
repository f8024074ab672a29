"""The steps of every feature, one module for each subject of the sentences."""
