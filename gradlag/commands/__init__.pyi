from .api import Comparison as Comparison
from .api import check as check
from .api import check_log as check_log
from .api import compare as compare
from .api import run as run
