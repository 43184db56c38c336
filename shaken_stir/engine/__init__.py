"""The AWS side of a local run: the template's resources and state machine on moto, with the real handlers."""

import sys
from types import ModuleType, SimpleNamespace

# moto's Step Functions reads one enum of moto.batch, and with it comes all of moto's EC2: most of a second of every
# start. No state machine here runs Batch jobs, so a stand-in for the enum will do.
_BATCH = "moto.batch.utils"
if _BATCH not in sys.modules:
    sys.modules[_BATCH] = ModuleType(_BATCH)
    vars(sys.modules[_BATCH])["JobStatus"] = SimpleNamespace(SUCCEEDED="SUCCEEDED", FAILED="FAILED")
