"""What is copied into exported folders as it is, for the engines to import; nothing here imports it."""
