"""python -m host_tools.cryoctl"""

from host_tools.cryoctl.main import app

app(prog_name="cryoctl")
