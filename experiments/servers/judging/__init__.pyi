from .dependence import noise_correlation as noise_correlation
from .replay import covering as covering
from .report import Values as Values
from .report import report_on as report_on
from .summary import Lateness as Lateness
from .summary import summarise as summarise
