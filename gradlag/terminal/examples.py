"""An example of every command, for its `--help`; a line that can be copied, and that the tests read and run."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "bounds": "gradlag bounds theorem-a",
        "prove": "gradlag prove ghadimi2013",
        "rate": "gradlag rate --schedule power --bound theorem-a --staleness 4",
        "problems": "gradlag problems",
        "data": "gradlag data get mnist",
        "run": 'gradlag run --problem nonconvex --schedule "1/(2*s*L)" --staleness 4 --steps 200 --out run.nc',
        "worst-case": 'gradlag worst-case --schedule "0.3/(L*sqrt(s*k))" --staleness 4 --steps 50 --out worst',
        "cost": 'gradlag cost --workers "7*exponential:mean=1+1*constant:seconds=20" --accuracy 0.05',
        "lesson": "gradlag lesson 1 --export lesson_1.html",
        "limit": "gradlag limit --staleness 4 --method counter-momentum",
        "design": "gradlag design --staleness 3 --steps 20 --out better",
        "verify": "gradlag verify worst/worst-case.certificate.txt",
        "check": 'gradlag check --schedule "0.1 if k <= 100 else 0.01" --problem quadratic --staleness 4 --steps 200 '
        "--out mine",
        "compare": 'gradlag compare "1/(2*s*L)" cosine --problem nonconvex --staleness 4 --steps 200',
        "async": 'gradlag async --problem quadratic --schedule "0.1/L" --workers "8*exponential:mean=1" --steps 200 '
        "--virtual --out server.nc",
        "trace": "gradlag trace server.nc",
        "reproduce": "gradlag reproduce ladder --out out",
        "report": "gradlag report --out out",
    }
)
