"""python -m host_tools.cryoctl"""

from host_tools.cryoctl.entry import main

main()
