from .best import Design as Design
from .best import Rated as Rated
from .best import Target as Target
from .best import design as design
from .designed import Designed as Designed
