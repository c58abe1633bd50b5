from .check import Witness as Witness
from .file import dumps as dumps
from .file import loads as loads
from .file import read as read
from .file import verify_witness as verify_witness
from .file import write as write
from .find import witness as witness
from .interpolation import Interpolant as Interpolant
