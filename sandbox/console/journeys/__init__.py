"""The journey of one applicant: facts in, a list of steps in the order of what happened out. Pure, and tested alone.

`facts` is what the two systems, the outbox and the journal hold of the applicant; `story.steps_of` folds it to the timeline,
`beliefs.beliefs_of` and `beliefs.told_to` to what each side believes and who has been told of what.
"""
