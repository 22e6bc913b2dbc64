"""Programs about what PyTorch's autograd does, each named after one fact; ``data/programs.json`` holds what they print.

They are PyTorch code. ``show(a, b)`` prints expressions with their values; a line that begins with ``!`` must raise,
and its error is printed. ``x`` is ``torch.tensor([1., 2., 3.], requires_grad=True)`` everywhere.
"""

from tests.engine.programs.counters import COUNTERS
from tests.engine.programs.edits import EDITS
from tests.engine.programs.gradients import GRADIENTS
from tests.engine.programs.graph import GRAPH
from tests.engine.programs.leaves import LEAVES

PROGRAMS: dict[str, str] = {**COUNTERS, **LEAVES, **GRADIENTS, **EDITS, **GRAPH}
