"""The nouns of the contract: the document, an exchange, a scenario, an outcome. They are pure: this room imports only itself."""
