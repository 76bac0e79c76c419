"""The report of a run: one model of it, and the forms that show the model: terminal, page, JSON, summary, badge, annotations."""
