from .comparison import comparison as comparison
from .constant import LimitConstant as LimitConstant
from .constant import best_step as best_step
from .constant import curve as curve
from .constant import limit_constant as limit_constant
from .of_method import MethodLimit as MethodLimit
from .of_method import method_limit as method_limit
