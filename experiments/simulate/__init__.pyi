from .delayed import simulate as simulate
from .memory import predicted_memory as predicted_memory
from .trajectories import Trajectories as Trajectories
from .trajectories import recorded_times as recorded_times
