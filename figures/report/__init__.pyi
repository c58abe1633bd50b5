from .build import build_report as build_report
from .exhibit import scale_in as scale_in
