"""What the workers' simulator trains, by name. A new workload is one more entry of `WORKLOADS`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
