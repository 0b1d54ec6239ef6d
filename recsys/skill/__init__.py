"""How hard a climb is for a climber: ability over time, difficulty of climbs, and what follows from the two.

    tracks      sends as sessions of difficulties, one track a climber and discipline
    ladder      a hidden Markov model of ability on a ladder of grades: filter, smoother
    learn       its constants from training sends, by expectation maximisation
    difficulty  what climbs are worth beside their usual grade
    reach       from the margin between the two to a calibrated chance, and its names
    model       all of it as one thing that a run and a bundle keep

NumPy alone; nothing here knows of requests or of a model that recommends.
"""
