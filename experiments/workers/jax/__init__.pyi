from .library import computing_in as computing_in
from .library import jax as jax
from .library import jnp as jnp
from .library import need_jax as need_jax
from .training import JaxForm as JaxForm
from .training import Leaves as Leaves
from .training import Routines as Routines
