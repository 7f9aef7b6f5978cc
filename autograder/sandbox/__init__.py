"""Where a submission runs: the kernel provisioner through which every submission is started."""
