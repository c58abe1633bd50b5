from .log import Norm as Norm
from .log import TrainingLog as TrainingLog
from .read import read_log as read_log
from .recorder import Recorder as Recorder
