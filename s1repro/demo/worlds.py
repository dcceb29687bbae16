"""All problem families of the demo's world in one tuple.

{family.domain for family in FAMILIES}     # 10 subject classes
"""

from s1repro.demo.arithmetic import ARITHMETIC
from s1repro.demo.machines import MACHINES

FAMILIES = ARITHMETIC + MACHINES
