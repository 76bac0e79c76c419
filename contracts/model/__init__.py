"""The nouns of the contract: the document, an exchange, a scenario, an outcome. Pure: this room imports only itself."""
