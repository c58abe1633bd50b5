"""The theorem's iteration, simulated: delayed stochastic gradient steps on one sequence of points."""

from experiments.simulate.delayed import simulate
from experiments.simulate.memory import predicted_memory
from experiments.simulate.trajectories import Trajectories

__all__ = ["Trajectories", "predicted_memory", "simulate"]
