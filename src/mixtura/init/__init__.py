"""Where EM starts: data -> responsibilities -> the ordinary M-step -> parameters.

Starts are made from the distinct rows in a fixed order, each with the sum of its
weights, so they follow a change of row order, and a repeated row is a weight of two.
"""
