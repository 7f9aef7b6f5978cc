"""One file or package per exercise: ``ex03_affine_layer`` holds the tasks of ``03_affine_layer``."""
