from .worst_cases import SolvedFigure as SolvedFigure
from .worst_cases import read_solved as read_solved
