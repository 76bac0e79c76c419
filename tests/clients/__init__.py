"""Clients for the gate to judge: liars that each break one rule, and odd ones that break none.

kit.py          an honest client whose every step can be told otherwise
python.py       liars in Python
odd.py          clients that look wrong and are right
javascript.py   liars made of the Twilight SDK, by changing its refresh() in the page
"""
