"""No secret gets out: every text that leaves the suite passes the redactor.

redactor      what is learned, and what is shown
├── secrets       the values, and every eight bytes in a row of them
├── decoding      what a text says once it is decoded
└── search        where secrets stand in a text
pseudonyms    what takes the place of secrets in evidence
"""
