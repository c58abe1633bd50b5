from .claim import ClaimResult as ClaimResult
from .claim import StudyClaim as StudyClaim
from .registry import STUDIES as STUDIES
from .registry import get_study as get_study
from .study import SCALES as SCALES
from .study import Study as Study
