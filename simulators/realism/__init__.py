"""How real the synthetic applicants are: what must be true of each, and how near they come to what is published.

Pure: it counts, and reads no clock and no network. What only the sandbox knows (the national code lists, the
schemas of the contract) is handed in.
"""
