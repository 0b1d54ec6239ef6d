"""Watching a model in use: do new sends still look like those it learnt from, and were its climbs sent?

drift      distances between two distributions, and what they come to by chance
hits       what would have been recommended, against what was sent
monitor    both for a run and a file of sends, with thresholds
page       the same as an HTML page
"""
