"""Keeps secrets inside: every text that leaves the suite passes the redactor.

redactor      learns secrets, and removes them from text
├── secrets       the secret values, indexed by every eight consecutive bytes of them
├── decoding      decodes escapes, Base64 and hex in a text
└── search        finds secrets in a text
redacted      redacts a whole model by the types of its members
pseudonyms    replaces secrets in evidence
"""
