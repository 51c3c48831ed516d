"""Rows of files: reading them, predicting for them and writing the predictions, a chunk at a time."""
