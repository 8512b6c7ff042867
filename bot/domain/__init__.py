"""The words of the field as checked values; nothing here imports anything of ours but errors."""
