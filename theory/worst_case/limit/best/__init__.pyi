from .covering import cover as cover
from .neighbourhood import holds_within as holds_within
from .optimality import Slacks as Slacks
from .optimality import least_decrease as least_decrease
