from .certify import Certificate as Certificate
from .certify import certified as certified
from .verify import verify_file as verify_file
