from .constant import LimitConstant as LimitConstant
from .constant import best_step as best_step
from .constant import comparison as comparison
from .constant import curve as curve
