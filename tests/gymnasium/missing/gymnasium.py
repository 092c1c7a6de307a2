raise ModuleNotFoundError("No module named 'gymnasium'")  # as where it is not installed
