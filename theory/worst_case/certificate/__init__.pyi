from .certify import Certificate as Certificate
from .verify import verify_file as verify_file
