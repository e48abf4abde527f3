"""What every method of a family must do: checks that our own methods and those of other packages run through.

A check is a function of one method; it raises `Broken` with a sentence where the method does not keep the rule.
"""
