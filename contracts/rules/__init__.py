"""The rules: one pure function for each, the engine that applies them, and the verdicts and judgements that follow."""
