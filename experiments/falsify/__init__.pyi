from .falsifier import falsify as falsify
from .finding import ROUNDING as ROUNDING
from .finding import Attack as Attack
from .finding import Edge as Edge
from .finding import Finding as Finding
