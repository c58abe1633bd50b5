from .replay_witness import Replay as Replay
from .replay_witness import replay as replay
from .verdict import ClaimVerdict as ClaimVerdict
