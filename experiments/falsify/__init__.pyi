from .falsifier import falsify as falsify
from .finding import ROUNDING as ROUNDING
from .finding import Edge as Edge
from .finding import Finding as Finding
from .finding import Witness as Witness
