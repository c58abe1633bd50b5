from .coherence import coherence_by_cell as coherence_by_cell
from .coherence import median_mu as median_mu
from .slowdown import batches as batches
from .slowdown import key_of as key_of
from .slowdown import reached as reached
from .slowdown import slowdowns as slowdowns
from .study_claims import claims as claims
