"""The report of a run: `report.json`, and what the terminal says at the end."""
