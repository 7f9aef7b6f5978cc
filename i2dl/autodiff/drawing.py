"""Pictures of the graphs that `i2dl.autodiff.Value` leaves behind.

What draws lies in `i2dl.plots.graph` and takes any nodes of this form, a student's own as well.
"""

from i2dl.plots.graph import RED, draw_graph

__all__ = ["RED", "draw_graph"]
