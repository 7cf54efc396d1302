"""The journal: every exchange kept, in the order in which it was answered, in a chain of digests.

The row of a write is committed with the write. Credentials and personal data never get in: headers that carry a
credential are replaced, and bodies are masked unless they are left out (detail LEDGER).
"""
