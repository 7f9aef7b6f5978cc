"""The mathematics of the course: every layer, loss, optimizer and architecture."""
