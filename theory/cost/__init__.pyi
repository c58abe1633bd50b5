from .case import Case as Case
from .cost import Cost as Cost
from .cost import cost as cost
from .least_steps import Least as Least
from .least_steps import Search as Search
