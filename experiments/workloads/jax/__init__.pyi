from .networks import AutoencoderForm as AutoencoderForm
from .networks import NetworkForm as NetworkForm
from .resnet import ResNetForm as ResNetForm
from .resnet import blocks_of as blocks_of
from .resnet import centred as centred
from .resnet import shapes_of as shapes_of
