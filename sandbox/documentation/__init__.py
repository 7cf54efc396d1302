"""The reference of docs/, written from the code and the contracts that it is about.

`python -m sandbox.documentation` writes the pages of docs/reference that nobody writes by hand; tests hold the files against
what the code says now. What an item means to a reader stands beside the item, in the code or in the contract: an item that
has nothing there is Undocumented, and no page is written.
"""
