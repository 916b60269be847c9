"""What a page says of a run, a module for each page: sentences made from its numbers, true for this run.

They name the quantity, the loss and where the weights come from, and say so when there is no contrast. Plain text: a
page that puts them into Markdown has to escape them, because they quote what a person typed.
"""
