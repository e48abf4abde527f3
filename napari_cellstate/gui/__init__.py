"""The only rooms with windows: everything here edits a recipe, calls the pipeline, and shows what is on disk."""
