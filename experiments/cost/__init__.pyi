from .answer import Answer as Answer
from .answer import Curves as Curves
from .answer import answer as answer
from .answer import curves as curves
from .measured_steps import tuned as tuned
from .methods import Method as Method
from .methods import of_fleet as of_fleet
from .methods import of_staleness as of_staleness
