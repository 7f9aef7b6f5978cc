"""One file per exercise: ``ex03_affine_layer.py`` holds the tasks of ``03_affine_layer``."""
