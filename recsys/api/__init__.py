"""What Python callers use; `recsys` names it."""

import warnings

# Merlin's note to its own developers, when it is first imported; the command line hides all of them.
warnings.filterwarnings("ignore", r"\w+ dtype mappings did not load successfully", UserWarning)
