"""The methods that count, fitted: arrays, and the scoring of a batch in NumPy alone, one method a file.

`recsys.baselines` fits them; runs and bundles keep them (`store`); evaluation and recommending ask them the
same way (`method.Counted`), so that there is one scoring code.
"""
