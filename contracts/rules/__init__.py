"""The judgements: one pure function for each rule, the engine that applies them, and what follows from what they found."""
