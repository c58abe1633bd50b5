"""The function that is as bad as can be.

Of all L-smooth functions the one on which these steps, with gradients three steps old, keep every gradient largest. It
is a text file that `gradlag verify` replays.
"""

import gradlag as gl

worst = gl.worst_case("1/(s*L)", staleness=4, steps=12, out="worst")
print(worst)
picture = worst.files["picture"]
