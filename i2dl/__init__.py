"""The mathematics of the course: every layer, loss, optimizer and architecture.

Importing this package imports nothing else: take what you need by its full name.

=====================  =========================================================  ==================
`i2dl.functional`      forward and backward passes, gradients derived by hand     any array library
`i2dl.optim`           update rules, second-order methods, schedules              any array library
`i2dl.init`            starting weights                                           NumPy
`i2dl.autodiff`        numerical, symbolic, forward and reverse differentiation   any array library
`i2dl.classic`         k-NN, k-means, PCA, regressions, cross-validation          any array library
`i2dl.analysis`        output sizes, receptive fields, counts                     none
`i2dl.data`            the digits that ship with the package, toy sets            NumPy
`i2dl.bridge`          a forward/backward pair as a PyTorch function              PyTorch
`i2dl.nn`              the layers and losses as PyTorch modules                   PyTorch
`i2dl.models`          architectures built from `i2dl.nn`                         PyTorch
`i2dl.training`        training loop, early stopping, search                      PyTorch
`i2dl.plots`           pictures of digits, curves, matrices, activations          Matplotlib
=====================  =========================================================  ==================
"""
