"""The console: pages for people, served by Flask beside the contracts.

It shows what the sandbox holds and asks the control API for whatever it is to do, as any client would, in the name of whoever
looks. Each page is a module under `pages` with the template of its name; what a page reads of the database stands in `store`.
"""
