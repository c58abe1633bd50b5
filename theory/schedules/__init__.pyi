from .schedule import CATALOGUE as CATALOGUE
from .schedule import AnySchedule as AnySchedule
from .schedule import NumericSchedule as NumericSchedule
from .schedule import Schedule as Schedule
from .schedule import parse_schedule as parse_schedule
